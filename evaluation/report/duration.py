"""The time of an evaluation: planned with the committee, found too short by its members, extended by the owner (C41).

The planned end shuts nothing; it is what members and owner go by. An unanswered request becomes an alert of timeliness.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from evaluation.report import timing
from evaluation.report.models import PlannedTime, ShortOfTime
from evaluation.review import chamber
from kernel import canonical
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict
from kernel.law import holds
from supervision import alerts, log
from supervision.report_facts import TimeAsked, TimeExtended, TimePlanned, TimeShort
from tendering import lifecycle, packs, visibility
from tendering.models import Lot
from tendering.states import LotState

POINT = "S22.C41"


def plan(lot: Lot, now: dt.datetime) -> None:
    """Set the usual end when the committee is formed; one formed anew keeps the time that it had."""
    if of_lot(lot.code) is None:
        end = timing.usual_end(packs.load(lot.tender.pack_id), now)
        db.session.add(PlannedTime(lot=lot.code, ends_at=end))
        db.session.flush()
        log.append(TimePlanned(lot=lot.code, ends_at=rfc3339(end), at=rfc3339(now)), lot=lot.code)


def set_end(actor: Actor, lot_code: str, ends_at: dt.datetime, now: dt.datetime) -> PlannedTime:
    """The centre's staff plans another end for this tender's size and difficulty, before the evaluation begins."""
    actor.act_as(Role.OPS)
    lot = lifecycle.lot_of(lot_code, lock=True)
    found = _planned(lot_code)
    timing.check_not_begun(begun=lot.state != LotState.OPENED)
    timing.check_planned(ends_at, now)
    found.ends_at = ends_at
    db.session.flush()
    log.append(TimePlanned(lot=lot_code, ends_at=rfc3339(ends_at), at=rfc3339(now)), lot=lot_code)
    records.acted(actor, "time.planned", now, lot=lot_code)
    return found


def of_lot(lot_code: str, *, lock: bool = False) -> PlannedTime | None:
    wanted = select(PlannedTime).where(PlannedTime.lot == lot_code)
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(wanted)


def short(lot_code: str) -> list[ShortOfTime]:
    """Who found the time too short since it was last set."""
    wanted = select(ShortOfTime).where(ShortOfTime.lot == lot_code, ShortOfTime.answered_at.is_(None))
    return list(db.session.scalars(wanted.order_by(ShortOfTime.id)))


@holds("C41")
def press(actor: Actor, lot_code: str, reason: str, now: dt.datetime) -> PlannedTime:
    """A member's word, with its reason; with more than a third of them the owner is asked."""
    lot, seat = chamber.working(actor, lot_code)
    found = _planned(lot_code)
    text = timing.checked_reason(reason)
    timing.check_first(said=seat.alias in {one.alias for one in short(lot_code)})
    db.session.add(ShortOfTime(lot=lot_code, alias=seat.alias, reason=text, at=now))
    db.session.flush()
    digest = canonical.sha(text.encode())
    log.append(TimeShort(lot=lot_code, by=seat.alias, reason_sha256=digest, at=rfc3339(now)), lot=lot_code)
    records.acted(actor, "time.short", now, lot=lot_code)
    _ask_when_too_many(lot, found, now)
    return found


@holds("C41")
def extend(actor: Actor, lot_code: str, ends_at: dt.datetime, now: dt.datetime) -> PlannedTime:
    """The owner, asked by more than a third of the members, sets a later end."""
    lot = lifecycle.lot_of(lot_code, lock=True)
    visibility.check_project(lot.tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    found = _planned(lot_code)
    timing.check_asked(asked=found.asked_at is not None and lot.state == LotState.EVALUATING)
    timing.check_later(found.ends_at, ends_at, now)
    fact = TimeExtended(lot=lot_code, was=rfc3339(found.ends_at), ends_at=rfc3339(ends_at), at=rfc3339(now))
    found.ends_at, found.asked_at = ends_at, None
    _answer(lot_code, now)
    db.session.flush()
    log.append(fact, lot=lot_code)
    records.acted(actor, "time.extended", now, lot=lot_code)
    return found


def unanswered(now: dt.datetime) -> list[str]:
    """Lots whose owner was asked and has not answered in time."""
    wanted = select(PlannedTime, Lot).join(Lot, Lot.code == PlannedTime.lot)
    asked = (PlannedTime.asked_at.is_not(None), Lot.state == LotState.EVALUATING)
    rows = db.session.execute(wanted.where(*asked).order_by(Lot.id))
    return [lot.code for found, lot in rows if _unraised(lot, found, now)]


@holds("C41")
def alert(lot_code: str, now: dt.datetime) -> bool:
    """Raise the alert once: yellow while the time still runs, red when it is over."""
    lot, found = lifecycle.lot_of(lot_code, lock=True), of_lot(lot_code)
    due = None if found is None else _unraised(lot, found, now)
    return due is not None and alerts.once(lot_code, *due, now)


def _unraised(lot: Lot, found: PlannedTime, now: dt.datetime) -> tuple[alerts.Point, dict[str, str]] | None:
    if found.asked_at is None or now < timing.answer_due(packs.load(lot.tender.pack_id), found.asked_at, found.ends_at):
        return None
    color = "red" if now >= found.ends_at else "yellow"
    point = alerts.Point(POINT, color, "timeliness")
    evidence = {"rule": f"C41 {timing.LAW}", "asked_at": rfc3339(found.asked_at), "ends_at": rfc3339(found.ends_at)}
    return None if alerts.known(lot.code, point, evidence) else (point, evidence)


def _planned(lot_code: str) -> PlannedTime:
    found = of_lot(lot_code, lock=True)
    if found is None:
        raise Conflict("time.none", "没有计划评审时间", "No end of the evaluation was planned", rule=timing.LAW)
    return found


def _ask_when_too_many(lot: Lot, found: PlannedTime, now: dt.datetime) -> None:
    sitting = chamber.aliases(lot.code)
    count = len({one.alias for one in short(lot.code)} & set(sitting))
    if found.asked_at is not None or not timing.too_many(packs.load(lot.tender.pack_id), count, len(sitting)):
        return
    found.asked_at = now
    fact = TimeAsked(lot=lot.code, short=count, members=len(sitting), ends_at=rfc3339(found.ends_at), at=rfc3339(now))
    log.append(fact, lot=lot.code)
    db.session.flush()


def _answer(lot_code: str, now: dt.datetime) -> None:
    for one in short(lot_code):
        one.answered_at = now
