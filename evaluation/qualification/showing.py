"""The review as each may see it: the reviewers their papers, each bidder its own finding, everybody the whole in the end."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from accounts.actor import Actor
from bidding.models import Bid
from evaluation import reading
from evaluation.qualification import service, standing, visibility
from evaluation.qualification.visibility import TABLE, Viewer
from kernel.db import db
from tendering.models import Lot


def of(actor: Actor | None, lot: Lot) -> dict[str, Any]:
    """`bids` are the findings (or, while they wait, the papers) that the asker may see; `own` the asker's own."""
    viewer, phase = visibility.viewer(actor, lot), visibility.phase(lot)
    return {
        "ready": service.ready(lot),
        "given_at": found.given_at if (found := standing.row_of(lot.code)) else None,
        "reviewer": viewer is Viewer.REVIEWER,
        "bids": [row for row in _rows(lot, TABLE.fields(viewer, phase)) if len(row) > len(("bid_id", "bidder"))],
        "own": _own(actor, lot),
    }


def _rows(lot: Lot, fields: frozenset[str]) -> list[dict[str, Any]]:
    names = {bid.bid_id: sheet.header.bidder for bid, sheet in reading.read_out(lot.code)}
    review = standing.review_of(lot.code)
    values: dict[str, dict[str, Any]]
    if review is not None:
        values = {one.bid_id: {"qualified": one.qualified, "ground": one.ground} for one in review.findings}
    else:
        values = {bid.bid_id: {"papers": _papers(lot, bid.bid_id)} for bid, _ in reading.assessed(lot.code)}
    shown = {bid_id: {name: value for name, value in row.items() if name in fields} for bid_id, row in values.items()}
    return [{"bid_id": bid_id, "bidder": names[bid_id], **row} for bid_id, row in sorted(shown.items())]


def _papers(lot: Lot, bid_id: str) -> list[dict[str, Any]]:
    return list(reading.papers(lot.code)[bid_id].files) if service.ready(lot) else []


def _own(actor: Actor | None, lot: Lot) -> dict[str, Any] | None:
    """What was found of the asker's own bid."""
    review = standing.review_of(lot.code)
    if actor is None or review is None:
        return None
    own = set(
        db.session.scalars(select(Bid.bid_id).where(Bid.lot == lot.code, Bid.organization == actor.organization_id))
    )
    found = next((one for one in review.findings if one.bid_id in own), None)
    if found is None:
        return None
    values = {"qualified": found.qualified, "ground": found.ground}
    return TABLE.shown(Viewer.BIDDER, visibility.phase(lot), values)
