"""Rolls as they come by mail, in parts; kept until the lot is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kernel import canonical, keys
from kernel.statements import Signed
from sealing import wire
from sealing.roll import Roll, RollEntry
from sealing.roll_check import Withdrawn
from supervision.node.state import State

MAX_PARTS = 10_000
_NAMES = ("lot", "seq", "part", "parts", "entries", "withdrawals", "ciphertexts")


@dataclass(frozen=True)
class Delivered:
    """A whole roll: `withdrawn` by the hash of the statement."""

    roll: Roll
    withdrawn: Mapping[str, Withdrawn]
    sha256: str


@dataclass(frozen=True)
class Rolls:
    state: State

    def take(self, body: Mapping[str, Any]) -> None:
        """`roll`: keep one part; ciphertexts go beside it under their own hashes. WireError for another form."""
        fields = wire.Fields.of(dict(body), _NAMES, "roll")
        lot, seq = fields.text("lot", wire.LOT), fields.integer("seq", 1, 1000)
        part, parts = fields.integer("part", 1, MAX_PARTS), fields.integer("parts", 1, MAX_PARTS)
        entries = [RollEntry.from_json(value).to_json() for value in _list(fields.value["entries"])]
        withdrawals = _object(fields.value["withdrawals"])
        for value in withdrawals.values():
            _withdrawn(value)
        raw = canonical.encode({"entries": entries, "withdrawals": withdrawals})
        ciphertexts = [keys.unb64(text) for text in _object(fields.value["ciphertexts"]).values()]
        with self.state.transaction():
            for ciphertext in ciphertexts:
                self.keep(ciphertext)
            sql = "INSERT INTO roll VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET raw = excluded.raw, parts = excluded.parts"
            self.state.change(sql, lot, seq, part, parts, raw)

    def whole(self, lot: str, seq: int, cut_size: int) -> Delivered | None:
        """The roll, once every part is here."""
        rows = self.state.rows("SELECT parts, raw FROM roll WHERE lot = ? AND seq = ? ORDER BY part", lot, seq)
        if not rows or len(rows) != rows[0][0]:
            return None
        parts = [canonical.decode(row[1]) for row in rows]
        entries = tuple(RollEntry.from_json(value) for part in parts for value in part["entries"])
        found = {digest: _withdrawn(value) for part in parts for digest, value in part["withdrawals"].items()}
        digest = canonical.sha(b"".join(row[1] for row in rows))
        return Delivered(Roll(lot, seq, cut_size, entries), found, digest)

    def keep(self, ciphertext: bytes) -> str:
        """Store a ciphertext under its hash; the bidder may hand it in again when the platform lost it."""
        digest = canonical.sha(ciphertext)
        self.state.change("INSERT INTO ciphertext VALUES (?, ?) ON CONFLICT DO NOTHING", digest, ciphertext)
        return digest

    def ciphertext(self, digest: str) -> bytes | None:
        found = self.state.row("SELECT raw FROM ciphertext WHERE sha256 = ?", digest)
        return None if found is None else bytes(found[0])


def _withdrawn(value: Any) -> Withdrawn:
    fields = wire.Fields.of(value, ("receipt", "index", "proof"), "withdrawal")
    try:
        receipt = Signed.from_json(fields.value["receipt"])
        proof = tuple(keys.unb64(text) for text in fields.texts("proof", wire.BASE64, 64))
    except ValueError as error:
        raise wire.WireError("withdrawal: receipt or proof malformed") from error
    return Withdrawn(receipt, fields.integer("index", 0, 2**53 - 1), proof)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise wire.WireError("roll.entries: not a list")
    return value


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise wire.WireError("roll: not an object")
    return value
