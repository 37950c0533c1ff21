"""最低评标价法, order 87 art. 54: among conforming bids the lowest evaluated price wins; equal prices tie."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.prices import Priced
from evaluation.sheets import Sheet
from evaluation.spec import MethodSpec
from evaluation.standing import Scored
from evaluation.trace import Trace


def score(spec: MethodSpec, bids: Sequence[Priced], sheets: Sequence[Sheet], trace: Trace) -> list[Scored]:  # noqa: ARG001  one signature for all methods
    """Nothing is scored: the merit is the evaluated price, the lower the better."""
    return [Scored(bid.bid_id, bid.price, bid.evaluated, None, {}, None, -bid.evaluated) for bid in bids]
