"""Sessions of the whole team with one supplier, and what passes in its thread (N04).

Everything said is kept and sealed in the log by its hash: for that supplier at once, for the supervising authority
after the close, for everybody else never.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from accounts.actor import Actor, subject_of
from evaluation import reading
from evaluation.negotiation import parties, rules
from evaluation.negotiation.models import Message, Session
from evaluation.negotiation.parties import Supplier
from evaluation.negotiation.rules import SUPPLIER, Sort
from kernel import canonical
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, NotFound, Refusal
from kernel.law import holds
from supervision import alerts, facts, log, negotiation_facts
from tendering.models import Lot

POINT = alerts.Point("N04.thread", "red", "behavior")


@dataclass(frozen=True)
class Filed:
    """A revised response's file, already stored."""

    name: str
    sha256: str
    size: int
    blob_key: str


@dataclass(frozen=True)
class Said:
    """Somebody's word in a session; `by` is a member's alias, or the supplier."""

    sort: Sort
    by: str
    text: str


def call(actor: Actor, lot_code: str, bid_id: str, now: dt.datetime) -> Session:
    """A member asks the team to meet this supplier; refused while the team sits with another one."""
    lot = parties.running(lot_code)
    seat = parties.seat_of(actor, lot)
    supplier = parties.supplier_of(lot, bid_id)
    if supplier.left or current(lot_code) is not None:
        raise _busy(lot, left=supplier.left)
    last = db.session.scalar(select(func.max(Session.number)).where(Session.lot == lot_code)) or 0
    found = Session(lot=lot_code, number=last + 1, bid_id=bid_id, called_at=now, present=[])
    try:
        db.session.add(found)
        db.session.flush()
    except IntegrityError as error:
        raise _busy(lot, left=False) from error
    return _enter(lot, found, seat.alias, now)


def join(actor: Actor, lot_code: str, now: dt.datetime) -> Session:
    """A member takes its place; when all are there, the session begins."""
    lot = parties.running(lot_code)
    seat = parties.seat_of(actor, lot)
    found = current(lot_code)
    if found is None:
        raise Conflict(
            "negotiation.no_session", "没有待开始的谈判（磋商）。", "No session was called.", rule=parties.law(lot)
        )
    return _enter(lot, found, seat.alias, now)


@holds("N04")
def _enter(lot: Lot, found: Session, alias: str, now: dt.datetime) -> Session:
    """The whole team meets the supplier, or nobody does (P 38): a session begins with the last member's coming."""
    found.present = sorted({*found.present, alias})
    team = {seat.alias for seat in reading.seats(lot.code)}
    if found.begun_at is None and set(found.present) >= team:
        found.begun_at = now
        _met(lot, found, "begun", now)
    db.session.flush()
    return found


def end(actor: Actor, lot_code: str, now: dt.datetime) -> Session:
    """A member ends the session: the team is free for the next supplier."""
    lot = parties.running(lot_code)
    parties.seat_of(actor, lot)
    found = current(lot_code)
    if found is None:
        raise Conflict(
            "negotiation.no_session", "没有正在进行的谈判（磋商）。", "No session is under way.", rule=parties.law(lot)
        )
    found.ended_at = now
    _met(lot, found, "ended", now)
    db.session.flush()
    return found


def current(lot_code: str) -> Session | None:
    """The session that was called or is under way."""
    found: Session | None = db.session.scalar(
        select(Session).where(Session.lot == lot_code, Session.ended_at.is_(None))
    )
    return found


def sessions(lot_code: str, bid_id: str | None = None) -> list[Session]:
    wanted = select(Session).where(Session.lot == lot_code).order_by(Session.number)
    return list(db.session.scalars(wanted if bid_id is None else wanted.where(Session.bid_id == bid_id)))


def ask(actor: Actor, lot_code: str, bid_id: str, text: str, now: dt.datetime) -> Message:
    """A member's question to the supplier the team sits with."""
    lot = parties.running(lot_code)
    seat = parties.seat_of(actor, lot)
    supplier = parties.supplier_of(lot, bid_id)
    return _say(lot, supplier, Said(Sort.QUESTION, seat.alias, text), now)


def answer(actor: Actor, lot_code: str, text: str, now: dt.datetime) -> Message:
    """The supplier's word in its own session."""
    lot = parties.running(lot_code)
    return _say(lot, parties.own_still_in(actor, lot), Said(Sort.ANSWER, SUPPLIER, text), now)


def respond(actor: Actor, lot_code: str, text: str, filed: Filed, now: dt.datetime) -> Message:
    """A revised response: any time until the negotiation ends, for a change is told to all at once and not in a session."""
    lot = parties.running(lot_code)
    supplier = parties.own_still_in(actor, lot)
    found = Message(
        lot=lot.code, bid_id=supplier.bid_id, session_id=None, sort=Sort.RESPONSE, by=SUPPLIER,
        text=rules.written(text, parties.law(lot)), file_name=filed.name, file_sha256=filed.sha256, file_size=filed.size,
        blob_key=filed.blob_key, at=now,
    )  # fmt: skip
    return _keep(found, supplier, filed.sha256)


def _say(lot: Lot, supplier: Supplier, said: Said, now: dt.datetime) -> Message:
    under_way = current(lot.code)
    begun = under_way is not None and under_way.begun_at is not None
    rules.check_session(
        begun=begun, bid_id=under_way.bid_id if under_way else None, wanted=supplier.bid_id, law=parties.law(lot)
    )
    assert under_way is not None
    words = rules.written(said.text, parties.law(lot))
    found = Message(
        lot=lot.code, bid_id=supplier.bid_id, session_id=under_way.id, sort=said.sort, by=said.by, text=words, at=now
    )  # fmt: skip
    return _keep(found, supplier, canonical.sha(words.encode()), under_way.number)


def _keep(found: Message, supplier: Supplier, sha256: str, session: int | None = None) -> Message:
    db.session.add(found)
    db.session.flush()
    fact = negotiation_facts.NegotiationMessage(
        lot=found.lot, bid_id=found.bid_id, session=session, sort=found.sort, by=found.by, content_sha256=sha256,
        at=rfc3339(found.at),
    )  # fmt: skip
    log.append(fact, lot=found.lot, subject=subject_of(supplier.bid.person))
    return found


def thread(actor: Actor, lot_code: str, bid_id: str, now: dt.datetime) -> list[Message]:
    """A supplier's thread, for the team and for that supplier; refused and alarmed for everybody else (N04)."""
    lot = parties.negotiated(lot_code)
    try:
        rules.check_reads(parties.viewer(actor, lot, bid_id), parties.law(lot))
    except Refusal as refusal:
        raise refusal.recording(_alert(actor, lot_code, bid_id, now), lot=lot_code) from None
    return messages(lot_code, bid_id)


def messages(lot_code: str, bid_id: str) -> list[Message]:
    """What stands in a thread; who may read it `thread` and the caller decide."""
    wanted = select(Message).where(Message.lot == lot_code, Message.bid_id == bid_id)
    return list(db.session.scalars(wanted.order_by(Message.id)))


def revised(actor: Actor, lot_code: str, bid_id: str, sha256: str, now: dt.datetime) -> Message:
    """A revised response's message, for those who may read the thread."""
    found = next((one for one in thread(actor, lot_code, bid_id, now) if one.file_sha256 == sha256), None)
    if found is None:
        raise NotFound("document.unknown", "没有这份文件", "There is no such document")
    return found


def _alert(actor: Actor, lot_code: str, bid_id: str, now: dt.datetime) -> facts.Alert:
    """Open, and says of whom only a hash: who tried stands in the platform's records, for the supervising authority."""
    evidence = {"lot": lot_code, "bid_id": bid_id, "subject": actor.subject, "at": rfc3339(now)}
    return alerts.fact(POINT, evidence, lot_code)


def _met(lot: Lot, found: Session, step: str, now: dt.datetime) -> None:
    supplier = parties.supplier_of(lot, found.bid_id)
    fact = negotiation_facts.NegotiationMet(
        lot=lot.code,
        bid_id=found.bid_id,
        session=found.number,
        step=step,
        present=tuple(found.present),
        at=rfc3339(now),
    )
    log.append(fact, lot=lot.code, subject=subject_of(supplier.bid.person))


def _busy(lot: Lot, *, left: bool) -> Conflict:
    if left:
        return Conflict("negotiation.left", "该供应商已退出。", "This supplier withdrew.", rule=parties.law(lot))
    return Conflict(
        "negotiation.busy",
        "小组正在与另一家供应商谈判（磋商）；应与单一供应商分别进行。",
        "The team sits with another supplier: suppliers are met one by one.",
        rule=parties.law(lot),
    )
