"""The roll: everything received for a lot, fixed at the close, and the trustees' close statements on it (1.4)."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from kernel import canonical, keys, merkle
from kernel.statements import Signed
from sealing import wire
from sealing.certificates import Bidder
from sealing.manifest import Manifest
from sealing.receipts import Receipt
from sealing.succession import Warrant

CLOSE_TYPE = "kaibiao-close/1"
BOX_CLOSED = "box.closed"
MAX_SEQ = 1_000
MAX_BIDS = 100_000
MAX_PROOF = 64
_ENTRY_NAMES = ("manifest", "sig", "bidder_json", "receipt", "index", "proof", "status", "by")
_CLOSE_NAMES = ("lot", "seq", "root", "count", "bad", "time")


class Status(enum.StrEnum):
    """What became of a bid by the close."""

    LIVE = "live"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    VOID = "void"


@dataclass(frozen=True, kw_only=True)
class RollEntry:
    """One bid received; `proof` shows the receipt's sealed entry at `index` below the cut.

    `by` is the hash of the successor's manifest, of the withdrawal, or of the keyset that made the bid void; `warrant`
    stands only where another key than the bid's own replaced or withdrew it.
    """

    manifest: bytes
    sig: bytes
    bidder_json: bytes
    receipt: Signed
    index: int
    proof: tuple[bytes, ...]
    status: Status
    by: str | None
    warrant: Warrant | None = None

    @property
    def manifest_sha256(self) -> str:
        return canonical.sha(self.manifest)

    def to_json(self) -> dict[str, Any]:
        warrant = {} if self.warrant is None else {"warrant": self.warrant.to_json()}
        return {
            "manifest": keys.b64(self.manifest),
            "sig": keys.b64(self.sig),
            "bidder_json": keys.b64(self.bidder_json),
            "receipt": self.receipt.to_json(),
            "index": self.index,
            "proof": [keys.b64(item) for item in self.proof],
            "status": self.status.value,
            "by": self.by,
            **warrant,
        }

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """WireError on any other form; says nothing about whether the entry is true: `roll_check`."""
        warranted = isinstance(value, dict) and "warrant" in value
        fields = wire.Fields.of(value, (*_ENTRY_NAMES, "warrant") if warranted else _ENTRY_NAMES, "roll")
        try:
            receipt = Signed.from_json(fields.value["receipt"])
            proof = tuple(keys.unb64(text) for text in fields.texts("proof", wire.BASE64, MAX_PROOF))
        except ValueError as error:
            raise wire.WireError("roll: receipt or proof malformed") from error
        return cls(
            manifest=fields.base64("manifest"),
            sig=fields.base64("sig", wire.SIGNATURE_SIZE),
            bidder_json=fields.base64("bidder_json"),
            receipt=receipt,
            index=fields.integer("index", 0, 2**53 - 1),
            proof=proof,
            status=_status(fields),
            by=fields.optional("by", wire.SHA256),
            warrant=Warrant.from_json(fields.value["warrant"]) if warranted else None,
        )

    def leaf(self) -> bytes:
        """What the roll's tree hashes."""
        return canonical.encode(self.to_json())

    def parsed(self) -> tuple[Manifest, Bidder, Receipt]:
        """The three files taken apart; WireError when one is malformed."""
        return Manifest.parse(self.manifest), Bidder.parse(self.bidder_json), Receipt.read(self.receipt)


@dataclass(frozen=True)
class Roll:
    """The entries in their order, with the lot, the attempt's number and the size of the log at the cut."""

    lot: str
    seq: int
    cut_size: int
    entries: tuple[RollEntry, ...]

    @classmethod
    def of(cls, lot: str, seq: int, cut_size: int, entries: Iterable[RollEntry]) -> Self:
        """The roll of these entries, put in order."""
        return cls(lot, seq, cut_size, ordered(entries))

    @property
    def root(self) -> str:
        return root(self.entries)

    @property
    def count(self) -> int:
        return len(self.entries)

    def live(self) -> tuple[RollEntry, ...]:
        return tuple(entry for entry in self.entries if entry.status is Status.LIVE)

    def closed_fact(self) -> dict[str, Any]:
        """The open fact `box.closed`, which makes the roll public by hash."""
        bids = [
            {"manifest_sha256": entry.manifest_sha256, "status": entry.status.value, "by": entry.by}
            for entry in self.entries
        ]
        return {
            "kind": BOX_CLOSED,
            "lot": self.lot,
            "seq": self.seq,
            "cut_size": self.cut_size,
            "root": self.root,
            "count": self.count,
            "bids": bids,
        }


@dataclass(frozen=True)
class Close:
    """A trustee's word that the roll is whole; `bad` are the (bid_id, stage) whose line for it is not right."""

    lot: str
    seq: int
    root: str
    count: int
    bad: tuple[tuple[str, str], ...]
    time: str

    def content(self) -> dict[str, Any]:
        return {
            "type": CLOSE_TYPE,
            "lot": self.lot,
            "seq": self.seq,
            "root": self.root,
            "count": self.count,
            "bad": [{"bid_id": bid_id, "stage": stage} for bid_id, stage in self.bad],
            "time": self.time,
        }

    @classmethod
    def read(cls, signed: Signed) -> Self:
        """WireError on any other form; the signature is the caller's to check."""
        fields = wire.parse(signed.raw, CLOSE_TYPE, _CLOSE_NAMES)
        listed = fields.items("bad", ("bid_id", "stage"), MAX_BIDS)
        return cls(
            lot=fields.text("lot", wire.LOT),
            seq=fields.integer("seq", 1, MAX_SEQ),
            root=fields.text("root", wire.SHA256),
            count=fields.integer("count", 0, MAX_BIDS),
            bad=tuple((item.text("bid_id", wire.BID_ID), item.text("stage", wire.STAGE)) for item in listed),
            time=fields.instant("time"),
        )


def close(roll: Roll, bad: Iterable[tuple[str, str]], time: str) -> Close:
    """The close of one trustee on `roll`."""
    return Close(roll.lot, roll.seq, roll.root, roll.count, tuple(sorted(bad)), time)


def ordered(entries: Iterable[RollEntry]) -> tuple[RollEntry, ...]:
    """By manifest hash, which nobody can choose and which says nothing about who came when."""
    return tuple(sorted(entries, key=lambda entry: entry.manifest_sha256))


def leaf(entry: RollEntry) -> bytes:
    """RFC 8785 bytes of the entry."""
    return entry.leaf()


def root(entries: Iterable[RollEntry]) -> str:
    """RFC 6962 root, lower-case hex, over the entries in the order given."""
    return merkle.root([entry.leaf() for entry in entries]).hex()


def _status(fields: wire.Fields) -> Status:
    text = fields.text("status")
    if text not in set(Status):
        raise wire.WireError("roll.status: unknown")
    return Status(text)
