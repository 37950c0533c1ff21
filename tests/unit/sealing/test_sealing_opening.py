"""Opening: every subset of t opens, and each fault is put to the right party (sealing.md 1.6 and 1.7)."""

from __future__ import annotations

import io
import itertools
from dataclasses import replace

import pytest
from sealed_lot import LOT, SUITE, make_lot, resigned

from kernel import canonical
from sealing import age, bid, documents, opening, padding, receipts, release, shamir, shares
from sealing.faults import Judgment, Party
from sealing.manifest import Share
from sealing.sheet import Header, Sheet


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "施工组织设计.pdf").write_bytes(b"%PDF-1.7 " + bytes(range(256)) * 500)
    (tmp_path / "报价清单.xlsx").write_bytes(b"PK" + b"\x01\x02" * 40_000)
    return tmp_path


@pytest.fixture
def sealed(lot, folder):
    files = [folder / "施工组织设计.pdf", folder / "报价清单.xlsx"]
    return lot.seal(folder / "bid", files=files)


def opened(lot, sealed, stage="sheet", *, lines=None, ciphertext=None, to="payload"):
    given = lot.lines(sealed.manifest, stage, 1, 2, 3) if lines is None else lines
    path = sealed.folder / f"{stage}.age" if ciphertext is None else ciphertext
    return opening.open_envelope(sealed.manifest, stage, given, path, sealed.folder / to)


def blamed(result) -> tuple[Party, str]:
    assert isinstance(result, Judgment)
    assert result.zh
    assert result.en
    return result.party, result.rule


def with_envelope(sealed, stage, **changed):
    """The manifest with one envelope changed, its core recomputed as a bidder's client would."""
    envelope = replace(sealed.manifest.envelope(stage), **changed)
    envelope = replace(envelope, core_sha256=sealed.manifest.core(envelope).sha256)
    others = [envelope if e.stage == stage else e for e in sealed.manifest.envelopes]
    return replace(sealed.manifest, envelopes=tuple(others))


def shared_anew(lot, manifest, stage, values):
    """The envelope's shares made of `values`, each committed to and wrapped as an honest client does."""
    envelope = manifest.envelope(stage)
    made = []
    for entry, value in zip(lot.keyset.stage(stage).trustees, values, strict=True):
        line = shares.share_line(envelope.core_sha256, entry.i, value)
        wrapped = shares.wrap(line, SUITE, entry.recipient)
        made.append(Share(entry.i, value[32], shares.plain_sha256(line), wrapped))
    envelope = replace(envelope, shares=tuple(made))
    others = [envelope if e.stage == stage else e for e in manifest.envelopes]
    return replace(manifest, envelopes=tuple(others))


def resealed(lot, sealed, stage, payload, folder):
    """A bid whose `stage` holds another payload, everything around it right: what a dishonest bidder can make."""
    secret, recipient = age.generate()
    raw = age.encrypt_bytes(payload, recipient)
    (folder / "resealed.age").write_bytes(raw)
    manifest = with_envelope(sealed, stage, recipient=recipient, ciphertext_sha256=canonical.sha(raw), size=len(raw))
    manifest = shared_anew(lot, manifest, stage, shamir.split(secret, 4, 3))
    return replace(sealed, manifest=manifest), folder / "resealed.age"


def test_any_three_of_four_trustees_open_and_recompute_the_fourth(lot, sealed):
    everything = lot.lines(sealed.manifest, "sheet")
    for who in itertools.combinations((1, 2, 3, 4), 3):
        result = opened(lot, sealed, lines={i: everything[i] for i in who})
        assert isinstance(result, opening.Opened)
        assert result.lines == everything
        assert result.disputed == ()
    sheet = Sheet.parse((sealed.folder / "payload").read_bytes())
    assert sheet.price == 2184630000
    assert sheet.header.bidder == "甲公司"


def test_documents_come_out_as_they_went_in(lot, sealed, folder):
    assert isinstance(opened(lot, sealed, "docs"), opening.Opened)
    out = folder / "out"
    out.mkdir()
    with (sealed.folder / "payload").open("rb") as payload:
        index = documents.unpack(payload, out)
    assert [document.path for document in index.files] == ["施工组织设计.pdf", "报价清单.xlsx"]
    for document in index.files:
        assert (out / document.path).read_bytes() == (folder / document.path).read_bytes()


def test_two_lines_do_not_open(lot, sealed):
    with pytest.raises(opening.TooFewLinesError):
        opened(lot, sealed, lines=lot.lines(sealed.manifest, "sheet", 1, 2))


def test_a_line_that_is_not_the_committed_one_is_the_trustees_to_explain(lot, sealed):
    lines = lot.lines(sealed.manifest, "sheet", 1, 2, 3)
    lines[2] = shares.share_line(sealed.manifest.envelope("sheet").core_sha256, 2, bytes(32) + b"\x02")
    result = opened(lot, sealed, lines=lines)
    assert blamed(result) == (Party.TRUSTEE, "1.6(a)")
    assert result.trustee == 2


def test_a_lying_trustee_does_not_stop_the_others(lot, sealed):
    lines = lot.lines(sealed.manifest, "sheet")
    lines[4] = lines[3]
    result = opened(lot, sealed, lines=lines)
    assert isinstance(result, opening.Opened)
    assert [(judgment.party, judgment.trustee) for judgment in result.disputed] == [(Party.TRUSTEE, 4)]


def test_the_published_identity_shows_that_the_trustee_lied(lot, sealed):
    secret = lot.trustees[1].secrets["sheet"]
    judgment = opening.judge_line(sealed.manifest, lot.keyset, "sheet", 2, secret)
    assert blamed(judgment) == (Party.TRUSTEE, "1.7")


def test_another_identity_than_the_keysets_does_not_clear_a_trustee(lot, sealed):
    judgment = opening.judge_line(sealed.manifest, lot.keyset, "sheet", 2, age.generate()[0])
    assert blamed(judgment) == (Party.TRUSTEE, "1.7")


def test_garbage_in_one_wrap_is_the_bidders_fault_and_the_bid_stands(lot, sealed):
    envelope = sealed.manifest.envelope("sheet")
    garbage = shares.wrap(b"x" * shares.LINE_SIZE, SUITE, lot.keyset.stage("sheet").trustee(4).recipient)
    broken = tuple(replace(s, wrapped=garbage) if s.i == 4 else s for s in envelope.shares)
    manifest = replace(sealed.manifest, envelopes=(replace(envelope, shares=broken), sealed.manifest.envelope("docs")))
    answer = receipts.trustee_check(manifest.encode(), lot.keyset, 4, lot.trustees[3].secrets, "2026-11-23T01:00:00Z")
    assert isinstance(answer, receipts.Refusal)
    assert answer.stage == "sheet"
    judgment = opening.judge_line(manifest, lot.keyset, "sheet", 4, lot.trustees[3].secrets["sheet"])
    assert blamed(judgment) == (Party.BIDDER, "1.7")
    assert isinstance(opened(lot, replace(sealed, manifest=manifest)), opening.Opened)


def test_a_broken_share_is_found_from_any_three_lines(lot, sealed):
    """Committed to and wrapped correctly, but not on the polynomial: no subset may open differently from another."""
    envelope = sealed.manifest.envelope("sheet")
    lines = lot.lines(sealed.manifest, "sheet")
    values = [shares.parse_line(lines[i]).share for i in (1, 2, 3)] + [bytes(32) + b"\x04"]
    assert shamir.combine(values[:3]) is not None
    manifest = shared_anew(lot, sealed.manifest, "sheet", values)
    assert manifest.envelope("sheet").core_sha256 == envelope.core_sha256
    for who in itertools.combinations((1, 2, 3, 4), 3):
        bad = replace(sealed, manifest=manifest)
        result = opened(lot, bad, lines=lot.lines(manifest, "sheet", *who))
        assert blamed(result) == (Party.BIDDER, "1.6(b)")


def test_shares_of_a_wrong_key_are_the_bidders_fault(lot, sealed):
    manifest = shared_anew(lot, sealed.manifest, "sheet", shamir.split(age.generate()[0], 4, 3))
    bad = replace(sealed, manifest=manifest)
    assert blamed(opened(lot, bad, lines=lot.lines(manifest, "sheet", 1, 2, 3))) == (Party.BIDDER, "1.6(c)")


@pytest.mark.parametrize("cut", [1, 16, 4000])
def test_a_truncated_ciphertext_is_the_platforms_fault(lot, sealed, cut):
    raw = (sealed.folder / "docs.age").read_bytes()
    result = opened(lot, sealed, "docs", ciphertext=io.BytesIO(raw[:-cut]))
    assert blamed(result) == (Party.PLATFORM, "1.6(d)")


def test_a_swapped_ciphertext_is_the_platforms_fault(lot, sealed, folder):
    other = lot.seal(folder / "other")
    result = opened(lot, sealed, ciphertext=other.folder / "sheet.age")
    assert blamed(result) == (Party.PLATFORM, "1.6(d)")


def test_a_ciphertext_that_never_decrypted_is_the_bidders_fault(lot, sealed, folder):
    raw = bytearray((sealed.folder / "sheet.age").read_bytes())
    raw[-1] ^= 1
    (folder / "broken.age").write_bytes(raw)
    envelope = sealed.manifest.envelope("sheet")
    manifest = with_envelope(sealed, "sheet", ciphertext_sha256=canonical.sha(bytes(raw)))
    values = [shares.parse_line(line).share for line in lot.lines(sealed.manifest, "sheet").values()]
    manifest = shared_anew(lot, manifest, "sheet", values)
    assert envelope.core_sha256 != manifest.envelope("sheet").core_sha256
    result = opened(lot, replace(sealed, manifest=manifest), ciphertext=folder / "broken.age",
                    lines=lot.lines(manifest, "sheet", 2, 3, 4))  # fmt: skip
    assert blamed(result) == (Party.BIDDER, "1.6(e)")


def test_a_failed_opening_leaves_no_plaintext_behind(lot, sealed):
    raw = (sealed.folder / "docs.age").read_bytes()
    before = set(sealed.folder.iterdir())
    opened(lot, sealed, "docs", ciphertext=io.BytesIO(raw[:-1]))
    assert set(sealed.folder.iterdir()) == before


@pytest.mark.parametrize("field", ["lot", "bid_id", "bidder_ref"])
def test_a_header_of_another_bid_is_the_bidders_fault(lot, sealed, folder, field):
    other = {"lot": "E9901010000000117001002", "bid_id": "1" * 32, "bidder_ref": "2" * 64}[field]
    header = Header(LOT, sealed.manifest.bid_id, sealed.manifest.bidder_ref, "甲公司")
    payload = Sheet(header=replace(header, **{field: other}), price=1).padded()
    bad, path = resealed(lot, sealed, "sheet", payload, folder)
    result = opened(lot, bad, lines=lot.lines(bad.manifest, "sheet", 1, 3, 4), ciphertext=path)
    assert blamed(result) == (Party.BIDDER, "1.6(f)")


@pytest.mark.parametrize("stage", ["sheet", "docs"])
@pytest.mark.parametrize("payload", [b" " * 16384, b"{}" + b" " * 16382, bytes(16384), b"\xff" * 16384])
def test_a_payload_of_no_form_is_the_bidders_fault(lot, sealed, folder, stage, payload):
    bad, path = resealed(lot, sealed, stage, payload, folder)
    result = opened(lot, bad, stage, lines=lot.lines(bad.manifest, stage, 1, 2, 3), ciphertext=path)
    assert blamed(result) == (Party.BIDDER, "1.6(f)")


def test_a_share_carried_into_another_bid_is_refused_by_the_trustee(lot, sealed, folder):
    """The copycat posts somebody else's ciphertext and wraps as its own: the trustee must not become an oracle."""
    thief = lot.bidder("乙公司", "91110000100000002B")
    own = lot.seal(folder / "own", thief)
    copied = replace(own.manifest, envelopes=sealed.manifest.envelopes)
    assert "core_wrong" in lot.faults(resigned(own, thief.key, copied), files={})
    envelopes = tuple(replace(e, core_sha256=copied.core(e).sha256) for e in copied.envelopes)
    stolen = resigned(own, thief.key, replace(copied, envelopes=envelopes))
    for trustee in lot.trustees:
        answer = receipts.trustee_check(
            stolen.manifest_raw, lot.keyset, trustee.i, trustee.secrets, "2026-11-23T01:00:00Z"
        )
        assert isinstance(answer, receipts.Refusal)
        assert "another envelope" in answer.reason
    stolen_lines = lot.lines(stolen.manifest, "sheet", 1, 2, 3)
    assert blamed(opened(lot, stolen, lines=stolen_lines, ciphertext=sealed.folder / "sheet.age")) == (
        Party.TRUSTEE,
        "1.6(a)",
    )


def test_nothing_is_readable_with_the_platforms_secrets_and_two_trustees(lot, sealed):
    """Two lines fit every key there is; nothing the platform holds is a third."""
    for stage in ("sheet", "docs"):
        for who in itertools.combinations((1, 2, 3, 4), 2):
            lines = lot.lines(sealed.manifest, stage, *who)
            held = [shares.parse_line(line).share for line in lines.values()]
            for candidate in (bytes(32), b"\xff" * 32, age.generate()[0]):
                third = next(x for x in (1, 2, 3, 4) if x not in who)
                forged = shamir.interpolate([candidate + b"\x05", *held], third) + bytes([third])
                key = shamir.combine([*held, forged])
                assert age.recipient_of(key) != sealed.manifest.envelope(stage).recipient
    known = b"".join(path.read_bytes() for path in sealed.folder.iterdir())
    assert b"21846300" not in known
    assert "甲公司".encode() not in sealed.manifest_raw
    assert {path.name for path in sealed.folder.iterdir()} == {
        bid.MANIFEST,
        bid.SIGNATURE,
        bid.BIDDER,
        "sheet.age",
        "docs.age",
    }
    with pytest.raises(age.AgeError):
        age.decrypt_bytes((sealed.folder / "sheet.age").read_bytes(), lot.evaluator)


def test_docs_of_an_evaluation_stage_are_released_to_the_evaluator_alone(lot, sealed):
    lines = lot.lines(sealed.manifest, "docs", 1)
    given = release.Release(LOT, "0" * 64, "docs", 1, 1, {sealed.manifest.bid_id: lines[1]})
    file = given.file(lot.keyset)
    assert lines[1].split()[1] not in file
    assert release.open_for_evaluation(file, lot.keyset, lot.evaluator) == given
    with pytest.raises(ValueError, match="does not open"):
        release.open_for_evaluation(file, lot.keyset, lot.trustees[0].secrets["docs"])


def test_a_price_in_another_stage_than_the_keyset_says_is_not_sealed(tmp_path):
    lot = make_lot(("sheet", "docs"))
    with pytest.raises(bid.SealingError) as refused:
        lot.seal(tmp_path / "bid", sheet={"period_days": 3})
    assert [fault.code for fault in refused.value.faults] == ["price_missing"]
    assert not (tmp_path / "bid").exists()


def test_lengths_are_padded(lot, sealed):
    for stage, padded in (("sheet", padding.is_padded_sheet), ("docs", padding.is_padded_tar)):
        with (sealed.folder / f"{stage}.age").open("rb") as src:
            assert padded(age.check_header(src).payload_length)
