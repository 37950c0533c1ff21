"""Gives out codes without gaps: a counter row raised by compare-and-swap in the transaction that uses the number."""

from __future__ import annotations

from sqlalchemy import CursorResult, select, update
from sqlalchemy.exc import IntegrityError

from kernel.db import db
from kernel.errors import Unavailable
from tendering import codes
from tendering.codes import LotCode, ProjectCode, TenderCode, Trade
from tendering.models import Counter

ATTEMPTS = 50


def next_project(trade: Trade, region: str) -> ProjectCode:
    return codes.project_code(trade, region, _next(f"{trade.letter}{region}"))


def next_tender(project: ProjectCode) -> TenderCode:
    return codes.tender_code(project, _next(project))


def lot(tender: TenderCode, number: int) -> LotCode:
    """Lots need no counter: their number is their place in the notice."""
    return codes.lot_code(tender, number)


def _next(name: str) -> int:
    """A roll-back gives the number back, because the counter's row rolls back with whatever used it."""
    for _ in range(ATTEMPTS):
        last = db.session.scalar(select(Counter.value).where(Counter.name == name))
        if _begun(name) if last is None else _raised(name, last):
            return (last or 0) + 1
    raise Unavailable(
        "code.busy", "编号分配繁忙，请重试。", "Codes are in heavy demand: try again.", rule="数据规范 C17/C20/C23"
    )


def _begun(name: str) -> bool:
    try:
        with db.session.begin_nested():
            db.session.add(Counter(name=name, value=1))
    except IntegrityError:  # somebody else began it first: read again
        return False
    return True


def _raised(name: str, last: int) -> bool:
    raising = update(Counter).where(Counter.name == name, Counter.value == last).values(value=last + 1)
    done = db.session.execute(raising)
    assert isinstance(done, CursorResult)
    return done.rowcount == 1
