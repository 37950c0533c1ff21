"""Open facts about disputed lines (sealing.md 1.7): what was seen, the identity that settles it, and the judgment."""

from __future__ import annotations

from typing import Literal

from supervision.vocabulary import Fact, Statement


class Finding(Statement, kind="finding"):
    """An inspected line (sealing.md 1.7)."""

    lot: str
    bid_id: str
    stage: str
    i: int
    by: str


class StageIdentity(Statement, kind="stage.identity"):
    """A trustee's kaibiao-identity/1: its identity of a public stage, published to settle a dispute (sealing.md 1.7)."""

    lot: str
    stage: str
    node: str


class LineJudged(Fact, kind="line.judged"):
    """What the published identity showed of a line that its trustee had called bad."""

    lot: str
    bid_id: str
    stage: str
    i: int
    party: Literal["bidder", "trustee"]
    reason: str
