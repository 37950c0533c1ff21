"""The law's periods of a pre-qualification, what passes, and who reviews."""

from __future__ import annotations

import datetime as dt

import pytest

from kernel.clock import BEIJING, rfc3339
from kernel.errors import Conflict, Invalid, TooLate
from tendering import packs, timeline
from tendering.objections import rules as objections
from tendering.objections.rules import Moments, Subject
from tendering.prequal import judging, rules
from tendering.prequal.judging import Member, Verdict
from tendering.prequal.rules import Criterion
from tendering.states import LotState
from tendering.timeline import Known
from tendering.timetable import calendar

CONSTRUCTION = packs.load("cn.construction.prequalified.2026")
PROCUREMENT = packs.load("cn.procurement.prequalified.2026")
CRITERIA = (Criterion("q1", "资质", "三级"), Criterion("q2", "业绩", "一项"))
PUBLISHED = dt.datetime(2026, 3, 2, 9, tzinfo=BEIJING)


def day(month: int, number: int, hour: int = 17) -> dt.datetime:
    return dt.datetime(2026, month, number, hour, tzinfo=BEIJING).astimezone(dt.UTC)


def draft(ends: dt.datetime | None, due: dt.datetime | None, criteria: bool = True) -> dict[str, object]:
    said = [{"name": "资质", "asks": "三级"}] if criteria else []
    moments = {"documents_end": ends and rfc3339(ends), "applications_due": due and rfc3339(due)}
    return {"prequal": {**moments, "criteria": said}}


def wrong(pack: packs.Pack, ends: dt.datetime | None, due: dt.datetime | None) -> list[tuple[str, str]]:
    found = rules.obstacles(pack, draft(ends, due), PUBLISHED)
    return [(one.code, one.rule.partition(" ")[0]) for one in found]


def test_c05_the_documents_are_provided_for_five_days():
    assert wrong(CONSTRUCTION, day(3, 6), day(3, 20)) == [("prequal.documents_end_too_early", "C05")]
    assert wrong(CONSTRUCTION, day(3, 7), day(3, 20)) == [("prequal.documents_end_too_early", "C05")]
    assert wrong(CONSTRUCTION, day(3, 9), day(3, 20)) == []


def test_c07_applications_have_five_days_after_the_documents_end():
    assert wrong(CONSTRUCTION, day(3, 9), day(3, 13)) == [("prequal.applications_due_too_early", "C07")]
    assert wrong(CONSTRUCTION, day(3, 9), day(3, 16)) == []


def test_g05_applications_have_five_working_days_from_the_notice():
    assert wrong(PROCUREMENT, day(3, 10), day(3, 9)) == [("prequal.applications_due_too_early", "G05")]
    assert wrong(PROCUREMENT, day(3, 10), day(3, 10)) == []


def test_what_a_notice_of_pre_qualification_lacks_is_said_all_at_once():
    found = rules.obstacles(CONSTRUCTION, draft(None, None, criteria=False), PUBLISHED)
    assert [one.code for one in found] == ["prequal.documents_end", "prequal.applications_due", "prequal.criteria"]
    assert rules.obstacles(packs.load("cn.construction.open.2026"), {}, PUBLISHED) == []


@pytest.mark.parametrize("pack", [CONSTRUCTION, PROCUREMENT])
def test_c11_g11_a_change_leaves_three_days(pack):
    found = rules.earliest_after_change(pack, day(3, 10, 9))
    assert found.at == day(3, 13, 0)
    assert found.rule.id in ("C11", "G11")


def test_c13_objections_to_the_documents_of_the_pre_qualification_end_two_days_before():
    moments = Moments(LotState.PREQUAL, PUBLISHED, None, PUBLISHED, applications_due=day(3, 16))
    every = objections.windows(CONSTRUCTION, moments, calendar())
    window = objections.window_of(every, "objection", Subject.PREQUALIFICATION)
    window.check(day(3, 13, 23))
    with pytest.raises(TooLate) as late:
        window.check(day(3, 15, 1))
    assert late.value.rule.startswith("C13.prequalification")
    documents = objections.window_of(every, "objection", Subject.DOCUMENTS)
    with pytest.raises(Conflict, match=r"objection\.not_yet"):
        documents.check(day(3, 10))


def test_c08_three_must_pass_and_procurement_asks_for_as_many_as_must_bid():
    assert (rules.least(CONSTRUCTION).id, rules.least(CONSTRUCTION).value) == ("C08", 3)
    assert (rules.least(PROCUREMENT).id, rules.least(PROCUREMENT).value) == ("G18", 3)


def test_c07_g05_the_servers_clock_decides_who_is_late():
    due = day(3, 16)
    rules.check_open(CONSTRUCTION, due, due - dt.timedelta(seconds=1), taking=True)
    for pack, rule in ((CONSTRUCTION, "C07"), (PROCUREMENT, "G05")):
        with pytest.raises(TooLate) as late:
            rules.check_open(pack, due, due, taking=True)
        assert late.value.rule.startswith(rule)
    rules.check_open(CONSTRUCTION, due, due, taking=True, stands=True)
    with pytest.raises(Conflict, match=r"application\.not_open"):
        rules.check_open(CONSTRUCTION, None, due, taking=False)


def test_more_than_half_must_find_a_criterion_met_and_their_reasons_are_told():
    yes, no = Verdict(passes=True), Verdict(passes=False, reason="证明过期")
    reviews = [{"q1": yes, "q2": no}, {"q1": yes, "q2": no}, {"q1": no, "q2": yes}]
    first, second = judging.findings(CRITERIA, reviews)
    assert (first.passes, first.reasons) == (True, ())
    assert (second.passes, second.reasons) == (False, ("证明过期", "证明过期"))
    tied = judging.findings(CRITERIA, [{"q1": yes, "q2": yes}, {"q1": no, "q2": yes}])
    assert not tied[0].passes


def test_only_the_published_criteria_count_and_a_no_needs_its_reason():
    with pytest.raises(Invalid, match=r"prequal\.verdicts"):
        judging.check_verdicts(CRITERIA, {"q1": Verdict(passes=True), "x": Verdict(passes=True)})
    with pytest.raises(Invalid, match=r"prequal\.reason"):
        judging.check_verdicts(CRITERIA, {"q1": Verdict(passes=True), "q2": Verdict(passes=False)})


def test_every_criterion_is_answered():
    with pytest.raises(Invalid) as refused:
        judging.check_answers(CRITERIA, {"q1": "有", "q2": "  "})
    assert list(refused.value.detail["fields"]) == ["q2"]


def test_c36_a_review_committee_is_made_up_as_an_evaluation_committee():
    expert, owner = Member("a", True, "X"), Member("b", False, "O", owner=True)
    judging.check_committee(CONSTRUCTION, [expert] * 4 + [owner], set())
    for members in ([expert] * 3, [expert] * 6, [expert] * 3 + [owner] * 2):
        with pytest.raises(Invalid, match=r"prequal\.committee"):
            judging.check_committee(CONSTRUCTION, members, set())
    with pytest.raises(Invalid, match=r"prequal\.member"):
        judging.check_committee(CONSTRUCTION, [expert] * 5, {"X"})
    with pytest.raises(Invalid, match=r"prequal\.member"):
        judging.check_committee(CONSTRUCTION, [expert] * 4 + [Member("c", False, "Y")], set())


def test_the_timeline_shows_the_moments_of_the_pre_qualification():
    known = Known(PUBLISHED.astimezone(dt.UTC), documents_end=day(3, 9), applications_due=day(3, 13))
    found = {one.name: one for one in timeline.timeline(CONSTRUCTION, known)}
    assert found["applications_due"].broken
    assert found["applications_due"].rule.id == "C07"
    assert found["objection_prequalification"].at == day(3, 12, 0)
    assert found["prequalification_changed"].rule.id == "C11"
    assert found["bids_due"].assumed
    assert found["earliest_deadline"].at == day(4, 2, 0)
    given = Known(PUBLISHED.astimezone(dt.UTC), day(4, 10), applications_due=day(3, 16), qualified_at=day(3, 18))
    assert {one.name: one for one in timeline.timeline(CONSTRUCTION, given)}["earliest_deadline"].at == day(4, 7, 0)
    plain = timeline.timeline(packs.load("cn.construction.open.2026"), Known(PUBLISHED.astimezone(dt.UTC)))
    assert "applications_due" not in {one.name for one in plain}
