"""The demo's own rules: where it may write and delete, what it takes from the environment, what it shows and prints."""

from __future__ import annotations

import fcntl
import json
import socket

import pytest

from evaluation import spec
from kernel import money
from portal.demo import cli, documents, people, procedures, rooms, terms, watcher
from portal.demo.publishing import _still
from portal.demo.stage import DemoError, grouped, padded
from portal.scenario.script import load


def test_each_run_has_a_folder_of_its_own_and_finished_runs_are_cleared(tmp_path):
    with rooms.fresh(tmp_path) as first:
        (first / "big").write_text("x")
        assert first.parent == tmp_path / "demo"
    rooms.clear(tmp_path / "demo")
    assert not first.exists()


@pytest.mark.parametrize("keep", [True, False])
def test_a_new_run_clears_the_finished_one_unless_told_to_keep_it(tmp_path, monkeypatch, keep):
    earlier = tmp_path / "demo" / "earlier"
    earlier.mkdir(parents=True)
    (earlier / rooms.MARK).touch()
    if keep:
        monkeypatch.setenv("KAIBIAO_DEMO_KEEP", "1")
    with rooms.fresh(tmp_path):
        assert earlier.exists() == keep


@pytest.mark.parametrize(("passed", "held"), [(0, True), (180, True), (181, False), (3000, False)])
def test_the_summary_says_plainly_whether_the_three_minutes_held(passed, held):
    said = cli.verdict(passed)
    assert f"{passed} s" in said
    assert ("the three minutes held" in said, "NOT held" in said) == (held, not held)
    assert ("三分钟以内" in said, "超过三分钟" in said) == (held, not held)


@pytest.mark.parametrize(("passed", "held"), [(300, True), (301, False)])
def test_the_summary_says_plainly_whether_five_minutes_held_for_all(passed, held):
    said = cli.whole(passed)
    assert f"{passed} s" in said
    assert ("five minutes held" in said, "NOT held" in said) == (held, not held)


def test_the_demo_plays_a_negotiation_and_an_objection_that_suspends_and_resumes():
    """The files are whole; that they play through is the scenario tests' matter, and the demo's own."""
    negotiation, objection = (load(path) for path in procedures.stories())
    assert (negotiation.trade, negotiation.pack) == ("procurement", "practice.procurement.negotiation")
    assert [step.given["is"] for step in objection.steps if step.word.name == "suspended"] == [True, False]


def test_a_demo_that_still_runs_is_not_cleared_away(tmp_path):
    with rooms.fresh(tmp_path) as running:
        rooms.clear(tmp_path / "demo")
        assert running.exists()


def test_a_folder_without_the_demos_mark_is_never_deleted(tmp_path):
    installation = tmp_path / "demo" / "production"
    installation.mkdir(parents=True)
    (installation / "kaibiao.sqlite").write_text("x")
    (tmp_path / "kaibiao.sqlite").write_text("x")
    with rooms.fresh(tmp_path):
        assert (installation / "kaibiao.sqlite").exists()
        assert (tmp_path / "kaibiao.sqlite").exists()


def test_a_mark_held_by_somebody_else_counts_as_running(tmp_path):
    folder = tmp_path / "demo" / "other"
    folder.mkdir(parents=True)
    with (folder / rooms.MARK).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        rooms.clear(tmp_path / "demo")
    assert folder.exists()


def test_a_full_disk_is_said_before_anything_starts(tmp_path, monkeypatch):
    monkeypatch.setattr(rooms, "NEEDED", 10**18)
    with pytest.raises(DemoError, match="free disk"), rooms.fresh(tmp_path):
        pass


def test_a_port_in_use_is_named_before_anything_starts():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(DemoError, match=str(port)):
            rooms.check_ports([port])


def test_nothing_of_another_installation_reaches_the_demo(tmp_path):
    given = {
        "PATH": "/bin",
        "KAIBIAO_DATABASE": "postgresql+psycopg://prod@db/prod",
        "KAIBIAO_ORIGIN": "log.example.gov.cn",
        "KAIBIAO_SECRET_KEY": "real",
        "KAIBIAO_URL": "http://127.0.0.1:9000",
    }
    found = cli.environ(given, tmp_path)
    assert "KAIBIAO_DATABASE" not in found
    assert "KAIBIAO_SECRET_KEY" not in found
    assert found["KAIBIAO_ORIGIN"].startswith("practice/")
    assert found["KAIBIAO_URL"] == "http://127.0.0.1:9000"


@pytest.mark.parametrize("template", [name for name, _ in documents.TENDER])
def test_every_tender_document_is_marked_as_practice_and_names_the_lot(template):
    text = documents.render(template, {})
    assert "演练" in text
    assert terms.PROJECT in text


def test_the_letter_says_the_price_in_figures_and_in_words():
    offer, bidder = terms.OFFERS[terms.BROWSER], people.BIDDERS[2]
    text = documents.render("letter.html", {"offer": offer, "bidder": bidder})
    assert "21,998,000.00" in text
    assert money.words(money.parse(offer.price)) in text


def test_the_method_of_the_play_is_one_that_evaluation_accepts():
    assert spec.from_json(json.loads(json.dumps(terms.METHOD))).minimum_valid == 3


@pytest.mark.parametrize("login", terms.OFFERS)
@pytest.mark.parametrize("expert", range(1, 6))
def test_every_score_is_a_step_between_the_ends(login, expert):
    given = terms.scores(login, expert)
    for criterion in spec.from_json(terms.METHOD).criteria:
        score = money.parse(f"{given[criterion.id]}" if "." in given[criterion.id] else f"{given[criterion.id]}.00")
        assert 0 < score < criterion.maximum * 100 or criterion.objective
        assert score % (criterion.step * 100) == 0


def test_bidders_differ_between_1_and_200_megabytes():
    sizes = [offer.megabytes for offer in terms.OFFERS.values()]
    assert len(sizes) == len(set(sizes)) == 6
    assert min(sizes) == 1
    assert 190 <= max(sizes) <= 200


def test_invented_codes_carry_a_right_check_character():
    assert len({people.uscc(role.number) for role in people.SIGNERS}) == len(people.SIGNERS)


def test_a_read_out_line_shows_bidder_price_and_words():
    event = {"kind": "bid.readout", "line": 1, "bidder": "某公司", "price": "21846300.00", "price_words": "贰仟"}
    assert watcher.words(event) == ("唱标 1：某公司", "21,846,300.00 元", "贰仟")
    assert watcher.words({"kind": "node.committed", "node": "audit", "stage": "sheet"}) is None
    assert watcher.words({"kind": "node.released", "node": "audit", "stage": "docs"}) is None


def test_columns_count_chinese_characters_twice():
    assert padded("开标 ok", 10) == "开标 ok   "
    assert grouped("1234567.80") == "1,234,567.80"


def test_a_view_is_compared_without_clock_but_with_every_count():
    assert _still("<p>2026-11-23 09:00:00 共 5 份</p>") == _still("<p>2026-11-23 09:00:09 共 5 份</p>")
    assert _still("<p>共 5 份</p>") != _still("<p>共 6 份</p>")
    moved = '<section id="amendments" aria-label="变更"><p>延长截止时间</p></section>'
    assert _still(f"<p>共 5 份</p>{moved}") == _still("<p>共 5 份</p>")
    assert _still(f"<p>共 6 份</p>{moved}") != _still(f"<p>共 5 份</p>{moved}")
