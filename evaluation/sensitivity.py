"""What the ranking hangs on: a loser's presence, a unit of rounding, one evaluator. Reported, never acted on.

evaluation.md, 1.12 (2), 1.13 and 5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from statistics import median

from evaluation import panel
from evaluation.prices import Bid
from evaluation.result import Caution
from evaluation.rounding import RoundingPolicy
from evaluation.sheets import Sheet
from evaluation.spec import MethodSpec
from evaluation.standing import Ranked

Ranking = Callable[[MethodSpec, Sequence[Bid]], list[Ranked]]

ENOUGH = 3
MODIFIED_Z = Fraction(35, 10)
_NORMAL = Fraction(6745, 10_000)
_FAR = Fraction(1, 5)
_FINEST = Fraction(1, 1_000_000)


def leave_one_out(spec: MethodSpec, valid: Sequence[Bid], ranking: Ranking) -> list[Caution]:
    """RANK_REVERSAL_SENSITIVE for each loser without whom somebody else would come first."""
    lone = replace(spec, minimum_valid=1)
    first = _first(ranking(lone, valid)) if len(valid) >= spec.minimum_valid else frozenset()
    found = []
    for loser in (bid for bid in valid if first and bid.bid_id not in first):
        others = _first(ranking(lone, [bid for bid in valid if bid is not loser]))
        if others != first:
            found.append(Caution("RANK_REVERSAL_SENSITIVE", loser.bid_id, "without it: " + ", ".join(sorted(others))))
    return found


def rounding(spec: MethodSpec, valid: Sequence[Bid], ranking: Ranking) -> list[Caution]:
    """ROUNDING_SENSITIVE when the winner is another one with six decimals instead of the declared ones."""
    fine = replace(spec, rounding=RoundingPolicy(_FINEST, _FINEST, _FINEST))
    declared, finer = _first(ranking(spec, valid)), _first(ranking(fine, valid))
    if declared == finer:
        return []
    return [Caution("ROUNDING_SENSITIVE", None, "with six decimals: " + ", ".join(sorted(finer)))]


def counting(spec: MethodSpec, valid: int) -> list[Caution]:
    """Fewer than the method needs fails the procedure; fewer than three must be argued in the report (1117号十三)."""
    if valid < spec.minimum_valid:
        return [Caution("FEWER_THAN_MINIMUM_VALID", None, f"{valid} of {spec.minimum_valid}")]
    return [Caution("FEW_VALID", None, f"{valid} of {ENOUGH}")] if valid < ENOUGH else []


def deviations(valid: Sequence[Bid], sheets: Sequence[Sheet]) -> list[Caution]:
    """SCORE_DEVIATION for an evaluator whose marks for a bid stand far off the others': a modified z, since three
    sigma can never fire in a small committee.
    """
    return [
        Caution("SCORE_DEVIATION", bid.bid_id, sheet.evaluator)
        for bid in valid
        for sheet in sheets
        if _far_off(sheet, sheets, bid.bid_id)
    ]


def _far_off(sheet: Sheet, sheets: Sequence[Sheet], bid_id: str) -> bool:
    own = panel.subtotal(sheet, bid_id)
    marks = [panel.subtotal(one, bid_id) for one in sheets]
    middle = median(marks)
    spread = median(abs(mark - middle) for mark in marks)
    others = [panel.subtotal(one, bid_id) for one in sheets if one is not sheet]
    far = bool(others) and abs(own - median(others)) > _FAR * max(marks)
    return far and (spread == 0 or _NORMAL * abs(own - middle) / spread > MODIFIED_Z)


def _first(standing: Sequence[Ranked]) -> frozenset[str]:
    return frozenset(one.scored.bid_id for one in standing if one.rank == 1)
