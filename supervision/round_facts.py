"""Open facts about lots that failed or were struck down: the authority's directives, the next round, what else follows."""

from __future__ import annotations

from typing import Literal

from supervision.vocabulary import Fact, Instant, Sha256, Statement


class Directive(Statement, kind="directive"):
    """The supervising authority's word on a lot: {type: kaibiao-directive/1, lot, act, reasons, law, at}."""

    lot: str
    act: Literal["void", "reopen"]
    reasons_sha256: Sha256
    law: str


class Retendered(Fact, kind="retendered"):
    """A failed lot goes on as a lot of a later tender of the same project (T30)."""

    lot: str
    tender: str
    round: int
    reasons_sha256: Sha256
    changes_sha256: Sha256


class RepeatDecided(Fact, kind="repeat.decided"):
    """What the owner does instead of tendering again (C31, G22): with whose consent, by which document."""

    lot: str
    choice: Literal["no_more_tender", "other_method"]
    authority: str
    document: str
    reasons_sha256: Sha256
    law: str
    at: Instant
