"""What the scenario runner refuses to read, what it calls a failure, and where it never runs."""

from __future__ import annotations

import datetime as dt

import pytest

from kernel.errors import Conflict
from kernel.settings import load as settings_of
from portal.scenario import cli, watch
from portal.scenario.installation import installed
from portal.scenario.play import play
from portal.scenario.registry import DO, WORDS, ScriptError
from portal.scenario.script import load
from tendering import packs
from tendering.codes import Trade

HEAD = """
title = "试"
trade = "construction"
pack = "cn.construction.open.2026"
people = { bidders = ["甲公司"] }
"""
START = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)
LAW = "cn.construction.open.2026"


def written(tmp_path, *steps, head=HEAD):
    path = tmp_path / "one.toml"
    path.write_text(head + "steps = [\n" + "".join(f"  {{ {step} }},\n" for step in steps) + "]\n", "utf-8")
    return path


@pytest.mark.parametrize(
    ("step", "named"),
    [
        ('do = "publsh", by = "owner", closes = "20 days"', "there are:.*publish"),
        ('do = "publish", by = "owner", closing = "20 days"', "no field 'closing'; it has: by, closes"),
        ('do = "publish", by = "owner"', "needs the field 'closes'"),
        ('do = "publish", by = 3, closes = "20 days"', "by cannot be 3"),
        ('wait = "a while"', "neither a moment.*or wait for one of:.*deadline"),
        ('expect = "stat", is = "failed"', "there are:.*state"),
        ('by = "owner"', "a step begins with one of: do, wait, expect"),
    ],
)
def test_an_unknown_word_or_field_is_an_error_that_lists_what_there_is(tmp_path, step, named):
    with pytest.raises(ScriptError, match=named) as raised:
        load(written(tmp_path, 'wait = "1 day"', step))
    assert "one.toml: step 2" in str(raised.value)


def test_an_unknown_setting_or_part_is_an_error_too(tmp_path):
    with pytest.raises(ScriptError, match="no 'titel'; there are: title"):
        load(written(tmp_path, head=HEAD + 'titel = "x"\n'))
    with pytest.raises(ScriptError, match="no 'bidder'; there are: owner"):
        load(written(tmp_path, head=HEAD.replace("bidders", "bidder")))


@pytest.fixture
def told():
    return []


def fault(tmp_path, told, *steps):
    return play(load(written(tmp_path, *steps)), told.append).fault


def test_a_refusal_expected_but_not_given_fails_with_file_step_and_difference(tmp_path, told):
    found = fault(tmp_path, told, 'do = "draft", by = "owner", closes = "21 days", refused = "role.lacking"')
    assert "one.toml: step 1" in found
    assert "expected the refusal 'role.lacking', but it went through" in found


def test_a_refusal_given_but_not_expected_fails_with_its_code_and_rule(tmp_path, told):
    found = fault(tmp_path, told, 'do = "draft", by = "bidder1", closes = "21 days"')
    assert "step 1" in found
    assert "refused with role.lacking (rules.md 5.1)" in found


def test_another_refusal_or_another_rule_than_expected_fails(tmp_path, told):
    wrong = 'do = "draft", by = "bidder1", closes = "21 days", refused = "part.lacking"'
    assert "expected the refusal 'part.lacking', not role.lacking" in fault(tmp_path, told, wrong)
    ruled = 'do = "draft", by = "bidder1", closes = "21 days", refused = "role.lacking", rule = "C09"'
    assert "to cite C09" in fault(tmp_path, told, ruled)


def test_an_expectation_that_does_not_hold_says_both_values(tmp_path, told):
    found = fault(
        tmp_path, told, 'do = "draft", by = "owner", closes = "21 days"', 'expect = "tender", is = "published"'
    )
    assert "step 2" in found
    assert "expected 'published', found 'draft'" in found


def test_somebody_who_is_not_there_is_a_fault_that_lists_the_people(tmp_path, told):
    found = fault(tmp_path, told, 'do = "draft", by = "bidder9", closes = "21 days"')
    assert "nobody called 'bidder9'; people: manager" in found


def test_the_runner_runs_on_no_origin_for_earnest(tmp_path):
    with pytest.raises(ValueError, match="no practice origin"), installed(tmp_path, None, START, "log.example.gov.cn"):
        pass


def test_no_setting_lets_a_practice_portal_run_the_laws_own_packs(tmp_path):
    read = settings_of({"KAIBIAO_VAR": str(tmp_path), "KAIBIAO_REHEARSING": "1", "KAIBIAO_ORIGIN": "practice/x"})
    assert read.practice
    with pytest.raises(Conflict) as refused:
        packs.choose(LAW, Trade.CONSTRUCTION, practice=read.practice)
    assert refused.value.code == "pack.real_only"
    with packs.rehearsing(read.origin):
        assert packs.choose(LAW, Trade.CONSTRUCTION, practice=True).id == LAW
    with pytest.raises(Conflict):
        packs.choose(LAW, Trade.CONSTRUCTION, practice=True)


def test_a_practice_pack_stays_out_of_earnest_in_a_rehearsal_too():
    with packs.rehearsing("practice/x"), pytest.raises(Conflict) as refused:
        packs.choose("practice.construction.open", Trade.CONSTRUCTION, practice=False)
    assert refused.value.code == "pack.practice_only"


def test_every_word_says_what_it_does():
    assert all(word.act.__doc__ for words in WORDS.values() for word in words.values())
    assert "publish" in WORDS[DO]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-23 09:30", "2026-03-23T01:30:00+00:00"),
        ("20 days", "2026-03-22T01:00:00+00:00"),
        ("1 hour", "2026-03-02T02:00:00+00:00"),
    ],
)
def test_moments_are_beijings_and_periods_begin_now(text, utc):
    assert watch.moment(text, START) == dt.datetime.fromisoformat(utc)


def test_the_command_prints_a_line_a_step_and_answers_by_its_exit_code(tmp_path, capsys):
    good = written(tmp_path, 'do = "draft", by = "owner", closes = "21 days"', 'expect = "tender", is = "draft"')
    assert cli.main([str(good)]) == 0
    said = capsys.readouterr().out
    assert "2026-03-02 09:00:" in said
    assert "do draft" in said
    assert "1 scenarios, 0 failed" in said
    assert cli.main([str(written(tmp_path, 'do = "draft", by = "bidder1", closes = "21 days"'))]) == 1
    assert cli.main([str(written(tmp_path, 'do = "drft"'))]) == 2
    assert "there are:" in capsys.readouterr().err
