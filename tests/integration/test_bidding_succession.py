"""A bidder whose signing key is lost (sealing.md 1.3): another of its keys replaces or withdraws, with the right evidence only."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bidding_stage import Bidder, cut_json, staged
from tendering_stage import _certify

from bidding import withdrawal
from bidding.models import Bid, Roll
from bidding.states import BidStatus
from kernel import canonical, keys
from kernel.clock import rfc3339
from kernel.errors import Forbidden, Invalid
from kernel.statements import Signed
from sealing import receipts, roll_check
from sealing.roll import Roll as SealedRoll
from sealing.roll import RollEntry
from sealing.succession import KeyOrder, Naming, Warrant


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


@pytest.fixture
def lot(stage):
    return stage.one_lot()


def second_key(stage, name: str) -> Bidder:
    """Another certified key of the same organization."""
    bidder, key = stage.bidder_of(name), keys.generate()
    with stage.act():
        cert = _certify(bidder.actor, key, stage.now)
    return replace(bidder, key=key, cert=cert)


def naming(stage, old: Bidder, new: Bidder, signer: keys.PrivateKey | None = None) -> Signed:
    said = Naming(
        lot=None, old_key=keys.spell(old.key.public_key()), new_cert_sha256=canonical.sha(new.cert), time=rfc3339(stage.now)
    )  # fmt: skip
    return Signed.make(said.content(), signer or old.key)


def order(stage, bid: Bid, new: Bidder, node: str = "supervisor") -> Signed:
    said = KeyOrder(
        lot=bid.lot, manifest_sha256=bid.manifest_sha256, new_cert_sha256=canonical.sha(new.cert), cause="U盾损坏",
        time=rfc3339(stage.now),
    )  # fmt: skip
    return Signed.make(said.content(), stage.nodes[node].private)


def resealed(stage, bid: Bid, new: Bidder, warrant: Signed | None, name: str = "a"):
    """The bid sealed anew with another key of its organization."""
    old, stage.bidders[name] = stage.bidders[name], new
    handed = stage.handed(stage.seal(bid.lot, name, prev=bid.manifest_sha256), name, warrant=warrant)
    stage.bidders[name] = old
    return handed


def withdraw(stage, lot, bid, new: Bidder, warrant: Warrant | None):
    statement = Signed.make(receipts.Withdrawal(lot, bid.manifest_sha256, rfc3339(stage.now)).content(), new.key)
    with stage.act() as now:
        return withdrawal.withdraw(new.actor, lot, statement, now, warrant)


@pytest.mark.parametrize("by", ["naming", "order"])
def test_another_key_replaces_with_a_naming_or_an_order_and_the_roll_proves_it(stage, lot, by):
    bid, old, new = stage.bid(lot, "a"), stage.bidder_of("a"), second_key(stage, "a")
    warrant = naming(stage, old, new) if by == "naming" else order(stage, bid, new)
    successor = stage.submit(lot, resealed(stage, bid, new, warrant), "a")
    for name in "bc":
        stage.bid(lot, name)
    (ended,) = stage.rows(Bid, Bid.id == bid.id)
    assert (ended.status, ended.ended_by) == (BidStatus.REPLACED, successor.manifest_sha256)
    stage.run_to_close(lot)
    (row,) = stage.rows(Roll)
    made = SealedRoll(lot, row.seq, row.cut_size, tuple(RollEntry.from_json(entry) for entry in row.entries))
    assert roll_check.check_roll(made, made.closed_fact(), stage.grounds(lot, row)) == []
    stripped = replace(made, entries=tuple(replace(entry, warrant=None) for entry in made.entries))
    found = roll_check.check_roll(stripped, stripped.closed_fact(), stage.grounds(lot, row))
    assert [fault.code for fault in found] == ["status_unproved"]


def test_without_evidence_or_with_somebody_elses_the_bid_stays_live(stage, lot):
    bid, old, new = stage.bid(lot, "a"), stage.bidder_of("a"), second_key(stage, "a")
    other = stage.bidder_of("b")
    for warrant, code in [
        (None, "seal.key_differs"),
        (naming(stage, old, new, new.key), "seal.warrant_unsigned"),
        (naming(stage, other, new), "seal.warrant_foreign"),
        (naming(stage, old, other), "seal.warrant_other_cert"),
        (order(stage, bid, new, "audit"), "seal.warrant_unsigned"),
        (Signed(b"{}", bytes(64)), "seal.warrant_malformed"),
    ]:
        with pytest.raises(Invalid) as refusal:
            stage.submit(lot, resealed(stage, bid, new, warrant), "a")
        assert (refusal.value.code, bool(refusal.value.rule)) == (code, True)
    (still,) = stage.rows(Bid, Bid.lot == lot)
    assert (still.status, still.warrant) == (BidStatus.LIVE, None)


def test_another_key_withdraws_with_an_order_and_the_public_never_sees_its_certificate(stage, lot):
    bid, new = stage.bid(lot, "a"), second_key(stage, "a")
    for name in "bcd":
        stage.bid(lot, name)
    with pytest.raises(Invalid) as refusal:
        withdraw(stage, lot, bid, new, None)
    assert refusal.value.code == "seal.key_differs"
    withdraw(stage, lot, bid, new, Warrant(order(stage, bid, new), (new.cert,)))
    stage.run_to_close(lot)
    (row,) = stage.rows(Roll)
    made = SealedRoll(lot, row.seq, row.cut_size, tuple(RollEntry.from_json(entry) for entry in row.entries))
    assert roll_check.check_roll(made, made.closed_fact(), stage.grounds(lot, row)) == []
    stage.start(lot)
    stage.run_until("opened", lot)
    stage.run(3)
    (shown,) = [entry for entry in cut_json(stage, lot, "roll.json")["entries"] if entry["status"] == "withdrawn"]
    assert {"warrant", "bidder_json"} & set(shown) == set()


def test_a_warrant_helps_no_certificate_of_another_organization_or_a_revoked_one(stage, lot):
    from accounts import certificates

    bid, old, new = stage.bid(lot, "a"), stage.bidder_of("a"), second_key(stage, "a")
    stranger = stage.bidder_of("b")
    with pytest.raises(Forbidden):
        withdraw(
            stage, lot, bid, replace(new, cert=stranger.cert), Warrant(naming(stage, old, stranger), (stranger.cert,))
        )
    with stage.act() as now:
        serial = next(one.serial for one in certificates.certificates_of(new.actor) if one.der == new.cert)
        certificates.revoke(new.actor, serial, now)
    with pytest.raises(Forbidden) as refusal:
        withdraw(stage, lot, bid, new, Warrant(naming(stage, old, new), (new.cert,)))
    assert refusal.value.code == "certificate.revoked"
    assert stage.rows(Bid, Bid.id == bid.id)[0].status is BidStatus.LIVE
