"""Who may see what of an evaluation, and from when: the one table that serializers, pages and tests share.

Until all sheets are signed each evaluator sees the own sheet and nobody else sees any (评标应当保密, 招标投标法 第38条).
The names of the members are secret until the award (第37条); in the log and on pages they stand under aliases.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import Any

from kernel.law import holds


class Viewer(StrEnum):
    """Everybody who may ask. SEAT is the member the thing belongs to, MEMBER another one of the same committee."""

    SEAT = "seat"
    MEMBER = "member"
    OPS = "ops"
    OWNER = "owner"
    AGENCY = "agency"
    SUP = "sup"
    INSP = "insp"
    MGR = "mgr"
    FIN = "fin"
    TECH = "tech"
    BIDDER = "bidder"
    EXPERT = "expert"
    PUBLIC = "public"


class Phase(IntEnum):
    """Where a lot's evaluation stands, as far as its secrets are concerned."""

    NONE = 0
    FORMED = 1
    SCORING = 2
    RESULT = 3
    AWARDED = 4


class Field(StrEnum):
    """What a page, an answer or a file may show."""

    ALIASES = "aliases"
    NAMES = "names"
    DECLARATION = "declaration"
    DOCUMENTS = "documents"
    DRAFT = "draft"
    SHEET = "sheet"
    RETURNED = "returned"
    SIGNED_COUNT = "signed_count"
    DOCS_OPENED = "docs_opened"
    RESULT = "result"


_V, _P = Viewer, Phase
_EVERYBODY = tuple(Viewer)


def _from(phase: Phase, *who: Viewer) -> dict[Viewer, Phase]:
    return dict.fromkeys(who, phase)


TABLE: Mapping[Field, Mapping[Viewer, Phase]] = {
    Field.ALIASES: _from(_P.FORMED, *_EVERYBODY),
    Field.NAMES: _from(_P.AWARDED, *_EVERYBODY) | _from(_P.FORMED, _V.SEAT, _V.OPS, _V.SUP, _V.INSP),
    Field.DECLARATION: _from(_P.FORMED, _V.SEAT, _V.OPS, _V.SUP, _V.INSP),
    Field.DOCUMENTS: _from(_P.SCORING, _V.SEAT, _V.MEMBER),
    Field.DRAFT: _from(_P.SCORING, _V.SEAT),
    Field.SHEET: _from(_P.AWARDED, *_EVERYBODY)
    | _from(_P.RESULT, _V.MEMBER, _V.OWNER, _V.SUP, _V.INSP)
    | _from(_P.SCORING, _V.SEAT),
    Field.RETURNED: _from(_P.SCORING, _V.SEAT),
    Field.SIGNED_COUNT: _from(_P.SCORING, _V.SEAT, _V.MEMBER, _V.OPS, _V.SUP, _V.INSP),
    Field.DOCS_OPENED: _from(_P.FORMED, *_EVERYBODY),
    Field.RESULT: _from(_P.RESULT, *_EVERYBODY),
}
"""From which phase a viewer sees a field; a viewer that is not named never does."""


@holds("award:committee.names")
def may_see(viewer: Viewer, phase: Phase, field: Field) -> bool:
    since = TABLE[field].get(viewer)
    return since is not None and phase >= since


def shown(viewer: Viewer, phase: Phase, values: Mapping[Field, Any]) -> dict[str, Any]:
    """The fields of `values` that the table lets this viewer see; the rest are not even named."""
    return {field.value: value for field, value in values.items() if may_see(viewer, phase, field)}
