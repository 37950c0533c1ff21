"""The manifest of a bid: what is public about it from the roll on, and what its signature covers (1.2, step 7)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Self

from kernel import canonical
from sealing import keyset, shares, wire

TYPE = "kaibiao-bid/1"
MAX_MANIFEST = 256 * 1024
MAX_SIZE = 1 << 46
_NAMES = (
    "suite",
    "lot",
    "keyset_sha256",
    "bid_id",
    "bidder_ref",
    "created_at",
    "prev_manifest_sha256",
    "client",
    "envelopes",
)
_ENVELOPE_NAMES = ("stage", "size", "ciphertext_sha256", "recipient", "core_sha256", "t", "shares")
_SHARE_NAMES = ("i", "x", "plain_sha256", "wrapped")


@dataclass(frozen=True)
class ClientClaim:
    """Which program sealed the bid, by its own word: a claim, never evidence."""

    name: str
    version: str
    bundle_sha256: str


@dataclass(frozen=True)
class Share:
    i: int
    x: int
    plain_sha256: str
    wrapped: str


@dataclass(frozen=True)
class Envelope:
    """One `<stage>.age`: its size and hash, the key it is encrypted to, and that key's shares."""

    stage: str
    size: int
    ciphertext_sha256: str
    recipient: str
    core_sha256: str
    t: int
    shares: tuple[Share, ...]

    def share(self, i: int) -> Share:
        """KeyError when no share has that index."""
        return {share.i: share for share in self.shares}[i]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    suite: str
    lot: str
    keyset_sha256: str
    bid_id: str
    bidder_ref: str
    created_at: str
    prev_manifest_sha256: str | None
    client: ClientClaim
    envelopes: tuple[Envelope, ...]

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read the exact form; WireError otherwise. Whether it fits its keyset is `submission`'s question."""
        if len(raw) > MAX_MANIFEST:
            raise wire.WireError("bid: a manifest is at most 256 KiB")
        fields = wire.parse(raw, TYPE, _NAMES)
        return cls(
            suite=fields.text("suite"),
            lot=fields.text("lot", wire.LOT),
            keyset_sha256=fields.text("keyset_sha256", wire.SHA256),
            bid_id=fields.text("bid_id", wire.BID_ID),
            bidder_ref=fields.text("bidder_ref", wire.SHA256),
            created_at=fields.instant("created_at"),
            prev_manifest_sha256=fields.optional("prev_manifest_sha256", wire.SHA256),
            client=_client(fields.child("client", ("name", "version", "bundle_sha256"))),
            envelopes=tuple(_envelope(item) for item in fields.items("envelopes", _ENVELOPE_NAMES, keyset.MAX_STAGES)),
        )

    def encode(self) -> bytes:
        return canonical.encode({"type": TYPE, **asdict(self)})

    def envelope(self, stage: str) -> Envelope:
        """KeyError when the bid has no such envelope."""
        return {envelope.stage: envelope for envelope in self.envelopes}[stage]

    def core(self, envelope: Envelope) -> shares.Core:
        """The core as this manifest implies it, to be compared with what the envelope claims."""
        return shares.Core(
            lot=self.lot,
            stage=envelope.stage,
            keyset_sha256=self.keyset_sha256,
            bid_id=self.bid_id,
            bidder_ref=self.bidder_ref,
            recipient=envelope.recipient,
            ciphertext_sha256=envelope.ciphertext_sha256,
        )


def _client(fields: wire.Fields) -> ClientClaim:
    return ClientClaim(fields.text("name"), fields.text("version"), fields.text("bundle_sha256", wire.SHA256))


def _envelope(fields: wire.Fields) -> Envelope:
    return Envelope(
        stage=fields.text("stage", wire.STAGE),
        size=fields.integer("size", 1, MAX_SIZE),
        ciphertext_sha256=fields.text("ciphertext_sha256", wire.SHA256),
        recipient=fields.text("recipient"),
        core_sha256=fields.text("core_sha256", wire.SHA256),
        t=fields.integer("t", 1, keyset.MAX_TRUSTEES),
        shares=tuple(_share(item) for item in fields.items("shares", _SHARE_NAMES, keyset.MAX_TRUSTEES)),
    )


def _share(fields: wire.Fields) -> Share:
    wrapped = fields.base64("wrapped")
    if len(wrapped) > shares.MAX_WRAPPED:
        raise wire.WireError(f"{fields.where}.wrapped: too long")
    return Share(
        i=fields.integer("i", 1, keyset.MAX_TRUSTEES),
        x=fields.integer("x", 1, 255),
        plain_sha256=fields.text("plain_sha256", wire.SHA256),
        wrapped=fields.value["wrapped"],
    )
