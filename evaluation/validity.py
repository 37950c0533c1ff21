"""Which bids are valid: a price under the ceiling, and a majority that finds the bid to conform.

An invalid bid never enters a minimum, a mean or a count (evaluation.md, 1.0).
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evaluation import panel
from evaluation.prices import Bid
from evaluation.sheets import Sheet
from evaluation.spec import MethodSpec


class Ground(enum.StrEnum):
    """Why a bid is invalid."""

    NO_PRICE = "no_price"
    OVER_CEILING = "over_ceiling"
    NOT_CONFORMING = "not_conforming"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True)
class Verdict:
    """A bid is valid when it has no ground against it."""

    bid_id: str
    ground: Ground | None
    finding: panel.Finding

    def to_json(self) -> dict[str, Any]:
        return {
            "bid_id": self.bid_id,
            "valid": self.ground is None,
            "ground": self.ground.value if self.ground else None,
            "votes": {"for": self.finding.votes_for, "against": self.finding.votes_against},
            "grounds": dict(self.finding.grounds),
            "heads": dict(self.finding.heads),
        }


def judge(spec: MethodSpec, bid: Bid, sheets: Sequence[Sheet]) -> Verdict:
    """What the opening and the ceiling settle comes before what the committee finds."""
    finding = panel.conformity(sheets, bid.bid_id)
    return Verdict(bid.bid_id, _ground(spec, bid, finding), finding)


def _ground(spec: MethodSpec, bid: Bid, finding: panel.Finding) -> Ground | None:
    price = bid.binding
    if not price or price < 0:
        return Ground.NO_PRICE
    if bid.correction is not None and not bid.correction.confirmed:
        return Ground.UNCONFIRMED
    if spec.max_price is not None and price > spec.max_price:
        return Ground.OVER_CEILING
    return None if finding.conforms else Ground.NOT_CONFORMING
