"""What each bidder is told of the award: its own score and rank, or why it was rejected; never another's (C53, G38)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select

from bidding.models import Bid, Opened
from bidding.states import BidStatus, Outcome
from evaluation import reading
from evaluation.models import Evaluation
from evaluation.qualification import standing
from kernel import canonical
from kernel.db import db
from tendering.contracts import course, messages
from tendering.contracts.messages import Told
from tendering.models import Lot
from tendering.states import LotState


def due(lot_code: str) -> bool:
    """Whether an award waits to be told."""
    return not messages.of_round(lot_code, course.round_of(lot_code))


def tell(lot: Lot, now: dt.datetime) -> bool:
    """One message for each live bid; whether there was anything to do."""
    found = reading.evaluation_of(lot.code)
    if lot.state != LotState.AWARDED or found is None or found.result is None:
        return False
    live = select(Bid).where(Bid.lot == lot.code, Bid.status == BidStatus.LIVE).order_by(Bid.id)
    own = own_results(found)
    everybody = [
        Told(bid.bid_id, bid.organization, own.get(bid.bid_id) or _unopened(bid)) for bid in db.session.scalars(live)
    ]
    return messages.send(lot, everybody, now)


def own_results(found: Evaluation) -> dict[str, dict[str, Any]]:
    """By bid: the line of the ranking, or the committee's verdict on it."""
    result = canonical.decode(found.result or b"{}")
    told: dict[str, dict[str, Any]] = {}
    for verdict in result["verdicts"]:
        told[verdict["bid_id"]] = {"standing": "rejected", "verdict": verdict}
    for line in result["ranking"]:
        told[line["bid_id"]] = {"standing": "ranked", "of": len(result["ranking"]), **line}
    return told


def _unopened(bid: Bid) -> dict[str, Any]:
    """A bid that the committee never judged: what became of it at the opening, or of its documents."""
    away = standing.turned_away(bid.lot).get(bid.bid_id)
    if away is not None:
        return {"standing": "not_qualified", "ground": away.ground}
    opened = db.session.scalar(select(Opened).where(Opened.bid == bid.id).order_by(Opened.id.desc()).limit(1))
    papers = reading.documents(bid.lot).get(bid.bid_id)
    if papers is not None and papers.judgment is not None:
        return {"standing": "unreadable", "finding": papers.judgment}
    if opened is None or opened.outcome is Outcome.OPENED:
        return {"standing": "not_assessed"}
    return {"standing": str(opened.outcome.value), "finding": opened.finding}
