"""What the clock does for tenders: the award that the law deems made when the purchaser stays silent (G36)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from kernel.db import db, transaction
from kernel.errors import Conflict
from tendering import awards
from tendering.lifecycle import lot_of
from tendering.models import Lot
from tendering.states import LotState


def step_publicity(now: dt.datetime) -> bool:
    """Award, by the clock, the lots whose owner let the time to decide pass; whether there were any."""
    with transaction(write=False):
        waiting = _overdue(now)
    decided = [_decide(code, now) for code in waiting]
    return any(decided)


def _overdue(now: dt.datetime) -> list[str]:
    over = Lot.publicity_until <= now
    public = select(Lot).where(Lot.state == LotState.PUBLICITY, over, Lot.suspended_at.is_(None))
    found = []
    for lot in db.session.scalars(public.order_by(Lot.id)):
        due = awards.decide_by(lot)
        standing = [row for row in lot.ranking or [] if row["bid_id"] not in lot.given_up]
        if due is not None and due.at <= now and standing:
            found.append(lot.code)
    return found


def _decide(code: str, now: dt.datetime) -> bool:
    """The owner may award in the same instant: the state decides, and the second finds it moved on."""
    try:
        with transaction():
            awards.deemed_award(lot_of(code, lock=True), now)
    except Conflict:
        return False
    return True
