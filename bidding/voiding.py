"""Bids sealed to terms that changed are void (sealing.md 1.4): ended here, whoever comes first to the lot.

The commit that issues new terms ends none of them itself: it leaves a message, and submission, withdrawal and close look
before they act. Until the close the public learns nothing of it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from bidding import lots
from bidding.models import Bid
from bidding.states import BidStatus
from kernel import outbox
from kernel.db import changed, db, transaction
from sealing.manifest import Manifest
from tendering import terms
from tendering.models import Lot
from tendering.states import LotState


def void_stale(lot: Lot, party: str | None = None) -> int:
    """End the live bids (of one party) that were sealed to another keyset than the lot's; how many there were."""
    live = select(Bid).where(Bid.lot == lot.code, Bid.status == BidStatus.LIVE)
    if party is not None:
        live = live.where(Bid.party == party)
    stale = [bid.id for bid in db.session.scalars(live) if not is_current(bid, lot)]
    if not stale:
        return 0
    ended = update(Bid).where(Bid.id.in_(stale), Bid.status == BidStatus.LIVE)
    return changed(ended.values(status=BidStatus.VOID, ended_by=lot.keyset_sha256))


def is_current(bid: Bid, lot: Lot) -> bool:
    """Whether the bid was sealed to the terms in force."""
    return Manifest.parse(bid.manifest).keyset_sha256 == lot.keyset_sha256


def void_of(payload: dict[str, Any]) -> None:
    """The outbox's handler after new terms were issued; delivered twice it finds nothing more to end."""
    with transaction():
        lot = lots.locked(payload["lot"])
        if lot.state == LotState.COLLECTING:
            void_stale(lot)


handlers: dict[str, outbox.Handler] = {terms.CHANGED: void_of}
"""For the worker's table of outbox handlers."""
