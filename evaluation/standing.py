"""A bid's standing: what it scored, and where that puts it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from kernel.money import Fen


@dataclass(frozen=True)
class Scored:
    """A valid bid after its method: `merit` is what the method ranks by, the greater the better."""

    bid_id: str
    price: Fen
    evaluated: Fraction
    price_score: Fraction | None
    means: Mapping[str, Fraction]
    total: Fraction | None
    merit: Fraction


@dataclass(frozen=True)
class Ranked:
    """A scored bid and its place; bids the tie rules could not part share it."""

    scored: Scored
    rank: int
    tied: bool
