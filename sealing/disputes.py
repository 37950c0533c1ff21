"""Disputed lines (1.7): inspected first; then one trustee may publish its identity of the stage, and everybody can judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from kernel import canonical, keys
from kernel.statements import Signed
from sealing import acks, wire
from sealing.faults import Judgment, Party
from sealing.keyset import MAX_TRUSTEES, Keyset
from sealing.manifest import Manifest
from sealing.opening import judge_line
from sealing.roll import Close

FINDING_TYPE = "kaibiao-finding/1"
IDENTITY_TYPE = "kaibiao-identity/1"
GOOD = "good"


@dataclass(frozen=True)
class Finding:
    """What an inspector saw of one wrapped line on its trustee's machine; `seen` is "good" or what is wrong with it."""

    lot: str
    manifest_sha256: str
    bid_id: str
    stage: str
    i: int
    wrapped_sha256: str
    seen: str
    time: str

    def content(self) -> dict[str, Any]:
        return {"type": FINDING_TYPE, **asdict(self)}

    @classmethod
    def read(cls, signed: Signed) -> Self:
        """WireError on any other form; the signature is the caller's to check."""
        fields = wire.parse(signed.raw, FINDING_TYPE, cls.__dataclass_fields__)
        return cls(
            fields.text("lot", wire.LOT),
            fields.text("manifest_sha256", wire.SHA256),
            fields.text("bid_id", wire.BID_ID),
            fields.text("stage", wire.STAGE),
            fields.integer("i", 1, MAX_TRUSTEES),
            fields.text("wrapped_sha256", wire.SHA256),
            fields.text("seen", wire.REASON),
            fields.instant("time"),
        )


@dataclass(frozen=True)
class Identity:
    """A trustee's identity of one stage, published: what `wrapped` holds for it is then for everybody to see."""

    lot: str
    stage: str
    i: int
    secret: bytes
    time: str

    def content(self) -> dict[str, Any]:
        return {"type": IDENTITY_TYPE, **asdict(self), "secret": keys.b64(self.secret)}

    @classmethod
    def read(cls, signed: Signed) -> Self:
        fields = wire.parse(signed.raw, IDENTITY_TYPE, cls.__dataclass_fields__)
        return cls(
            fields.text("lot", wire.LOT),
            fields.text("stage", wire.STAGE),
            fields.integer("i", 1, MAX_TRUSTEES),
            fields.base64("secret", 32),
            fields.instant("time"),
        )


def inspect(raw: bytes, keyset: Keyset, target: tuple[str, int], secret: bytes, time: str) -> Finding:
    """What stands in the wrapped line of trustee `i` in a stage: `target` are both; `raw` is the exact manifest."""
    manifest, (stage, i) = Manifest.parse(raw), target
    envelope = manifest.envelope(stage)
    defect = acks.line_defect(manifest, envelope, i, keyset, secret)
    wrapped = canonical.sha(keys.unb64(envelope.share(i).wrapped))
    said = (manifest.lot, canonical.sha(raw), manifest.bid_id, stage, i, wrapped)
    return Finding(*said, defect or GOOD, time)


def judgments(
    live: Sequence[Manifest], keyset: Keyset, closes: Mapping[int, Close], identity: Identity | None
) -> dict[str, Judgment]:
    """Bid to judgment, of every line that the trustee of the published identity had called bad in its close."""
    if identity is None or identity.i not in closes:
        return {}
    bad = {bid_id for bid_id, stage in closes[identity.i].bad if stage == identity.stage}
    return {
        manifest.bid_id: judge_line(manifest, keyset, identity.stage, identity.i, identity.secret)
        for manifest in live
        if manifest.bid_id in bad
    }


def cleared(found: Mapping[str, Judgment], identity: Identity | None) -> frozenset[tuple[str, int]]:
    """The lines, as (bid_id, i), that were called bad and are good: the trustee lied, and they count after all."""
    if identity is None:
        return frozenset()
    return frozenset((bid_id, identity.i) for bid_id, said in found.items() if said.party is Party.TRUSTEE)
