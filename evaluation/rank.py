"""Ranking: merit descending, then the declared chain, then tied; the order of the input never matters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from evaluation import ties
from evaluation.spec import TieRule
from evaluation.standing import Ranked, Scored

_Place = tuple[Fraction, ties.Key]


def ranked(chain: Sequence[TieRule], bids: Sequence[Scored]) -> list[Ranked]:
    """Competition ranking (1, 1, 3); equal places are listed by bid_id so that the bytes are fixed."""
    places = sorted(_place(chain, bid) for bid in bids)
    shared = Counter(places)
    ordered = sorted(bids, key=lambda bid: (_place(chain, bid), bid.bid_id))
    return [Ranked(bid, places.index(_place(chain, bid)) + 1, shared[_place(chain, bid)] > 1) for bid in ordered]


def _place(chain: Sequence[TieRule], bid: Scored) -> _Place:
    return -bid.merit, ties.key(chain, bid)
