"""The read-out, the bidder's word on its line, and objections on the spot (rules.md 1.10, 条例 第44条).

Each line is a fact first and an event when the fact has its index, so that the hall can link every line to the log.
A crash between the two leaves a logged line that the next step tells.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from accounts.actor import Actor
from accounts.roles import Role
from bidding import baseprice, events, lots, opening, rules
from bidding.models import Bid, Opened, Opening, OpeningObjection
from bidding.states import BidStatus, OpeningStep, Outcome
from kernel import canonical, money
from kernel.db import db, transaction
from kernel.errors import Conflict, NotFound
from kernel.site import site
from sealing.sheet import Sheet
from supervision import facts, log
from supervision.models import LogFact
from tendering.visibility import check_project


def read_next(now: datetime) -> bool:
    """Log or tell one line of one lot; after the last one and the base price the window for confirming opens."""
    with transaction():
        query = select(Opening).where(Opening.step == OpeningStep.READOUT).order_by(Opening.flipped_at)
        return any(_read_one(row, now) for row in db.session.scalars(query).all())


def confirm(actor: Actor, lot_code: str, now: datetime) -> Opened:
    """The bidder accepts its own line as read out; repeated, nothing changes."""
    line = _own_line(actor, lot_code, now)
    if line.confirmed_at is None:
        line.confirmed_at, line.confirmed_by = now, actor.person_id
        db.session.flush()
        events.tell(lot_code, "bid.confirmed", now, line=line.line)
    return line


def object_to(actor: Actor, lot_code: str, words: str, now: datetime) -> OpeningObjection:
    """An objection on the spot; the opening does not end before it is answered."""
    said = rules.check_objection_words(words)
    line = _own_line(actor, lot_code, now)
    objection = OpeningObjection(
        token=secrets.token_hex(16), lot=lot_code, bid=line.bid, person=actor.person_id, words=said, raised_at=now
    )
    db.session.add(objection)
    db.session.flush()
    events.tell(lot_code, "opening.objection", now, line=line.line, text=said)
    return objection


def answer(actor: Actor, lot_code: str, token: str, words: str, now: datetime) -> OpeningObjection:
    """The host answers an objection on the spot, once."""
    check_project(lots.find(lot_code).tender, actor, Role.OWNER, Role.AGENCY)
    query = select(OpeningObjection).where(OpeningObjection.lot == lot_code, OpeningObjection.token == token)
    objection = db.session.scalar(query.with_for_update())
    if objection is None:
        raise NotFound("objection.unknown", "没有这条异议。", "There is no such objection.")
    if objection.answer is not None:
        raise Conflict("objection.answered", "该异议已答复。", "This objection has been answered.")
    said = rules.check_objection_words(words)
    objection.answer, objection.answered_at, objection.answered_by = said, now, actor.person_id
    db.session.flush()
    return objection


def objections(lot_code: str) -> list[OpeningObjection]:
    query = select(OpeningObjection).where(OpeningObjection.lot == lot_code)
    return list(db.session.scalars(query.order_by(OpeningObjection.id)))


def unanswered(lot_code: str) -> int:
    query = select(func.count()).where(OpeningObjection.lot == lot_code, OpeningObjection.answer.is_(None))
    return db.session.scalar(query) or 0


def sheet_of(row: Opened) -> Sheet:
    """The sheet of an opened bid; it parsed when it was unsealed."""
    assert row.plain is not None
    return Sheet.parse(row.plain)


def unconfirmed(lot_code: str) -> int:
    return db.session.scalar(select(func.count()).where(_opened(lot_code), Opened.confirmed_at.is_(None))) or 0


def _opened(lot_code: str) -> ColumnElement[bool]:
    return (Opened.lot == lot_code) & (Opened.outcome == Outcome.OPENED)


def _own_line(actor: Actor, lot_code: str, now: datetime) -> Opened:
    actor.act_as(Role.BIDDER)
    running = opening.of_lot(lot_code)
    mine = (Bid.lot == lot_code, Bid.organization == actor.organization_id, Bid.status == BidStatus.LIVE)
    line = db.session.scalar(
        select(Opened).join(Bid, Bid.id == Opened.bid).where(*mine, Opened.read_out_at.is_not(None)).limit(1)
    )
    if running is None or line is None:
        raise NotFound(
            "opening.no_line", "贵单位在此没有已唱标的投标。", "No line of your organization has been read out here."
        )
    rules.check_confirmation(running.step, now, running.confirm_until)
    return line


def read_late(now: datetime) -> bool:
    """Log or tell one line of a bid that was cleared after the read-out; nothing waits for it."""
    late = (Opening.step.in_((OpeningStep.CONFIRMING, OpeningStep.RECORD)), _unread())
    with transaction():
        found = db.session.scalars(select(Opening).join(Opened, Opened.lot == Opening.lot).where(*late).distinct())
        return any(_read_cleared(row, now) for row in found.all())


def _read_cleared(running: Opening, now: datetime) -> bool:
    done = _waiting(running, now)
    if done and running.confirm_until is not None and running.step is OpeningStep.CONFIRMING:
        running.confirm_until = max(
            running.confirm_until, now + rules.pace(practice=site().settings.practice).confirming
        )
        events.step(running.lot, OpeningStep.CONFIRMING, now, until=running.confirm_until)
    return _log_next(running) if done is None else done


def _read_one(running: Opening, now: datetime) -> bool:
    done = _waiting(running, now)
    if done is not None:
        return done
    pause = rules.pace(practice=site().settings.practice).between_lines
    if running.read_out_at is not None and now < running.read_out_at + pause:
        return False
    if _log_next(running):
        return True
    said = baseprice.say_next(running, now)
    return _end(running, now) if said is None else said


def _waiting(running: Opening, now: datetime) -> bool | None:
    """Judge or tell what waits; False while a logged line has no place yet, None when nothing waits."""
    judged = db.session.scalar(
        select(Opened).where(Opened.lot == running.lot, _unread(), Opened.outcome != Outcome.OPENED).limit(1)
    )
    if judged is not None:
        _judge(judged, now)
        return True
    told = db.session.execute(
        select(Opened, LogFact.index)
        .join(LogFact, LogFact.id == Opened.log_fact)
        .where(Opened.lot == running.lot, _unread())
    ).first()
    return None if told is None else _tell(running, told[0], told[1], now=now)


def _unread() -> ColumnElement[bool]:
    return Opened.read_out_at.is_(None)


def _judge(row: Opened, now: datetime) -> None:
    """A bid that was not opened is told with its reason; a judged one is a fact, a set-aside one is still open."""
    finding = row.finding or {}
    bid = db.session.get_one(Bid, row.bid)
    if row.outcome is not Outcome.SET_ASIDE:
        fact = facts.BidJudged(
            lot=row.lot,
            bid_id=row.bid_id,
            manifest_sha256=bid.manifest_sha256,
            verdict=rules.verdict(row.outcome),
            party=row.outcome.value,
            rule=str(finding.get("rule")),
            reason=str(finding.get("en")),
        )
        row.log_fact = log.append(fact, lot=row.lot).id
    row.read_out_at = now
    db.session.flush()
    words = {"reason": finding.get("zh"), "reason_en": finding.get("en")}
    events.tell(row.lot, "bid.judged", now, line=row.line, **words)


def _log_next(running: Opening) -> bool:
    row = db.session.scalar(
        select(Opened).where(_opened(running.lot), Opened.log_fact.is_(None)).order_by(Opened.line).limit(1)
    )
    if row is None:
        return False
    sheet = sheet_of(row)
    assert row.plain is not None
    fact = facts.BidOpened(
        lot=row.lot,
        bid_id=row.bid_id,
        manifest_sha256=db.session.get_one(Bid, row.bid).manifest_sha256,
        sheet_sha256=canonical.sha(row.plain),
        bidder=sheet.header.bidder,
        price=None if sheet.price is None else money.wire(sheet.price),
        period_days=sheet.period_days,
    )
    row.log_fact = log.append(fact, lot=row.lot).id
    db.session.flush()
    return True


def _tell(running: Opening, row: Opened, index: int | None, *, now: datetime) -> bool:
    """Tell a logged line as soon as it has its place in the log."""
    if index is None:
        return False
    sheet = sheet_of(row)
    events.tell(
        row.lot,
        "bid.readout",
        now,
        line=row.line,
        bidder=sheet.header.bidder,
        price=None if sheet.price is None else money.wire(sheet.price),
        price_words=None if sheet.price is None else money.words(sheet.price),
        period_days=sheet.period_days,
        log_index=index,
    )
    row.read_out_at = running.read_out_at = now
    db.session.flush()
    return True


def _end(running: Opening, now: datetime) -> bool:
    running.step = OpeningStep.CONFIRMING
    running.confirm_until = now + rules.pace(practice=site().settings.practice).confirming
    db.session.flush()
    events.step(running.lot, OpeningStep.CONFIRMING, now, until=running.confirm_until)
    # The opening went on with t; who has still not released by now is named.
    opening.tell_missing(running, lots.find(running.lot), now)
    return True
