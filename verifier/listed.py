"""An entry of the roll as it is published: whole, or without the certificate that never becomes public (sealing.md 1.8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kernel import canonical, keys, merkle
from kernel.statements import Signed
from sealing import wire
from sealing.certificates import Bidder
from sealing.manifest import Manifest
from sealing.receipts import Receipt
from sealing.roll import RollEntry, Status

LEAF = "leaf_sha256"
NOBODY = keys.b64(b"{}")
"""Stands in for a certificate that is not public while the rest of the entry is read; its leaf is given."""


@dataclass(frozen=True)
class Listed:
    """`bidder` is None where the certificate is not public; `leaf` is the hash that the roll's root is made of."""

    entry: RollEntry
    bidder: Bidder | None
    leaf: bytes

    @property
    def manifest_raw(self) -> bytes:
        return self.entry.manifest

    @property
    def sig(self) -> bytes:
        return self.entry.sig

    @property
    def status(self) -> Status:
        return self.entry.status

    @property
    def by(self) -> str | None:
        return self.entry.by

    @property
    def signed_receipt(self) -> Signed:
        return self.entry.receipt

    @property
    def sha256(self) -> str:
        return self.entry.manifest_sha256

    @property
    def manifest(self) -> Manifest:
        return Manifest.parse(self.entry.manifest)

    @property
    def receipt(self) -> Receipt:
        return Receipt.read(self.entry.receipt)


def read_entry(value: Any, *, unread: bool = False) -> Listed:
    """ValueError on any other form. Only a replaced or withdrawn bid may hide its certificate behind its leaf's hash.

    So do all where bids are `unread`: opened for the evaluation alone, as the first responses in a negotiation.
    """
    if not isinstance(value, dict):
        raise TypeError("an entry of the roll is not an object")
    if LEAF not in value:
        entry = RollEntry.from_json(value)
        return Listed(entry, Bidder.parse(entry.bidder_json), merkle.leaf_hash(canonical.encode(value)))
    shown = {name: part for name, part in value.items() if name != LEAF}
    entry = RollEntry.from_json({**shown, "bidder_json": NOBODY})
    if "bidder_json" in value or not (unread or entry.status in (Status.REPLACED, Status.WITHDRAWN)):
        raise ValueError(f"bid {entry.manifest_sha256} hides its certificate")
    if wire.SHA256.fullmatch(str(value[LEAF])) is None:
        raise ValueError(f"bid {entry.manifest_sha256} has no leaf hash")
    return Listed(entry, None, bytes.fromhex(value[LEAF]))
