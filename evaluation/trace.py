"""The working, shown: one step per computed value, in the order of computation."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from evaluation import decimals
from evaluation.rounding import MODE, Rounded


@dataclass(frozen=True)
class Step:
    """What was computed, by which rule, from what, exactly, and what it was rounded to where."""

    name: str
    bid_id: str | None
    rule: str
    formula: str
    exact: Fraction
    rounded: Rounded | None = None

    @property
    def line(self) -> str:
        """`S_price(A): rule cn.55 | 2066400.00 / 2142000.00 x 30 = 28.941176.. -> 28.94 (price_score, 0.01, HALF_UP)`."""
        subject = f"({self.bid_id})" if self.bid_id else ""
        return f"{self.name}{subject}: {self.working}"

    @property
    def working(self) -> str:
        """The line without its subject, for a page that stands the bidder's name before it."""
        return f"rule {self.rule} | {self.formula} = {decimals.shown(self.exact)}{self._rounding()}"

    def _rounding(self) -> str:
        if self.rounded is None:
            return ""
        unit = decimals.spell(self.rounded.quantum, decimals.places(self.rounded.quantum))
        return f" -> {self.rounded.text} ({self.rounded.stage.value}, {unit}, {MODE})"

    def to_json(self) -> dict[str, Any]:
        return {
            "step": self.name,
            "bid_id": self.bid_id,
            "rule": self.rule,
            "formula": self.formula,
            "exact": decimals.exact(self.exact),
            "rounded": self.rounded.text if self.rounded else None,
            "stage": self.rounded.stage.value if self.rounded else None,
            "line": self.line,
        }


@dataclass
class Trace:
    """Collects the steps of one evaluation."""

    steps: list[Step] = field(default_factory=list)

    def note(self, step: Step) -> Fraction:
        """Keep the step; returns the value the computation goes on with (the rounded one where there is one)."""
        self.steps.append(step)
        return step.rounded.value if step.rounded else step.exact
