"""A candidate's standing changed before the notice of award: the original committee says whether it can still perform (C52).

Until a majority has said so one way or the other, nobody awards the lot; a candidate that cannot perform stands no more.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from evaluation import reading
from evaluation.review import chamber, rules
from evaluation.review.models import Capacity
from kernel import canonical
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, NotFound
from kernel.law import holds
from supervision import log
from supervision.review_facts import CapacityDecided, CapacityQuestioned
from tendering import lifecycle, packs, publishing, visibility
from tendering.models import Lot
from tendering.objections import stays
from tendering.packs import Kind
from tendering.states import LotState


@holds("C52")
def question(actor: Actor, lot_code: str, bid_id: str, reason: str, now: dt.datetime) -> Capacity:
    """The owner puts a change in a candidate's business, finances or conduct before the committee that ranked it."""
    lot = lifecycle.lot_of(lot_code, lock=True)
    visibility.check_project(lot.tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    law = _law(lot)
    standing = {row["bid_id"] for row in lot.ranking or []} - set(lot.given_up)
    if not law or lot.state != LotState.PUBLICITY or bid_id not in standing or _open(lot.code, bid_id) is not None:
        raise Conflict(
            "capacity.not_now",
            "只能就公示中的候选人、在发出中标通知书前提请原评标委员会审查，且同一候选人不得同时提请两次",
            "Only a candidate on public view is put before the committee again, before the notice, and once at a time",
            rule=law or None,
        )
    text = rules.check_text(reason, "reason")
    found = Capacity(lot=lot.code, bid_id=bid_id, reason=text, votes={}, asked_at=now)
    db.session.add(found)
    db.session.flush()
    stays.begin(lot, stays.Cause(f"capacity:{found.id}", stays.AWARD, law), now)
    digest = canonical.sha(text.encode())
    log.append(CapacityQuestioned(lot=lot.code, bid_id=bid_id, reason_sha256=digest, at=rfc3339(now)), lot=lot.code)
    records.acted(actor, "candidate.questioned", now, lot=lot.code)
    return found


@holds("C52")
def vote(actor: Actor, lot_code: str, number: int, now: dt.datetime, *, capable: bool) -> Capacity:
    """A member of the original committee says whether the candidate can still perform; the majority decides."""
    lot = lifecycle.lot_of(lot_code, lock=True)
    seat = reading.own_seat(actor, lot_code)
    found = db.session.get(Capacity, number)
    if found is None or found.lot != lot_code:
        raise NotFound("capacity.unknown", "没有这项审查", "There is no such question")
    if found.decided_at is not None:
        raise Conflict("capacity.decided", "评标委员会已作出结论", "The committee has decided", rule=_law(lot))
    found.votes = {**found.votes, seat.alias: capable}
    records.acted(actor, "candidate.reviewed", now, lot=lot_code)
    saying = [alias for alias, said in found.votes.items() if said is capable]
    if rules.carried(saying, chamber.aliases(lot_code)):
        _decide(lot, found, sorted(saying), now, capable=capable)
    db.session.flush()
    return found


def of_lot(lot_code: str) -> list[Capacity]:
    return list(db.session.scalars(select(Capacity).where(Capacity.lot == lot_code).order_by(Capacity.id)))


def _decide(lot: Lot, found: Capacity, by: list[str], now: dt.datetime, *, capable: bool) -> None:
    found.decided_at, found.capable = now, capable
    if not capable:
        lot.given_up = {**lot.given_up, found.bid_id: "经原评标委员会审查确认不具备履约能力"}
        publishing.queue(lot.tender.code)
    stays.end(lot, f"capacity:{found.id}", now)
    fact = CapacityDecided(lot=lot.code, bid_id=found.bid_id, capable=capable, by=tuple(by), at=rfc3339(now))
    log.append(fact, lot=lot.code)


def _open(lot_code: str, bid_id: str) -> Capacity | None:
    wanted = select(Capacity).where(Capacity.lot == lot_code, Capacity.bid_id == bid_id, Capacity.decided_at.is_(None))
    return db.session.scalar(wanted)


def _law(lot: Lot) -> str:
    """The pack's rule; empty where its law knows no such review."""
    return next((one.cited for one in packs.load(lot.tender.pack_id).find(Kind.REQUIRED, "capacity_confirmed")), "")
