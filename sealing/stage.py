"""A stage of a keyset: its threshold, its audience, and the trustees with what each signed about its key (1.1)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TypedDict, Unpack

from kernel import canonical
from sealing import wire

TRUSTEE_TYPE = "kaibiao-trustee/1"
MAX_TRUSTEES = 9
_TRUSTEE_NAMES = ("i", "org", "recipient", "sign_key", "sig")
STAGE_NAMES = ("name", "t", "holds_price", "audience", "audience_recipients", "trustees")


class Audience(enum.StrEnum):
    """Who reads a stage when it opens."""

    PUBLIC = "public"
    EVALUATION = "evaluation"


@dataclass(frozen=True)
class AudienceRecipient:
    org: str
    recipient: str


@dataclass(frozen=True)
class TrusteeEntry:
    """One share of one stage; `sig` is base64 over the trustee's statement, by `sign_key`."""

    i: int
    org: str
    recipient: str
    sign_key: str
    sig: str


@dataclass(frozen=True)
class Stage:
    name: str
    t: int
    holds_price: bool
    audience: Audience
    audience_recipients: tuple[AudienceRecipient, ...]
    trustees: tuple[TrusteeEntry, ...]

    @property
    def n(self) -> int:
        return len(self.trustees)

    def trustee(self, i: int) -> TrusteeEntry:
        """KeyError when no trustee has that index."""
        return {entry.i: entry for entry in self.trustees}[i]


class StatementFields(TypedDict):
    """What a trustee signs about one of its stage keys."""

    lot: str
    stage: str
    version: int
    i: int
    org: str
    recipient: str
    sign_key: str


def trustee_statement(**fields: Unpack[StatementFields]) -> bytes:
    """The RFC 8785 bytes under a trustee's `sig`: this recipient is mine, for this lot, stage and version."""
    return canonical.encode({"type": TRUSTEE_TYPE, **fields})


def parse_trustee_statement(raw: bytes) -> StatementFields:
    """Read what `trustee_statement` writes; WireError otherwise."""
    names = tuple(StatementFields.__annotations__)
    fields = wire.parse(raw, TRUSTEE_TYPE, names)
    return StatementFields(
        lot=fields.text("lot", wire.LOT),
        stage=fields.text("stage", wire.STAGE),
        version=fields.integer("version", 1, 1_000_000),
        i=fields.integer("i", 1, MAX_TRUSTEES),
        org=fields.text("org"),
        recipient=fields.text("recipient"),
        sign_key=fields.text("sign_key"),
    )


def parse_stage(fields: wire.Fields) -> Stage:
    return Stage(
        name=fields.text("name", wire.STAGE),
        t=fields.integer("t", 1, MAX_TRUSTEES),
        holds_price=fields.flag("holds_price"),
        audience=_known_audience(fields),
        audience_recipients=tuple(
            AudienceRecipient(item.text("org"), item.text("recipient"))
            for item in fields.items("audience_recipients", ("org", "recipient"), MAX_TRUSTEES)
        ),
        trustees=tuple(_trustee(item) for item in fields.items("trustees", _TRUSTEE_NAMES, MAX_TRUSTEES)),
    )


def _known_audience(fields: wire.Fields) -> Audience:
    text = fields.text("audience")
    if text not in set(Audience):
        raise wire.WireError(f"{fields.where}.audience: neither public nor evaluation")
    return Audience(text)


def _trustee(fields: wire.Fields) -> TrusteeEntry:
    fields.base64("sig", wire.SIGNATURE_SIZE)
    return TrusteeEntry(
        i=fields.integer("i", 1, MAX_TRUSTEES),
        org=fields.text("org"),
        recipient=fields.text("recipient"),
        sign_key=fields.text("sign_key"),
        sig=fields.text("sig"),
    )
