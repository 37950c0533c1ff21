"""The owner's secret base price (标底; 条例 art. 27): sealed to the lot's trustees like a bid, opened by the same released keys.

The statement `{"type":"kaibiao-base-price/1", lot, manifest, ciphertext}` (both base64) is signed by the owner's key of
the keyset and carries all there is, so that whoever holds the log can open it: neither owner nor platform can lose it.
The manifest has the form of a bid's, with one envelope. Its `bidder_ref` is made of the owner's key: no share of a bid
can be passed off as one of a base price, nor the other way round.
"""

from __future__ import annotations

import io
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from kernel import canonical, keys, money
from kernel.statements import Signed
from sealing import opening, shamir, shares, submission, wire
from sealing import suite as suites
from sealing.acks import line_defect
from sealing.faults import Fault, Judgment, Party
from sealing.keyset import MAX_TRUSTEES, Audience, Keyset, Stage
from sealing.manifest import ClientClaim, Envelope, Manifest, Share
from sealing.sheet import Header, Sheet

TYPE = "kaibiao-base-price/1"
LINE_TYPE = "kaibiao-base-line/1"
MAX_FILE = 32 * 1024
"""Of the statement: as base64 it still fits into an entry of the log."""
_RULE = TYPE


@dataclass(frozen=True)
class BasePrice:
    """A base price as it was sealed."""

    manifest: Manifest
    ciphertext: bytes

    @classmethod
    def read(cls, signed: Signed) -> Self:
        """Read the exact form; WireError otherwise. Says nothing about signature or keyset: `faults`."""
        if len(signed.raw) > MAX_FILE:
            raise wire.WireError("base-price: larger than an entry of the log takes")
        fields = wire.parse(signed.raw, TYPE, ("lot", "manifest", "ciphertext"))
        found = cls(Manifest.parse(fields.base64("manifest")), fields.base64("ciphertext"))
        if fields.text("lot", wire.LOT) != found.manifest.lot or len(found.manifest.envelopes) != 1:
            raise wire.WireError("base-price: one envelope of the lot that is named")
        return found

    @property
    def envelope(self) -> Envelope:
        return self.manifest.envelopes[0]

    def content(self) -> dict[str, Any]:
        parts = {"manifest": keys.b64(self.manifest.encode()), "ciphertext": keys.b64(self.ciphertext)}
        return {"type": TYPE, "lot": self.manifest.lot, **parts}


@dataclass(frozen=True)
class BaseLine:
    """A trustee's line of a base price; None where what it was given is no line for it."""

    lot: str
    base_price_sha256: str
    i: int
    line: str | None

    def content(self) -> dict[str, Any]:
        return {"type": LINE_TYPE, **asdict(self)}

    @classmethod
    def read(cls, signed: Signed) -> Self:
        fields = wire.parse(signed.raw, LINE_TYPE, ("lot", "base_price_sha256", "i", "line"))
        line = fields.value["line"]
        if line is not None and not (isinstance(line, str) and line.isascii() and len(line) == shares.LINE_SIZE):
            raise wire.WireError("base-line.line: neither a line nor null")
        sha256, i = fields.text("base_price_sha256", wire.SHA256), fields.integer("i", 1, MAX_TRUSTEES)
        return cls(fields.text("lot", wire.LOT), sha256, i, line)


@dataclass(frozen=True)
class Revealed:
    """What was sealed: the amount, and the sheet's exact bytes."""

    amount: money.Fen
    plain: bytes


def owner_ref(owner_key: str) -> str:
    """Stands in the core where a bid has its bidder; `owner_key` as the keyset spells it."""
    return canonical.sha(f"{TYPE}\n{owner_key}\n".encode())


def stage_of(keyset: Keyset) -> Stage | None:
    """The stage with whose prices a base price is read out; None where the first opening reads out no price."""
    first = keyset.stages[0]
    return first if first.holds_price and first.audience is Audience.PUBLIC else None


def seal(
    keyset: Keyset, keyset_raw: bytes, owner: tuple[str, keys.PrivateKey], amount: money.Fen, claim: tuple[str, ClientClaim]
) -> Signed:  # fmt: skip
    """Seal the amount on the owner's machine. `owner` is (name, key), `claim` (moment, program).

    ValueError where the key is not the keyset's, nothing is to be read out, or the amount is nothing.
    """
    (name, key), stage = owner, stage_of(keyset)
    if keys.spell(key.public_key()) != keyset.fact_keys.owner or stage is None or not amount:
        raise ValueError("a base price is an amount, sealed by the owner's key of a keyset that reads prices out")
    header = Header(keyset.lot, secrets.token_hex(16), owner_ref(keyset.fact_keys.owner), name)
    sheet = Sheet(header=header, price=amount, price_words=money.words(amount))
    created_at, client = claim
    bare = Manifest(
        suite=keyset.suite, lot=keyset.lot, keyset_sha256=canonical.sha(keyset_raw), bid_id=header.bid_id,
        bidder_ref=header.bidder_ref, created_at=created_at, prev_manifest_sha256=None, client=client, envelopes=(),
    )  # fmt: skip
    return Signed.make(_sealed(bare, stage, sheet.padded()).content(), key)


def _sealed(bare: Manifest, stage: Stage, payload: bytes) -> BasePrice:
    suite = suites.named(bare.suite)
    secret, recipient = suite.keygen()
    ciphertext = suite.seal_bytes(payload, [recipient])
    empty = Envelope(stage.name, len(ciphertext), canonical.sha(ciphertext), recipient, "", stage.t, ())
    core = bare.core(empty).sha256
    parts = zip(stage.trustees, shamir.split(secret, stage.n, stage.t), strict=True)
    lines = [(entry, shares.share_line(core, entry.i, part)) for entry, part in parts]
    given = tuple(
        Share(entry.i, shares.parse_line(line).x, shares.plain_sha256(line), shares.wrap(line, suite, entry.recipient))
        for entry, line in lines
    )
    envelope = Envelope(stage.name, len(ciphertext), canonical.sha(ciphertext), recipient, core, stage.t, given)
    return BasePrice(Manifest.parse(_with(bare, envelope).encode()), ciphertext)


def _with(bare: Manifest, envelope: Envelope) -> Manifest:
    return Manifest(**{**vars(bare), "envelopes": (envelope,)})


def faults(signed: Signed, keyset: Keyset, keyset_sha256: str) -> list[Fault]:
    """All that keeps the statement from being this lot's base price, told without any secret."""
    try:
        found = BasePrice.read(signed)
    except wire.WireError as error:
        return [Fault("base_malformed", f"标底文件格式不对（{error}）", f"not a sealed base price: {error}", _RULE)]
    if not signed.signed_by(keys.parse(keyset.fact_keys.owner)):
        return [Fault("base_signature", "不是招标人密钥的签名", "not signed by the owner's key", _RULE)]
    return list(_faults(found, keyset, keyset_sha256))


def _faults(found: BasePrice, keyset: Keyset, keyset_sha256: str) -> Iterator[Fault]:
    stage, manifest, envelope = stage_of(keyset), found.manifest, found.envelope
    named = (manifest.suite, manifest.lot, manifest.keyset_sha256, manifest.bidder_ref, envelope.stage)
    if stage is None or named != (
        keyset.suite, keyset.lot, keyset_sha256, owner_ref(keyset.fact_keys.owner), stage.name,
    ):  # fmt: skip
        yield Fault("base_target", "标底不是按现行密钥组封存的", "not sealed to the keyset in force", _RULE)
        return
    yield from submission.envelope_faults(manifest, envelope, stage)
    head = found.ciphertext[: submission.HEAD_BYTES]
    facts = submission.FileFacts(canonical.sha(found.ciphertext), len(found.ciphertext), head)
    yield from submission.file_faults(manifest, stage.name, facts)


def trustee_line(found: BasePrice, sha256: str, keyset: Keyset, i: int, secret: bytes) -> BaseLine:
    """What trustee `i` gives: its line, or that it was given none; never a line of anything else than this base price."""
    line = None
    if line_defect(found.manifest, found.envelope, i, keyset, secret) is None:
        line = shares.unwrap(found.envelope.share(i).wrapped, suites.named(keyset.suite), secret).decode("ascii")
    return BaseLine(found.manifest.lot, sha256, i, line)


def reveal(found: BasePrice, lines: Mapping[int, bytes]) -> Revealed | Judgment:
    """The amount, or why there is none; TooFewLinesError below t lines."""
    stage = found.envelope.stage
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "sheet"
        opened = opening.open_envelope(found.manifest, stage, lines, io.BytesIO(found.ciphertext), plain)
        if isinstance(opened, Judgment):
            return opened
        raw = plain.read_bytes()
    price = Sheet.parse(raw).price
    if not price:
        return Judgment(Party.BIDDER, "1.6(f)", "封存的内容中没有金额", "what was sealed holds no amount")
    return Revealed(price, raw)
