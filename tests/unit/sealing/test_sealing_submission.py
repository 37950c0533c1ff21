"""A submission is checked with nothing secret, and everything wrong with it is said (sealing.md 1.3)."""

from __future__ import annotations

import datetime as dt
import io
import json
from dataclasses import replace

import pytest
from sealed_lot import CREATED_AT, LOT, NOW, SUITE, facts, make_lot, resigned, withdrawal

from kernel import canonical, keys
from sealing import age, age_header, bid, certificates, receipts, shares, submission
from sealing.wire import WireError

TIME = "2026-11-23T01:00:00Z"


@pytest.fixture
def bidder(lot):
    return lot.bidder()


@pytest.fixture
def sealed(lot, bidder, tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"%PDF" * 5000)
    return lot.seal(tmp_path / "bid", bidder, files=[tmp_path / "a.pdf"])


def changed(sealed, **changes):
    envelope = replace(sealed.manifest.envelopes[0], **changes)
    return replace(sealed.manifest, envelopes=(envelope, *sealed.manifest.envelopes[1:]))


def test_an_honest_bid_is_taken(lot, sealed):
    assert lot.faults(sealed) == []


@pytest.mark.parametrize("key", ["ed25519", "p256"])
def test_both_kinds_of_signing_key_are_taken(lot, tmp_path, key):
    private = keys.generate() if key == "ed25519" else certificates_p256()
    der = certificates.issue(
        lot.ca,
        lot.ca_key,
        private.public_key(),
        certificates.Subject("甲公司", "91110000100000001A", "p"),
        serial=7,
        not_before=NOW - dt.timedelta(1),
        not_after=NOW + dt.timedelta(1),
    )
    sealed = lot.seal(tmp_path / "bid", bid.BidderIdentity((der,), private))
    assert lot.faults(sealed) == []


def certificates_p256():
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def test_one_changed_byte_of_the_manifest_spoils_its_signature(lot, sealed):
    raw = sealed.manifest_raw.replace(CREATED_AT.encode(), CREATED_AT.replace("59", "58").encode())
    assert lot.faults(sealed, manifest_raw=raw) == ["signature_invalid"]


def test_a_signature_of_another_key_is_refused(lot, sealed):
    forged = keys.sign(sealed.manifest_raw, keys.generate())
    assert lot.faults(sealed, sig=forged) == ["signature_invalid"]
    assert lot.faults(sealed, sig=b"short") == ["signature_invalid"]


def test_somebody_elses_certificate_does_not_fit(lot, sealed):
    other = lot.bidder("乙公司", "91110000100000002B")
    stolen = certificates.Bidder("0" * 64, other.cert_chain).encode()
    assert lot.faults(sealed, bidder_json_raw=stolen) == ["signature_invalid", "bidder_ref_wrong"]


def test_a_certificate_of_an_unknown_ca_is_refused(lot, tmp_path):
    stranger = make_lot()
    sealed = lot.seal(tmp_path / "bid", stranger.bidder())
    assert lot.faults(sealed) == ["certificate_invalid"]


def test_a_bid_for_another_lot_or_keyset_is_refused(lot, bidder, sealed):
    other = resigned(sealed, bidder.key, replace(sealed.manifest, lot="E9901010000000117001002"))
    assert set(lot.faults(other)) == {"lot_wrong", "core_wrong"}
    other = resigned(sealed, bidder.key, replace(sealed.manifest, keyset_sha256="0" * 64))
    assert set(lot.faults(other)) == {"keyset_wrong", "core_wrong"}
    other = resigned(sealed, bidder.key, replace(sealed.manifest, suite="gm/1"))
    assert lot.faults(other) == ["suite_wrong"]


def test_envelopes_must_be_the_stages_of_the_notice(lot, bidder, sealed):
    only = replace(sealed.manifest, envelopes=sealed.manifest.envelopes[:1])
    assert lot.faults(resigned(sealed, bidder.key, only)) == ["envelopes_wrong"]
    turned = replace(sealed.manifest, envelopes=sealed.manifest.envelopes[::-1])
    assert lot.faults(resigned(sealed, bidder.key, turned)) == ["envelopes_wrong"]


def test_one_key_for_two_envelopes_is_refused(lot, bidder, sealed):
    first = sealed.manifest.envelopes[0]
    twice = replace(sealed.manifest, envelopes=(first, replace(first, stage="docs")))
    assert "envelopes_alike" in lot.faults(resigned(sealed, bidder.key, twice))


def test_the_threshold_and_the_trustees_are_the_keysets(lot, bidder, sealed):
    assert lot.faults(resigned(sealed, bidder.key, changed(sealed, t=2))) == ["threshold_wrong"]
    fewer = sealed.manifest.envelopes[0].shares[:3]
    assert lot.faults(resigned(sealed, bidder.key, changed(sealed, shares=fewer))) == ["trustees_wrong"]
    alike = tuple(replace(share, x=1) for share in sealed.manifest.envelopes[0].shares)
    assert lot.faults(resigned(sealed, bidder.key, changed(sealed, shares=alike))) == ["points_repeat"]


def test_a_core_that_does_not_recompute_is_refused(lot, bidder, sealed):
    broken = changed(sealed, core_sha256="0" * 64)
    assert lot.faults(resigned(sealed, bidder.key, broken)) == ["core_wrong"]


@pytest.mark.parametrize("wrapped", ["", "AAAA", keys.b64(b"age-encryption.org/v1\n")])
def test_a_share_that_is_no_age_file_of_a_line_is_refused(lot, bidder, sealed, wrapped):
    given = sealed.manifest.envelopes[0].shares
    broken = changed(sealed, shares=(replace(given[0], wrapped=wrapped), *given[1:]))
    assert lot.faults(resigned(sealed, bidder.key, broken)) in (["wrapped_malformed"], ["bid_malformed"])


def test_a_share_of_another_length_is_refused(lot, bidder, sealed):
    given = sealed.manifest.envelopes[0].shares
    long = shares.wrap(b"x" * 151, SUITE, lot.keyset.stages[0].trustees[0].recipient)
    broken = changed(sealed, shares=(replace(given[0], wrapped=long), *given[1:]))
    assert lot.faults(resigned(sealed, bidder.key, broken)) == ["wrapped_malformed"]


def test_the_uploaded_file_must_be_the_listed_one(lot, sealed, tmp_path):
    files = {stage: facts(sealed.folder / f"{stage}.age") for stage in ("sheet", "docs")}
    wrong = {**files, "docs": replace(files["docs"], sha256="0" * 64)}
    assert lot.faults(sealed, files=wrong) == ["file_differs"]
    assert lot.faults(sealed, files={"sheet": files["sheet"]}) == ["file_missing"]
    assert lot.faults(sealed, files={**files, "more": files["docs"]}) == ["file_missing"]


def uploaded(lot, bidder, sealed, raw: bytes) -> list[str]:
    """The faults of the bid with another sheet.age, listed as its bidder would."""
    manifest = changed(sealed, ciphertext_sha256=canonical.sha(raw), size=len(raw))
    envelope = manifest.envelopes[0]
    manifest = replace(
        manifest, envelopes=(replace(envelope, core_sha256=manifest.core(envelope).sha256), manifest.envelopes[1])
    )
    files = {
        "sheet": submission.FileFacts(canonical.sha(raw), len(raw), raw[: submission.HEAD_BYTES]),
        "docs": facts(sealed.folder / "docs.age"),
    }
    return lot.faults(resigned(sealed, bidder.key, manifest), files=files)


def test_an_unsealed_file_is_refused(lot, bidder, sealed):
    assert uploaded(lot, bidder, sealed, b"%PDF-1.7 plain" * 2000) == ["not_sealed"]


def test_a_second_door_into_the_bid_is_refused(lot, bidder, sealed):
    two = age.encrypt_bytes(bytes(16384), age.generate()[1], age.generate()[1])
    assert uploaded(lot, bidder, sealed, two) == ["not_sealed"]


def test_grease_is_not_a_second_door(lot, bidder, sealed):
    head, mac, rest = age.encrypt_bytes(b" " * 16384, age.generate()[1]).partition(b"---")
    grease = age_header.Stanza("x-grease", (), b"").encode()
    assert uploaded(lot, bidder, sealed, head + grease + mac + rest) == []


def test_a_cut_or_unpadded_file_is_refused(lot, bidder, sealed):
    raw = (sealed.folder / "sheet.age").read_bytes()
    assert uploaded(lot, bidder, sealed, raw[: -(16384 + 1)]) == ["not_sealed"]
    assert uploaded(lot, bidder, sealed, raw[:-1]) == ["not_padded"]
    assert uploaded(lot, bidder, sealed, age.encrypt_bytes(b" " * 100, age.generate()[1])) == ["not_padded"]


@pytest.mark.parametrize("part", ["manifest_raw", "bidder_json_raw"])
@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"\xff\xfe", b"[" * 9000, b'{"type":"kaibiao-bid/1"}'])
def test_malformed_papers_are_one_clear_fault(lot, sealed, part, raw):
    assert lot.faults(sealed, **{part: raw}) == ["bid_malformed"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bid_id", "ABC"),
        ("bidder_ref", "x" * 64),
        ("created_at", "2026-11-23 01:00:00"),
        ("prev_manifest_sha256", ""),
        ("envelopes", None),
        ("client", {"name": "x"}),
        ("more", 1),
    ],
)
def test_a_field_of_another_form_is_a_clear_fault(lot, bidder, sealed, name, value):
    raw = canonical.encode(json.loads(sealed.manifest_raw) | {name: value})
    assert lot.faults(sealed, manifest_raw=raw, sig=keys.sign(raw, bidder.key)) == ["bid_malformed"]


def test_a_copied_envelope_bears_known_marks(lot, sealed, tmp_path):
    other = lot.seal(tmp_path / "other")
    assert not submission.marks(sealed.manifest) & submission.marks(other.manifest)
    copied = replace(other.manifest, envelopes=sealed.manifest.envelopes)
    assert submission.marks(sealed.manifest) & submission.marks(copied)


def test_a_replacement_names_the_bid_it_ends_and_bears_its_key(lot, bidder, sealed, tmp_path):
    again = lot.seal(tmp_path / "again", bidder, prev=sealed.manifest_sha256)
    papers = submission.read_papers(again.manifest_raw, again.sig, again.bidder_json)
    assert submission.check_successor(papers, sealed.manifest_raw, sealed.bidder_json) == []
    thief = lot.seal(tmp_path / "thief", prev=sealed.manifest_sha256)
    papers = submission.read_papers(thief.manifest_raw, thief.sig, thief.bidder_json)
    codes = [f.code for f in submission.check_successor(papers, sealed.manifest_raw, sealed.bidder_json)]
    assert codes == ["key_differs"]
    codes = [f.code for f in submission.check_successor(papers, again.manifest_raw, thief.bidder_json)]
    assert codes == ["predecessor_wrong"]


def test_a_withdrawal_names_the_bid_and_bears_its_key(lot, bidder, sealed, tmp_path):
    own = withdrawal(sealed, bidder.key)
    assert submission.check_withdrawal(own, sealed.manifest_raw, sealed.bidder_json) == []
    forged = withdrawal(sealed, keys.generate())
    codes = [f.code for f in submission.check_withdrawal(forged, sealed.manifest_raw, sealed.bidder_json)]
    assert codes == ["key_differs"]
    other = lot.seal(tmp_path / "other", bidder)
    codes = [f.code for f in submission.check_withdrawal(own, other.manifest_raw, other.bidder_json)]
    assert codes == ["withdrawal_wrong"]
    broken = replace(own, raw=b"{}")
    codes = [f.code for f in submission.check_withdrawal(broken, sealed.manifest_raw, sealed.bidder_json)]
    assert codes == ["withdrawal_malformed"]


def test_every_trustee_acknowledges_an_honest_bid(lot, sealed):
    for trustee in lot.trustees:
        answer = receipts.trustee_check(sealed.manifest_raw, lot.keyset, trustee.i, trustee.secrets, TIME)
        assert isinstance(answer, receipts.Ack)
        assert answer.envelopes == ((sealed.manifest.bid_id, "sheet"), (sealed.manifest.bid_id, "docs"))
        signed = receipts.Signed.make(answer.content(), trustee.key)
        assert receipts.Ack.read(signed) == answer


def test_a_trustee_refuses_a_line_wrapped_for_somebody_else(lot, sealed):
    trustee, other = lot.trustees[0], lot.trustees[1]
    answer = receipts.trustee_check(sealed.manifest_raw, lot.keyset, trustee.i, other.secrets, TIME)
    assert isinstance(answer, receipts.Refusal)
    assert "does not unwrap" in answer.reason
    signed = receipts.Signed.make(answer.content(), trustee.key)
    assert receipts.Refusal.read(signed) == answer


def test_the_receipts_entry_is_the_logs_sealed_entry(sealed):
    from supervision import entries

    fact = receipts.sealed_fact(LOT, sealed.manifest_raw, sealed.sig, TIME)
    receipt = receipts.Receipt(fact, bytes(range(16)))
    expected = entries.sealed_entry(entries.seal_of(bytes(range(16)), canonical.encode(fact.content())))
    assert receipt.entry() == expected
    assert receipts.Receipt.read(receipts.Signed.make(receipt.content(), keys.generate())) == receipt


def test_the_facts_are_those_of_the_logs_vocabulary(bidder, sealed):
    from supervision import facts as vocabulary

    taken = receipts.sealed_fact(LOT, sealed.manifest_raw, sealed.sig, TIME)
    assert vocabulary.from_json(taken.content()).to_json() == taken.content()
    gone = receipts.withdrawn_fact(withdrawal(sealed, bidder.key), TIME)
    assert vocabulary.from_json(gone.content()).to_json() == gone.content()
    assert receipts.read_fact(gone.content()) == gone
    with pytest.raises(WireError):
        receipts.read_fact({"kind": "bid.opened"})


def test_a_presented_bid_is_stated(sealed):
    statement = receipts.Presented(LOT, sealed.manifest_sha256, TIME)
    assert receipts.Presented.read(receipts.Signed.make(statement.content(), keys.generate())) == statement


def test_a_header_check_needs_only_the_first_bytes(sealed):
    path = sealed.folder / "docs.age"
    head = path.read_bytes()[:300]
    found = age.check_header(io.BytesIO(head), path.stat().st_size)
    assert found.header_length < 300
