"""The result: what was decided, from which bytes, with the working; the same inputs give the same bytes."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from evaluation import decimals
from evaluation.arithmetic import rules as arithmetic
from evaluation.prices import Bid
from evaluation.spec import MethodSpec
from evaluation.standing import Ranked, Scored
from evaluation.trace import Step
from evaluation.validity import Verdict
from kernel import canonical, money

TYPE = "kaibiao-result/1"


class Outcome(enum.StrEnum):
    """How an evaluation ends."""

    RANKED = "ranked"
    FAILED = "failed"


@dataclass(frozen=True)
class Caution:
    """Something the report must mention; never changes the ranking."""

    code: str
    bid_id: str | None
    detail: str

    def to_json(self) -> dict[str, Any]:
        return {"code": self.code, "bid_id": self.bid_id, "detail": self.detail}


@dataclass(frozen=True)
class Competition:
    """What the committee argued when too few bids were left, and which members carried it (C46)."""

    text: str
    reject_all: bool
    by: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {"text": self.text, "reject_all": self.reject_all, "by": list(self.by)}


@dataclass(frozen=True)
class Result:
    """`ranking` is empty when fewer bids are valid than the method needs."""

    spec: MethodSpec
    sheets: tuple[tuple[str, str], ...]
    outcome: Outcome
    ranking: tuple[Ranked, ...]
    verdicts: tuple[Verdict, ...]
    trace: tuple[Step, ...]
    warnings: tuple[Caution, ...]
    competition: Competition | None = None
    corrections: tuple[Bid, ...] = ()
    """Bids whose price was corrected, with what it was corrected from (G31)."""

    @property
    def first(self) -> tuple[str, ...]:
        """The bid (or the tied bids) in the first place."""
        return tuple(one.scored.bid_id for one in self.ranking if one.rank == 1)

    def to_json(self, lot: str) -> dict[str, Any]:
        return {
            "type": TYPE,
            "lot": lot,
            "method_sha256": self.spec.sha256,
            "sheets": [{"evaluator": alias, "sha256": sha256} for alias, sha256 in self.sheets],
            "outcome": self.outcome.value,
            "ranking": [self._line(one) for one in self.ranking],
            "verdicts": [one.to_json() for one in self.verdicts],
            "trace": [step.to_json() for step in self.trace],
            "warnings": [one.to_json() for one in self.warnings],
            **({"competition": self.competition.to_json()} if self.competition else {}),
            **({"corrections": [_correction(one) for one in self.corrections]} if self.corrections else {}),
        }

    def file(self, lot: str) -> bytes:
        """The canonical bytes that are hashed and published."""
        return canonical.encode(self.to_json(lot))

    def _line(self, one: Ranked) -> dict[str, Any]:
        scored, rounding = one.scored, self.spec.rounding
        return {
            "rank": one.rank,
            "tied": one.tied,
            "bid_id": scored.bid_id,
            "price": money.wire(scored.price),
            "evaluated_price": decimals.shown(scored.evaluated, 12),
            "price_score": _spelled(scored.price_score, rounding.price_score),
            "criteria": _criteria(scored, rounding.criterion_mean),
            "total": _spelled(scored.total, rounding.total),
        }


def _correction(bid: Bid) -> dict[str, Any]:
    assert bid.price is not None
    assert bid.correction is not None
    found = arithmetic.correct(bid.price, bid.correction.reading)
    return {
        "bid_id": bid.bid_id,
        "number": bid.correction.number,
        "read_out": money.wire(bid.price),
        "reading": bid.correction.reading.to_json(),
        "steps": [{"rule": one.rule, "formula": one.formula, "price": money.wire(one.price)} for one in found.steps],
        "corrected": money.wire(found.price),
        "confirmed": bid.correction.confirmed,
    }


def _criteria(scored: Scored, quantum: Fraction) -> dict[str, str]:
    places = decimals.places(quantum)
    return {name: decimals.spell(value, places) for name, value in scored.means.items()}


def _spelled(value: Fraction | None, quantum: Fraction) -> str | None:
    return None if value is None else decimals.spell(value, decimals.places(quantum))
