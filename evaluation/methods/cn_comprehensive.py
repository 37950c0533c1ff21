"""综合评分法, order 87 art. 55: price score (b / p') x W plus the mean scores of the panel, 100 in all.

No highest or lowest price is ever dropped here (art. 55), so there is no such option.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from evaluation import decimals, panel
from evaluation.prices import Priced
from evaluation.rounding import Stage
from evaluation.sheets import Sheet
from evaluation.spec import MethodSpec
from evaluation.standing import Scored
from evaluation.trace import Step, Trace
from kernel.law import holds

RULE = "cn.55"


def score(spec: MethodSpec, bids: Sequence[Priced], sheets: Sequence[Sheet], trace: Trace) -> list[Scored]:
    """The benchmark is the lowest evaluated price among the valid bids given."""
    benchmark = min(bid.evaluated for bid in bids)
    trace.note(Step("benchmark", None, RULE, "min of evaluated prices", benchmark))
    return [_scored(spec, bid, benchmark, sheets, trace) for bid in bids]


def _scored(spec: MethodSpec, bid: Priced, benchmark: Fraction, sheets: Sequence[Sheet], trace: Trace) -> Scored:
    price_score = _price_score(spec, bid, benchmark, trace)
    means = {one.id: panel.mean(spec, sheets, bid.bid_id, one, trace) for one in spec.criteria}
    total = _total(spec, bid, [price_score, *means.values()], trace)
    return Scored(bid.bid_id, bid.price, bid.evaluated, price_score, means, total, total)


@holds("price_score")
def _price_score(spec: MethodSpec, bid: Priced, benchmark: Fraction, trace: Trace) -> Fraction:
    exact = benchmark / bid.evaluated * spec.price_weight
    formula = (
        f"base {decimals.shown(benchmark)} / {decimals.shown(bid.evaluated)} x {decimals.plain(spec.price_weight)}"
    )
    rounded = spec.rounding.at(Stage.PRICE_SCORE, exact)
    return trace.note(Step("S_price", bid.bid_id, RULE, formula, exact, rounded))


def _total(spec: MethodSpec, bid: Priced, parts: Sequence[Fraction], trace: Trace) -> Fraction:
    exact = sum(parts, Fraction(0))
    formula = " + ".join(decimals.shown(part) for part in parts)
    return trace.note(Step("total", bid.bid_id, RULE, formula, exact, spec.rounding.at(Stage.TOTAL, exact)))
