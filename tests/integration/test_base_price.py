"""C20.base: a lot's one secret base price, from its sealing to the read-out; nobody can lose it, exchange it or hold it back."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from bidding import baseprice
from bidding.models import Opening
from kernel import canonical, keys, money
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooLate
from kernel.statements import Signed
from sealing import baseprice as sealing
from sealing.baseprice import BasePrice
from sealing.keyset import Keyset
from tendering.baseprice import models, service
from tendering.baseprice.visibility import TABLE, Phase, Viewer
from tests.bidding_stage import CLIENT, BiddingStage, Trustee, cut_json, seconds, staged

AMOUNT = "19500000.00"


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


def sealed(stage: BiddingStage, lot: str, amount: str = AMOUNT) -> Signed:
    raw = stage.lot(lot).keyset or b""
    owner = "owner 单位", stage.owner_key
    return sealing.seal(Keyset.parse(raw), raw, owner, money.parse(amount), (rfc3339(stage.now), CLIENT))


def recorded(stage: BiddingStage, lot: str, signed: Signed, actor=None) -> str:
    with stage.act() as now:
        return service.record(actor or stage.owner, lot, signed, now).sha256


def line(stage: BiddingStage, trustee: Trustee, lot: str, signed: Signed) -> Signed:
    secret = trustee.secrets[lot, "sheet"]
    said = sealing.trustee_line(BasePrice.read(signed), signed.sha256, stage.keyset(lot), trustee.i, secret)
    return trustee.signed(said.content())


def give(stage: BiddingStage, trustee: Trustee, said: Signed) -> None:
    with stage.act() as now:
        baseprice.take_line(trustee.name, said.to_json(), now)


def closed(stage: BiddingStage, lot: str) -> None:
    for name, price in zip("abc", ("20000000.00", "12000000.00", "21000000.00"), strict=True):
        stage.bid(lot, name, price=price)
    stage.run_to_close(lot)
    stage.run(4)


def opened(stage: BiddingStage, lot: str, signed: Signed, givers: int = 4) -> None:
    closed(stage, lot)
    stage.start(lot)
    stage.run(3)
    for trustee in list(stage.trustees.values())[:givers]:
        give(stage, trustee, line(stage, trustee, lot, signed))
    stage.run_until("opened", lot)
    stage.run()


def row(stage: BiddingStage) -> models.BasePrice:
    return stage.rows(models.BasePrice)[0]


def told(stage: BiddingStage, lot: str) -> dict:
    with stage.act(write=False):
        return service.shown(service.lifecycle.lot_of(lot))


# sealing -----------------------------------------------------------------------------------------------------------


def test_c20_base_one_is_public_by_its_hash_and_the_platform_does_not_know_the_amount(stage: BiddingStage) -> None:
    lot = stage.one_lot()
    assert told(stage, lot) == {}
    digest = recorded(stage, lot, sealed(stage, lot))
    said = told(stage, lot)
    assert set(said) == {"sealed", "sha256"}
    assert said["sha256"] == digest
    (fact,) = stage.facts("base_price.sealed")
    assert fact.signed.sha256 == digest
    assert (row(stage).amount_fen, row(stage).plain) == (None, None)
    assert AMOUNT.encode() not in row(stage).file


def test_c20_base_a_second_one_is_refused_with_the_clause_and_recorded(stage: BiddingStage) -> None:
    lot = stage.one_lot()
    first = recorded(stage, lot, sealed(stage, lot))
    with pytest.raises(Conflict) as refused:
        recorded(stage, lot, sealed(stage, lot, "10000000.00"))
    assert refused.value.code == "base_price.second"
    assert "C20.base" in str(refused.value.rule)
    assert "第二十七条" in str(refused.value.rule)
    assert refused.value.record is not None
    assert refused.value.record.fact.code == "base_price.second"
    assert told(stage, lot)["sha256"] == first


def test_c20_base_the_database_too_holds_one_for_each_keyset(stage: BiddingStage) -> None:
    lot = stage.one_lot()
    recorded(stage, lot, sealed(stage, lot))
    first, other = row(stage), sealed(stage, lot)
    own = {"file": other.raw, "sig": other.sig, "sha256": other.sha256, "sealed_at": stage.now}
    twin = {"lot_id": first.lot_id, "keyset_sha256": first.keyset_sha256, "log_fact": first.log_fact + 1}
    with stage.act():
        db.session.add(models.BasePrice(**own, **twin))
        with pytest.raises(IntegrityError):
            db.session.flush()
        db.session.rollback()


def test_c20_base_none_is_taken_from_the_deadline_on(stage: BiddingStage) -> None:
    lot = stage.one_lot()
    late = sealed(stage, lot)
    stage.now = stage.lot(lot).closes_at
    with pytest.raises(TooLate) as refused:
        recorded(stage, lot, late)
    assert refused.value.code == "base_price.late"
    assert "C20.base" in str(refused.value.rule)
    stage.run(3)
    with pytest.raises(TooLate):
        recorded(stage, lot, late)


def test_c20_base_it_is_the_owners_alone_and_sealed_to_this_lot(stage: BiddingStage) -> None:
    lot = stage.one_lot()
    good = sealed(stage, lot)
    for stranger in (stage.other_owner, stage.bidder_of("a").actor):
        with pytest.raises(Forbidden):
            recorded(stage, lot, good, stranger)
    with pytest.raises(Forbidden) as other:
        recorded(stage, lot, Signed(good.raw, keys.sign(good.raw, keys.generate())))
    assert other.value.code == "base_price.other_key"
    with pytest.raises(Invalid) as open_:
        recorded(stage, lot, Signed.make({"type": sealing.TYPE, "lot": lot, "amount": AMOUNT}, stage.owner_key))
    assert (open_.value.code, open_.value.detail["faults"]) == ("base_price.unsealed", ["base_malformed"])
    elsewhere = stage.one_lot()
    with pytest.raises(Invalid):
        recorded(stage, elsewhere, good)


# the opening -------------------------------------------------------------------------------------------------------


def test_c20_base_it_is_read_out_after_the_bids_and_stands_in_the_record(stage: BiddingStage) -> None:
    lot = stage.one_lot()
    signed = sealed(stage, lot)
    recorded(stage, lot, signed)
    opened(stage, lot, signed)
    kinds = [event["kind"] for event in stage.events]
    assert kinds.count("base_price.readout") == 1
    assert kinds.index("base_price.readout") > max(n for n, kind in enumerate(kinds) if kind == "bid.readout")
    (event,) = stage.told("base_price.readout")
    assert (event["amount"], event["amount_words"]) == (AMOUNT, money.words(money.parse(AMOUNT)))
    (fact,) = stage.facts("base_price.opened")
    assert (fact.amount, fact.base_price_sha256) == (AMOUNT, signed.sha256)
    said = cut_json(stage, lot, "record.json")["base_price"]
    assert (said["amount"], said["sheet_sha256"]) == (AMOUNT, fact.sheet_sha256)
    assert said["finding"] is None
    assert told(stage, lot)["amount"] == AMOUNT


def test_c20_base_bids_far_above_and_below_it_are_all_read_out_and_stand(stage: BiddingStage) -> None:
    lot = stage.one_lot()
    signed = sealed(stage, lot)
    recorded(stage, lot, signed)
    opened(stage, lot, signed)
    prices = {event["price"] for event in stage.told("bid.readout")}
    assert prices == {"20000000.00", "12000000.00", "21000000.00"}
    assert stage.facts("bid.judged") == []


def test_c20_base_one_trustee_may_be_missing_and_the_read_out_waits_for_the_third(stage: BiddingStage) -> None:
    lot = stage.one_lot()
    signed = sealed(stage, lot)
    recorded(stage, lot, signed)
    closed(stage, lot)
    stage.start(lot)
    stage.run(3)
    first, second, third, _ = stage.trustees.values()
    for trustee in (first, second):
        give(stage, trustee, line(stage, trustee, lot, signed))
    stage.run(8)
    assert len(stage.told("bid.readout")) == 3
    assert stage.told("base_price.readout") == []
    assert row(stage).amount_fen is None, "two trustees open nothing"
    assert stage.rows(Opening)[0].confirm_until is None, "the opening has not gone on without it"
    give(stage, third, line(stage, third, lot, signed))
    give(stage, third, line(stage, third, lot, signed))
    stage.run_until("opened", lot)
    assert stage.told("base_price.readout")[0]["amount"] == AMOUNT
    assert len(stage.facts("base_price.line")) == 3


def test_c20_base_one_that_cannot_be_opened_is_announced_with_a_process_alert(stage: BiddingStage) -> None:
    """The owner cannot choose after the deadline: what it sealed so that nobody can open it is said aloud."""
    lot = stage.one_lot()
    own = BasePrice.read(sealed(stage, lot))
    header = sealing.Header(lot, own.manifest.bid_id, own.manifest.bidder_ref, "owner 单位")
    bare = sealing._with(own.manifest, own.envelope)
    empty = sealing._sealed(bare, stage.keyset(lot).stages[0], sealing.Sheet(header=header).padded())
    signed = Signed.make(empty.content(), stage.owner_key)
    recorded(stage, lot, signed)
    opened(stage, lot, signed)
    (fact,) = stage.facts("base_price.unread")
    assert fact.rule == "1.6(f)"
    assert stage.facts("base_price.opened") == []
    (event,) = stage.told("base_price.unread")
    assert event["reason"]
    assert event["reason_en"]
    (alert,) = [one for one in stage.facts("alert") if one.point == "S14.C20.base"]
    assert (alert.category, alert.color) == ("process", "red")
    said = cut_json(stage, lot, "record.json")["base_price"]
    assert said["amount"] is None
    assert said["finding"]["party"] == "owner"
    assert told(stage, lot)["unread"]["party"] == "owner"
    assert len(stage.told("bid.readout")) == 3, "the bids are not held up"


def test_c20_base_with_too_few_lines_the_opening_waits_for_the_missing_and_then_says_so(stage: BiddingStage) -> None:
    lot = stage.one_lot()
    signed = sealed(stage, lot)
    recorded(stage, lot, signed)
    closed(stage, lot)
    stage.start(lot)
    stage.run(3)
    for trustee in list(stage.trustees.values())[:2]:
        give(stage, trustee, line(stage, trustee, lot, signed))
    stage.run(5)
    assert stage.facts("base_price.unread") == []
    stage.now = stage.lot(lot).opens_at + seconds(stage.keyset(lot).release_by)
    stage.run_until("opened", lot)
    (fact,) = stage.facts("base_price.unread")
    assert fact.rule == "1.5"
    assert row(stage).finding["party"] == "trustee"


def test_c20_base_a_line_counts_from_its_own_trustee_alone(stage: BiddingStage) -> None:
    lot = stage.one_lot()
    signed = sealed(stage, lot)
    first, second, *_ = stage.trustees.values()
    with pytest.raises(NotFound):
        give(stage, first, line(stage, first, lot, signed))
    recorded(stage, lot, signed)
    with pytest.raises(Invalid):
        give(stage, second, second.signed(canonical.decode(line(stage, first, lot, signed).raw)))
    with pytest.raises(Forbidden):
        give(stage, second, line(stage, first, lot, signed))
    with pytest.raises(Invalid):
        give(stage, first, first.signed({"type": sealing.LINE_TYPE}))
    assert stage.facts("base_price.line") == []


def test_c20_base_a_lot_without_one_opens_as_ever(stage: BiddingStage) -> None:
    lot = stage.one_lot()
    closed(stage, lot)
    stage.start(lot)
    stage.run_until("opened", lot)
    stage.run()
    assert cut_json(stage, lot, "record.json")["base_price"] is None


# who sees what -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("viewer", Viewer)
def test_c20_base_nobody_sees_the_amount_before_it_is_read_out(viewer: Viewer) -> None:
    assert TABLE.fields(viewer, Phase.SEALED) == {"sealed", "sha256"}
    assert TABLE.fields(viewer, Phase.READ_OUT) == {"sealed", "sha256", "amount", "unread"}
