"""What stands still after the opening, and why: the lot's flag, the guards of publicity, award and contract.

Before the deadline a signed statement stops the lot's clock (`steps`). Afterwards no clock of a keyset runs: the flag stops
the procedure, and when the last reason ends the publicity runs on for the time that was left.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select

from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict
from kernel.law import holds
from supervision import facts, log
from tendering import publishing
from tendering.models import Lot
from tendering.objections import rules
from tendering.objections.models import Stay
from tendering.states import ENDED, PREQUALIFYING, STILL_SHUT, LotState

PROCEDURE, AWARD, CONTRACT = "procedure", "award", "contract"
AFTER_OPENING = (frozenset(LotState) - STILL_SHUT - ENDED) | PREQUALIFYING
"""States in which the flag alone stops a lot: no keyset's clock runs. While applications are taken that is so, too."""


@dataclass(frozen=True)
class Cause:
    """`objection:3` or `complaint:1`, what it holds up, and the law that says so."""

    name: str
    holds: str
    law: str


def begin(lot: Lot, cause: Cause, now: dt.datetime) -> None:
    """Let `cause` hold up the lot from now on; once more is the same as once."""
    key = (Stay.lot_id == lot.id, Stay.cause == cause.name, Stay.holds == cause.holds)
    found = db.session.scalar(select(Stay).where(*key))
    if found is None:
        db.session.add(Stay(lot_id=lot.id, cause=cause.name, holds=cause.holds, law=cause.law[:200], since=now))
    elif found.until is not None:
        found.until = None
    db.session.flush()
    if cause.holds == PROCEDURE and lot.suspended_at is None and lot.state in AFTER_OPENING:
        lot.suspended_at, lot.suspended_cause = now, cause.name
        log.append(facts.ProcedureStayed(lot=lot.code, cause=cause.name, law=cause.law, at=rfc3339(now)))
    publishing.queue(lot.tender.code)


def end(lot: Lot, name: str, now: dt.datetime, only: str | None = None) -> None:
    """The cause is settled, or holds up `only` that no longer. With the last one the lot goes on, its publicity for the time that was left (T22)."""
    for found in running(lot):
        if found.cause == name and only in (None, found.holds):
            found.until = now
    db.session.flush()
    standing = lot.suspended_at is not None and lot.state in AFTER_OPENING
    if standing and not any(found.holds == PROCEDURE for found in running(lot)):
        _go_on(lot, name, now)
    publishing.queue(lot.tender.code)


def drop(lot: Lot, now: dt.datetime) -> None:
    """Everything that held up the lot is void: the evaluation begins anew by a directive (T29)."""
    for found in running(lot):
        end(lot, found.cause, now)


def _go_on(lot: Lot, name: str, now: dt.datetime) -> None:
    since, until = lot.suspended_at, lot.publicity_until
    if since is not None and until is not None:
        lot.publicity_until = rules.resumed_until(until, since, now)
    if since is not None and lot.applications_due is not None and lot.state == LotState.PREQUAL:
        lot.applications_due = rules.resumed_until(lot.applications_due, since, now)
    lot.suspended_at, lot.suspended_cause = None, None
    db.session.flush()
    told = rfc3339(lot.publicity_until) if lot.publicity_until else None
    log.append(facts.ProcedureResumed(lot=lot.code, cause=name, publicity_until=told, at=rfc3339(now)))


def running(lot: Lot) -> list[Stay]:
    """What holds up the lot now, oldest first."""
    return list(db.session.scalars(select(Stay).where(Stay.lot_id == lot.id, Stay.until.is_(None)).order_by(Stay.id)))


@holds("T23", "contract_suspended")
def check_free(lot: Lot, *what: str) -> None:
    """Conflict naming the law while anything holds up `what` (the procedure itself always does)."""
    for found in running(lot):
        if found.holds in (PROCEDURE, *what):
            raise Conflict(
                "lot.stayed",
                f"因异议、质疑或投诉（{found.cause}）尚未处理完毕，不能进行此步。",
                f"This waits until {found.cause} is settled.",
                rule=found.law,
                cause=found.cause,
            )
    if lot.suspended_at is not None:
        raise Conflict(
            "lot.suspended",
            "标段已暂停，恢复后才能进行此步。",
            "The lot stands still: this waits until it goes on.",
            rule="rules.md 5.3 T08",
        )


def stood_still(lot: Lot, since: dt.datetime, now: dt.datetime) -> dt.timedelta:
    """For how long nobody could award since a moment: the owner's time to decide does not run meanwhile (G36)."""
    query = select(Stay.since, Stay.until).where(Stay.lot_id == lot.id, Stay.holds.in_((PROCEDURE, AWARD)))
    return rules.stood_still([(row.since, row.until) for row in db.session.execute(query)], since, now)
