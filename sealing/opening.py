"""Opening an envelope from released lines, by anybody, and the judgment of what does not open (1.6, 1.7).

The order decides who is blamed: lines first (a), the bidder's shares among themselves (b) and against the key (c),
then the platform's file (d), and only with the right file in hand the bidder's ciphertext (e) and its header (f).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sealing import receipts, shamir, shares
from sealing import suite as suites
from sealing.age_header import AgeError
from sealing.digest import Digest, DigestedReader
from sealing.documents import DocumentsError, read_index
from sealing.faults import Judgment, Party
from sealing.keyset import Keyset
from sealing.manifest import Envelope, Manifest
from sealing.replacing import Replacing
from sealing.sheet import MAX_SHEET, Header, Sheet, is_sheet


class TooFewLinesError(ValueError):
    """Fewer than t lines were given: nothing can be said about the envelope yet."""


@dataclass(frozen=True)
class Combined:
    """The envelope's key with all n lines, recomputed; `disputed` names lines that failed (a), for the record."""

    secret: bytes
    lines: Mapping[int, bytes]
    disputed: tuple[Judgment, ...]


@dataclass(frozen=True)
class Opened:
    """A payload that opened and bears its manifest's header; it stands at the path given."""

    stage: str
    secret: bytes
    lines: Mapping[int, bytes]
    disputed: tuple[Judgment, ...]


def open_envelope(
    manifest: Manifest, stage: str, lines: Mapping[int, bytes], ciphertext: Path | BinaryIO, dst: Path
) -> Opened | Judgment:
    """The opened payload at `dst`, or whose fault it is that there is none; TooFewLinesError below t lines."""
    envelope = manifest.envelope(stage)
    combined = combine(manifest, stage, lines)
    if isinstance(combined, Judgment):
        return combined
    fault = decrypt(manifest, envelope, combined.secret, ciphertext, dst)
    return fault or Opened(stage, combined.secret, combined.lines, combined.disputed)


def combine(manifest: Manifest, stage: str, lines: Mapping[int, bytes]) -> Combined | Judgment:
    """Steps (a), (b), (c): the key from any t good lines, if all n commitments fit it."""
    envelope = manifest.envelope(stage)
    if len(lines) < envelope.t:
        raise TooFewLinesError(f"{len(lines)} lines of {envelope.t}")
    disputed = disputed_lines(envelope, lines)
    bad = {judgment.trustee for judgment in disputed}
    good = {i: line for i, line in lines.items() if i not in bad}
    if len(good) < envelope.t:
        return disputed[0]
    every = recompute(envelope, good)
    if isinstance(every, Judgment):
        return every
    secret = shamir.combine(_chosen(envelope, good))
    if suites.named(manifest.suite).recipient_of(secret) != envelope.recipient:
        return Judgment(
            Party.BIDDER,
            "1.6(c)",
            "份额合成的密钥与投标文件的公钥不符",
            "the key that the shares make is not the one the envelope is encrypted to",
        )
    return Combined(secret, every, disputed)


def disputed_lines(envelope: Envelope, lines: Mapping[int, bytes]) -> tuple[Judgment, ...]:
    """The released lines that fail (a): not the committed ones, whoever is to blame."""
    return tuple(_disputed(i, defect) for i in sorted(lines) if (defect := _defect(envelope, i, lines[i])) is not None)


def recompute(envelope: Envelope, good: Mapping[int, bytes]) -> dict[int, bytes] | Judgment:
    """All n lines from t good ones; the bidder's fault when one does not hash to its commitment (b)."""
    chosen, found = _chosen(envelope, good), dict[int, bytes]()
    for share in envelope.shares:
        value = shamir.interpolate(chosen, share.x) + bytes([share.x])
        line = shares.share_line(envelope.core_sha256, share.i, value)
        if shares.plain_sha256(line) != share.plain_sha256:
            return Judgment(
                Party.BIDDER,
                "1.6(b)",
                f"第{share.i}份密钥份额与其他份额不一致,是投标人封标时造成的",
                f"share {share.i} does not fit the others: the bidder sealed it so",
                share.i,
            )
        found[share.i] = line
    return found


def decrypt(
    manifest: Manifest, envelope: Envelope, secret: bytes, ciphertext: Path | BinaryIO, dst: Path
) -> Judgment | None:
    """Steps (d), (e), (f); None when the payload stands at `dst`, which otherwise is left as it was."""
    if isinstance(ciphertext, Path):
        with ciphertext.open("rb") as src:
            return decrypt(manifest, envelope, secret, src, dst)
    suite = suites.named(manifest.suite)
    with Digest(suite.hash()) as digest, Replacing(dst) as target:
        reader, defect = DigestedReader(ciphertext, digest), None
        try:
            suite.open(reader, target.file, secret)
        except AgeError as error:
            defect = str(error)
        reader.drain()
        fault = _judged(envelope, (digest.hexdigest(), reader.size), defect)
        if fault is None:
            fault = header_fault(manifest, envelope.stage, target.temporary)
        target.keep = fault is None
        return fault


def judge_line(manifest: Manifest, keyset: Keyset, stage: str, i: int, stage_identity: bytes) -> Judgment:
    """Who answers for a disputed line once trustee `i`'s identity of the stage is published (1.7).

    The identity must be the keyset's; what it unwraps decides: a good line means that the trustee lied.
    """
    envelope, entry = manifest.envelope(stage), keyset.stage(stage).trustee(i)
    if suites.named(keyset.suite).recipient_of(stage_identity) != entry.recipient:
        return Judgment(
            Party.TRUSTEE,
            "1.7",
            f"受托方 {entry.org} 公布的不是密钥集中的私钥",
            f"{entry.org} published another identity than the keyset's",
            i,
        )
    defect = receipts.line_defect(manifest, envelope, i, keyset, stage_identity)
    if defect is None:
        return Judgment(
            Party.TRUSTEE,
            "1.7",
            f"受托方 {entry.org} 收到的份额是好的,却说是坏的",
            f"the share that {entry.org} got is good: it said otherwise",
            i,
        )
    return Judgment(
        Party.BIDDER,
        "1.7",
        f"投标人发给受托方 {entry.org} 的份额是坏的",
        f"the bidder gave {entry.org} a bad share: {defect}",
        i,
    )


def header_fault(manifest: Manifest, stage: str, payload: Path) -> Judgment | None:
    """Step (f): the payload's header is its manifest's."""
    expected = (manifest.lot, manifest.bid_id, manifest.bidder_ref)
    try:
        header = read_header(stage, payload)
    except ValueError as error:
        return Judgment(
            Party.BIDDER,
            "1.6(f)",
            f"解密后的内容格式不对({error})",
            f"what was sealed has not the prescribed form: {error}",
        )
    if (header.lot, header.bid_id, header.bidder_ref) == expected:
        return None
    return Judgment(
        Party.BIDDER,
        "1.6(f)",
        "解密后的内容属于其他投标",
        "what was sealed names another lot, bid or bidder than the manifest",
    )


def read_header(stage: str, payload: Path) -> Header:
    """The header of an opened payload; ValueError when it has none."""
    with payload.open("rb") as src:
        if is_sheet(stage):
            return Sheet.parse(src.read(MAX_SHEET + 1)).header
        try:
            return read_index(src).header
        except OSError as error:
            raise DocumentsError("the payload cannot be read") from error


def _defect(envelope: Envelope, i: int, line: bytes) -> str | None:
    try:
        return receipts.published_defect(envelope, i, line)
    except KeyError:
        return "there is no share with this number"


def _disputed(i: int, defect: str) -> Judgment:
    """Not a verdict yet: the line is inspected first (1.7), and the bid opens without it where t others are good."""
    return Judgment(
        Party.TRUSTEE,
        "1.6(a)",
        f"第{i}个受托方给出的份额与投标人的承诺不符,待核查",
        f"trustee {i} gave a line that is not the committed one ({defect}); to be inspected",
        i,
    )


def _chosen(envelope: Envelope, good: Mapping[int, bytes]) -> list[bytes]:
    return [shares.parse_line(good[i]).share for i in sorted(good)[: envelope.t]]


def _judged(envelope: Envelope, found: tuple[str, int], defect: str | None) -> Judgment | None:
    if found != (envelope.ciphertext_sha256, envelope.size):
        return Judgment(
            Party.PLATFORM,
            "1.6(d)",
            "平台保存的密文不是投标人交来的文件",
            "the file that the platform kept is not the one that the bidder handed in",
        )
    if defect is not None:
        return Judgment(
            Party.BIDDER,
            "1.6(e)",
            "密文无法解密,投标人封标时就已损坏",
            f"the ciphertext does not decrypt; it was sealed so: {defect}",
        )
    return None
