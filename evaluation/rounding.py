"""Rounding happens only at the stages that the tender document names, and always half up (四舍五入).

Python's `round` and `decimal`'s default are half-even: 8.765 would become 8.76. evaluation.md, 1.0.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from fractions import Fraction

from evaluation import decimals

MODE = "HALF_UP"


class Stage(enum.StrEnum):
    """Where a value may be rounded; the words are those of the method object."""

    PRICE_SCORE = "price_score"
    CRITERION_MEAN = "criterion_mean"
    TOTAL = "total"


def half_up(value: Fraction, quantum: Fraction) -> Fraction:
    """The multiple of `quantum` nearest to `value`, the one farther from zero when two are equally near."""
    steps = (2 * abs(value) + quantum) // (2 * quantum)
    return quantum * (steps if value >= 0 else -steps)


@dataclass(frozen=True)
class Rounded:
    """A value at a stage: what it was exactly and what the tender document makes of it."""

    stage: Stage
    exact: Fraction
    value: Fraction
    quantum: Fraction

    @property
    def text(self) -> str:
        return decimals.spell(self.value, decimals.places(self.quantum))


@dataclass(frozen=True)
class RoundingPolicy:
    """The unit of each stage, as the method object declares it."""

    price_score: Fraction
    criterion_mean: Fraction
    total: Fraction

    def quantum(self, stage: Stage) -> Fraction:
        match stage:
            case Stage.PRICE_SCORE:
                return self.price_score
            case Stage.CRITERION_MEAN:
                return self.criterion_mean
            case Stage.TOTAL:
                return self.total

    def at(self, stage: Stage, value: Fraction) -> Rounded:
        quantum = self.quantum(stage)
        return Rounded(stage, value, half_up(value, quantum), quantum)
