"""Pre-qualification from the notice to the bids, and the ways it fails; on both databases."""

from __future__ import annotations

import pytest

from accounts.roles import Role
from kernel import clock, keys
from kernel.db import transaction
from kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooLate
from supervision import log
from supervision.models import LogFact
from tendering import powers, rounds
from tendering import service as tendering
from tendering.objections import service as objections
from tendering.objections.rules import Effect
from tendering.prequal import applying, committee, result, reviewing, showing, steps
from tendering.prequal.applying import Said
from tendering.prequal.door import has_passed
from tendering.prequal.judging import Verdict
from tendering.questions import Reply
from tendering.states import LotState
from tests.bidding_stage import BiddingStage, staged
from tests.integration.test_bidding_race import together
from tests.log_stage import ENGINES
from tests.prequal_stage import (
    FOUR,
    PROCURED,
    apply,
    close,
    give,
    joined,
    opened,
    plan,
    qualified,
    review,
    seated,
    step,
)
from tests.tendering_stage import method, seconds


@pytest.fixture(params=ENGINES)
def stage(request, tmp_path):
    with staged(tmp_path, request.param) as found:
        yield found


def desk(stage: BiddingStage, lot: str, actor: str) -> dict:
    with stage.act(write=False):
        return showing.desk(stage.actors[actor], tendering.lot_of(lot))


def result_of(stage: BiddingStage, lot: str, name: str) -> bool | None:
    actor = stage.bidder_of(name).actor
    with stage.act() as now:
        return result.told(actor, tendering.lot_of(lot), now).passed


def test_c05_c07_a_notice_with_too_little_time_is_refused(stage):
    code = stage.ready(pack="practice.construction.prequalified", prequal=plan(stage, 3, 6))
    with stage.act() as now:
        found = {one.code: one.rule for one in tendering.obstacles(tendering.tender_of(code), now)}
    assert found["prequal.documents_end_too_early"].startswith("C05")
    assert found["prequal.applications_due_too_early"].startswith("C07")
    with pytest.raises(Conflict, match=r"notice\.obstacles"):
        stage.publish(code)


def test_t04_applications_are_taken_before_there_is_a_deadline_for_bids(stage):
    lot = stage.lot(opened(stage))
    assert (lot.state, lot.closes_at, lot.timetable) == (LotState.PREQUAL, None, None)
    assert lot.applications_due == stage.now + seconds(12)
    assert stage.facts("timetable") == []
    with pytest.raises(Conflict, match=r"lot\.not_collecting"):
        stage.bid(lot.code, "甲")


def test_nobody_learns_before_the_deadline_who_applied_or_how_many(stage):
    lot = opened(stage)
    apply(stage, lot, "甲")
    for who in ("owner", "operator"):
        seen = desk(stage, lot, who)
        assert (seen["applications"], seen["complete"], seen["enough"]) == ([], False, False)
    with stage.act(write=False), pytest.raises(Conflict, match=r"prequal\.not_reviewing"):
        reviewing.of_token(tendering.lot_of(lot), "0" * 32)
    rows = stage.rows(LogFact, LogFact.kind == "prequal.applied")
    assert len(rows) == 1
    assert rows[0].value.sealed
    with pytest.raises(NotFound), stage.act():
        applying.own(stage.owner, tendering.lot_of(lot))
    with stage.act():
        said = {power.name: power for power in powers.of_lot(tendering.lot_of(lot), stage.now)}
    assert said["application"].possible
    assert said["close_prequal"].refusal.code == "applications.ahead"
    assert not said["prequal_review"].possible


def test_an_application_is_replaced_and_withdrawn_until_its_deadline(stage):
    lot = opened(stage)
    first, second = apply(stage, lot, "甲").sha256, apply(stage, lot, "甲")
    assert first == second.sha256
    assert len(stage.facts("prequal.applied")) == 2
    with stage.act() as now:
        applying.withdraw(stage.bidder_of("甲").actor, lot, now)
    with pytest.raises(Conflict, match=r"application\.withdrawn"), stage.act() as now:
        applying.withdraw(stage.bidder_of("甲").actor, lot, now)
    with stage.act(write=False):
        assert applying.live(tendering.lot_of(lot)) == []
    apply(stage, lot, "甲")
    with stage.act(write=False):
        assert len(applying.live(tendering.lot_of(lot))) == 1


def test_c07_a_late_application_is_refused_by_the_clock_with_its_rule(stage):
    lot = opened(stage)
    due = stage.lot(lot).applications_due
    stage.bidder_of("甲")
    stage.now = due
    with pytest.raises(TooLate) as late:
        apply(stage, lot, "甲")
    assert late.value.code == "application.late"
    assert late.value.rule.startswith("C07 《招标投标法实施条例》第十七条")
    assert late.value.record.fact.kind == "prequal.refused"
    with pytest.raises(TooLate, match=r"application\.late"), stage.act() as now:
        applying.withdraw(stage.bidder_of("甲").actor, lot, now)


def test_c07_of_the_close_and_a_late_application_at_one_instant_one_wins(stage):
    lot = opened(stage)
    for name in FOUR[:3]:
        apply(stage, lot, name)
    actor, due = stage.bidder_of("丁").actor, stage.lot(lot).applications_due

    def late() -> object:
        with clock.at(due), transaction():
            return applying.hand_in(actor, lot, Said({"q1": "有", "q2": "有"}), due - seconds(1))[0].id

    def shut() -> bool:
        with clock.at(due):
            return steps.step_prequal(due)

    stage.now = due
    shut_it, taken = together([shut, late], 2)
    assert shut_it is True or step(stage)
    with stage.act(write=False):
        found = tendering.lot_of(lot)
        assert found.state == LotState.PREQUAL_REVIEW
        assert len(applying.live(found)) == (3 if isinstance(taken, Conflict) else 4)


def test_c08_with_fewer_than_three_applications_the_clock_fails_the_lot(stage):
    lot = opened(stage)
    apply(stage, lot, "甲")
    apply(stage, lot, "乙")
    assert close(stage, lot).state == LotState.FAILED
    told = stage.facts("tender.failed")
    assert told[0].law.startswith("C08")
    with stage.act(write=False):
        assert [row.value.event for row in log.find("state.changed", lot)][-1] == "too_few_qualified"


def test_c08_with_fewer_than_three_who_pass_the_lot_fails_and_a_deadline_is_not_asked_for(stage):
    lot = opened(stage)
    for name in FOUR[:3]:
        apply(stage, lot, name)
    close(stage, lot)
    review(stage, lot, fails=["丙"])
    assert give(stage, lot).state == LotState.FAILED
    assert result_of(stage, lot, "甲") is True
    assert result_of(stage, lot, "丙") is False


def test_t05_c25_only_who_passed_may_bid(stage):
    lot = qualified(stage, fails=["丁"])
    found = stage.lot(lot)
    assert (found.state, found.closes_at) == (LotState.COLLECTING, found.opens_at)
    assert found.qualified_at is not None
    for name in ("丁", "外人"):
        with pytest.raises(Forbidden) as refused:
            stage.bid(lot, name)
        assert refused.value.code == "bid.not_qualified"
        assert "第三十六条" in refused.value.rule
    assert stage.bid(lot, "甲").lot == lot
    with stage.act(write=False):
        row = tendering.lot_of(lot)
        assert has_passed(row, f"org:{stage.bidder_of('甲').actor.uscc}")
        assert not has_passed(row, f"org:{stage.bidder_of('丁').actor.uscc}")


def test_the_result_is_told_to_each_alone_and_sealed_until_the_opening(stage):
    lot = qualified(stage, fails=["丁"])
    with stage.act() as now:
        row = result.told(stage.bidder_of("丁").actor, tendering.lot_of(lot), now)
        assert [one["reasons"] for one in row.told] == [[], ["没有业绩证明"]]
    assert len(stage.facts("prequal.read")) == 1
    (fact,) = stage.facts("prequal.result")
    assert fact.sealed
    assert stage.bidder_of("丁").actor.uscc.encode() not in keys.unb64(fact.file)
    with pytest.raises(NotFound, match=r"application\.none"):
        result_of(stage, lot, "外人")


def test_c09_bidders_get_the_laws_time_from_the_result_on(stage):
    lot = opened(stage)
    for name in FOUR[:3]:
        apply(stage, lot, name)
    close(stage, lot)
    review(stage, lot)
    with pytest.raises(Conflict) as early:
        give(stage, lot, stage.now + seconds(19))
    assert early.value.rule.startswith("C09")
    with pytest.raises(Invalid, match=r"prequal\.closes_at"):
        give(stage, lot)
    with pytest.raises(Invalid, match=r"prequal\.signature"), stage.act() as now:
        result.give(stage.owner, lot, stage.now + seconds(30), {}, now)
    assert stage.lot(lot).state == LotState.PREQUAL_REVIEW
    assert give(stage, lot, stage.now + seconds(20)).state == LotState.COLLECTING


def test_the_result_waits_for_every_review(stage):
    lot = opened(stage)
    for name in FOUR[:3]:
        apply(stage, lot, name)
    close(stage, lot)
    with pytest.raises(Conflict, match=r"prequal\.incomplete"):
        give(stage, lot, stage.now + seconds(60))


def test_t05_a_committee_reviews_where_state_funds_lead(stage):
    lot = opened(stage, state_funded=True)
    for name in FOUR[:3]:
        apply(stage, lot, name)
    close(stage, lot)
    with pytest.raises(Forbidden, match=r"prequal\.no_reviewer"):
        review(stage, lot)
    with pytest.raises(Invalid, match=r"prequal\.committee"):
        seated(stage, lot, experts=3)
    names = seated(stage, lot)
    for name in names:
        review(stage, lot, fails=["丙"] if name == names[0] else [], actor=name)
    with pytest.raises(Conflict, match=r"prequal\.committee_fixed"):
        seated(stage, lot)
    assert desk(stage, lot, names[0])["applications"][0]["missing"] == 0
    with stage.act(write=False):
        assert [one.code for one in committee.seats_of(stage.actors[names[0]])] == [lot]
    assert give(stage, lot, stage.now + seconds(60)).state == LotState.COLLECTING
    assert result_of(stage, lot, "丙") is True, "one of five does not decide"


def test_g05_owner_or_agency_reviews_in_procurement(stage):
    goods = method(goods_or_services="goods", max_price="900000.00")
    lots = [{"name": "第一包", "ceiling": "900000.00", "closes_at": None, "method": goods}]
    lot = opened(stage, **PROCURED, lots=lots)
    for name in FOUR[:3]:
        apply(stage, lot, name)
    close(stage, lot)
    with pytest.raises(Forbidden):
        review(stage, lot, actor="other_owner")
    review(stage, lot)
    assert give(stage, lot, stage.now + seconds(60)).state == LotState.COLLECTING


def test_c24_a_consortium_is_declared_before_it_applies_and_bids_as_it_applied(stage):
    party = joined(stage, "甲", ["乙"])
    lot = opened(stage)
    apply(stage, lot, "甲", party=party)
    with pytest.raises(Conflict, match=r"application\.twice"):
        apply(stage, lot, "乙")
    for name in ("丙", "丁"):
        apply(stage, lot, name)
    close(stage, lot)
    review(stage, lot)
    give(stage, lot, stage.now + seconds(60))
    late = joined(stage, "丙", ["丁"])
    with pytest.raises(Forbidden) as refused:
        stage.submit(lot, stage.handed(stage.seal(lot, "丙"), "丙", party=late), "丙")
    assert refused.value.code == "bid.not_qualified"
    with pytest.raises(Forbidden, match=r"bid\.not_qualified"):
        stage.bid(lot, "甲")


def test_c24_no_consortium_where_the_notice_admits_none(stage):
    party = joined(stage, "甲", ["乙"])
    lot = opened(stage, consortium_allowed=False)
    with pytest.raises(Forbidden, match=r"consortium\.not_admitted"):
        apply(stage, lot, "甲", party=party)


def test_c11_g11_a_late_change_gives_applicants_more_time_by_itself(stage):
    lot = opened(stage)
    asker = stage.bidder_of("甲").actor
    due = stage.lot(lot).applications_due
    stage.document(lot[:20], "澄清一.pdf")
    assert stage.lot(lot).applications_due == due
    stage.now = due - seconds(1)
    stage.document(lot[:20], "澄清二.pdf")
    later = stage.lot(lot).applications_due
    assert later >= stage.now + seconds(3)
    (fact,) = stage.facts("prequal.moved")
    assert fact.law.startswith("C11")
    stage.now = due
    assert not step(stage)
    with stage.act() as now:
        asked = tendering.ask(asker, tendering.tender_of(lot[:20]), "业绩如何计算？", now).token
    stage.now = later - seconds(1)
    with stage.act() as now:
        tendering.answer(stage.owner, tendering.tender_of(lot[:20]), asked, Reply("按竣工时间计算。", True), now)
    assert stage.lot(lot).applications_due > later


def test_c13_c14_an_objection_stops_the_time_for_applications_until_its_reply(stage):
    lot = opened(stage)
    raiser = stage.bidder_of("甲").actor
    due = stage.lot(lot).applications_due
    said = objections.Statement("objection", "prequalification", "业绩要求过高。", "请降低业绩要求。")
    with stage.act() as now:
        number = objections.raise_objection(raiser, lot, said, now).number
    assert stage.lot(lot).suspended_at is not None
    stage.now = due + seconds(5)
    assert not step(stage)
    apply(stage, lot, "乙")
    with stage.act() as now:
        objections.answer(stage.owner, lot, number, objections.Reply(Effect.REJECTED, "经核实，要求合理。"), now)
    found = stage.lot(lot)
    assert found.suspended_at is None
    assert found.applications_due == stage.now + seconds(12)
    stage.now = found.applications_due - seconds(1)
    with pytest.raises(TooLate) as late, stage.act() as now:
        objections.raise_objection(raiser, lot, said, now)
    assert late.value.rule.startswith("C13.prequalification")


def test_owner_and_agency_do_not_apply_and_strangers_read_nothing(stage):
    lot = opened(stage)
    with pytest.raises(Forbidden, match=r"role\.lacking"), stage.act() as now:
        applying.hand_in(stage.owner, lot, Said({"q1": "有", "q2": "有"}), now)
    apply(stage, lot, "甲")
    close(stage, lot)
    assert Role.OWNER in stage.other_owner.roles
    with stage.act(write=False):
        assert not showing.may_see(stage.other_owner, tendering.lot_of(lot))


def test_cancelling_during_a_pre_qualification_needs_no_deadline(stage):
    lot = opened(stage)
    with stage.act() as now:
        tendering.cancel(stage.owner, tendering.tender_of(lot[:20]), "项目资金计划调整，不再实施", now)
    with stage.act() as now:
        tendering.cancel(stage.manager, tendering.tender_of(lot[:20]), "", now)
    assert stage.lot(lot).state == LotState.CANCELLED
    assert not step(stage)


def test_nobody_reviews_by_criteria_that_were_not_published(stage):
    lot = opened(stage)
    for name in FOUR[:3]:
        apply(stage, lot, name)
    close(stage, lot)
    with stage.act(write=False):
        token = applying.live(tendering.lot_of(lot))[0].token
    with pytest.raises(Invalid, match=r"prequal\.verdicts"), stage.act() as now:
        reviewing.review(stage.owner, lot, token, {"q1": Verdict(passes=True), "q3": Verdict(passes=True)}, now)


def test_c08_t30_the_next_round_keeps_the_criteria_and_other_dates_alone_are_no_change(stage):
    lot = opened(stage)
    close(stage, lot)
    with stage.act() as now:
        said = rounds.Reconsidered("没有单位提出资格预审申请", "业绩要求由一项改为近八年内一项")
        code = rounds.prepare(stage.owner, [lot], said, now).code
    with stage.act(write=False):
        failed = tendering.lot_of(lot)
        assert rounds.failure(failed).law.startswith("C08")
        draft = tendering.tender_of(code).draft["prequal"]
    assert [one["name"] for one in draft["criteria"]] == ["资质", "业绩"]
    assert not draft.get("applications_due")
    stage.document(code)
    with stage.act() as now:
        tender = tendering.tender_of(code)
        tendering.update_draft(stage.owner, tender, {"prequal": plan(stage)}, now)
        assert "round.nothing_changed" in [one.code for one in tendering.obstacles(tender, now)]
