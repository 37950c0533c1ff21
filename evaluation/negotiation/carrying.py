"""The same team judges the final quotes: its seats go over into the second box when that is opened, without another draw."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from evaluation import reading, seating
from evaluation.models import Evaluation, Seat
from evaluation.report import duration
from kernel.db import db, transaction
from supervision import log
from tendering import lifecycle
from tendering.models import Lot
from tendering.quotes import boxes
from tendering.quotes.models import FinalBox
from tendering.states import CLOCK, LotEvent, LotState

_OWN = frozenset({"id", "lot", "formed_at", "admitted_file", "admitted_sig"})
"""What a seat does not take along: it sits anew, and has nothing to admit, for the responses are open to it already."""


def step_carry(now: dt.datetime) -> bool:
    """Begin the evaluation of one final box that was opened."""
    wanted = select(Lot.code).join(FinalBox, FinalBox.lot_id == Lot.id).where(Lot.state == LotState.OPENED)
    with transaction(write=False):
        due = list(db.session.scalars(wanted.order_by(Lot.id)))
    return any([_carry(code, now) for code in due])  # noqa: C419  each of them is carried


def _carry(code: str, now: dt.datetime) -> bool:
    with transaction():
        lot = lifecycle.lot_of(code, lock=True)
        box = boxes.of(lot)
        if box is None or lot.state != LotState.OPENED or lot.suspended_at is not None:
            return False
        db.session.add(Evaluation(lot=code, formed_at=now, revision=1))
        for seat in reading.seats(box.first):
            db.session.add(_again(seat, code, now))
        db.session.flush()
        log.append(seating.formed(code, reading.seats(code)), lot=code)
        duration.plan(lot, now)
        lifecycle.move(lot, LotEvent.START_EVALUATION, CLOCK, now, ["team of the negotiation", "quotes opened"])
        return True


def _again(seat: Seat, code: str, now: dt.datetime) -> Seat:
    kept = {column.key: getattr(seat, column.key) for column in Seat.__table__.columns if column.key not in _OWN}
    return Seat(lot=code, formed_at=now, **kept)
