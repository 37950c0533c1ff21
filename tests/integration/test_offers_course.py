"""A sale from application to deal: who may see what, who may offer, how a listing ends, and what the signatures bind."""

from __future__ import annotations

import pytest

from accounts.roles import Role
from escrow import asking
from escrow.models import Refund
from escrow.rules import Problem
from kernel import canonical, clock, keys
from kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooLate, Unavailable
from kernel.money import Fen
from kernel.site import site
from kernel.statements import Signed
from supervision import offer_facts
from tendering import powers, service
from tendering.offers import applications, deals, deposits, on_site, reserve, showing, steps
from tendering.offers.door import check_confirmed
from tendering.offers.rules import Priced
from tendering.offers.terms import Preemption
from tests.bidding_stage import BiddingStage, staged
from tests.offer_stage import apply, confirm, enter, land, listed, over, pays, row
from tests.tendering_stage import seconds

RECORD = "cd" * 32


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


def state(stage: BiddingStage, lot: str) -> str:
    return stage.lot(lot).state


def test_l07_nobody_but_the_desk_that_handles_it_sees_an_application(stage: BiddingStage) -> None:
    lot = listed(stage)
    token = apply(stage, lot, "甲")
    others = [actor for name, actor in stage.actors.items() if name != "operator"]
    with stage.act(write=False):
        assert [one["token"] for one in showing.on_desk(stage.actors["operator"])] == [token]
        assert all(showing.on_desk(actor) == [] for actor in others)
        assert all("offer" not in one for one in showing.on_desk(stage.actors["operator"]))
    with stage.act() as now:
        applications.check(stage.actors["operator"], token, complete=True, remark="", now=now)
    with stage.act(write=False):
        assert showing.on_desk(stage.actors["operator"]) == []
        assert [one["token"] for one in showing.on_desk(stage.owner)] == [token]
    confirm_by_owner(stage, token)
    with stage.act(write=False):
        assert showing.on_desk(stage.owner) == []


def confirm_by_owner(stage: BiddingStage, token: str) -> None:
    with stage.act() as now:
        applications.decide(stage.owner, token, confirmed=True, reason="", now=now)


def test_l07_the_log_names_no_applicant_in_the_open(stage: BiddingStage) -> None:
    lot = listed(stage)
    apply(stage, lot, "甲")
    assert offer_facts.OfferApplied.opens.isdisjoint({"open", "everybody at the award"})
    (found,) = stage.facts("offer.applied")
    assert found.sealed
    with stage.act(write=False):
        assert "甲" not in canonical.encode(service.tender_of(lot[:20]).draft).decode()


def test_l07_only_the_confirmed_make_offers(stage: BiddingStage) -> None:
    lot = listed(stage)
    token = apply(stage, lot, "甲")
    bidder = stage.bidder_of("甲").actor
    with stage.act(write=False), pytest.raises(Forbidden) as refusal:
        check_confirmed(service.lot_of(lot), bidder.organization_id)
    assert refusal.value.code == "bid.not_confirmed"
    confirm(stage, token)
    with stage.act(write=False):
        check_confirmed(service.lot_of(lot), bidder.organization_id)


def test_a1_a_refusal_says_why_by_which_clause_and_to_the_applicant_alone(stage: BiddingStage) -> None:
    lot = listed(stage)
    token = apply(stage, lot, "甲")
    with stage.act() as now:
        applications.check(stage.actors["operator"], token, complete=True, remark="", now=now)
    with stage.act() as now, pytest.raises(Invalid):
        applications.decide(stage.owner, token, confirmed=False, reason="", now=now)
    with stage.act() as now:
        applications.decide(stage.owner, token, confirmed=False, reason="净资产不符合第三条", now=now)
    found = row(stage, token)
    said = canonical.decode(found.decision or b"{}")
    assert said["result"] == "refused"
    assert said["law"]
    assert Signed(found.decision or b"", keys.unb64(found.decision_sig or "")).signed_by(
        site().key("platform").public_key()
    )
    mine, other = stage.bidder_of("甲").actor, stage.bidder_of("乙").actor
    with stage.act(write=False):
        assert showing.own(mine, service.lot_of(lot)) is not None
        assert showing.own(other, service.lot_of(lot)) is None


def test_p12_managers_who_prepared_the_sale_do_not_buy(stage: BiddingStage) -> None:
    lot = listed(stage)
    with pytest.raises(Forbidden) as refusal:
        apply(stage, lot, "甲", flags=("management", "prepared_sale"))
    assert str(refusal.value.rule).startswith("P12")
    apply(stage, lot, "甲", flags=("management",))


def test_p08_one_taker_buys_at_its_offer_and_nobody_fails_the_listing(stage: BiddingStage) -> None:
    lot = listed(stage)
    confirm(stage, apply(stage, lot, "甲", 950_000_000))
    over(stage)
    assert state(stage, lot) == "deal"
    with stage.act(write=False):
        found = deals.of(service.lot_of(lot))
        assert found is not None
        assert (found.way, found.price_fen) == ("one_taker", 950_000_000)
    empty = listed(stage, title="青山宾馆资产转让")
    over(stage)
    assert state(stage, empty) == "failed"


def test_p08_two_takers_go_on_to_a_sealed_contest(stage: BiddingStage) -> None:
    lot = listed(stage)
    confirm(stage, apply(stage, lot, "甲"), apply(stage, lot, "乙"))
    over(stage)
    assert state(stage, lot) == "collecting"


def test_p16_a_silent_seller_agrees_with_the_centre(stage: BiddingStage) -> None:
    lot = listed(stage)
    token = apply(stage, lot, "甲")
    over(stage)
    assert state(stage, lot) == "listing"
    over(stage, 60)
    assert state(stage, lot) == "deal"
    assert row(stage, token).remark == steps.SILENT


def test_a1_an_application_comes_once_in_time_and_not_from_the_seller(stage: BiddingStage) -> None:
    lot = listed(stage)
    token = apply(stage, lot, "甲")
    with pytest.raises(Conflict) as again:
        apply(stage, lot, "甲")
    assert again.value.code == "application.once"
    with pytest.raises(Invalid):
        apply(stage, lot, "乙", 899_999_999)
    with stage.act() as now:
        applications.take_back(stage.bidder_of("甲").actor, lot, now)
    assert apply(stage, lot, "甲") == token
    over(stage, 61)
    with pytest.raises(Conflict) as late:
        apply(stage, lot, "丙")
    assert late.value.code == "application.late"


def test_l13_both_sign_the_same_words_and_the_result_is_public(stage: BiddingStage) -> None:
    lot = listed(stage)
    confirm(stage, apply(stage, lot, "甲"))
    over(stage)
    buyer = stage.bidder_of("甲")
    with stage.act(write=False):
        raw = deals.statement(service.lot_of(lot)).raw
    with stage.act() as now, pytest.raises(Conflict):
        deals.sign(stage.owner, service.lot_of(lot, lock=True), Signed(raw, keys.sign(raw, stage.owner_key)), now)
    with stage.act() as now, pytest.raises(Invalid):
        deals.confirm(buyer.actor, service.lot_of(lot, lock=True), Signed(raw + b" ", keys.sign(raw + b" ", buyer.key)), buyer.cert, now)  # fmt: skip
    with stage.act() as now:
        deals.confirm(
            buyer.actor, service.lot_of(lot, lock=True), Signed(raw, keys.sign(raw, buyer.key)), buyer.cert, now
        )
    with stage.act() as now, pytest.raises(Forbidden):
        deals.sign(stage.owner, service.lot_of(lot, lock=True), Signed(raw, keys.sign(raw, buyer.key)), now)
    with stage.act() as now:
        deals.sign(stage.owner, service.lot_of(lot, lock=True), Signed(raw, keys.sign(raw, stage.owner_key)), now)
    assert state(stage, lot) == "awarded"
    (confirmed,) = stage.facts("deal.confirmed")
    assert confirmed.public_until is not None


def test_p11_the_result_stays_public_for_the_laws_time(stage: BiddingStage) -> None:
    test_l13_both_sign_the_same_words_and_the_result_is_public(stage)
    (moved,) = [fact for fact in stage.facts("state.changed") if fact.event == "award"]
    (lot,) = {fact.lot for fact in stage.facts("deal.confirmed")}
    found = stage.lot(lot)
    assert found.publicity_until is not None
    assert (found.publicity_until - stage.now).total_seconds() == 5
    assert moved.role == Role.OWNER


def test_p12_a_reserved_right_of_preemption_is_settled_before_anybody_signs(stage: BiddingStage) -> None:
    lot = listed(stage, preemption=str(Preemption.RESERVED))
    confirm(stage, apply(stage, lot, "甲", flags=("shareholder",)))
    over(stage)
    buyer = stage.bidder_of("甲")
    with stage.act(write=False):
        raw = deals.statement(service.lot_of(lot)).raw
    with stage.act() as now, pytest.raises(Conflict) as refusal:
        deals.confirm(
            buyer.actor, service.lot_of(lot, lock=True), Signed(raw, keys.sign(raw, buyer.key)), buyer.cert, now
        )
    assert refusal.value.code == "deal.preemption"
    with stage.act() as now, pytest.raises(Invalid):
        deals.settle_preemption(stage.owner, service.lot_of(lot, lock=True), "00" * 16, "股东书面答复", now)
    with stage.act() as now:
        deals.settle_preemption(stage.owner, service.lot_of(lot, lock=True), "", "股东书面答复", now)
    with stage.act() as now:
        deals.confirm(
            buyer.actor, service.lot_of(lot, lock=True), Signed(raw, keys.sign(raw, buyer.key)), buyer.cert, now
        )


def test_l04_the_reserve_opens_by_two_once_offers_are_made(stage: BiddingStage) -> None:
    nonce = "ab" * 32
    lot = land(stage, reserve_sha256=reserve.commitment(Fen(950_000_000), nonce))
    first, second = apply(stage, lot, "甲", None), apply(stage, lot, "乙", None)
    confirm(stage, first, second)
    with stage.act() as now, pytest.raises(Conflict):
        reserve.propose(stage.owner, service.lot_of(lot, lock=True), Fen(950_000_000), nonce, now)
    over(stage, 81)
    with stage.act() as now, pytest.raises(Invalid):
        reserve.propose(stage.owner, service.lot_of(lot, lock=True), Fen(940_000_000), nonce, now)
    with stage.act() as now:
        reserve.propose(stage.owner, service.lot_of(lot, lock=True), Fen(950_000_000), nonce, now)
    with stage.act() as now, pytest.raises(Forbidden):
        reserve.second(stage.owner, service.lot_of(lot, lock=True), now)
    assert stage.facts("reserve.opened") == []
    with stage.act() as now:
        reserve.second(stage.actors["operator"], service.lot_of(lot, lock=True), now)
    assert [fact.amount for fact in stage.facts("reserve.opened")] == ["9500000.00"]


@pytest.mark.parametrize(("price", "ends"), [(899_999_999, "failed"), (900_000_000, "deal")])
def test_l09_l10_p13_two_sides_enter_what_happened_on_site(stage: BiddingStage, price: int, ends: str) -> None:
    lot = land(stage)
    token = apply(stage, lot, "甲", None)
    confirm(stage, token)
    over(stage, 81)
    with stage.act() as now, pytest.raises(Invalid):
        on_site.enter(stage.owner, service.lot_of(lot, lock=True), [Priced("ee" * 16, Fen(price))], RECORD, now)
    with stage.act() as now:
        on_site.enter(stage.owner, service.lot_of(lot, lock=True), [Priced(token, Fen(price))], RECORD, now)
    with stage.act() as now, pytest.raises(Conflict) as same:
        on_site.confirm(stage.owner, service.lot_of(lot, lock=True), now)
    assert same.value.code == "approval.same_organization"
    with stage.act() as now:
        on_site.confirm(stage.actors["operator"], service.lot_of(lot, lock=True), now)
    assert state(stage, lot) == ends


def test_l06_without_its_deposit_an_application_is_not_complete(stage: BiddingStage) -> None:
    lot = land(stage, deposit="1800000.00")
    token = apply(stage, lot, "甲", None)
    for paid in (None, 179_999_999):
        assert paid is None or pays(stage, lot, "甲", paid) is Problem.SHORT
        with stage.act() as now, pytest.raises(Conflict) as refusal:
            applications.check(stage.actors["operator"], token, complete=True, remark="", now=now)
        assert str(refusal.value.rule).startswith("L06")
        assert "缴款编号" in refusal.value.words.zh
    with stage.act() as now:
        applications.check(stage.actors["operator"], token, complete=False, remark="保证金未到账", now=now)
    assert pays(stage, lot, "甲", 1) is None
    again = apply(stage, lot, "甲", None)
    with stage.act() as now:
        assert (
            applications.check(stage.actors["operator"], again, complete=True, remark="", now=now).state == "complete"
        )


def test_l06_money_after_the_end_of_applications_does_not_count_and_no_number_is_given(stage: BiddingStage) -> None:
    lot = land(stage, deposit="1800000.00")
    token = apply(stage, lot, "甲", None)
    late, none = stage.bidder_of("甲").actor, stage.bidder_of("乙").actor
    with stage.act() as now:
        asking.issue(late, lot, "transfer", now)
    stage.now += seconds(61)
    with stage.act() as now, pytest.raises(TooLate):
        asking.issue(none, lot, "transfer", now)
    with stage.act() as now:
        ref = asking.of(late.organization_id, lot).ref
    enter(stage, ref, late.organization)
    with stage.act() as now, pytest.raises(Conflict) as refusal:
        applications.check(stage.actors["operator"], token, complete=True, remark="", now=now)
    assert "截止后到账" in refusal.value.words.zh


def test_l06_an_application_taken_back_takes_its_deposit_along(stage: BiddingStage) -> None:
    lot = land(stage, deposit="1800000.00")
    bidder = stage.bidder_of("甲").actor
    apply(stage, lot, "甲", None)
    assert pays(stage, lot, "甲") is None
    with stage.act() as now:
        applications.take_back(bidder, lot, now)
    (due,) = stage.rows(Refund, Refund.ended_at.is_(None))
    assert (due.rule, due.cause) == ("L13.refund", "withdrawn")
    token = apply(stage, lot, "甲", None)
    assert stage.rows(Refund, Refund.ended_at.is_(None)) == []
    with stage.act() as now:
        assert (
            applications.check(stage.actors["operator"], token, complete=True, remark="", now=now).state == "complete"
        )


def test_l06_the_sellers_silence_does_not_make_up_for_a_deposit(stage: BiddingStage) -> None:
    lot = listed(stage, lot={"deposit": "1800000.00"}, deposit_forms=["transfer"])
    paid, unpaid = apply(stage, lot, "甲"), apply(stage, lot, "乙")
    assert pays(stage, lot, "甲") is None
    over(stage)
    over(stage, 60)
    assert [row(stage, token).state for token in (paid, unpaid)] == ["confirmed", "refused"]
    assert row(stage, unpaid).remark == steps.UNPAID
    assert state(stage, lot) == "deal"


def test_l06_without_a_register_nobody_is_found_to_have_paid(stage: BiddingStage, monkeypatch) -> None:
    lot = land(stage, deposit="1800000.00")
    token = apply(stage, lot, "甲", None)
    monkeypatch.setattr(deposits, "PORT", {})
    with stage.act() as now, pytest.raises(Unavailable):
        applications.check(stage.actors["operator"], token, complete=True, remark="", now=now)


def test_a3_a_deal_that_is_not_signed_falls_with_its_reason(stage: BiddingStage) -> None:
    lot = listed(stage)
    confirm(stage, apply(stage, lot, "甲"))
    over(stage)
    with stage.act() as now, pytest.raises(Invalid):
        deals.fall(stage.owner, service.lot_of(lot, lock=True), "", now)
    with stage.act() as now:
        deals.fall(stage.owner, service.lot_of(lot, lock=True), "受让方书面放弃", now)
    assert state(stage, lot) == "failed"
    assert [fact.reason for fact in stage.facts("deal.fallen")] == ["受让方书面放弃"]
    with stage.act() as now, pytest.raises(Conflict):
        deals.fall(stage.owner, service.lot_of(lot, lock=True), "再来一次", now)


def test_a2_everybody_reads_who_may_do_what_in_every_state_of_a_sale(stage: BiddingStage) -> None:
    lot = listed(stage)
    confirm(stage, apply(stage, lot, "甲"))
    for _ in range(2):
        with stage.act(write=False), clock.at(stage.now):
            assert {one.name for one in powers.of_lot(service.lot_of(lot), stage.now)} >= {"deal", "no_deal", "list"}
        over(stage)
    with pytest.raises(NotFound), stage.act() as now:
        applications.check(stage.actors["operator"], "00" * 16, complete=True, remark="", now=now)
