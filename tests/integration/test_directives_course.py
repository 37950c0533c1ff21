"""T29: the supervising authority voids a lot or orders its re-evaluation, by a signed directive with a second person."""

from __future__ import annotations

import pytest

from accounts.actor import Actor
from accounts.roles import OrgKind, Role
from evaluation import reading, results
from kernel import canonical, keys
from kernel.errors import Conflict, Forbidden, Refusal
from kernel.statements import Signed
from oversight import directives
from tendering import service
from tendering.approvals import Act
from tendering.states import CLOCK, LotEvent
from tests.evaluation_stage import COMMITTEE, WITHOUT_THE_FIRST, evaluation_staged
from tests.tendering_stage import Stage, _actor, on_each_engine, seconds

REASONS, LAW = "投诉成立：评标委员会应当回避而未回避。", "《招标投标法实施条例》第八十一条"


@pytest.fixture(params=["sqlite", "postgres"])
def stage(request, tmp_path):
    with on_each_engine(request.param, tmp_path) as found:
        found.actors["inspector"] = inspector(found)
        yield found


def inspector(stage: Stage) -> Actor:
    with stage.act():
        return _actor("inspector", OrgKind.SUPERVISOR, Role.INSP, "113501001118038216")


def propose(stage: Stage, lot: str, act: Act, who: str = "supervising", key: keys.PrivateKey | None = None) -> None:
    item = directives.statement(lot, act, REASONS, LAW, stage.now)
    signed = Signed(item.raw, keys.sign(item.raw, key or stage.nodes["supervisor"].private))
    with stage.act() as now:
        directives.propose(stage.actors[who], lot, signed, now)


def second(stage: Stage, lot: str, act: Act, who: str = "inspector") -> None:
    with stage.act() as now:
        directives.second(stage.actors[who], lot, act, now)


def moves(stage: Stage, lot: str, *events: LotEvent) -> None:
    for event in events:
        with stage.act() as now:
            service.move(service.lot_of(lot), event, CLOCK, now)


@pytest.fixture
def lot(stage: Stage) -> str:
    return stage.lots(stage.published())[0]


def test_t29_a_lot_is_voided_by_directive_and_second_and_the_directive_is_public(stage: Stage, lot: str) -> None:
    propose(stage, lot, Act.VOID)
    assert stage.lot(lot).state == "collecting"
    assert stage.facts("directive") == []
    second(stage, lot, Act.VOID)
    assert stage.lot(lot).state == "voided"
    fact = stage.facts("directive")[0]
    assert (fact.lot, fact.act, fact.law) == (lot, "void", LAW)
    assert fact.reasons_sha256 == canonical.sha(REASONS.encode())
    assert fact.signed.signed_by(stage.nodes["supervisor"].private.public_key())
    assert [found.now for found in stage.facts("state.changed")][-1] == "voided"


def test_t29_the_second_is_of_another_organization(stage: Stage, lot: str) -> None:
    propose(stage, lot, Act.VOID)
    colleague = stage.actors["supervising"]
    stage.actors["colleague"] = Actor(
        **{**vars(colleague), "person_id": stage.inspector.person_id, "roles": frozenset({Role.INSP})}
    )
    with pytest.raises(Conflict) as refusal:
        second(stage, lot, Act.VOID, "colleague")
    assert refusal.value.code == "approval.same_organization"
    second(stage, lot, Act.VOID, "manager")
    assert stage.lot(lot).state == "voided"


@pytest.mark.parametrize("who", ["owner", "agency", "bidder", "operator", "manager", "inspector"])
def test_t29_nobody_but_the_authority_gives_a_directive(stage: Stage, lot: str, who: str) -> None:
    with pytest.raises(Forbidden):
        propose(stage, lot, Act.VOID, who)


@pytest.mark.parametrize("who", ["owner", "agency", "bidder", "operator", "supervising"])
def test_t29_nobody_but_inspection_or_management_seconds(stage: Stage, lot: str, who: str) -> None:
    propose(stage, lot, Act.VOID)
    with pytest.raises(Forbidden):
        second(stage, lot, Act.VOID, who)


def test_t29_only_the_authoritys_key_of_the_keyset_signs(stage: Stage, lot: str) -> None:
    for key in (keys.generate(), stage.owner_key, stage.nodes["audit"].private):
        with pytest.raises(Forbidden) as refusal:
            propose(stage, lot, Act.VOID, key=key)
        assert refusal.value.code == "statement.other_key"


def test_t29_a_directive_taken_back_can_be_given_again(stage: Stage, lot: str) -> None:
    propose(stage, lot, Act.VOID)
    with pytest.raises(Conflict) as refusal:
        propose(stage, lot, Act.VOID)
    assert refusal.value.code == "void.waiting"
    with stage.act() as now:
        directives.take_back(stage.supervising, lot, Act.VOID, now)
    with pytest.raises(Conflict) as refusal:
        second(stage, lot, Act.VOID)
    assert refusal.value.code == "void.none"
    propose(stage, lot, Act.VOID)
    second(stage, lot, Act.VOID)
    assert stage.lot(lot).state == "voided"


def test_t29_an_evaluation_is_reopened_only_between_report_and_award(stage: Stage, lot: str) -> None:
    with pytest.raises(Conflict) as refusal:
        propose(stage, lot, Act.REOPEN)
    assert refusal.value.code == "reopen.wrong_state"
    assert "T29" in str(refusal.value.rule)


def test_t29_a_directive_without_reasons_law_or_of_another_lot_is_refused(stage: Stage, lot: str) -> None:
    key = stage.nodes["supervisor"].private
    for item in (
        directives.statement(lot, Act.VOID, "因", LAW, stage.now),
        directives.statement(lot, Act.VOID, REASONS, "", stage.now),
        directives.statement("E9901010000000009001001", Act.VOID, REASONS, LAW, stage.now),
        directives.statement(lot, Act.VOID, REASONS, LAW, stage.now - seconds(86400)),
        directives.statement(lot, Act.CANCEL, REASONS, LAW, stage.now),
    ):
        with pytest.raises(Refusal), stage.act() as now:
            directives.propose(stage.supervising, lot, Signed(item.raw, keys.sign(item.raw, key)), now)
    with stage.act(write=False):
        assert directives.of_lot(service.lot_of(lot)) == []


def test_t29_a_lot_that_moved_on_meanwhile_is_not_voided_by_the_second(stage: Stage, lot: str) -> None:
    propose(stage, lot, Act.VOID)
    moves(stage, lot, LotEvent.CLOSE, LotEvent.TOO_FEW)
    with pytest.raises(Conflict) as refusal:
        second(stage, lot, Act.VOID)
    assert refusal.value.code == "void.wrong_state"


@pytest.fixture(params=["sqlite", "postgres"])
def evaluated(request, tmp_path):
    with evaluation_staged(tmp_path, engine=request.param) as found:
        found.stage.actors["inspector"] = inspector(found.stage)
        found.scored()
        yield found


def test_t29_c40_a_reopened_evaluation_withdraws_the_result_and_asks_every_member_again(evaluated) -> None:
    stage, lot = evaluated.stage, evaluated.lot
    with stage.act() as now:
        results.start_publicity(stage.owner, lot, [], now)
    propose(stage, lot, Act.REOPEN)
    second(stage, lot, Act.REOPEN)
    row = stage.lot(lot)
    assert (row.state, row.ranking, row.publicity_until, row.given_up) == ("evaluating", None, None, {})
    assert [sheet.file for sheet in evaluated.sheets()] == [None] * len(COMMITTEE)
    with stage.act(write=False):
        assert reading.under_way(lot).result is None
    evaluated.conclude()
    assert evaluated.state() == "evaluating"
    for name in COMMITTEE:
        evaluated.sign(name, evaluated.draft(plan="20"))
    evaluated.conclude()
    assert evaluated.state() == "reported"
    assert len(stage.facts("result.published")) == 2


def test_t29_c40_a_member_replaced_after_the_directive_no_longer_counts(evaluated) -> None:
    stage, lot = evaluated.stage, evaluated.lot
    propose(stage, lot, Act.REOPEN)
    second(stage, lot, Act.REOPEN, "manager")
    evaluated.form(*WITHOUT_THE_FIRST)
    evaluated.declare("expert6")
    for name in WITHOUT_THE_FIRST:
        evaluated.sign(name, evaluated.draft())
    evaluated.conclude()
    assert evaluated.state() == "reported"
    with stage.act(write=False):
        assert {seat.alias for seat, _ in reading.sheets(lot)} == {found.alias for found in reading.seats(lot)}


def test_t29_an_awarded_lot_is_voided_but_not_evaluated_again(evaluated) -> None:
    stage, lot = evaluated.stage, evaluated.lot
    with stage.act() as now:
        until = results.start_publicity(stage.owner, lot, [], now)
    stage.now = until + seconds(1)
    with stage.act(write=False):
        first = service.lot_of(lot).ranking[0]["bid_id"]
        signed = stage.signed(service.award_statement(service.lot_of(lot), first))
    with stage.act() as now:
        results.award(stage.owner, lot, signed, now)
    with pytest.raises(Conflict):
        propose(stage, lot, Act.REOPEN)
    propose(stage, lot, Act.VOID)
    second(stage, lot, Act.VOID)
    assert evaluated.state() == "voided"
    with stage.act(write=False):
        assert [order.act for order in directives.of_lot(service.lot_of(lot))] == ["void"]
        assert service.lot_of(lot).tender.state == "published"
