"""What the clock does after the evaluation: whatever is late, or nearly so, becomes an alert that everybody sees."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from kernel.clock import rfc3339
from kernel.db import db, transaction
from supervision import alerts
from tendering.contracts import duties
from tendering.lifecycle import lot_of
from tendering.models import Lot
from tendering.states import LotState

WATCHED = (LotState.REPORTED, LotState.PUBLICITY, LotState.DEAL, LotState.AWARDED, LotState.CONTRACTED)


def step_lateness(now: dt.datetime) -> bool:
    """Raise what is due; each lot in a transaction of its own."""
    with transaction(write=False):
        lots = db.session.scalars(select(Lot).where(Lot.state.in_(WATCHED)).order_by(Lot.id))
        due = [lot.code for lot in lots if _unraised(lot, now)]
    for code in due:
        with transaction():
            _raise(lot_of(code, lock=True), now)
    return bool(due)


def _unraised(lot: Lot, now: dt.datetime) -> list[tuple[alerts.Point, dict[str, str]]]:
    found = [_alert(duty, now) for duty in duties.of_lot(lot, now) if duty.color(now) != "green"]
    return [(point, evidence) for point, evidence in found if not alerts.known(lot.code, point, evidence)]


def _alert(duty: duties.Duty, now: dt.datetime) -> tuple[alerts.Point, dict[str, str]]:
    evidence = {"rule": duty.rule.cited, "began_at": rfc3339(duty.began_at), "due_at": rfc3339(duty.due_at)}
    return alerts.Point(duty.point, duty.color(now), "timeliness"), evidence


def _raise(lot: Lot, now: dt.datetime) -> None:
    for point, evidence in _unraised(lot, now):
        alerts.once(lot.code, point, evidence, now)
