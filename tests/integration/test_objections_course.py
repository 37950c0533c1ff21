"""Objections, queries and inquiries on both databases: their windows, what stands still, replies, who sees whom."""

from __future__ import annotations

import pytest

from kernel import keys
from kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, TooLate
from kernel.site import site
from kernel.statements import Signed
from supervision.facts import Suspended
from tendering import deadlines, service, statements, steps
from tendering.objections import published, rules
from tendering.objections import service as objections
from tendering.objections.rules import Effect
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


def refused(stage: Stage, lot: str, sort: str, subject: str, who: str = "bidder") -> Refusal:
    with pytest.raises(Refusal) as found:
        on.raised(stage, lot, sort, subject, who)
    return found.value


def test_c13_documents_may_be_objected_to_until_so_long_before_the_deadline(stage: Stage, lot: str) -> None:
    stage.now += seconds(49)
    on.raised(stage, lot)
    stage.now += seconds(1)
    late = refused(stage, lot, "objection", "documents")
    assert isinstance(late, TooLate)
    assert str(late.rule).startswith("C13")


def test_c14_the_clock_stops_the_lot_naming_the_facts_place_and_gives_back_what_was_left(
    stage: Stage, lot: str
) -> None:
    before = stage.lot(lot).closes_at
    stage.now += seconds(20)
    row = on.raised(stage, lot)
    assert on.ticked(stage)
    halted = stage.lot(lot)
    assert halted.suspended_at == stage.now
    assert halted.suspended_cause == f"objection:{index_of(stage, row)}"
    said = stage.facts("suspended")[-1]
    assert isinstance(said, Suspended)
    assert said.by == "platform"
    assert said.signed.signed_by(site().key("platform").public_key())
    assert not on.ticked(stage)
    stage.now += seconds(300)
    on.answered(stage, lot, row.number)
    assert on.ticked(stage)
    after = stage.lot(lot)
    assert after.suspended_at is None
    assert before is not None
    assert after.closes_at == before + seconds(300)


def index_of(stage: Stage, row) -> int:
    from supervision.models import LogFact

    with stage.act(write=False):
        found = objections.db.session.get(LogFact, row.fact_id)
        assert found is not None
        assert found.index is not None
        return found.index


def test_c14_an_objection_without_a_place_in_the_log_stops_nothing_yet(stage: Stage, lot: str) -> None:
    from tendering.objections.steps import step_objections

    on.raised(stage, lot)
    assert not step_objections(stage.now)
    assert stage.lot(lot).suspended_at is None


def test_c14_of_several_objections_the_last_reply_lets_the_lot_go_on(stage: Stage, lot: str) -> None:
    first = on.raised(stage, lot)
    on.ticked(stage)
    second = on.raised(stage, lot)
    on.answered(stage, lot, first.number)
    assert not on.ticked(stage)
    assert stage.lot(lot).suspended_at is not None
    stage.now += seconds(5)
    on.withdrawn(stage, second)
    assert on.ticked(stage)
    assert stage.lot(lot).suspended_at is None


def test_c14_nobody_resumes_by_hand_what_an_objection_stopped(stage: Stage, lot: str) -> None:
    on.raised(stage, lot)
    on.ticked(stage)
    closes_at = stage.lot(lot).closes_at
    assert closes_at is not None
    signed = stage.signed(statements.resumed(lot, stage.now, closes_at + seconds(60)))
    with pytest.raises(Conflict) as refusal, stage.act() as now:
        service.resume(stage.owner, service.lot_of(lot), signed, now)
    assert refusal.value.code == "objection.open"
    assert str(refusal.value.rule).startswith("C14")


def test_c14_what_the_owner_stopped_the_platform_does_not_resume(stage: Stage, lot: str) -> None:
    signed = stage.signed(statements.suspended(lot, stage.now, "现场踏勘道路中断"))
    with stage.act() as now:
        service.suspend(stage.owner, service.lot_of(lot), signed, now)
    row = on.raised(stage, lot)
    assert not on.ticked(stage)
    on.answered(stage, lot, row.number)
    assert not on.ticked(stage)
    assert stage.lot(lot).suspended_at is not None


def test_t08_the_platforms_key_suspends_for_an_objection_and_for_nothing_else(stage: Stage, lot: str) -> None:
    item = statements.suspended(lot, stage.now, "系统维护")
    signed = Signed(item.raw, keys.sign(item.raw, site().key("platform")))
    with pytest.raises(Forbidden), stage.act() as now:
        deadlines.suspend(None, service.lot_of(lot), signed, now)


def test_c14_a_reply_comes_once_and_a_withdrawal_only_before_it(stage: Stage, lot: str) -> None:
    row = on.raised(stage, lot)
    on.answered(stage, lot, row.number, Effect.PARTLY)
    with pytest.raises(Conflict):
        on.answered(stage, lot, row.number)
    with pytest.raises(Conflict):
        on.withdrawn(stage, row)


def test_only_outsiders_raise_only_the_project_answers_only_the_own_is_withdrawn(stage: Stage, lot: str) -> None:
    assert isinstance(refused(stage, lot, "objection", "documents", "owner"), Forbidden)
    assert isinstance(refused(stage, lot, "objection", "documents", "supervising"), Forbidden)
    row = on.raised(stage, lot)
    with pytest.raises(Forbidden), stage.act() as now:
        objections.answer(stage.other_owner, lot, row.number, objections.Reply(Effect.UPHELD, "成立，将修改。"), now)
    with pytest.raises(NotFound):
        on.withdrawn(stage, row, "operator")


def test_an_empty_objection_is_refused_at_its_field(stage: Stage, lot: str) -> None:
    with pytest.raises(Invalid) as refusal, stage.act() as now:
        objections.raise_objection(stage.bidder, lot, on.statement(text=" "), now)
    assert refusal.value.detail["fields"] == {"text": "length"}


def test_a_fourth_open_objection_of_one_organization_is_refused(stage: Stage, lot: str) -> None:
    for _ in range(objections.AT_ONCE):
        on.raised(stage, lot)
    assert refused(stage, lot, "objection", "documents").code == "objection.too_many"


def test_who_objects_stands_in_no_open_fact(stage: Stage, lot: str) -> None:
    on.raised(stage, lot)
    said = stage.facts("objection.raised")[0]
    assert stage.bidder.organization not in str(said.to_json())
    sealed = stage.facts("objection.party")[0]
    assert sealed.sealed
    assert sealed.org == stage.bidder.organization


def test_c50_t22_an_objection_to_the_result_stops_award_and_the_publicity_runs_on(stage: Stage, lot: str) -> None:
    on.in_publicity(stage, lot)
    until = stage.lot(lot).publicity_until
    assert until is not None
    stage.now += seconds(1)
    row = on.raised(stage, lot, "objection", "result")
    assert stage.lot(lot).suspended_at == stage.now
    stage.now += seconds(100)
    with pytest.raises(Conflict) as refusal:
        on.award(stage, lot)
    assert str(refusal.value.rule).startswith("C50")
    on.answered(stage, lot, row.number)
    assert stage.lot(lot).publicity_until == until + seconds(100)
    with pytest.raises(Refusal):
        on.award(stage, lot)
    stage.now += seconds(60)
    on.award(stage, lot)
    assert stage.lot(lot).state == "awarded"


def test_c50_the_result_is_objected_to_during_the_publicity_alone(stage: Stage, lot: str) -> None:
    assert refused(stage, lot, "objection", "result").code == "objection.not_yet"
    on.in_publicity(stage, lot)
    until = stage.lot(lot).publicity_until
    assert until is not None
    stage.now = until
    assert refused(stage, lot, "objection", "result").code == "objection.late"


def test_g41_g42_g43_a_query_has_its_own_clocks_and_stops_nothing(stage: Stage) -> None:
    lot = on.procurement(stage)
    row = on.raised(stage, lot, "query", "documents")
    asked = on.raised(stage, lot, "inquiry", "documents")
    assert not on.ticked(stage)
    assert stage.lot(lot).suspended_at is None
    assert row.due_at == stage.now + seconds(60)
    assert asked.due_at == stage.now + seconds(60)
    assert isinstance(refused(stage, lot, "objection", "documents"), Invalid)
    stage.now += seconds(300)
    assert str(refused(stage, lot, "query", "documents").rule).startswith("G42")


def test_g42_a_stage_is_queried_from_its_end_and_the_result_until_after_its_notice(stage: Stage) -> None:
    lot = on.procurement(stage)
    assert refused(stage, lot, "query", "process").code == "objection.not_yet"
    on.in_publicity(stage, lot)
    on.raised(stage, lot, "query", "process")
    until = stage.lot(lot).publicity_until
    assert until is not None
    stage.now = until + seconds(59)
    on.raised(stage, lot, "query", "result")
    stage.now += seconds(1)
    assert refused(stage, lot, "query", "result").code == "objection.late"


def test_g47_what_may_change_the_result_holds_up_the_contract_until_it_is_answered(stage: Stage) -> None:
    lot = on.procurement(stage)
    on.in_publicity(stage, lot)
    row = on.raised(stage, lot, "query", "result")
    with stage.act() as now:
        objections.hold_contract(stage.owner, lot, row.number, now)
    until = stage.lot(lot).publicity_until
    assert until is not None
    stage.now = until
    on.award(stage, lot)
    with pytest.raises(Conflict) as refusal, stage.act() as now:
        service.move(service.lot_of(lot), LotEvent.CONTRACT, stage.owner, now)
    assert str(refusal.value.rule).startswith("G47")
    on.answered(stage, lot, row.number)
    with stage.act() as now:
        service.move(service.lot_of(lot), LotEvent.CONTRACT, stage.owner, now)


def test_g36_the_laws_own_clock_does_not_award_while_the_lot_stands_still(stage: Stage) -> None:
    from tendering.objections import stays

    lot = on.procurement(stage)
    on.in_publicity(stage, lot)
    cause = stays.Cause("complaint:1", stays.PROCEDURE, "G45 《政府采购法》第五十七条")
    with stage.act() as now:
        stays.begin(service.lot_of(lot), cause, now)
    stage.now += seconds(600)
    assert not steps.step_publicity(stage.now)
    with stage.act() as now:
        stays.end(service.lot_of(lot), "complaint:1", now)
    stage.now += seconds(599)
    assert not steps.step_publicity(stage.now)
    stage.now += seconds(1)
    assert steps.step_publicity(stage.now)


def test_s26_a_reply_turns_yellow_then_red(stage: Stage, lot: str) -> None:
    row = on.raised(stage, lot)
    colors = [rules.color(row.warn_at, row.due_at, row.raised_at + seconds(after)) for after in (0, 47, 48, 59, 60)]
    assert colors == ["green", "green", "yellow", "yellow", "red"]


def test_a_cancelled_lot_is_not_resumed(stage: Stage, lot: str) -> None:
    row = on.raised(stage, lot)
    on.ticked(stage)
    on.moved(stage, lot)
    with stage.act() as now:
        service.move(service.lot_of(lot), LotEvent.CANCEL, stage.owner, now)
    on.answered(stage, lot, row.number)
    assert not on.ticked(stage)
    assert stage.lot(lot).state == "cancelled"


def test_the_public_file_holds_what_was_answered_and_never_who_raised_it(stage: Stage, lot: str) -> None:
    on.raised(stage, lot)
    on.raised(stage, lot)
    on.answered(stage, lot, 2, Effect.UPHELD)
    with stage.act(write=False):
        rows = published.rows(service.lot_of(lot).tender)
    assert [(row["number"], row["effect"]) for row in rows] == [(2, "upheld")]
    assert stage.bidder.organization not in str(rows)
