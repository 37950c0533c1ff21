"""价高者得: land and property go to the highest price; of equal prices the first received stands (L10, P08)."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.prices import Priced
from evaluation.sheets import Sheet
from evaluation.spec import MethodSpec
from evaluation.standing import Scored
from evaluation.trace import Trace


def score(spec: MethodSpec, bids: Sequence[Priced], sheets: Sequence[Sheet], trace: Trace) -> list[Scored]:  # noqa: ARG001  one signature for all methods
    """Nothing is scored: the merit is the price, the higher the better. A sealed contest goes without a committee (`highest`)."""
    return [Scored(bid.bid_id, bid.price, bid.evaluated, None, {}, None, bid.evaluated) for bid in bids]
