"""Statements about one bid before the close: receipt, acknowledgement, refusal, presented, withdrawal (1.3).

Each class holds one statement's content; `content()` goes into `Signed.make`, `read` takes a signed file apart.
Signatures are checked by the caller, who knows whose key it must be (`Signed.signed_by`).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from kernel import canonical, keys
from kernel.statements import Signed
from sealing import shares, wire
from sealing import suite as suites
from sealing.keyset import MAX_STAGES, MAX_TRUSTEES, Keyset
from sealing.manifest import Envelope, Manifest

RECEIPT_TYPE = "kaibiao-receipt/1"
ACK_TYPE = "kaibiao-ack/1"
REFUSAL_TYPE = "kaibiao-refusal/1"
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


@dataclass(frozen=True)
class Ack:
    """A trustee's word that its lines of a bid are right; `envelopes` are (bid_id, stage)."""

    manifest_sha256: str
    i: int
    envelopes: tuple[tuple[str, str], ...]
    time: str

    def content(self) -> dict[str, Any]:
        listed = [{"bid_id": bid_id, "stage": stage} for bid_id, stage in self.envelopes]
        return {
            "type": ACK_TYPE,
            "manifest_sha256": self.manifest_sha256,
            "i": self.i,
            "envelopes": listed,
            "time": self.time,
        }

    @classmethod
    def read(cls, signed: Signed) -> Self:
        fields = wire.parse(signed.raw, ACK_TYPE, ("manifest_sha256", "i", "envelopes", "time"))
        listed = fields.items("envelopes", ("bid_id", "stage"), MAX_STAGES)
        return cls(
            fields.text("manifest_sha256", wire.SHA256),
            fields.integer("i", 1, MAX_TRUSTEES),
            tuple((item.text("bid_id", wire.BID_ID), item.text("stage", wire.STAGE)) for item in listed),
            fields.instant("time"),
        )


@dataclass(frozen=True)
class Refusal:
    """A trustee's word that its line for one stage is not right, and why."""

    manifest_sha256: str
    i: int
    stage: str
    reason: str
    time: str

    def content(self) -> dict[str, Any]:
        return {"type": REFUSAL_TYPE, **asdict(self)}

    @classmethod
    def read(cls, signed: Signed) -> Self:
        fields = wire.parse(signed.raw, REFUSAL_TYPE, ("manifest_sha256", "i", "stage", "reason", "time"))
        return cls(
            fields.text("manifest_sha256", wire.SHA256),
            fields.integer("i", 1, MAX_TRUSTEES),
            fields.text("stage", wire.STAGE),
            fields.text("reason", wire.REASON),
            fields.instant("time"),
        )


def trustee_check(
    manifest_raw: bytes, keyset: Keyset, i: int, stage_secrets: Mapping[str, bytes], time: str
) -> Ack | Refusal:
    """What trustee `i` answers to a manifest: every line unwraps, hashes to its commitment and bears the right fields.

    `keyset` is the one the manifest names by hash; a stage whose secret is missing raises KeyError. WireError for
    bytes that are no manifest, which nobody owes an answer.
    """
    manifest, digest = Manifest.parse(manifest_raw), canonical.sha(manifest_raw)
    for envelope in manifest.envelopes:
        reason = line_defect(manifest, envelope, i, keyset, stage_secrets[envelope.stage])
        if reason is not None:
            return Refusal(digest, i, envelope.stage, reason, time)
    return Ack(digest, i, tuple((manifest.bid_id, envelope.stage) for envelope in manifest.envelopes), time)


def line_defect(manifest: Manifest, envelope: Envelope, i: int, keyset: Keyset, secret: bytes) -> str | None:
    """What is wrong with trustee `i`'s line of `envelope`, or None; `secret` is its identity of that stage."""
    if manifest.lot != keyset.lot or manifest.suite != keyset.suite:
        return "the manifest is for another lot or suite"
    if manifest.core(envelope).sha256 != envelope.core_sha256:
        return "the core does not recompute"
    try:
        line = shares.unwrap(envelope.share(i).wrapped, suites.named(keyset.suite), secret)
    except KeyError:
        return "there is no share for this trustee"
    except ValueError:
        return "the share does not unwrap with this trustee's key"
    return published_defect(envelope, i, line)


def published_defect(envelope: Envelope, i: int, line: bytes) -> str | None:
    """What is wrong with a line as anybody can see once it is published (1.6 (a)), or None."""
    share = envelope.share(i)
    if shares.plain_sha256(line) != share.plain_sha256:
        return "the line does not hash to its commitment"
    try:
        parsed = shares.parse_line(line)
    except ValueError:
        return "the line is malformed"
    if (parsed.core_sha256, parsed.i, parsed.x) != (envelope.core_sha256, i, share.x):
        return "the line belongs to another envelope, trustee or point"
    return None


def _lot_statement(signed: Signed, kind: str) -> tuple[str, str, str]:
    fields = wire.parse(signed.raw, kind, ("lot", "manifest_sha256", "time"))
    return (
        fields.text("lot", wire.LOT),
        fields.text("manifest_sha256", wire.SHA256),
        fields.instant("time"),
    )
