"""Goods of one brand count as one bidder: only the best of them stands (order 87, art. 31). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evaluation.prices import Bid
from evaluation.spec import MethodSpec, Subject
from evaluation.standing import Scored
from kernel.law import holds


def party(spec: MethodSpec, bid: Bid) -> str:
    """What counts once: the brand where goods are bought and one is named, the bid itself otherwise."""
    named = " ".join((bid.brand or "").split()).casefold()
    return f"brand {named}" if named and spec.subject is Subject.GOODS else f"bid {bid.bid_id}"


@holds("G30")
def best(parties: Mapping[str, str], scored: Sequence[Scored]) -> list[Scored]:
    """Of each party the bid with the highest score, or the lowest price; equal ones all stay, for the tie rules."""
    top: dict[str, Scored] = {}
    for one in scored:
        held = top.setdefault(parties[one.bid_id], one)
        if one.merit > held.merit:
            top[parties[one.bid_id]] = one
    return [one for one in scored if one.merit == top[parties[one.bid_id]].merit]
