"""What the log and the lot's row say of a lot after its evaluation: when things happened, who bid what, which round it is."""

from __future__ import annotations

import datetime as dt
from typing import Any

from kernel import canonical, money
from kernel.clock import parse_rfc3339
from kernel.errors import NotFound
from supervision import contract_facts, facts, log
from tendering.agreement import reading as agreement
from tendering.contracts.rules import Terms
from tendering.models import Lot
from tendering.states import LotEvent


def told(kind: str, lot: str) -> list[dict[str, Any]]:
    """The lot's facts of a kind as they were recorded, oldest first."""
    return [canonical.decode(row.fact) for row in log.find(kind, lot)]


def happened(lot: str, event: LotEvent) -> dt.datetime | None:
    """When the lot last made that move."""
    moves = [row["at"] for row in told(facts.StateChanged.kind, lot) if row["event"] == event]
    return parse_rfc3339(moves[-1]) if moves else None


def happened_to(lot: str, state: str) -> dt.datetime | None:
    """When the lot last came into that state."""
    moves = [row["at"] for row in told(facts.StateChanged.kind, lot) if row["now"] == state]
    return parse_rfc3339(moves[-1]) if moves else None


def bid_terms(lot: Lot, bid_id: str) -> Terms:
    """Price and period as the opened sheet of that bid had them, by the log's own word; price by the ranking otherwise.

    With a single source the agreed price counts (N12.team), and a price that was corrected and confirmed is the ranking's (G31).
    """
    ranked = next((money.parse(one["price"]) for one in lot.ranking or [] if one["bid_id"] == bid_id), None)
    settled = agreement.price(lot) or ranked
    for row in told(facts.BidOpened.kind, lot.code):
        if row["bid_id"] == bid_id and row["price"] is not None:
            return Terms(settled or money.parse(row["price"]), row["period_days"])
    if ranked is not None:
        return Terms(ranked, None)
    raise NotFound("bid.unknown", "没有这份投标。", "There is no such bid.", rule="sealing.md 1.6")


def round_of(lot: str) -> int:
    """1 for the first award, one more for each candidate who was dropped after being awarded."""
    return 1 + len(log.find(contract_facts.CandidateDropped.kind, lot))
