"""Clarifications (C44) and the question that comes before a price is rejected as too low (C45, G32).

A member proposes, a majority sends, one bidder alone is asked and answers in text: there is no field for a price, and
what was sealed is what is evaluated, whatever the answer says.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import func, select

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part
from bidding.models import Bid
from evaluation import reading
from evaluation.models import Seat
from evaluation.review import chamber, rules
from evaluation.review.models import Clarification
from evaluation.review.rules import About
from kernel import canonical
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, NotFound
from kernel.law import holds
from supervision import log
from supervision.review_facts import ClarificationAnswered, ClarificationAsked
from tendering import lifecycle, packs
from tendering.models import Lot

_ABOUT: dict[About, Literal["clarification", "low_price", "arithmetic"]] = {
    About.CLARIFICATION: "clarification",
    About.LOW_PRICE: "low_price",
    About.ARITHMETIC: "arithmetic",
}


@dataclass(frozen=True)
class Request:
    """What a member wants to ask of one bidder."""

    bid_id: str
    about: About
    text: str
    within_s: int = rules.USUAL_S


@holds("C44")
def propose(actor: Actor, lot_code: str, asked: Request, now: dt.datetime) -> Clarification:
    """A member's proposal; it goes out when a majority carries it."""
    lot, seat = chamber.working(actor, lot_code)
    text = rules.check_text(asked.text, "text")
    if asked.bid_id not in {bid.bid_id for bid, _ in reading.assessed(lot.code)}:
        raise NotFound("bid.unknown", "没有这份投标", "There is no such bid")
    last = db.session.scalar(select(func.max(Clarification.number)).where(Clarification.lot == lot.code)) or 0
    found = Clarification(
        lot=lot.code, number=last + 1, bid_id=asked.bid_id, about=asked.about, text=text,
        within_s=rules.check_within(asked.within_s), supporters=[], proposed_at=now,
    )  # fmt: skip
    db.session.add(found)
    db.session.flush()
    return _support(actor, seat, found, now)


def support(actor: Actor, lot_code: str, number: int, now: dt.datetime) -> Clarification:
    """Another member's consent; with the majority's the request is sent."""
    _, seat = chamber.working(actor, lot_code)
    found = _one(lot_code, number)
    if found.sent_at is not None:
        raise Conflict("clarification.sent", "该要求已发出", "The request was sent already")
    return _support(actor, seat, found, now)


@holds("C44")
def answer(actor: Actor, lot_code: str, text: str, now: dt.datetime) -> Clarification:
    """The asked bidder's answer in writing; refused to everybody whom the committee did not ask, and after its time."""
    actor.take_part(Part.SIGN)
    lot = lifecycle.lot_of(lot_code, lock=True)
    law = clause(lot)
    asked = [one for one in of_bidder(actor, lot_code) if one.about != About.ARITHMETIC]
    found = next((one for one in asked if one.answered_at is None), None)
    rules.check_open(open_=found is not None, law=law)
    assert found is not None
    assert found.due_at is not None
    rules.check_in_time(found.due_at if found.lapsed_at is None else found.lapsed_at, now, law)
    settle(found, rules.check_text(text, "answer"), now)
    records.acted(actor, "clarification.answered", now, lot=lot_code)
    return found


def settle(found: Clarification, text: str, now: dt.datetime) -> None:
    """Enter an answer that was checked."""
    found.answer, found.answered_at = text, now
    _answered(found, canonical.sha(text.encode()), now)


def lapse(lot_code: str, now: dt.datetime) -> bool:
    """Record whose time went by without an answer; whether there was anything to do."""
    over = [one for one in of_lot(lot_code) if one.due_at is not None and one.due_at <= now and _waits(one)]
    for found in over:
        found.lapsed_at = now
        _answered(found, None, now)
    db.session.flush()
    return bool(over)


@holds("C45", "G32")
def heard(lot_code: str) -> frozenset[str]:
    """Bids that were asked about a low price, and have answered or let the time go by."""
    asked = [one for one in of_lot(lot_code) if one.about == About.LOW_PRICE and one.sent_at is not None]
    return frozenset(one.bid_id for one in asked if not _waits(one))


def of_lot(lot_code: str) -> Sequence[Clarification]:
    wanted = select(Clarification).where(Clarification.lot == lot_code).order_by(Clarification.number)
    return db.session.scalars(wanted).all()


def of_bidder(actor: Actor, lot_code: str) -> list[Clarification]:
    """What the committee asked of the actor's own organization, the newest first."""
    own = select(Bid.bid_id).where(Bid.lot == lot_code, Bid.organization == actor.organization_id)
    wanted = select(Clarification).where(
        Clarification.lot == lot_code, Clarification.bid_id.in_(own), Clarification.sent_at.is_not(None)
    )
    return list(db.session.scalars(wanted.order_by(Clarification.number.desc())))


def clause(lot: Lot) -> str:
    """The pack's clause about clarifications, or about low prices where it has no other."""
    pack = packs.load(lot.tender.pack_id)
    return pack.clause("clarification_request") or pack.clause("low_price_answer")


def _waits(one: Clarification) -> bool:
    return one.answered_at is None and one.lapsed_at is None


def _one(lot_code: str, number: int) -> Clarification:
    wanted = select(Clarification).where(Clarification.lot == lot_code, Clarification.number == number)
    found = db.session.scalar(wanted.with_for_update())
    if found is None:
        raise NotFound("clarification.unknown", "没有这项要求", "There is no such request")
    return found


def _support(actor: Actor, seat: Seat, found: Clarification, now: dt.datetime) -> Clarification:
    found.supporters = sorted({*found.supporters, seat.alias})
    records.acted(actor, "clarification.carried", now, lot=found.lot)
    if rules.carried(found.supporters, chamber.aliases(found.lot)):
        found.sent_at, found.due_at = now, now + dt.timedelta(seconds=found.within_s)
        _asked(found, now)
    db.session.flush()
    return found


def _asked(found: Clarification, now: dt.datetime) -> None:
    assert found.due_at is not None
    log.append(
        ClarificationAsked(
            lot=found.lot,
            bid_id=found.bid_id,
            number=found.number,
            about=_ABOUT[About(found.about)],
            text_sha256=canonical.sha(found.text.encode()),
            by=tuple(found.supporters),
            due_at=rfc3339(found.due_at),
            at=rfc3339(now),
        ),
        lot=found.lot,
    )


def _answered(found: Clarification, digest: str | None, now: dt.datetime) -> None:
    fact = ClarificationAnswered(
        lot=found.lot, bid_id=found.bid_id, number=found.number, answer_sha256=digest, at=rfc3339(now)
    )
    log.append(fact, lot=found.lot)
