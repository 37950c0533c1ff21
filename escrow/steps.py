"""What the clock does with deposits: returns begin, a buyer's goes into the price, late ones are shown to everybody once they may be, payers' signs and the daily check."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from escrow import checks, lots, price, refunds, rules
from escrow.models import Deposit, Refund
from kernel.clock import rfc3339
from kernel.db import db, transaction
from supervision import alerts
from tendering.lifecycle import lot_of


def step_refunds(_now: dt.datetime) -> bool:
    """Begin what is due; each deposit in a transaction of its own."""
    with transaction(write=False):
        found = refunds.unbegun()
        ready = [number for number in found if _would_begin(number)]
    for number in ready:
        with transaction():
            refunds.begin(db.session.get_one(Deposit, number))
    return bool(ready)


def _would_begin(number: int) -> bool:
    deposit = db.session.get_one(Deposit, number)
    return refunds.holding(deposit) > 0 and refunds.duty_of(deposit) is not None


def step_late_refunds(now: dt.datetime) -> bool:
    """Yellow and red (S25), once a lot is open or over; before that the centre's desk alone shows them."""
    with transaction(write=False):
        due = [row.id for row in _watched() if _untold(row, now)]
    for number in due:
        with transaction():
            _tell(db.session.get_one(Refund, number), now)
    return bool(due)


def _watched() -> list[Refund]:
    open_or_late = Refund.ended_at.is_(None) | (Refund.paid_at > Refund.due_at)
    return list(db.session.scalars(select(Refund).where(Refund.told != "red", open_or_late).order_by(Refund.id)))


def _untold(row: Refund, now: dt.datetime) -> str | None:
    """The color to show, if it was not shown yet and may be."""
    color = rules.color(row.began_at, row.due_at, row.paid_at, now)
    return color if color not in ("green", row.told) and lots.over(lot_of(row.deposit.lot)) else None


def _tell(row: Refund, now: dt.datetime) -> None:
    color = _untold(row, now)
    if color is None:
        return
    row.told = color
    evidence = {"rule": row.law, "began_at": rfc3339(row.began_at), "due_at": rfc3339(row.due_at)}
    alerts.once(row.deposit.lot, alerts.Point(f"S25.{row.rule}", color, "timeliness"), evidence, now)
    db.session.flush()


def step_check(now: dt.datetime) -> bool:
    """Once a day, register against ledger."""
    with transaction(write=False):
        if not checks.due(now):
            return False
    with transaction():
        checks.check(now)
    return True


STEPS = (step_refunds, price.step_prices, step_late_refunds, step_check)
