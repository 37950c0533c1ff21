"""Moves of a lot, for all slices: one conditional UPDATE, an open fact of what changed and a sealed one of who did it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import CursorResult, select, update

from accounts import records
from accounts.actor import Actor
from accounts.roles import PLANE_OF, Role
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, NotFound
from kernel.states import Machine, Move
from supervision import facts, log
from supervision.facts import Disclosure
from tendering import publishing
from tendering.models import Lot, Tender
from tendering.objections import stays
from tendering.quotes import boxes
from tendering.states import (
    CLOCK,
    MACHINE,
    STILL_SHUT,
    TENDERS,
    UNPUBLISHED,
    LotEvent,
    LotState,
    TenderEvent,
    TenderState,
)

By = Actor | Literal["CLOCK"]

HALTED: dict[LotEvent, tuple[str, ...]] = {
    LotEvent.CLOSE_PREQUAL: (),
    LotEvent.QUALIFIED: (),
    LotEvent.TOO_FEW_QUALIFIED: (),
    LotEvent.START_PUBLICITY: (),
    LotEvent.AWARD: (stays.AWARD,),
    LotEvent.NEXT_CANDIDATE: (),
    LotEvent.NO_CANDIDATE: (),
    LotEvent.CONTRACT: (stays.CONTRACT,),
}
"""What does not happen while the lot stands still, and what may hold up that one move alone (T22, T23, G47)."""


def tender_of(code: str) -> Tender:
    """The tender with that code; NotFound otherwise. Says nothing about who may see it: `visibility`."""
    found = db.session.scalar(select(Tender).where(Tender.code == code))
    if found is None:
        raise unknown_tender()
    return found


def lot_of(code: str, *, lock: bool = False) -> Lot:
    """The lot with that code, its row locked on demand; NotFound otherwise."""
    wanted = select(Lot).where(Lot.code == code)
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalar(wanted)
    if found is None:
        raise NotFound("lot.unknown", "没有这个标段（包）。", "There is no such lot.", rule="数据规范 C23")
    return found


def unknown_tender() -> NotFound:
    return NotFound("tender.unknown", "没有这个招标项目。", "There is no such tender.", rule="数据规范 C20")


def move(lot: Lot, event: LotEvent, by: By, now: dt.datetime, guards: Sequence[str] = (), **values: Any) -> LotState:
    """Change the lot's state as the table allows, together with the columns in `values`; Conflict when it moved on.

    `guards` name what was checked before, in words that stand in the open fact.
    """
    was = LotState(lot.state)
    role = _role(MACHINE, was, event, by)
    found = MACHINE.move(was, event, role)
    if event in HALTED:
        stays.check_free(lot, *HALTED[event])
    _swap(lot, was, {**values, "state": found.now})
    log.append(
        facts.StateChanged(
            lot=lot.code,
            was=was,
            now=found.now,
            event=event,
            plane="clock" if role == CLOCK else PLANE_OF[Role(role)],
            role=role,
            at=rfc3339(now),
            law=found.law,
            guards=tuple(guards),
        ),
        lot=lot.code,
    )
    if event is LotEvent.REOPEN_EVALUATION:
        stays.drop(lot, now)
    if isinstance(by, Actor):
        records.acted(by, f"lot.{event}", now, lot=lot.code)
    if event is LotEvent.END_OPENING:
        _disclose(lot.tender, now)
    publishing.queue(lot.tender.code)
    return found.now


def _disclose(tender: Tender, now: dt.datetime) -> None:
    """What was sealed about the tender until the opening (that a question was asked, and when) opens with its last lot."""
    if all(lot.state not in STILL_SHUT and not _goes_on(lot) for lot in tender.lots):
        log.disclose_lot(tender.code, Disclosure.AT_OPENING, now)


def _goes_on(lot: Lot) -> bool:
    """Its responses are open to the team alone: who takes part is not told before the final quotes are opened (N04)."""
    return lot.state in (LotState.OPENED, LotState.EVALUATING) and boxes.negotiated(lot)


def move_tender(
    tender: Tender, event: TenderEvent, by: Actor, now: dt.datetime, guards: Sequence[str] = (), **values: Any
) -> TenderState:
    """Change the whole tender's state as the table allows; Conflict when it moved on.

    While nobody outside may know of the tender the move is no open fact: filing and return record themselves, sealed.
    """
    was = TenderState(tender.state)
    role = _role(TENDERS, was, event, by)
    found = TENDERS.move(was, event, role)
    change = update(Tender).where(Tender.id == tender.id, Tender.state == was)
    done = db.session.execute(change.values(**values, state=found.now))
    assert isinstance(done, CursorResult)
    if done.rowcount != 1:
        raise Conflict(
            "tender.changed",
            "项目状态已变化，请刷新后重试。",
            "The tender has moved on: reload and try again.",
            rule="rules.md 5.3",
        )
    if found.now not in UNPUBLISHED:
        _say(tender, found, role, now, guards)
    return found.now


def _say(tender: Tender, found: Move[TenderState], role: str, now: dt.datetime, guards: Sequence[str]) -> None:
    fact = facts.TenderMoved(
        tender=tender.code,
        was=found.was,
        now=found.now,
        event=found.event,
        plane=PLANE_OF[Role(role)],
        role=role,
        at=rfc3339(now),
        law=found.law,
        guards=tuple(guards),
    )
    log.append(fact, lot=tender.code)
    publishing.queue(tender.code)


def _role(machine: Machine[Any], was: str, event: str, by: By) -> str:
    """The role in which `by` makes this move: one the table names where it holds one, so that a refusal is the table's."""
    if not isinstance(by, Actor):
        return CLOCK
    named = {name for found in machine.moves_from(was) if found.event == event for name in found.by}
    held = sorted(str(role) for role in by.roles)
    return next((role for role in held if role in named), held[0] if held else "PUBLIC")


def _swap(lot: Lot, was: LotState, values: dict[str, Any]) -> None:
    as_read = Lot.suspended_at.is_not_distinct_from(lot.suspended_at)
    change = update(Lot).where(Lot.id == lot.id, Lot.state == was, as_read).values(**values)
    done = db.session.execute(change)
    assert isinstance(done, CursorResult)
    if done.rowcount != 1:
        raise Conflict(
            "lot.changed",
            "标段状态已变化，请刷新后重试。",
            "The lot has moved on: reload and try again.",
            rule="rules.md 5.3",
        )
