"""Telling everybody of a change (C12, G10): on the tender's page for all, and to each who took documents, with a receipt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CursorResult, select, update

from accounts.actor import Actor, subject_of
from accounts.models import Person
from accounts.roles import Role
from kernel.clock import parse_rfc3339, rfc3339
from kernel.db import db
from kernel.errors import NotFound
from kernel.law import holds
from supervision import facts, log
from tendering.amendments.models import Amendment, Told
from tendering.models import Tender

RULE = "C12 《招标投标法》第二十三条；《电子招标投标办法》第二十二条"


@holds("takers", "C12")
def tell(change: Amendment, now: dt.datetime) -> Amendment:
    """Publish the change to all, and put it before everybody who took a document so far."""
    change.published_at = now
    db.session.add(change)
    db.session.flush()
    for person in _takers(change.tender_id):
        db.session.add(Told(amendment_id=change.id, person_id=person))
    db.session.flush()
    return change


@dataclass(frozen=True)
class Said:
    """A change in words: of what kind, about what, and the hash of what is published."""

    what: str
    subject: str
    text: str
    sha256: str


def noted(tender: Tender, said: Said, now: dt.datetime) -> Amendment:
    """Tell of a change that came in time, or that brought its own timetable: it needs no signature of its own."""
    return tell(Amendment(tender_id=tender.id, proposed_at=now, moved=[], **vars(said)), now)


def _takers(tender_id: int) -> list[int]:
    """Persons who took a document while signed in; the sealed facts know them, nobody else does."""
    tender = db.session.get_one(Tender, tender_id)
    subjects = {row.subject_org for row in log.find("document.taken", tender.code)}
    people = db.session.scalars(select(Person.id).order_by(Person.id))
    return [number for number in people if subject_of(number) in subjects]


def published(tender: Tender) -> list[Amendment]:
    """Every change so far, newest first, as the tender's page shows it."""
    wanted = select(Amendment).where(Amendment.tender_id == tender.id, Amendment.published_at.is_not(None))
    return list(db.session.scalars(wanted.order_by(Amendment.published_at.desc(), Amendment.id.desc())))


def unread(actor: Actor | None) -> list[Amendment]:
    """What the actor has been told and has not yet confirmed to have read."""
    if actor is None or Role.BIDDER not in actor.roles:
        return []
    wanted = select(Amendment).join(Told).where(Told.person_id == actor.person_id, Told.read_at.is_(None))
    return list(db.session.scalars(wanted.order_by(Amendment.id)))


def read(actor: Actor, tender: Tender, now: dt.datetime) -> int:
    """Confirm to have read every change of the tender; the receipt is sealed, since it names who prepares a bid."""
    actor.act_as(Role.BIDDER)
    waiting = [change for change in unread(actor) if change.tender_id == tender.id]
    if not waiting:
        raise NotFound("amendment.none", "没有待阅的变更。", "There is no change to be read.", rule=RULE)
    return sum(_read(actor, change, now) for change in waiting)


def _read(actor: Actor, change: Amendment, now: dt.datetime) -> int:
    mine = (Told.amendment_id == change.id, Told.person_id == actor.person_id, Told.read_at.is_(None))
    done = db.session.execute(update(Told).where(*mine).values(read_at=now))
    assert isinstance(done, CursorResult)
    if done.rowcount:
        fact = facts.AmendmentRead(tender=change.tender.code, sha256=change.sha256, at=rfc3339(now))
        log.append(fact, lot=change.tender.code, subject=actor.subject)
    return int(done.rowcount)


def shown(changes: Iterable[Amendment]) -> list[dict[str, Any]]:
    """For pages: what changed, in words, never to whom it was told."""
    return [
        {
            "what": change.what,
            "subject": change.subject,
            "text": change.text,
            "sha256": change.sha256,
            "at": change.published_at,
            "visit_at": change.visit_at,
            "moved": [
                {**row, "was": parse_rfc3339(row["was"]), "now": parse_rfc3339(row["now"])} for row in change.moved
            ],
            "code": change.tender.code,
            "title": change.tender.title,
        }
        for change in changes
    ]
