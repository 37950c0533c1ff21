"""Who may see what of the bids on a lot, and from when: the one table that serializers and tests share.

Before the opening nobody but the bidder itself learns of a bid, that there is one, or how many there are: neither
owner, agency, supervisors nor the centre's own staff (招标投标法 第22条, log-and-nodes.md section 2). From then on
all people see the same, so the table knows only "the party itself" and "everybody".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any


class Viewer(StrEnum):
    """Everybody who may ask; all but SELF are strangers to a bid, whatever their office."""

    SELF = "self"
    OTHER_BIDDER = "other_bidder"
    OWNER = "owner"
    AGENCY = "agency"
    OPS = "ops"
    FIN = "fin"
    TECH = "tech"
    SUP = "sup"
    INSP = "insp"
    MGR = "mgr"
    EXPERT = "expert"
    PUBLIC = "public"


class Phase(IntEnum):
    """Where a lot stands, as far as its bids' secrets are concerned; FAILED is the close of too few bids."""

    COLLECTING = 0
    SEALED = 1
    CLOSED = 2
    UNSEALING = 3
    READOUT = 4
    RECORDED = 5


class Field(StrEnum):
    """What a page, an answer or a file may show of bids."""

    UPLOAD = "upload"
    RECEIPT = "receipt"
    ACKS = "acks"
    MANIFEST = "manifest"
    STATUS = "status"
    COUNT = "count"
    ROLL_HASHES = "roll_hashes"
    PROGRESS = "progress"
    BIDDER = "bidder"
    PRICE = "price"
    SHEET = "sheet"
    CONFIRMED = "confirmed"
    OBJECTION = "objection"
    CIPHERTEXT = "ciphertext"
    RECORD = "record"


@dataclass(frozen=True)
class Rule:
    """From which phase the party itself and from which everybody sees a field; None is never."""

    own: Phase | None
    everybody: Phase | None


TABLE: Mapping[Field, Rule] = {
    Field.UPLOAD: Rule(Phase.COLLECTING, None),
    Field.RECEIPT: Rule(Phase.COLLECTING, Phase.RECORDED),
    Field.ACKS: Rule(Phase.COLLECTING, Phase.RECORDED),
    Field.MANIFEST: Rule(Phase.COLLECTING, Phase.RECORDED),
    Field.STATUS: Rule(Phase.COLLECTING, Phase.CLOSED),
    Field.COUNT: Rule(Phase.CLOSED, Phase.CLOSED),
    Field.ROLL_HASHES: Rule(Phase.CLOSED, Phase.CLOSED),
    Field.PROGRESS: Rule(Phase.UNSEALING, Phase.UNSEALING),
    Field.BIDDER: Rule(Phase.COLLECTING, Phase.READOUT),
    Field.PRICE: Rule(Phase.READOUT, Phase.READOUT),
    Field.SHEET: Rule(Phase.READOUT, Phase.RECORDED),
    Field.CONFIRMED: Rule(Phase.READOUT, Phase.READOUT),
    Field.OBJECTION: Rule(Phase.READOUT, Phase.READOUT),
    Field.CIPHERTEXT: Rule(None, Phase.RECORDED),
    Field.RECORD: Rule(Phase.RECORDED, Phase.RECORDED),
}


def may_see(viewer: Viewer, phase: Phase, field: Field) -> bool:
    rule = TABLE[field]
    since = [rule.everybody] if viewer is not Viewer.SELF else [rule.own, rule.everybody]
    return any(start is not None and phase >= start for start in since)


def shown(viewer: Viewer, phase: Phase, values: Mapping[Field, Any]) -> dict[str, Any]:
    """The fields of `values` that the table lets this viewer see; the rest are not even named."""
    return {field.value: value for field, value in values.items() if may_see(viewer, phase, field)}
