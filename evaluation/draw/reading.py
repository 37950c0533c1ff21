"""Reading the draws of a lot: its lists, the order they make, who may still sit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from accounts.models import Person, RoleGrant
from accounts.roles import Role
from evaluation import eligible, reading, rules
from evaluation.draw.models import ExpertAppointment, ExpertDraw, ListedExpert
from evaluation.rules import Candidate
from kernel.db import db
from kernel.errors import Refusal
from tendering import packs
from tendering.models import Lot


@dataclass(frozen=True)
class Pooled:
    """Somebody of the pool who may sit on this lot's committee."""

    person: Person
    candidate: Candidate
    field: str


def draws(lot: str) -> list[ExpertDraw]:
    return list(db.session.scalars(select(ExpertDraw).where(ExpertDraw.lot == lot).order_by(ExpertDraw.number)))


def appointments(lot: str) -> list[ExpertAppointment]:
    wanted = select(ExpertAppointment).where(ExpertAppointment.lot == lot).order_by(ExpertAppointment.id)
    return list(db.session.scalars(wanted))


def order(lot: str) -> list[ListedExpert]:
    """Everybody who was drawn, in the order in which they come to sit."""
    wanted = select(ListedExpert).join(ExpertDraw).where(ExpertDraw.lot == lot, ListedExpert.position.is_not(None))
    return list(db.session.scalars(wanted.order_by(ExpertDraw.number, ListedExpert.position)))


def pool(lot: Lot, now: dt.datetime) -> list[Pooled]:
    """The admitted experts whom nothing bars: no party's people, supervisors or owner's, certified, of the years asked."""
    held = (RoleGrant.role == Role.EXPERT, RoleGrant.ended_at.is_(None))
    wanted = select(Person, RoleGrant.expertise).join(RoleGrant, RoleGrant.person_id == Person.id).where(*held)
    parties = reading.parties(lot)
    found = []
    for person, expertise in db.session.execute(wanted.order_by(Person.id)):
        one = eligible.candidate(lot, person, now)
        if not one.represents and may_sit(lot, one, parties):
            found.append(Pooled(person, one, (expertise or {}).get("field", "")))
    return found


def may_sit(lot: Lot, one: Candidate, parties: frozenset[str]) -> bool:
    try:
        rules.check_candidate(one, parties)
        rules.check_experience(packs.load(lot.tender.pack_id), one)
    except Refusal:
        return False
    return True


def reserves(lot: Lot, now: dt.datetime) -> Iterator[ListedExpert]:
    """Those of the order who do not sit, were not passed over, and may sit now."""
    sitting, parties = {seat.person_id for seat in reading.seats(lot.code)}, reading.parties(lot)
    for row in order(lot.code):
        if row.passed is None and row.person_id not in sitting and _able(lot, row, parties, now):
            yield row


def _able(lot: Lot, row: ListedExpert, parties: frozenset[str], now: dt.datetime) -> bool:
    person = db.session.get_one(Person, row.person_id)
    return may_sit(lot, eligible.candidate(lot, person, now), parties)
