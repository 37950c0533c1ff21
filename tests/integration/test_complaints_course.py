"""Complaints on both databases: when they may be made, who takes and decides them, what waits, what the clock does."""

from __future__ import annotations

import pytest

from kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, TooLate
from oversight import making
from oversight import service as oversight
from oversight.models import Complaint
from oversight.rules import Effect, Matter
from oversight.steps import step_complaints
from tendering import service
from tendering.states import LotEvent
from tests import objection_stage as on
from tests.tendering_stage import Stage, on_each_engine, seconds


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def stage(request, tmp_path):
    with on_each_engine(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def lot(stage: Stage) -> str:
    return on.construction(stage)


def complained(
    stage: Stage, lot: str, number: int | None = None, matter: Matter | None = None, known: int = 0
) -> Complaint:
    matter = matter or (Matter.OBJECTION if number else Matter.OTHER)
    words = "招标人的答复回避了问题。", "请责令修改。"
    with stage.act() as now:
        said = making.Statement(matter, number, now - seconds(known), *words)
        return making.make(stage.bidder, lot, said, now)


def refused(stage: Stage, lot: str, *more, **named) -> Refusal:
    with pytest.raises(Refusal) as found:
        complained(stage, lot, *more, **named)
    return found.value


def taken(stage: Stage, row: Complaint) -> None:
    with stage.act() as now:
        oversight.accept(stage.supervising, row.lot.code, row.number, now)


def decided(stage: Stage, row: Complaint, effect: Effect = Effect.REJECTED) -> Complaint:
    with stage.act() as now:
        return oversight.decide(
            stage.supervising, row.lot.code, row.number, (effect, "经查明，投诉缺乏事实依据。"), now
        )


def read(stage: Stage, row: Complaint) -> Complaint:
    with stage.act(write=False):
        found = oversight.numbered(service.lot_of(row.lot.code), row.number)
        assert found.lot
        return found


def test_c60_the_objection_comes_first_and_its_time_does_not_count(stage: Stage, lot: str) -> None:
    row = on.raised(stage, lot)
    assert refused(stage, lot, row.number).code == "complaint.answer_awaited"
    stage.now += seconds(50)
    on.answered(stage, lot, row.number)
    stage.now += seconds(299)
    complained(stage, lot, row.number)


def test_c60_so_long_after_knowing_it_is_too_late(stage: Stage, lot: str) -> None:
    row = on.raised(stage, lot)
    stage.now += seconds(50)
    on.answered(stage, lot, row.number)
    stage.now += seconds(300)
    late = refused(stage, lot, row.number)
    assert isinstance(late, TooLate)
    assert str(late.rule).startswith("C60")
    assert refused(stage, lot, known=300).code == "complaint.late"
    complained(stage, lot, known=299)


def test_c60_without_a_reply_in_time_the_way_is_open(stage: Stage, lot: str) -> None:
    row = on.raised(stage, lot)
    stage.now += seconds(60)
    complained(stage, lot, row.number)


def test_c34_c60_the_opening_is_complained_of_only_after_an_objection_on_the_spot(stage: Stage, lot: str) -> None:
    assert refused(stage, lot, matter=Matter.OPENING).code == "complaint.objection_first"


def test_g44_a_query_comes_first_and_binds_the_complaint(stage: Stage) -> None:
    lot = on.procurement(stage)
    assert refused(stage, lot).code == "complaint.query_first"
    assert refused(stage, lot, matter=Matter.OPENING).code == "complaint.query_first"
    asked = on.raised(stage, lot, "inquiry", "documents")
    stage.now += seconds(1)
    on.answered(stage, lot, asked.number)
    assert refused(stage, lot, asked.number).code == "complaint.query_first"
    query = on.raised(stage, lot, "query", "documents")
    due = query.due_at
    on.answered(stage, lot, query.number)
    stage.now = due + seconds(300)
    assert str(refused(stage, lot, query.number).rule).startswith("G44")
    stage.now = due + seconds(299)
    complained(stage, lot, query.number)


def test_one_complaint_on_one_objection_and_only_on_the_own(stage: Stage, lot: str) -> None:
    row = on.raised(stage, lot)
    on.answered(stage, lot, row.number)
    complained(stage, lot, row.number)
    assert refused(stage, lot, row.number).code == "complaint.repeated"
    said = making.Statement(Matter.OTHER, None, stage.now, "有人串通投标。", "请查处。")
    with pytest.raises(Forbidden), stage.act() as now:
        making.make(stage.owner, lot, said, now)


def test_c61_what_nobody_takes_in_time_is_taken_by_the_clock(stage: Stage, lot: str) -> None:
    row = complained(stage, lot)
    stage.now += seconds(119)
    assert not step_complaints(stage.now)
    stage.now += seconds(1)
    assert step_complaints(stage.now)
    found = read(stage, row)
    assert (found.state, found.by_clock) == ("accepted", True)
    assert found.due_at == stage.now + seconds(300)
    assert not step_complaints(stage.now)
    assert [fact.step for fact in stage.facts("complaint.step")] == ["accepted"]


def test_c61_only_the_authority_takes_refuses_and_decides(stage: Stage, lot: str) -> None:
    row = complained(stage, lot)
    with pytest.raises(Forbidden), stage.act() as now:
        oversight.accept(stage.owner, lot, row.number, now)
    with pytest.raises(Conflict):
        decided(stage, row)
    with stage.act() as now:
        oversight.refuse(stage.supervising, lot, row.number, "不属于本机关职权。", now)
    assert read(stage, row).state == "refused"
    with pytest.raises(Conflict):
        taken(stage, row)


def test_g46_corrections_are_asked_for_once_and_the_time_begins_anew(stage: Stage, lot: str) -> None:
    row = complained(stage, lot)
    with stage.act() as now:
        oversight.ask_correction(stage.supervising, lot, row.number, "请提供质疑答复书。", now)
    stage.now += seconds(500)
    assert not step_complaints(stage.now)
    with stage.act() as now:
        oversight.correct(stage.bidder, row.token, "答复书见附件。", now)
    assert read(stage, row).due_at == stage.now + seconds(120)
    with pytest.raises(Conflict) as refusal, stage.act() as now:
        oversight.ask_correction(stage.supervising, lot, row.number, "再请提供一份。", now)
    assert refusal.value.code == "complaint.asked_once"


def test_g46_respondents_answer_a_complaint_that_was_taken(stage: Stage) -> None:
    lot = on.procurement(stage)
    query = on.raised(stage, lot, "query", "documents")
    on.answered(stage, lot, query.number)
    row = complained(stage, lot, query.number)
    with pytest.raises(Conflict), stage.act() as now:
        oversight.reply(stage.owner, lot, row.number, "参数来自需求调查。", now)
    taken(stage, row)
    assert read(stage, row).reply_due_at == stage.now + seconds(120)
    with stage.act() as now:
        oversight.reply(stage.owner, lot, row.number, "参数来自需求调查。", now)
    assert read(stage, row).reply == "参数来自需求调查。"


def test_t23_no_award_before_the_decision_on_a_complaint_that_was_taken(stage: Stage, lot: str) -> None:
    row = complained(stage, lot)
    on.in_publicity(stage, lot)
    taken(stage, row)
    stage.now += seconds(60)
    with pytest.raises(Conflict) as refusal:
        on.award(stage, lot)
    assert refusal.value.code == "lot.stayed"
    decided(stage, row)
    on.award(stage, lot)


def test_g45_an_ordered_suspension_ends_with_the_decision_or_with_its_longest_time(stage: Stage) -> None:
    lot = on.procurement(stage)
    on.in_publicity(stage, lot)
    query = on.raised(stage, lot, "query", "result")
    on.answered(stage, lot, query.number)
    row = complained(stage, lot, query.number)
    taken(stage, row)
    with stage.act() as now:
        oversight.order_stay(stage.supervising, lot, row.number, now)
    assert stage.lot(lot).suspended_at == stage.now
    stage.now += seconds(299)
    assert not step_complaints(stage.now)
    stage.now += seconds(1)
    assert step_complaints(stage.now)
    assert stage.lot(lot).suspended_at is None
    decided(stage, row, Effect.CORRECT)
    assert read(stage, row).effect == "correct"


def test_t08_before_the_opening_the_authority_suspends_with_its_own_key_alone(stage: Stage, lot: str) -> None:
    row = complained(stage, lot)
    taken(stage, row)
    with pytest.raises(Conflict) as refusal, stage.act() as now:
        oversight.order_stay(stage.supervising, lot, row.number, now)
    assert refusal.value.code == "complaint.stay_at_node"


def test_a_complaint_is_withdrawn_by_its_own_and_lets_go(stage: Stage, lot: str) -> None:
    on.in_publicity(stage, lot)
    row = complained(stage, lot)
    taken(stage, row)
    with pytest.raises(NotFound), stage.act() as now:
        oversight.withdraw(stage.operator, row.token, now)
    with stage.act() as now:
        oversight.withdraw(stage.bidder, row.token, now)
    stage.now += seconds(60)
    on.award(stage, lot)


def test_who_complains_stands_in_no_open_fact(stage: Stage, lot: str) -> None:
    row = complained(stage, lot)
    taken(stage, row)
    decided(stage, row, Effect.VOID)
    for kind in ("complaint.made", "complaint.step"):
        assert all(stage.bidder.organization not in str(fact.to_json()) for fact in stage.facts(kind))
    assert stage.facts("complaint.party")[0].sealed


def test_a_decision_names_its_effect(stage: Stage) -> None:
    with pytest.raises(Invalid):
        oversight.effect_of("nothing")


def test_t29_what_a_directive_must_carry_out_holds_the_award_until_it_is_in_force(stage: Stage, lot: str) -> None:
    on.in_publicity(stage, lot)
    row = complained(stage, lot)
    taken(stage, row)
    decided(stage, row, Effect.REEVALUATE)
    stage.now += seconds(60)
    with pytest.raises(Conflict):
        on.award(stage, lot)
    with stage.act() as now:
        service.move(service.lot_of(lot), LotEvent.REOPEN_EVALUATION, stage.supervising, now)
    assert stage.lot(lot).suspended_at is None
    on.moved(stage, lot, LotEvent.REPORT)
    with stage.act() as now:
        service.start_publicity(stage.owner, service.lot_of(lot), on.BIDS, now)
    stage.now += seconds(60)
    on.award(stage, lot)
