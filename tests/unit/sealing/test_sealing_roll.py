"""The roll as a node rechecks it, closes, admission and releases (sealing.md 1.4 and 1.5)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sealed_lot import CLOSES_AT, LOT, RECEIVED_AT, Box, make_lot, resigned, withdrawal

from kernel import canonical, keys, merkle
from kernel.statements import Signed
from sealing import receipts, release, roll, roll_check
from sealing.manifest import Manifest
from sealing.roll import Close, Roll, RollEntry, Status
from sealing.wire import WireError

TIME = "2026-11-23T01:31:00Z"


@pytest.fixture
def bidders(lot):
    return [lot.bidder(f"{name}公司", f"9111000010000000{at}X") for at, name in enumerate("甲乙丙")]


@pytest.fixture
def box(lot, bidders, tmp_path):
    made = Box(lot)
    for at, bidder in enumerate(bidders):
        made.take(lot.seal(tmp_path / f"bid{at}", bidder))
        made.leaves.append(f"cover {at}".encode())
    return made


def grounds(box: Box, **changed) -> roll_check.Grounds:
    lot = box.lot
    parts = {
        "keysets": {lot.sha256: lot.keyset},
        "current": lot.sha256,
        "roots": [lot.ca],
        "platform_key": lot.platform.public_key(),
        "cut_root": box.cut_root,
        "closes_at": CLOSES_AT,
        "withdrawn": {},
        **changed,
    }
    return roll_check.Grounds(**parts)


def codes(box: Box, made: Roll | None = None, **changed) -> list[str]:
    checked = box.roll() if made is None else made
    found = roll_check.check_roll(checked, checked.closed_fact(), grounds(box, **changed))
    assert all(fault.zh and fault.en for fault in found)
    return [fault.code for fault in found]


def edited(made: Roll, place: int, **changes) -> Roll:
    entries = list(made.entries)
    entries[place] = replace(entries[place], **changes)
    return replace(made, entries=tuple(entries))


def withdrawn(box: Box, sealed, key) -> tuple[str, roll_check.Withdrawn]:
    statement = withdrawal(sealed, key)
    receipt, index = box.log(receipts.withdrawn_fact(statement, RECEIVED_AT))
    return statement.sha256, roll_check.Withdrawn(receipt, index, ())


def test_an_honest_roll_is_whole(box):
    assert codes(box) == []
    assert box.roll().count == 3


def test_entries_come_back_and_are_ordered_by_hash(box):
    made = box.roll()
    digests = [entry.manifest_sha256 for entry in made.entries]
    assert digests == sorted(digests)
    for entry in made.entries:
        assert RollEntry.from_json(canonical.decode(entry.leaf())) == entry
        assert roll.leaf(entry) == entry.leaf()
    assert made.root == merkle.root([entry.leaf() for entry in made.entries]).hex()


def test_the_fact_in_the_log_must_be_this_rolls(box):
    made = box.roll()
    for name, value in (("count", 2), ("root", "0" * 64), ("cut_size", 1), ("bids", [])):
        fact = made.closed_fact() | {name: value}
        found = roll_check.check_roll(made, fact, grounds(box))
        assert [fault.code for fault in found] == ["roll_differs"]


def test_the_fact_is_one_of_the_logs_vocabulary(box):
    from supervision import facts

    assert facts.from_json(box.roll().closed_fact()).to_json() == box.roll().closed_fact()


def test_a_bid_slipped_in_after_the_cut_is_caught(lot, box, tmp_path):
    root, size = box.cut_root, len(box.leaves)
    box.take(lot.seal(tmp_path / "late", lot.bidder("丁公司", "91110000100000009X")))
    made = replace(box.roll(), cut_size=size)
    assert "not_below_cut" in codes(box, made, cut_root=root)


def test_a_bid_received_after_the_close_is_caught(lot, box, tmp_path):
    box.take(lot.seal(tmp_path / "late", lot.bidder("丁公司", "91110000100000009X")), CLOSES_AT)
    assert codes(box) == ["received_late"]


def test_a_bid_left_off_the_roll_is_caught_by_whoever_saw_it(lot, box):
    made, dropped = box.roll(), box.taken[1]
    without = replace(made, entries=tuple(e for e in made.entries if e.manifest != dropped[0].manifest_raw))
    assert codes(box, without) == []
    digest = dropped[0].manifest_sha256
    assert [f.code for f in roll_check.check_memory(without, [digest], [])] == ["acknowledged_missing"]
    assert [f.code for f in roll_check.check_memory(without, [], [dropped[1]])] == ["receipt_missing"]
    assert roll_check.check_memory(made, [digest], [dropped[1]]) == []


def test_a_receipt_of_another_lot_is_no_evidence_here(lot, box):
    made = box.roll()
    fact = replace(receipts.Receipt.read(box.taken[0][1]).fact, lot="E9901010000000117001009")
    foreign = Signed.make(receipts.Receipt(fact, bytes(16)).content(), lot.platform)
    assert roll_check.check_memory(replace(made, entries=()), [], [foreign]) == []


def test_a_false_withdrawal_is_caught(box, bidders):
    sealed = box.taken[0][0]
    by, proof = withdrawn(box, sealed, keys.generate())
    proof = replace(proof, proof=box.proof(proof.index))
    made = box.roll({sealed.manifest_sha256: (Status.WITHDRAWN, by)})
    assert codes(box, made, withdrawn={by: proof}) == ["status_unproved"]
    assert codes(box, made) == ["status_unproved"]


def test_a_true_withdrawal_below_the_cut_counts(box, bidders):
    sealed = box.taken[0][0]
    by, proof = withdrawn(box, sealed, bidders[0].key)
    below = replace(proof, proof=box.proof(proof.index))
    made = box.roll({sealed.manifest_sha256: (Status.WITHDRAWN, by)})
    assert codes(box, made, withdrawn={by: below}) == []
    assert codes(box, made, withdrawn={by: proof}) == ["status_unproved"]


def test_a_withdrawal_that_the_roll_hides_is_caught_by_its_receipt(box, bidders):
    sealed = box.taken[0][0]
    _, proof = withdrawn(box, sealed, bidders[0].key)
    found = roll_check.check_memory(box.roll(), [], [proof.receipt])
    assert [fault.code for fault in found] == ["withdrawal_missing"]


def test_c27_m87_a_replacement_ends_the_bid_it_names(lot, box, bidders, tmp_path):
    first = box.taken[0][0]
    again = lot.seal(tmp_path / "again", bidders[0], prev=first.manifest_sha256)
    box.take(again)
    made = box.roll({first.manifest_sha256: (Status.REPLACED, again.manifest_sha256)})
    assert codes(box, made) == []
    assert sorted(codes(box)) == ["status_stale", "two_live_bids", "two_live_bids"]
    elsewhere = box.taken[1][0].manifest_sha256
    wrong = box.roll({first.manifest_sha256: (Status.REPLACED, elsewhere)})
    assert codes(box, wrong) == ["status_unproved"]


def test_a_stranger_cannot_replace_a_bid(lot, box, tmp_path):
    first = box.taken[0][0]
    stranger = lot.bidder("丁公司", "91110000100000009X")
    box.take(lot.seal(tmp_path / "thief", stranger, prev=first.manifest_sha256))
    thief = box.taken[-1][0].manifest_sha256
    assert codes(box, box.roll({first.manifest_sha256: (Status.REPLACED, thief)})) == ["status_unproved"]
    assert codes(box) == []


def test_changed_terms_void_what_was_sealed_before(lot, box):
    newer = make_lot(version=2)
    voided = {item[0].manifest_sha256: (Status.VOID, newer.sha256) for item in box.taken}
    both = {lot.sha256: lot.keyset, newer.sha256: newer.keyset}
    assert codes(box, box.roll(voided), keysets=both, current=newer.sha256) == []
    assert codes(box, keysets=both, current=newer.sha256) == ["status_unproved"] * 3
    assert codes(box, box.roll(voided)) == ["status_unproved"] * 3


def test_a_copied_envelope_on_the_roll_is_caught(lot, box, bidders, tmp_path):
    thief = lot.bidder("丁公司", "91110000100000009X")
    own, victim = lot.seal(tmp_path / "own", thief), box.taken[0][0]
    copied = replace(own.manifest, envelopes=victim.manifest.envelopes)
    copied = replace(copied, envelopes=tuple(replace(e, core_sha256=copied.core(e).sha256) for e in copied.envelopes))
    box.take(resigned(own, thief.key, copied))
    assert codes(box).count("envelope_repeats") == 2


def test_a_receipt_must_be_the_platforms_and_this_bids(box):
    made = box.roll()
    receipt = Signed.make(canonical.decode(made.entries[0].receipt.raw), keys.generate())
    assert codes(box, edited(made, 0, receipt=receipt)) == ["receipt_signature"]
    other = edited(made, 0, receipt=made.entries[1].receipt)
    assert set(codes(box, other)) == {"receipt_differs", "not_below_cut"}


def test_a_malformed_entry_is_named_and_the_rest_is_checked(box):
    assert codes(box, edited(box.roll(), 0, manifest=b"{}"))[-1:] != []
    made = edited(box.roll(), 0, bidder_json=b"{}")
    assert codes(box, made) == ["roll_malformed"]
    with pytest.raises(WireError):
        RollEntry.from_json({"manifest": "", "sig": ""})


def test_a_bad_signature_on_the_roll_is_caught(box):
    made = edited(box.roll(), 0, sig=bytes(64))
    assert set(codes(box, made)) == {"signature_invalid", "receipt_differs"}


def test_a_trustee_lists_lines_that_are_not_right_but_not_what_it_acknowledged(lot, box, tmp_path):
    bidder = lot.bidder("丁公司", "91110000100000009X")
    own = lot.seal(tmp_path / "own", bidder)
    envelope = own.manifest.envelopes[0]
    turned = (*envelope.shares[1:], envelope.shares[0])
    broken = tuple(replace(s, wrapped=o.wrapped) for s, o in zip(envelope.shares, turned, strict=True))
    manifest = replace(own.manifest, envelopes=(replace(envelope, shares=broken), own.manifest.envelopes[1]))
    bad = resigned(own, bidder.key, manifest)
    box.take(bad)
    trustee, made = lot.trustees[0], box.roll()
    found = roll_check.bad_lines(made, lot.keyset, 1, trustee.secrets, [])
    assert found == ((own.manifest.bid_id, "sheet"),)
    assert roll_check.bad_lines(made, lot.keyset, 1, trustee.secrets, [bad.manifest_sha256]) == ()


def test_a_close_comes_back(box):
    made = box.roll()
    statement = roll.close(made, [("1" * 32, "sheet")], TIME)
    assert Close.read(Signed.make(statement.content(), keys.generate())) == statement
    with pytest.raises(WireError):
        Close.read(Signed.make({"type": "kaibiao-close/1"}, keys.generate()))


def closes(box: Box, bad: dict[int, list[str]], who=(1, 2, 3, 4)) -> dict[int, Close]:
    return {i: roll.close(box.roll(), [(b, "sheet") for b in bad.get(i, [])], TIME) for i in who}


def live(box: Box) -> list[Manifest]:
    return [Manifest.parse(entry.manifest) for entry in box.roll().live()]


def test_a_bid_with_t_good_lines_is_admitted_and_one_with_fewer_is_set_aside(lot, box):
    stage, manifests = lot.keyset.stage("sheet"), live(box)
    ids = sorted(manifest.bid_id for manifest in manifests)
    assert release.admitted(manifests, stage, closes(box, {})) == release.Admission(tuple(ids), ())
    one = release.admitted(manifests, stage, closes(box, {2: [ids[0]]}))
    assert one.set_aside == ()
    two = release.admitted(manifests, stage, closes(box, {2: [ids[0]], 3: [ids[0]]}))
    assert two == release.Admission(tuple(ids[1:]), (ids[0],))
    absent = release.admitted(manifests, stage, closes(box, {2: [ids[0]]}, who=(1, 2, 3)))
    assert absent.set_aside == (ids[0],)
    assert release.admitted(manifests, stage, closes(box, {}, who=(1, 2))).bids == ()


def given(lot, box: Box, i: int = 1) -> release.Release:
    made = box.roll()
    lines = {manifest.bid_id: lot.lines(manifest, "sheet", i)[i] for manifest in live(box)}
    return release.Release(LOT, made.root, "sheet", made.seq, i, lines)


def test_a_release_is_what_its_hash_promised_and_covers_every_admitted_bid(lot, box):
    statement = given(lot, box)
    file = statement.file(lot.keyset)
    promised = release.commit(statement, file)
    assert release.ReleaseHash.read(Signed.make(promised.content(), keys.generate())) == promised
    assert release.Release.parse(file) == statement
    own = roll.close(box.roll(), [], TIME)
    due = sorted(statement.lines)
    assert release.check_release(file, statement, promised, due, own) == []


def test_a_release_that_differs_or_holds_back_is_its_trustees_fault(lot, box):
    statement = given(lot, box)
    file, due = statement.file(lot.keyset), sorted(statement.lines)
    promised, own = release.commit(statement, file), roll.close(box.roll(), [], TIME)
    fewer = replace(statement, lines={due[0]: statement.lines[due[0]]})
    found = release.check_release(fewer.encode(), fewer, promised, due, own)
    assert [fault.code for fault in found] == ["release_hash", "release_incomplete"]
    again = release.commit(fewer, fewer.encode())
    listed = roll.close(box.roll(), [(bid_id, "sheet") for bid_id in due[1:]], TIME)
    assert release.check_release(fewer.encode(), fewer, again, due, listed) == []
    excess = release.check_release(file, statement, promised, due[:2], own)
    assert [fault.code for fault in excess] == ["release_excess"]
    elsewhere = replace(promised, root="0" * 64)
    assert [f.code for f in release.check_release(file, statement, elsewhere, due, own)] == ["release_target"]


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b'{"type":"kaibiao-release/1"}'])
def test_what_is_no_release_is_refused(raw):
    with pytest.raises(WireError):
        release.Release.parse(raw)
