"""What a trustee answers to a manifest: an acknowledgement or a refusal, and what makes a line wrong (1.3, 1.6 (a))."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from kernel import canonical
from kernel.statements import Signed
from sealing import shares, wire
from sealing import suite as suites
from sealing.keyset import MAX_STAGES, MAX_TRUSTEES, Keyset
from sealing.manifest import Envelope, Manifest

ACK_TYPE = "kaibiao-ack/1"
REFUSAL_TYPE = "kaibiao-refusal/1"


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
