"""What the clock does: it ends the time for applications, and fails a lot for which too few applied (T04, C08)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from kernel.db import db, transaction
from kernel.errors import Conflict
from tendering import packs
from tendering.lifecycle import lot_of, move
from tendering.models import Lot
from tendering.prequal import applying, result, rules
from tendering.states import CLOCK, LotEvent, LotState


def step_prequal(now: dt.datetime) -> bool:
    """Close every lot whose time for applications is over; whether there was any. What stands still is not closed."""
    with transaction(write=False):
        over = select(Lot.code).where(Lot.state == LotState.PREQUAL, Lot.applications_due <= now)
        due = list(db.session.scalars(over.where(Lot.suspended_at.is_(None)).order_by(Lot.code)))
    return any([_one(code, now) for code in due])  # noqa: C419  every lot gets its turn


def _one(code: str, now: dt.datetime) -> bool:
    """A change or an objection may come in the same instant: then the lot is looked at again in the next round."""
    try:
        with transaction():
            lot = lot_of(code, lock=True)
            if lot.applications_due is None or lot.applications_due > now:
                return False
            move(lot, LotEvent.CLOSE_PREQUAL, CLOCK, now)
            if len(applying.live(lot)) < rules.least(packs.load(lot.tender.pack_id)).value:
                result.fail(lot, None, now)
    except Conflict:
        return False
    return True
