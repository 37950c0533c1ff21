"""What the clock does about complaints: takes those that nobody took in time, ends suspensions that the law ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from sqlalchemy import Select, select

from kernel.db import db, transaction
from kernel.errors import Conflict
from kernel.law import holds
from oversight import service
from oversight.models import Complaint
from oversight.rules import State
from tendering.states import CLOCK

Act = Callable[[str, int], object]


@holds("complaint:complaint_accepted", "suspended:resumed")
def step_complaints(now: dt.datetime) -> bool:
    """Take what is overdue (C61) and lift what has stood its longest (G45); whether there was any."""
    with transaction(write=False):
        late = _keys(select(Complaint).where(Complaint.state == State.MADE, Complaint.due_at <= now))
        over = _keys(select(Complaint).where(Complaint.stay_until <= now))
    taken = [_one(key, lambda lot, number: service.accept(CLOCK, lot, number, now)) for key in late]
    lifted = [_one(key, lambda lot, number: service.lift_stay(CLOCK, lot, number, now)) for key in over]
    return any([*taken, *lifted])


def _keys(wanted: Select[Complaint]) -> list[tuple[str, int]]:
    rows = db.session.scalars(wanted)
    return [(row.lot.code, row.number) for row in rows]


def _one(key: tuple[str, int], act: Act) -> bool:
    """The authority may act in the same instant: the state decides."""
    try:
        with transaction():
            act(*key)
    except Conflict:
        return False
    return True
