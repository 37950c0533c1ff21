"""The evaluation report and the committee's time: who signs, who dissents, who stays silent, who asks for longer (C47, C41)."""

from __future__ import annotations

import datetime as dt

import pytest

from evaluation import committee, publishing, reading, results, steps, views
from evaluation.report import duration, register, showing, signing, timing
from evaluation.review import clarification
from evaluation.review.clarification import Request
from evaluation.review.rules import About
from kernel import canonical, keys
from kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, TooEarly
from supervision import alerts
from tests.evaluation_stage import COMMITTEE, WITHOUT_THE_FIRST, EvaluationStage, evaluation_staged, lot_row
from tests.log_stage import ENGINES
from tests.tendering_stage import seconds

FIRST, LAST = COMMITTEE[0], COMMITTEE[-1]


@pytest.fixture
def scoring(tmp_path):
    with evaluation_staged(tmp_path) as found:
        found.scoring()
        yield found


def propose(stage: EvaluationStage) -> None:
    """All sheets are signed and the report lies before the members."""
    for name in COMMITTEE:
        stage.sign(name, stage.draft())
    assert stage.step(steps.step_results)


@pytest.fixture
def proposed(scoring):
    propose(scoring)
    return scoring


def alias_of(stage: EvaluationStage, name: str) -> str:
    with stage.act(write=False):
        return reading.own_seat(stage.actor(name), stage.lot).alias


def silent(stage: EvaluationStage, name: str, by: str = "operator") -> None:
    alias = alias_of(stage, name)
    with stage.act() as now:
        signing.record_silence(stage.actor(by), stage.lot, alias, now)


def seen(stage: EvaluationStage, name: str | None) -> dict | None:
    with stage.act(write=False):
        return showing.of_page(stage.actor(name) if name else None, stage.lot)


# the report


@pytest.mark.parametrize("engine", ENGINES)
def test_c47_signatures_nothing_is_published_before_every_member_has_signed(tmp_path, engine):
    with evaluation_staged(tmp_path, engine=engine) as stage:
        stage.scoring()
        propose(stage)
        for name in COMMITTEE[:-1]:
            stage.sign_report(name)
        assert stage.state() == "evaluating"
        assert stage.stage.facts("result.published") == []
        with stage.act(write=False):
            assert views.result(stage.lot) is None
            assert "result.json" not in publishing.files(reading.under_way(stage.lot))
        with pytest.raises(Refusal), stage.act() as now:
            results.start_publicity(stage.actor("owner"), stage.lot, [], now)
        stage.sign_report(LAST)
        assert stage.state() == "reported"
        completed, published = stage.stage.facts("report.completed"), stage.stage.facts("result.published")
        assert completed[0].result_sha256 == published[0].result_sha256
        assert len(completed[0].signed) == len(COMMITTEE)
        assert completed[0].silent == ()


def test_c47_signatures_the_report_says_what_the_result_says(proposed):
    told = seen(proposed, FIRST)["told"]
    with proposed.act(write=False):
        carried = canonical.decode(register.standing(proposed.lot).result)
    assert told["result_sha256"] == canonical.sha(canonical.encode(carried))
    assert told["sheets"] == carried["sheets"]
    assert [line["bid_id"] for line in told["ranking"]] == [line["bid_id"] for line in carried["ranking"]]
    assert {one["alias"] for one in told["members"]} == {one["evaluator"] for one in carried["sheets"]}


def test_c47_signatures_while_it_is_signed_only_members_and_supervisors_read_it(proposed):
    for name in (FIRST, "supervising"):
        assert "told" in seen(proposed, name)
    assert "told" not in seen(proposed, "operator")
    for name in ("owner", "bidder", "expert6", None):
        assert seen(proposed, name) is None


def test_c47_signatures_g33_a_dissent_is_signed_kept_and_told_when_all_have_signed(proposed):
    proposed.sign_report(FIRST, "对第二名的业绩认定有异议")
    for name in COMMITTEE[1:-1]:
        proposed.sign_report(name)
    assert all(one["dissent"] is None for one in seen(proposed, LAST)["members"])
    proposed.sign_report(LAST)
    assert [one["dissent"] for one in seen(proposed, None)["members"] if one["dissent"]] == ["对第二名的业绩认定有异议"]
    with proposed.act(write=False):
        public = canonical.decode(publishing.files(reading.under_way(proposed.lot))["report.json"])
    told = {row["evaluator"]: canonical.decode(keys.unb64(row["file"])) for row in public["signatures"]}
    assert told[alias_of(proposed, FIRST)]["dissent"] == "对第二名的业绩认定有异议"
    assert proposed.state() == "reported"


def test_c47_signatures_g33_silence_after_its_term_counts_as_consent_and_the_report_says_so(proposed):
    for name in COMMITTEE[:-1]:
        proposed.sign_report(name)
    with pytest.raises(TooEarly, match="silence_too_early"):
        silent(proposed, LAST)
    proposed.stage.now += seconds(10)
    with pytest.raises(Forbidden):
        silent(proposed, LAST, by="owner")
    silent(proposed, LAST)
    assert proposed.state() == "reported"
    fact = proposed.stage.facts("report.completed")[0]
    assert [one.by for one in fact.silent] == [alias_of(proposed, LAST)]
    assert len(fact.signed) == len(COMMITTEE) - 1
    standing = {one["alias"]: one["standing"] for one in seen(proposed, None)["members"]}
    assert standing[alias_of(proposed, LAST)] == "silent"


def test_c47_signatures_nobody_is_recorded_as_silent_who_signed_or_does_not_sit(proposed):
    proposed.sign_report(FIRST)
    proposed.stage.now += seconds(10)
    with pytest.raises(Conflict, match=r"report\.signed"):
        silent(proposed, FIRST)
    with pytest.raises(NotFound), proposed.act() as now:
        signing.record_silence(proposed.actor("operator"), proposed.lot, "E9", now)


def test_c47_signatures_a_member_signs_once_its_own_report_with_its_own_key(proposed):
    with proposed.act(write=False):
        raw = signing.statement(proposed.actor(FIRST), proposed.lot)
    with pytest.raises(Forbidden, match=r"seat\.signature"), proposed.act() as now:
        signing.sign(proposed.actor(FIRST), proposed.lot, proposed.signed(LAST, raw), proposed.keys[FIRST][1], now)
    with pytest.raises(Conflict, match="other"), proposed.act() as now:
        signing.sign(proposed.actor(LAST), proposed.lot, proposed.signed(LAST, raw), proposed.keys[LAST][1], now)
    proposed.sign_report(FIRST)
    with pytest.raises(Conflict, match=r"report\.signed"):
        proposed.sign_report(FIRST)


@pytest.mark.parametrize("raw", [b"", b"{}", b'{"dissent":1}', b"[]"])
def test_c47_signatures_a_statement_of_another_kind_is_refused(proposed, raw):
    with pytest.raises(Refusal), proposed.act() as now:
        signing.sign(proposed.actor(FIRST), proposed.lot, proposed.signed(FIRST, raw), proposed.keys[FIRST][1], now)


def test_c47_signatures_there_is_nothing_to_sign_while_sheets_are_missing(scoring):
    with pytest.raises(Conflict, match=r"report\.not_now"):
        scoring.sign_report(FIRST)


def test_c47_signatures_the_committee_does_not_change_and_asks_nothing_while_it_signs(proposed):
    logins = [f"{name}-login" for name in WITHOUT_THE_FIRST]
    request = Request(proposed.bid_ids["bidder"], About.CLARIFICATION, "请说明", 600)
    with pytest.raises(Conflict, match="at_work"), proposed.act() as now:
        committee.form(proposed.actor("operator"), proposed.lot, logins, now)
    with pytest.raises(Conflict, match=r"review\.not_now"), proposed.act() as now:
        clarification.propose(proposed.actor(FIRST), proposed.lot, request, now)


def test_c47_signatures_a_committee_that_rejects_all_signs_its_report_too(scoring):
    rejected = {"conforms": False, "ground": "证据见第 12 页", "head": "unqualified"}
    for name in COMMITTEE:
        scoring.sign(name, scoring.draft(bidder=rejected, bidder2=rejected, bidder3=rejected))
    assert scoring.step(steps.step_results)
    assert scoring.state() == "evaluating"
    assert {one["bid_id"] for one in seen(scoring, FIRST)["told"]["rejected"]} == set(scoring.bid_ids.values())
    for name in COMMITTEE:
        scoring.sign_report(name)
    assert scoring.state() not in ("evaluating", "reported")


# the time


def press(stage: EvaluationStage, name: str, reason: str = "图纸量大") -> None:
    with stage.act() as now:
        duration.press(stage.actor(name), stage.lot, reason, now)


def planned(stage: EvaluationStage) -> dict:
    with stage.act(write=False):
        return showing.time(stage.actor("owner"), stage.lot)


def extend(stage: EvaluationStage, ends_at: dt.datetime, by: str = "owner") -> None:
    with stage.act() as now:
        duration.extend(stage.actor(by), stage.lot, ends_at, now)


def test_c41_the_owner_is_asked_when_more_than_a_third_find_the_time_too_short(scoring):
    press(scoring, FIRST)
    assert planned(scoring)["asked_at"] is None
    with pytest.raises(Conflict, match=r"time\.not_asked"):
        extend(scoring, planned(scoring)["ends_at"] + seconds(600))
    press(scoring, LAST)
    assert planned(scoring)["asked_at"] == scoring.stage.now
    fact = scoring.stage.facts("time.asked")[0]
    assert (fact.short, fact.members) == (2, len(COMMITTEE))
    assert {one.by for one in scoring.stage.facts("time.short")} == {alias_of(scoring, n) for n in (FIRST, LAST)}


def test_c41_only_the_owner_extends_and_only_to_a_later_end(scoring):
    press(scoring, FIRST)
    press(scoring, LAST)
    was = planned(scoring)["ends_at"]
    for end in (was, was - seconds(1), was + timing.LONGEST + seconds(60)):
        with pytest.raises(Invalid, match=r"time\.not_later"):
            extend(scoring, end)
    for name in ("operator", FIRST, "other_owner"):
        with pytest.raises(Refusal):
            extend(scoring, was + seconds(600), by=name)
    extend(scoring, was + seconds(600))
    assert (planned(scoring)["ends_at"], planned(scoring)["asked_at"]) == (was + seconds(600), None)
    press(scoring, FIRST, "仍然不够")
    assert planned(scoring)["asked_at"] is None


def test_c41_an_unanswered_request_becomes_an_alert_that_turns_red_with_the_end(scoring):
    press(scoring, FIRST)
    press(scoring, LAST)
    assert not scoring.step(steps.step_times)
    scoring.stage.now += seconds(10)
    assert scoring.step(steps.step_times)
    assert not scoring.step(steps.step_times)
    scoring.stage.now = planned(scoring)["ends_at"]
    assert scoring.step(steps.step_times)
    told = [(one.color, one.category) for one in scoring.stage.facts("alert") if one.point == duration.POINT]
    assert told == [("yellow", "timeliness"), ("red", "timeliness")]
    with scoring.act(write=False):
        assert len(alerts.raised(scoring.lot)) == 2


def test_c41_an_answer_in_time_raises_no_alert(scoring):
    press(scoring, FIRST)
    press(scoring, LAST)
    extend(scoring, planned(scoring)["ends_at"] + seconds(600))
    scoring.stage.now += seconds(100)
    assert not scoring.step(steps.step_times)


def test_c41_a_member_says_why_and_says_it_once_while_it_scores(scoring):
    with pytest.raises(Invalid, match=r"time\.reason"):
        press(scoring, FIRST, "  ")
    with pytest.raises(Refusal):
        press(scoring, "expert6")
    press(scoring, FIRST)
    with pytest.raises(Conflict, match=r"time\.said"):
        press(scoring, FIRST)
    propose(scoring)
    with pytest.raises(Conflict, match=r"review\.not_now"):
        press(scoring, LAST)


def test_c41_who_finds_it_too_short_and_why_is_for_the_centre_and_supervisors(scoring):
    press(scoring, FIRST, "图纸量大")
    with scoring.act(write=False):
        told = {
            name: showing.time(scoring.actor(name), scoring.lot)["short"] for name in ("operator", "supervising", FIRST)
        }
        hidden = [showing.time(scoring.actor(name), scoring.lot)["short"] for name in ("owner", LAST, "bidder")]
    assert all([one["reason"] for one in rows] == ["图纸量大"] for rows in told.values())
    assert hidden == [[], [], []]


def test_c41_the_end_is_planned_with_the_committee_and_set_by_the_centre_before_it_begins(tmp_path):
    with evaluation_staged(tmp_path) as stage:
        stage.form()
        usual = planned(stage)["ends_at"]
        assert usual == stage.stage.now + timing.USUAL_IN_PRACTICE
        with pytest.raises(Refusal), stage.act() as now:
            duration.set_end(stage.actor("owner"), stage.lot, usual + seconds(60), now)
        with pytest.raises(Invalid, match=r"time\.planned"), stage.act() as now:
            duration.set_end(stage.actor("operator"), stage.lot, now, now)
        with stage.act() as now:
            duration.set_end(stage.actor("operator"), stage.lot, usual + seconds(60), now)
        first, second = stage.stage.facts("time.planned")
        assert first.ends_at < second.ends_at
        stage.form(*WITHOUT_THE_FIRST)
        assert planned(stage)["ends_at"] == usual + seconds(60)


def test_c41_nobody_moves_the_end_of_a_running_evaluation_without_being_asked(scoring):
    assert lot_row(scoring).state == "evaluating"
    with pytest.raises(Conflict, match=r"time\.begun"), scoring.act() as now:
        duration.set_end(scoring.actor("operator"), scoring.lot, now + seconds(60), now)
