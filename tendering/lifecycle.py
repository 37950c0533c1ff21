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
from supervision import facts, log
from supervision.facts import Disclosure
from tendering import publishing
from tendering.models import Lot, Tender
from tendering.rules import CLOCK, MACHINE, STILL_SHUT, LotEvent, LotState

By = Actor | Literal["CLOCK"]


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
    role = _role(was, event, by)
    found = MACHINE.move(was, event, role)
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
    if isinstance(by, Actor):
        records.acted(by, f"lot.{event}", now, lot=lot.code)
    if event is LotEvent.END_OPENING:
        _disclose(lot.tender, now)
    publishing.queue(lot.tender.code)
    return found.now


def _disclose(tender: Tender, now: dt.datetime) -> None:
    """What was sealed about the tender until the opening (that a question was asked, and when) opens with its last lot."""
    if all(lot.state not in STILL_SHUT for lot in tender.lots):
        log.disclose_lot(tender.code, Disclosure.AT_OPENING, now)


def _role(was: LotState, event: LotEvent, by: By) -> str:
    """The role in which `by` makes this move: one the table names where it holds one, so that a refusal is the table's."""
    if not isinstance(by, Actor):
        return CLOCK
    named = {name for found in MACHINE.moves_from(was) if found.event == event for name in found.by}
    held = sorted(str(role) for role in by.roles)
    return next((role for role in held if role in named), held[0] if held else "PUBLIC")


def _swap(lot: Lot, was: LotState, values: dict[str, Any]) -> None:
    change = update(Lot).where(Lot.id == lot.id, Lot.state == was).values(**values)
    done = db.session.execute(change)
    assert isinstance(done, CursorResult)
    if done.rowcount != 1:
        raise Conflict(
            "lot.changed",
            "标段状态已变化，请刷新后重试。",
            "The lot has moved on: reload and try again.",
            rule="rules.md 5.3",
        )
