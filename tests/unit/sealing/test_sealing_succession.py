"""Ending a bid with another key than its own (sealing.md 1.3): by the key's own naming or the authority's order, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sealed_lot import CLOSES_AT, LOT, RECEIVED_AT, Box

from kernel import canonical, keys
from kernel.statements import Signed
from sealing import receipts, roll_check, submission
from sealing.roll import RollEntry, Status
from sealing.submission import Ending
from sealing.succession import KeyOrder, Naming, Warrant, read
from sealing.wire import WireError


@pytest.fixture
def old(lot):
    return lot.bidder()


@pytest.fixture
def new(lot):
    return lot.bidder()


@pytest.fixture
def head(lot, old, tmp_path):
    return lot.seal(tmp_path / "head", old)


def naming(old, new, **changes) -> Signed:
    named = canonical.sha(new.cert_chain[0])
    said = {"lot": None, "old_key": keys.spell(old.key.public_key()), "new_cert_sha256": named, "time": RECEIVED_AT}
    return Signed.make(Naming(**{**said, **changes}).content(), old.key)


def order(lot, head, new, signer=None, *, about=LOT, manifest_sha256=None) -> Signed:
    """By the supervising authority, or signed by somebody else in its name."""
    named, digest = canonical.sha(new.cert_chain[0]), manifest_sha256 or head.manifest_sha256
    said = KeyOrder(lot=about, manifest_sha256=digest, new_cert_sha256=named, cause="密钥丢失", time=RECEIVED_AT)
    return Signed.make(said.content(), signer or lot.trustees[0].key)


def ending(lot, statement: Signed, new) -> Ending:
    return Ending(Warrant(statement, new.cert_chain), lot.keyset.fact_keys.supervisor)


def replaced(lot, head, new, by, tmp_path) -> list[str]:
    made = lot.seal(tmp_path / canonical.sha(by.warrant.statement.raw if by else b""), new, prev=head.manifest_sha256)
    papers = submission.read_papers(made.manifest_raw, made.sig, made.bidder_json)
    found = submission.check_successor(papers, head.manifest_raw, head.bidder_json, by)
    assert all(fault.zh and fault.en and fault.rule == "1.3" for fault in found)
    return [fault.code for fault in found]


def withdrawn(head, key, by) -> list[str]:
    said = receipts.Withdrawal(LOT, head.manifest_sha256, RECEIVED_AT).content()
    found = submission.check_withdrawal(Signed.make(said, key), head.manifest_raw, head.bidder_json, by)
    return [fault.code for fault in found]


def test_without_a_warrant_only_the_key_of_the_bid_ends_it(lot, head, old, new, tmp_path):
    assert replaced(lot, head, new, None, tmp_path) == ["key_differs"]
    assert withdrawn(head, new.key, None) == ["key_differs"]
    assert withdrawn(head, old.key, None) == []


def test_the_key_itself_names_its_successor(lot, head, old, new, tmp_path):
    for for_lot in (None, LOT):
        by = ending(lot, naming(old, new, lot=for_lot), new)
        assert replaced(lot, head, new, by, tmp_path) == []
        assert withdrawn(head, new.key, by) == []


def test_the_supervising_authority_orders_a_successor_for_one_bid(lot, head, new, tmp_path):
    by = ending(lot, order(lot, head, new), new)
    assert replaced(lot, head, new, by, tmp_path) == []
    assert withdrawn(head, new.key, by) == []


def test_a_warrant_for_another_lot_bid_key_or_certificate_ends_nothing(lot, head, old, new, tmp_path):
    stranger = lot.bidder()
    other = "E9901010000000117001009"
    for statement, code in [
        (naming(old, new, lot=other), "warrant_foreign"),
        (naming(stranger, new), "warrant_foreign"),
        (naming(old, stranger), "warrant_other_cert"),
        (order(lot, head, new, about=other), "warrant_foreign"),
        (order(lot, head, new, manifest_sha256="0" * 64), "warrant_foreign"),
        (order(lot, head, stranger), "warrant_other_cert"),
    ]:
        assert code in withdrawn(head, new.key, ending(lot, statement, new)), statement.raw


def test_nobody_else_signs_a_warrant(lot, head, old, new):
    forged = Signed.make(Naming.read(naming(old, new)).content(), new.key)
    assert withdrawn(head, new.key, ending(lot, forged, new)) == ["warrant_unsigned"]
    for signer in (lot.trustees[1].key, lot.platform, new.key):
        by = ending(lot, order(lot, head, new, signer), new)
        assert withdrawn(head, new.key, by) == ["warrant_unsigned"]


def test_a_warrant_is_no_good_to_another_organization_or_another_key(lot, head, old, new, tmp_path):
    foreign = lot.bidder("乙公司", "91110000100000002B")
    assert withdrawn(head, foreign.key, ending(lot, naming(old, foreign), foreign)) == ["warrant_stranger"]
    assert withdrawn(head, foreign.key, ending(lot, naming(old, new), new)) == ["key_differs"]
    assert "warrant_other_cert" in replaced(lot, head, foreign, ending(lot, naming(old, new), new), tmp_path)


def test_a_malformed_warrant_is_refused_and_said(lot, head, old, new):
    content = Naming.read(naming(old, new)).content()
    for raw in (
        b"{}",
        b"not json",
        canonical.encode({**content, "more": 1}),
        canonical.encode({**content, "old_key": "x"}),
    ):
        by = ending(lot, Signed(raw, keys.sign(raw, old.key)), new)
        assert withdrawn(head, new.key, by)[0].startswith("warrant_"), raw
    with pytest.raises(WireError):
        read(Signed(b"[]", bytes(64)))
    for value in (
        {},
        {"file": "", "sig": "", "cert_chain": []},
        "x",
        {**naming(old, new).to_json(), "cert_chain": ["!"]},
    ):
        with pytest.raises(WireError):
            Warrant.from_json(value)


# on the roll -----------------------------------------------------------------------------------------------------------


def grounds(box, **changed) -> roll_check.Grounds:
    lot = box.lot
    parts = {
        "keysets": {lot.sha256: lot.keyset}, "current": lot.sha256, "roots": [lot.ca],
        "platform_key": lot.platform.public_key(), "cut_root": box.cut_root, "closes_at": CLOSES_AT, "withdrawn": {},
    }  # fmt: skip
    return roll_check.Grounds(**{**parts, **changed})


def codes(box, made, **changed) -> set[str]:
    return {fault.code for fault in roll_check.check_roll(made, made.closed_fact(), grounds(box, **changed))}


def warranted(made, digest, warrant):
    entries = [replace(e, warrant=warrant) if e.manifest_sha256 == digest else e for e in made.entries]
    return replace(made, entries=tuple(entries))


@pytest.fixture
def succeeded(lot, head, new, tmp_path):
    """A roll on which another key replaced the bid, the warrant not yet beside it."""
    box = Box(lot)
    box.take(head)
    successor = lot.seal(tmp_path / "successor", new, prev=head.manifest_sha256)
    box.take(successor)
    return box, box.roll({head.manifest_sha256: (Status.REPLACED, successor.manifest_sha256)})


def test_a_roll_shows_by_which_warrant_another_key_replaced(lot, head, old, new, succeeded):
    box, made = succeeded
    for statement in (naming(old, new), order(lot, head, new)):
        whole = warranted(made, head.manifest_sha256, Warrant(statement, new.cert_chain))
        assert codes(box, whole) == set()
        assert all(RollEntry.from_json(canonical.decode(entry.leaf())) == entry for entry in whole.entries)
        assert whole.root != made.root


def test_a_roll_without_or_with_a_false_warrant_is_refused(lot, head, old, new, succeeded):
    box, made = succeeded
    assert codes(box, made) == {"status_unproved"}
    for statement in (order(lot, head, new, lot.platform), naming(new, new), naming(old, old)):
        false = warranted(made, head.manifest_sha256, Warrant(statement, new.cert_chain))
        assert "status_unproved" in codes(box, false)


def test_a_live_bid_bears_no_warrant(lot, head, old, new):
    box = Box(lot)
    box.take(head)
    made = warranted(box.roll(), head.manifest_sha256, Warrant(naming(old, new), new.cert_chain))
    assert codes(box, made) == {"status_unproved"}


def test_a_withdrawal_by_a_successor_needs_its_warrant_and_a_valid_chain(lot, head, old, new):
    box = Box(lot)
    box.take(head)
    said = Signed.make(receipts.Withdrawal(LOT, head.manifest_sha256, RECEIVED_AT).content(), new.key)
    receipt, index = box.log(receipts.withdrawn_fact(said, RECEIVED_AT))
    proof = {said.sha256: roll_check.Withdrawn(receipt, index, box.proof(index))}
    made = box.roll({head.manifest_sha256: (Status.WITHDRAWN, said.sha256)})
    assert codes(box, made, withdrawn=proof) == {"status_unproved"}
    whole = warranted(made, head.manifest_sha256, Warrant(naming(old, new), new.cert_chain))
    assert codes(box, whole, withdrawn=proof) == set()
    assert "status_unproved" in codes(box, whole, withdrawn=proof, roots=[lot.bidder().cert_chain[0]])
