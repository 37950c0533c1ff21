"""Statements about one bid before the close: receipt, acknowledgement, refusal, presented, withdrawal (1.3).

Each class holds one statement's content; `content()` goes into `Signed.make`, `read` takes a signed file apart.
Signatures are checked by the caller, who knows whose key it must be (`Signed.signed_by`).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import asdict, dataclass
from typing import Any, Self

from kernel import canonical, keys
from kernel.statements import Signed
from sealing import wire
from sealing.acks import Ack, Refusal, line_defect, published_defect, trustee_check

__all__ = [
    "Ack", "BidFact", "Presented", "Receipt", "Refusal", "SealedFact", "Withdrawal", "WithdrawnFact", "line_defect",
    "published_defect", "read_fact", "sealed_fact", "trustee_check", "withdrawn_fact",
]  # fmt: skip

RECEIPT_TYPE = "kaibiao-receipt/1"
PRESENTED_TYPE = "kaibiao-presented/1"
WITHDRAW_TYPE = "kaibiao-withdraw/1"
SEALED = "bid.sealed"
WITHDRAWN = "bid.withdrawn"
SALT_SIZE = 16
_FACT_NAMES = ("kind", "lot", "manifest_sha256", "receipt_id", "received_at")


@dataclass(frozen=True, kw_only=True)
class SealedFact:
    """The sealed fact of a bid received, as the log's vocabulary has it."""

    lot: str
    manifest_sha256: str
    sig_sha256: str
    receipt_id: str
    received_at: str

    def content(self) -> dict[str, Any]:
        return {"kind": SEALED, **asdict(self)}


@dataclass(frozen=True, kw_only=True)
class WithdrawnFact:
    """The sealed fact of a withdrawal received; it carries the bidder's signed statement."""

    lot: str
    manifest_sha256: str
    receipt_id: str
    received_at: str
    statement: Signed

    def content(self) -> dict[str, Any]:
        return {
            "kind": WITHDRAWN,
            "lot": self.lot,
            "manifest_sha256": self.manifest_sha256,
            "receipt_id": self.receipt_id,
            "received_at": self.received_at,
            **self.statement.to_json(),
        }


BidFact = SealedFact | WithdrawnFact


def sealed_fact(lot: str, manifest_raw: bytes, sig: bytes, received_at: str) -> SealedFact:
    """The fact of a bid received, under a fresh random receipt id (a number in sequence would tell how many came)."""
    return SealedFact(
        lot=lot,
        manifest_sha256=canonical.sha(manifest_raw),
        sig_sha256=canonical.sha(sig),
        receipt_id=secrets.token_hex(16),
        received_at=received_at,
    )


def withdrawn_fact(statement: Signed, received_at: str) -> WithdrawnFact:
    """The fact of a withdrawal received; WireError when the statement is not of its form."""
    withdrawal = Withdrawal.read(statement)
    return WithdrawnFact(
        lot=withdrawal.lot,
        manifest_sha256=withdrawal.manifest_sha256,
        receipt_id=secrets.token_hex(16),
        received_at=received_at,
        statement=statement,
    )


def read_fact(value: Any) -> BidFact:
    """WireError unless the object is one of the two facts."""
    if isinstance(value, dict) and value.get("kind") == WITHDRAWN:
        fields = wire.Fields.of(value, (*_FACT_NAMES, "file", "sig"), "receipt.fact")
        statement = Signed(fields.base64("file"), fields.base64("sig", wire.SIGNATURE_SIZE))
        return WithdrawnFact(**_shared(fields), statement=statement)
    fields = wire.Fields.of(value, (*_FACT_NAMES, "sig_sha256"), "receipt.fact")
    if fields.value["kind"] != SEALED:
        raise wire.WireError("receipt.fact.kind: neither a bid nor a withdrawal")
    return SealedFact(**_shared(fields), sig_sha256=fields.text("sig_sha256", wire.SHA256))


def _shared(fields: wire.Fields) -> dict[str, str]:
    return {
        "lot": fields.text("lot", wire.LOT),
        "manifest_sha256": fields.text("manifest_sha256", wire.SHA256),
        "receipt_id": fields.text("receipt_id", wire.BID_ID),
        "received_at": fields.instant("received_at"),
    }


@dataclass(frozen=True)
class Receipt:
    """What the platform signs at once: the fact and the salt under which it stands in the log."""

    fact: BidFact
    salt: bytes

    def content(self) -> dict[str, Any]:
        return {"type": RECEIPT_TYPE, "fact": self.fact.content(), "salt": keys.b64(self.salt)}

    @classmethod
    def read(cls, signed: Signed) -> Self:
        fields = wire.parse(signed.raw, RECEIPT_TYPE, ("fact", "salt"))
        return cls(read_fact(fields.value["fact"]), fields.base64("salt", SALT_SIZE))

    def entry(self) -> bytes:
        """The sealed entry of the log that this receipt opens (log-and-nodes.md, section 2)."""
        seal = hashlib.sha256(self.salt + canonical.encode(self.fact.content())).digest()
        return canonical.encode({"v": 1, "seal": keys.b64(seal)})


@dataclass(frozen=True)
class Withdrawal:
    """Ends a bid; signed by the key that signed the bid's manifest."""

    lot: str
    manifest_sha256: str
    time: str

    def content(self) -> dict[str, Any]:
        return {"type": WITHDRAW_TYPE, **asdict(self)}

    @classmethod
    def read(cls, signed: Signed) -> Self:
        return cls(*_lot_statement(signed, WITHDRAW_TYPE))


@dataclass(frozen=True)
class Presented:
    """A node's word that a bidder without a receipt showed it a bid in time: evidence, not a bid."""

    lot: str
    manifest_sha256: str
    time: str

    def content(self) -> dict[str, Any]:
        return {"type": PRESENTED_TYPE, **asdict(self)}

    @classmethod
    def read(cls, signed: Signed) -> Self:
        return cls(*_lot_statement(signed, PRESENTED_TYPE))


def _lot_statement(signed: Signed, kind: str) -> tuple[str, str, str]:
    fields = wire.parse(signed.raw, kind, ("lot", "manifest_sha256", "time"))
    return (fields.text("lot", wire.LOT), fields.text("manifest_sha256", wire.SHA256), fields.instant("time"))
