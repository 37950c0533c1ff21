"""What the clock does about objections to the documents: it stops a collecting lot and lets it go on after the reply.

The statement is the platform's own and names the place of the objection's fact in the log, so that every node can see why.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from kernel import keys
from kernel.db import db, transaction
from kernel.errors import Conflict
from kernel.law import holds
from kernel.site import site
from kernel.statements import Signed
from supervision import facts, log
from supervision.deadline import OBJECTION
from supervision.models import LogFact
from tendering import deadlines, statements
from tendering.lifecycle import lot_of
from tendering.models import Lot
from tendering.objections import rules, service
from tendering.objections.models import Objection
from tendering.statements import ToSign
from tendering.states import LotState


@holds("C14")
def step_objections(now: dt.datetime) -> bool:
    """Stop or resume each collecting lot that an objection asks for (T08, T09); whether there was any."""
    with transaction(write=False):
        due = [lot.code for lot in _concerned() if _due(lot, now) is not None]
    return any([_one(code, now) for code in due])  # noqa: C419  every lot gets its turn


def _concerned() -> list[Lot]:
    """Collecting lots with an objection of this kind, settled or not, or standing still."""
    raised = select(Objection.lot_id).where(Objection.suspends)
    wanted = select(Lot).where(Lot.state == LotState.COLLECTING, Lot.id.in_(raised))
    return list(db.session.scalars(wanted.order_by(Lot.id)))


def _due(lot: Lot, now: dt.datetime) -> ToSign | None:
    """The statement that is due, if any. A fact that has no place in the log yet is waited for."""
    assert lot.closes_at is not None, "a collecting lot has its times"
    open_now = [row for row in service.open_ones(lot) if row.suspends]
    run = rules.Run(lot.closes_at, lot.suspended_at, _by_platform(lot))
    at = now.replace(microsecond=0)
    match rules.wanted(run, len(open_now), now):
        case "suspend":
            index = _place(open_now[0])
            return None if index is None else statements.suspended(lot.code, at, f"{OBJECTION}{index}")
        case "resume":
            assert lot.suspended_at is not None, "only what stands still goes on"
            return statements.resumed(lot.code, at, rules.resumed_until(lot.closes_at, lot.suspended_at, now))
        case _:
            return None


def _one(code: str, now: dt.datetime) -> bool:
    """Somebody may suspend, resume or move the lot in the same instant: then it is looked at again in the next round."""
    try:
        with transaction():
            lot = lot_of(code, lock=True)
            item = _due(lot, now)
            if item is None:
                return False
            signed = Signed(item.raw, keys.sign(item.raw, site().key("platform")))
            act = deadlines.suspend if item.type == statements.SUSPENDED else deadlines.resume
            act(None, lot, signed, now)
    except Conflict:
        return False
    return True


def _place(row: Objection) -> int | None:
    return db.session.scalar(select(LogFact.index).where(LogFact.id == row.fact_id))


def _by_platform(lot: Lot) -> bool:
    """Whether the suspension in force is the platform's own; one by owner or authority is theirs to end."""
    latest = log.latest("suspended", lot.code)
    said = latest.value if latest is not None and lot.suspended_at is not None else None
    return isinstance(said, facts.Suspended) and said.by == deadlines.PLATFORM
