"""After the notice: deadlines moved later, suspension, questions, cancellation, publicity and award."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.roles import Role
from kernel import keys
from kernel.clock import rfc3339
from kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, TooEarly, TooLate
from kernel.statements import Signed
from tendering import service, statements, steps
from tendering.models import Lot
from tendering.states import CLOCK, LotEvent, LotState
from tests.tendering_stage import Stage, method, notice, on_each_engine, seconds

BIDS = [service.Candidate(f"{n:032x}", f"{n:064x}", f"投标人{n}", f"{n}000000.00") for n in (1, 2, 3)]


@pytest.fixture(params=["sqlite", "postgres"])
def stage(request, tmp_path):
    with on_each_engine(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def lot(stage: Stage) -> str:
    return stage.lots(stage.published())[0]


def whole(stage: Stage) -> None:
    """Node clocks and statements have whole seconds."""
    stage.now = stage.now.replace(microsecond=0)


def timetable(stage: Stage, lot: str, closes_at: dt.datetime) -> Signed:
    return stage.signed(statements.timetable(lot, stage.lot(lot).keyset_sha256 or "", closes_at))


def extend(stage: Stage, lot: str, later: int, signed: Signed | None = None, actor: str = "owner") -> Lot:
    old = stage.lot(lot).closes_at
    assert old is not None
    signed = signed or timetable(stage, lot, old + seconds(later))
    with stage.act() as now:
        return service.extend_deadline(stage.actors[actor], service.lot_of(lot), signed, now)


def suspend(stage: Stage, lot: str, key: keys.PrivateKey | None = None, actor: str = "owner") -> None:
    item = statements.suspended(lot, stage.now, "objection:12")
    signed = Signed(item.raw, keys.sign(item.raw, key or stage.owner_key))
    with stage.act() as now:
        service.suspend(stage.actors[actor], service.lot_of(lot), signed, now)


def resume(stage: Stage, lot: str, closes_at: dt.datetime) -> None:
    signed = stage.signed(statements.resumed(lot, stage.now, closes_at))
    with stage.act() as now:
        service.resume(stage.owner, service.lot_of(lot), signed, now)


def clock_moves(stage: Stage, lot: str, *events: LotEvent) -> None:
    for event in events:
        with stage.act() as now:
            service.move(service.lot_of(lot), event, CLOCK, now)


def in_publicity(stage: Stage, lot: str) -> dt.datetime:
    clock_moves(
        stage,
        lot,
        LotEvent.CLOSE,
        LotEvent.START_OPENING,
        LotEvent.END_OPENING,
        LotEvent.START_EVALUATION,
        LotEvent.REPORT,
    )
    with stage.act() as now:
        return service.start_publicity(stage.owner, service.lot_of(lot), BIDS, now)


def award(stage: Stage, lot: str, bid: int, actor: str = "owner") -> None:
    with stage.act(write=False):
        item = service.award_statement(service.lot_of(lot), BIDS[bid].bid_id)
    signed = stage.signed(item)
    with stage.act() as now:
        service.award(stage.actors[actor], service.lot_of(lot), signed, now)


def test_a_deadline_moved_later_leaves_the_keyset_and_its_hash_unchanged(stage: Stage, lot: str) -> None:
    before = stage.lot(lot)
    extend(stage, lot, 30)
    after = stage.lot(lot)
    assert (after.keyset_sha256, after.keyset, after.keyset_version) == (before.keyset_sha256, before.keyset, 1)
    assert before.closes_at is not None
    assert after.closes_at == after.opens_at == before.closes_at + seconds(30)
    assert len(stage.facts("timetable")) == 2


@pytest.mark.parametrize("later", [0, -1, -3600])
def test_a_deadline_never_moves_earlier(stage: Stage, lot: str, later: int) -> None:
    with pytest.raises(Conflict) as refusal:
        extend(stage, lot, later)
    assert refusal.value.code == "deadline.not_later"
    assert refusal.value.rule


def test_a_deadline_that_has_passed_is_not_moved(stage: Stage, lot: str) -> None:
    stage.now += seconds(60)
    with pytest.raises(TooLate):
        extend(stage, lot, 100)


def test_t10_just_before_the_deadline_nobody_moves_it(stage: Stage, lot: str) -> None:
    stage.now += seconds(59)
    with pytest.raises(TooLate) as refusal:
        extend(stage, lot, 100)
    assert refusal.value.code == "deadline.frozen"
    assert str(refusal.value.rule).startswith("T10")


def test_only_the_owners_key_of_the_keyset_moves_the_deadline(stage: Stage, lot: str) -> None:
    item = statements.timetable(lot, stage.lot(lot).keyset_sha256 or "", stage.now + seconds(500))
    with pytest.raises(Forbidden) as refusal:
        extend(stage, lot, 0, Signed(item.raw, keys.sign(item.raw, keys.generate())))
    assert refusal.value.code == "statement.other_key"
    for actor in ("other_owner", "bidder", "manager"):
        with pytest.raises(Forbidden):
            extend(stage, lot, 30, actor=actor)


def test_a_timetable_for_another_lot_or_keyset_is_refused(stage: Stage, lot: str) -> None:
    sha256 = stage.lot(lot).keyset_sha256 or ""
    for item in (
        statements.timetable("E9901010000000009001001", sha256, stage.now + seconds(500)),
        statements.timetable(lot, "0" * 64, stage.now + seconds(500)),
    ):
        with pytest.raises(Refusal):
            extend(stage, lot, 0, stage.signed(item))


def test_c32_g19_opening_at_another_moment_than_the_deadline_is_refused(stage: Stage, lot: str) -> None:
    content = {
        "type": statements.TIMETABLE, "lot": lot, "keyset_sha256": stage.lot(lot).keyset_sha256,
        "closes_at": rfc3339(stage.now + seconds(500)), "opens_at": rfc3339(stage.now + seconds(900)),
    }  # fmt: skip
    with pytest.raises(Invalid) as refusal:
        extend(stage, lot, 0, Signed.make(content, stage.owner_key))
    assert refusal.value.code == "deadline.two_moments"


def test_a_suspended_lot_goes_on_accepting_and_gets_its_time_back(stage: Stage, lot: str) -> None:
    whole(stage)
    stage.now += seconds(20)
    suspend(stage, lot)
    assert stage.lot(lot).state == LotState.COLLECTING
    assert stage.lot(lot).suspended_at == stage.now
    stage.now += seconds(100)
    with pytest.raises(Conflict) as refusal:
        resume(stage, lot, stage.now + seconds(39))
    assert refusal.value.code == "deadline.too_early"
    resume(stage, lot, stage.now + seconds(40))
    after = stage.lot(lot)
    assert (after.suspended_at, after.closes_at) == (None, stage.now + seconds(40))
    assert [fact.by for fact in (*stage.facts("suspended"), *stage.facts("resumed"))] == ["owner", "owner"]


def test_the_supervising_authority_suspends_by_order(stage: Stage, lot: str) -> None:
    whole(stage)
    suspend(stage, lot, stage.nodes["supervisor"].private, "supervising")
    assert stage.facts("suspended")[0].by == "supervisor"


def order(stage: Stage, lot: str, key: keys.PrivateKey) -> None:
    item = statements.suspended(lot, stage.now, "outage:1")
    signed = Signed(item.raw, keys.sign(item.raw, key))
    with stage.act() as now:
        service.answer_handlers["order"]("supervisor", {"kind": "suspend", **signed.to_json()}, now)


def test_an_order_given_at_the_authoritys_node_is_carried_out_once(stage: Stage, lot: str) -> None:
    whole(stage)
    for _ in range(2):
        order(stage, lot, stage.nodes["supervisor"].private)
    assert [fact.by for fact in stage.facts("suspended")] == ["supervisor"]


def test_another_node_gives_no_orders(stage: Stage, lot: str) -> None:
    with pytest.raises(Forbidden):
        order(stage, lot, stage.nodes["audit"].private)


def test_nobody_else_suspends(stage: Stage, lot: str) -> None:
    for actor, key in (
        ("bidder", keys.generate()),
        ("manager", None),
        ("supervising", keys.generate()),
        ("operator", None),
    ):
        with pytest.raises(Forbidden):
            suspend(stage, lot, key, actor)


def test_a_suspended_lot_is_not_extended_nor_suspended_again(stage: Stage, lot: str) -> None:
    suspend(stage, lot)
    with pytest.raises(Conflict):
        extend(stage, lot, 30)
    with pytest.raises(Conflict):
        suspend(stage, lot)


def test_a_suspension_dated_back_or_ahead_is_refused(stage: Stage, lot: str) -> None:
    for shift in (-16, 16):
        signed = stage.signed(statements.suspended(lot, stage.now + seconds(shift), "objection:1"))
        with pytest.raises(Conflict) as refusal, stage.act() as now:
            service.suspend(stage.owner, service.lot_of(lot), signed, now)
        assert refusal.value.code == "statement.stale"


def test_after_the_close_only_the_supervising_authority_collects_again(stage: Stage, lot: str) -> None:
    whole(stage)
    stage.now += seconds(61)
    clock_moves(stage, lot, LotEvent.CLOSE)
    moment = rfc3339(stage.now + seconds(300))
    content = {"type": statements.OUTAGE, "lot": lot, "at": rfc3339(stage.now), "closes_at": moment, "opens_at": moment}
    with pytest.raises(Forbidden), stage.act() as now:
        service.collect_again(stage.owner, service.lot_of(lot), Signed.make(content, stage.owner_key), now)
    signed = Signed.make(content, stage.nodes["supervisor"].private)
    with stage.act() as now:
        service.collect_again(stage.supervising, service.lot_of(lot), signed, now)
    assert stage.lot(lot).state == LotState.COLLECTING
    assert stage.lot(lot).closes_at == stage.now + seconds(300)


def test_no_human_closes_a_box(stage: Stage, lot: str) -> None:
    stage.now += seconds(61)
    for actor in ("owner", "agency", "operator", "manager", "supervising", "bidder"):
        with pytest.raises(Forbidden) as refusal, stage.act() as now:
            service.move(service.lot_of(lot), LotEvent.CLOSE, stage.actors[actor], now)
        assert refusal.value.rule
    clock_moves(stage, lot, LotEvent.CLOSE)
    moved = stage.facts("state.changed")[-1]
    assert (moved.plane, moved.role, moved.now) == ("clock", "CLOCK", "sealed")


def test_a_move_that_lost_the_race_changes_nothing(stage: Stage, lot: str) -> None:
    stale = stage.lot(lot)
    clock_moves(stage, lot, LotEvent.CLOSE)
    with pytest.raises(Conflict) as refusal, stage.act() as now:
        service.move(stale, LotEvent.CLOSE, CLOCK, now)
    assert refusal.value.code == "lot.changed"
    assert len(stage.facts("state.changed")) == 2


def test_a_question_never_shows_the_owner_who_asks(stage: Stage, lot: str) -> None:
    code = lot[:20]
    with stage.act() as now:
        service.ask(stage.bidder, service.tender_of(code), " 请问第3项工程量以哪份清单为准？ ", now)
    (asked,) = stage.facts("question.asked")
    assert asked.sealed
    assert stage.bidder.name not in str(asked.to_json())
    with stage.act() as now:
        (pending,) = service.pending(service.tender_of(code))
        service.answer(
            stage.owner,
            service.tender_of(code),
            pending.token,
            service.Reply("以工程量清单为准。", bears_on_bids=False),
            now,
        )
    (answered,) = stage.facts("question.answered")
    assert answered.tender == code
    assert not answered.sealed


def test_only_bidders_ask_and_only_before_the_deadline(stage: Stage, lot: str) -> None:
    code = lot[:20]
    for actor in ("owner", "agency", "manager", "operator"):
        with pytest.raises(Forbidden), stage.act() as now:
            service.ask(stage.actors[actor], service.tender_of(code), "问题内容", now)
    clock_moves(stage, lot, LotEvent.CLOSE)
    with pytest.raises(Conflict) as refusal, stage.act() as now:
        service.ask(stage.bidder, service.tender_of(code), "问题内容", now)
    assert refusal.value.code == "question.closed"


@pytest.mark.parametrize("text", ["", "   ", "x" * 4001])
def test_a_question_has_some_text_and_not_too_much(stage: Stage, lot: str, text: str) -> None:
    with pytest.raises(Invalid), stage.act() as now:
        service.ask(stage.bidder, service.tender_of(lot[:20]), text, now)


def test_c10_an_answer_that_bears_on_bids_leaves_time_or_moves_the_deadline_first(stage: Stage, lot: str) -> None:
    code = lot[:20]
    with stage.act() as now:
        token = service.ask(stage.bidder, service.tender_of(code), "限价是否调整？", now).token
    stage.now += seconds(50)
    reply = service.Reply("工程量调整如下。", bears_on_bids=True)
    with pytest.raises(Conflict) as refusal, stage.act() as now:
        service.answer(stage.owner, service.tender_of(code), token, reply, now)
    assert str(refusal.value.rule).startswith("C10")
    assert refusal.value.detail["earliest"] == rfc3339(stage.now + seconds(15))
    extend(stage, lot, 30)
    with stage.act() as now:
        service.answer(stage.owner, service.tender_of(code), token, reply, now)
    with pytest.raises(Conflict), stage.act() as now:
        service.answer(stage.owner, service.tender_of(code), token, reply, now)


def test_c10_a_document_after_the_notice_is_an_open_fact_and_needs_its_time(stage: Stage, lot: str) -> None:
    code = lot[:20]
    stage.document(code, "补充文件一.pdf")
    (added,) = stage.facts("document.added")
    assert (added.tender, added.name) == (code, "补充文件一.pdf")
    with pytest.raises(Conflict) as refusal:
        stage.document(code, "补充文件一.pdf")
    assert refusal.value.code == "document.exists"
    stage.now += seconds(50)
    with pytest.raises(Conflict) as refusal:
        stage.document(code, "补充文件二.pdf")
    assert str(refusal.value.rule).startswith("C10")


def test_cancelling_takes_two_persons_of_different_organizations(stage: Stage) -> None:
    (lot,) = stage.lots(stage.published(agency_uscc=stage.agency.uscc))
    code = lot[:20]
    reason = "项目立项被撤销，招标终止。"
    with stage.act() as now:
        service.cancel(stage.owner, service.tender_of(code), reason, now)
    assert stage.lot(lot).state == LotState.COLLECTING
    with pytest.raises(Conflict) as refusal, stage.act() as now:
        service.cancel(stage.owner, service.tender_of(code), reason, now)
    assert refusal.value.code == "approval.same_organization"
    with stage.act() as now:
        service.cancel(stage.agency, service.tender_of(code), "", now)
    assert stage.lot(lot).state == LotState.CANCELLED
    assert stage.tender(code).state == "cancelled"
    (cancelled,) = stage.facts("tender.cancelled")
    assert cancelled.reason == reason


def test_without_an_agency_the_management_office_is_the_second_and_never_the_first(stage: Stage, lot: str) -> None:
    code = lot[:20]
    with pytest.raises(Conflict), stage.act() as now:
        service.cancel(stage.manager, service.tender_of(code), "招标终止原因", now)
    with stage.act() as now:
        service.cancel(stage.owner, service.tender_of(code), "招标终止原因", now)
    with stage.act() as now:
        service.withdraw_proposal(stage.owner, service.tender_of(code), now)
    with stage.act() as now:
        service.cancel(stage.owner, service.tender_of(code), "招标终止原因二", now)
    for actor in ("bidder", "other_owner", "operator", "agency"):
        with pytest.raises(Forbidden), stage.act() as now:
            service.cancel(stage.actors[actor], service.tender_of(code), "招标终止原因", now)
    with stage.act() as now:
        service.cancel(stage.manager, service.tender_of(code), "", now)
    assert stage.lot(lot).state == LotState.CANCELLED


def test_c49_no_award_before_the_publicity_has_lasted(stage: Stage, lot: str) -> None:
    until = in_publicity(stage, lot)
    assert until == stage.now + seconds(3)
    with pytest.raises(TooEarly) as refusal:
        award(stage, lot, 0)
    assert str(refusal.value.rule).startswith("C49")
    stage.now = until
    award(stage, lot, 0)
    (fact,) = stage.facts("award")
    assert (fact.bidder, fact.price) == ("投标人1", "1000000.00")
    assert stage.lot(lot).state == LotState.AWARDED


def test_c47_only_the_first_three_of_a_construction_tender_go_on_public_view(stage: Stage, lot: str) -> None:
    clock_moves(
        stage,
        lot,
        LotEvent.CLOSE,
        LotEvent.START_OPENING,
        LotEvent.END_OPENING,
        LotEvent.START_EVALUATION,
        LotEvent.REPORT,
    )
    five = [service.Candidate(f"{n:032x}", f"{n:064x}", f"投标人{n}", f"{n}000000.00") for n in (1, 2, 3, 4, 5)]
    with stage.act() as now:
        service.start_publicity(stage.owner, service.lot_of(lot), five, now)
    with stage.act():
        assert [row["bid_id"] for row in service.lot_of(lot).ranking or []] == [one.bid_id for one in five[:3]]


def test_c51_the_first_in_rank_wins_unless_it_gave_up(stage: Stage, lot: str) -> None:
    stage.now = in_publicity(stage, lot)
    with pytest.raises(Conflict) as refusal:
        award(stage, lot, 1)
    assert str(refusal.value.rule).startswith("C51")
    assert refusal.value.detail["first"] == BIDS[0].bid_id
    with stage.act() as now:
        service.give_up(stage.owner, service.lot_of(lot), BIDS[0].bid_id, "书面放弃中标", now)
    award(stage, lot, 1)
    assert stage.lot(lot).awarded_bid == BIDS[1].bid_id


def test_without_state_funds_the_owner_of_a_construction_tender_may_choose_among_the_candidates(stage: Stage) -> None:
    (lot,) = stage.lots(stage.published(state_funded=False))
    stage.now = in_publicity(stage, lot)
    award(stage, lot, 2)
    assert stage.lot(lot).awarded_bid == BIDS[2].bid_id


def test_an_award_is_signed_by_the_owners_key_and_says_what_was_publicized(stage: Stage, lot: str) -> None:
    stage.now = in_publicity(stage, lot)
    with pytest.raises(Forbidden):
        award(stage, lot, 0, "bidder")
    item = statements.award(lot, {**vars(BIDS[0]), "price": "1.00"})
    with pytest.raises(Invalid) as refusal, stage.act() as now:
        service.award(stage.owner, service.lot_of(lot), stage.signed(item), now)
    assert refusal.value.code == "award.other_terms"
    forged = Signed(item.raw, keys.sign(item.raw, keys.generate()))
    with pytest.raises(Forbidden), stage.act() as now:
        service.award(stage.owner, service.lot_of(lot), forged, now)


def test_g36_the_purchasers_silence_chooses_the_first_ranked(stage: Stage) -> None:
    terms = {"name": "第一包", "ceiling": "100000.00", "closes_at": rfc3339(stage.now + seconds(60))}
    terms["method"] = method(max_price="100000.00", goods_or_services="goods")  # type: ignore[assignment]
    code = stage.published(trade="procurement", pack="practice.procurement.open", lots=[terms])
    (lot,) = stage.lots(code)
    in_publicity(stage, lot)
    stage.now += seconds(599)
    assert steps.step_publicity(stage.now) is False
    stage.now += seconds(1)
    assert steps.step_publicity(stage.now) is True
    assert steps.step_publicity(stage.now) is False
    row = stage.lot(lot)
    assert (row.state, row.awarded_bid, row.award) == (LotState.AWARDED, BIDS[0].bid_id, None)
    assert stage.facts("state.changed")[-1].role == "CLOCK"


def test_construction_law_never_awards_by_silence(stage: Stage, lot: str) -> None:
    in_publicity(stage, lot)
    stage.now += dt.timedelta(days=400)
    assert steps.step_publicity(stage.now) is False


def test_c30_too_few_ends_in_failure_and_nothing_moves_afterwards(stage: Stage, lot: str) -> None:
    clock_moves(stage, lot, LotEvent.CLOSE, LotEvent.TOO_FEW)
    assert stage.lot(lot).state == LotState.FAILED
    for event in LotEvent:
        with pytest.raises(Refusal) as refusal, stage.act() as now:
            service.move(service.lot_of(lot), event, CLOCK, now)
        assert refusal.value.rule


def test_unknown_tenders_and_lots_are_not_found(stage: Stage) -> None:
    with stage.act(write=False):
        for find in (service.tender_of, service.lot_of):
            with pytest.raises(NotFound) as refusal:
                find("E0000000000000000000")
            assert refusal.value.rule


def test_state_names_its_actor_in_the_sealed_fact_only(stage: Stage, lot: str) -> None:
    acted = [fact for fact in stage.facts("acted") if fact.what == "lot.publish"]
    assert acted[0].address == "192.0.2.7"
    assert acted[0].person == stage.owner.name
    assert Role.OWNER in stage.owner.roles
    assert notice()["title"] not in str(acted[0].to_json())
