"""A disclosure that is extended, or stands still and goes on: what moves, by which rule, and whose time does not run."""

from __future__ import annotations

import datetime as dt

import pytest

from kernel import keys
from kernel.clock import rfc3339
from kernel.errors import Conflict
from kernel.statements import Signed
from supervision.offer_facts import ListingMoved
from tendering import service, statements
from tendering.offers import applications, moving, steps
from tests.bidding_stage import BiddingStage, staged
from tests.offer_stage import apply, confirm, listed, over, pays, row
from tests.tendering_stage import seconds


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


def extending(stage: BiddingStage, times: int) -> str:
    return listed(stage, lot={"extensions": times, "closes_at": rfc3339(stage.now + seconds(171 + 20 * (times - 1)))})


def suspend(stage: BiddingStage, lot: str) -> None:
    raw = statements.suspended(lot, stage.now, "评估报告需要核实").raw
    with stage.act() as now:
        service.suspend(stage.owner, service.lot_of(lot, lock=True), Signed(raw, keys.sign(raw, stage.owner_key)), now)


def resume(stage: BiddingStage, lot: str, closes_at: dt.datetime) -> None:
    raw = statements.resumed(lot, stage.now, closes_at).raw
    with stage.act() as now:
        service.resume(stage.owner, service.lot_of(lot, lock=True), Signed(raw, keys.sign(raw, stage.owner_key)), now)


def moved(stage: BiddingStage) -> list[ListingMoved]:
    return [fact for fact in stage.facts("listing.moved") if isinstance(fact, ListingMoved)]


def test_p06_extend_nobody_applies_and_the_disclosure_runs_on_as_often_as_announced(stage: BiddingStage) -> None:
    lot = extending(stage, 2)
    begun = stage.now
    for times in (1, 2):
        over(stage, 61 if times == 1 else 20)
        assert (stage.lot(lot).state, len(moved(stage))) == ("listing", times)
        assert stage.lot(lot).applications_due == begun + seconds(60 + 20 * times)
    over(stage, 20)
    assert (stage.lot(lot).state, len(moved(stage))) == ("failed", 2)
    assert {fact.cause for fact in moved(stage)} == {"extended"}
    assert moved(stage)[0].law.startswith("P06.extend")


def test_p06_extend_who_comes_in_the_extension_buys(stage: BiddingStage) -> None:
    lot = extending(stage, 1)
    over(stage)
    confirm(stage, apply(stage, lot, "甲"))
    over(stage, 21)
    assert stage.lot(lot).state == "deal"


def test_p06_extend_without_words_in_the_notice_the_disclosure_ends(stage: BiddingStage) -> None:
    lot = listed(stage)
    over(stage)
    assert (stage.lot(lot).state, moved(stage)) == ("failed", [])


def test_p06_extend_no_longer_than_the_offers_leave_room(stage: BiddingStage) -> None:
    lot = extending(stage, 1)
    token = apply(stage, lot, "甲")
    over(stage)
    with stage.act() as now:
        applications.check(stage.actors["operator"], token, complete=True, remark="", now=now)
    stage.now += seconds(12)
    with stage.act() as now:
        applications.decide(stage.owner, token, confirmed=False, reason="不符合公告第三条", now=now)
    over(stage, 0)
    assert (stage.lot(lot).state, moved(stage)) == ("failed", [])


def test_t08_applications_and_deposits_are_taken_while_a_listing_stands_still(stage: BiddingStage) -> None:
    lot = listed(stage, lot={"deposit": "1800000.00"}, deposit_forms=["transfer"])
    stage.now += seconds(30)
    suspend(stage, lot)
    with pytest.raises(Conflict) as again:
        suspend(stage, lot)
    assert again.value.code == "lot.suspended"
    over(stage, 60)
    assert stage.lot(lot).state == "listing"
    token = apply(stage, lot, "甲")
    assert pays(stage, lot, "甲") is None
    resume(stage, lot, stage.now + seconds(130))
    assert stage.lot(lot).applications_due == stage.now + seconds(30)
    confirm(stage, token)
    over(stage, 31)
    assert stage.lot(lot).state == "deal"


def test_p06_resumed_the_disclosure_goes_on_for_the_laws_time_and_offers_wait_for_it(stage: BiddingStage) -> None:
    lot = listed(stage, lot={"closes_at": rfc3339(stage.now + seconds(151))})
    stage.now += seconds(58)
    suspend(stage, lot)
    stage.now += seconds(40)
    with pytest.raises(Conflict) as early:
        resume(stage, lot, stage.now + seconds(93))
    assert (early.value.code, str(early.value.rule).split(" ")[0]) == ("deadline.too_early", "P06.resumed")
    resume(stage, lot, stage.now + seconds(100))
    assert stage.lot(lot).applications_due == stage.now + seconds(10)
    (fact,) = moved(stage)
    assert (fact.cause, fact.law.split(" ")[0]) == ("resumed", "P06.resumed")


def test_t09_nobodys_time_to_answer_runs_while_a_listing_stands_still(stage: BiddingStage) -> None:
    lot = listed(stage)
    token = apply(stage, lot, "甲")
    over(stage)
    stage.now += seconds(9)
    suspend(stage, lot)
    stage.now += seconds(40)
    resume(stage, lot, stage.now + seconds(91))
    assert moved(stage) == []  # applications were over before it stood still, and stay so
    over(stage, 20)
    assert stage.lot(lot).state == "listing"
    with stage.act(write=False):
        found = service.lot_of(lot)
        assert found.applications_due is not None
        assert moving.stood_still(found, found.applications_due) == seconds(40)
        assert steps.decide_by(found, found.applications_due) == found.applications_due + seconds(100)
    over(stage, 31)
    assert stage.lot(lot).state == "deal"
    assert row(stage, token).remark == steps.SILENT
