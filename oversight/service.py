"""Taking, answering and deciding complaints; each in the caller's transaction, under the lot's row lock."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from sqlalchemy import select, update

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel import canonical
from kernel.clock import rfc3339
from kernel.db import changed, db
from kernel.errors import Conflict, Invalid, NotFound
from kernel.law import holds
from oversight import rules
from oversight.models import Complaint
from oversight.rules import LAW, PARTY, PENDING, Effect, Event, State
from supervision import facts, log
from tendering import packs, publishing, timetable, visibility
from tendering.lifecycle import lot_of
from tendering.models import Lot, Tender
from tendering.objections import rules as said_rules
from tendering.objections import stays
from tendering.packs import Pack
from tendering.states import CLOCK

By = Actor | Literal["CLOCK"]
Step = Literal["correcting", "corrected", "accepted", "refused", "withdrawn", "decided"]


@holds("G46")
def ask_correction(actor: Actor, lot_code: str, number: int, words: str, now: dt.datetime) -> Complaint:
    """The one notice of what the complaint lacks; until it is put right the authority's time does not run."""
    row = _handled(actor, lot_code, number)
    if row.correction is not None:
        raise Conflict(
            "complaint.asked_once",
            "补正只能一次性告知，已经告知过。",
            "What is missing is told once, and it has been.",
            rule="G46 《财政部令第94号》第二十一条",
        )
    text = said_rules.check_words(words, "words", said_rules.MAX_DEMAND)
    _move(row, Event.ASK, actor, now, correction=text)
    _tell(row, "correcting", now, text=text)
    return row


def correct(actor: Actor, token: str, words: str, now: dt.datetime) -> Complaint:
    """The complainant puts it right; the time to take it begins anew."""
    row = own(actor, token)
    lot_of(row.lot.code, lock=True)
    text = row.text + "\n\n补正：" + said_rules.check_words(words, "words", said_rules.MAX_TEXT)
    due = rules.accept_due(_pack(row.lot), now, timetable.calendar())
    _move(row, Event.CORRECT, actor, now, text=text, corrected_at=now, warn_at=due.warn_at, due_at=due.at)
    _tell(row, "corrected", now, due=due, text=text)
    return row


@holds("complaint:complaint_accepted")
def accept(by: By, lot_code: str, number: int, now: dt.datetime) -> Complaint:
    """Take it; by the clock where the authority has not said in time (C61). The lot is not awarded before the decision."""
    if isinstance(by, Actor):
        row = _handled(by, lot_code, number)
    else:
        row = numbered(lot_of(lot_code, lock=True), number)
        if now < row.due_at:
            raise _moved_on()
    pack, table = _pack(row.lot), timetable.calendar()
    due = rules.decide_due(pack, row.made_at, now, table)
    _move(
        row,
        Event.ACCEPT,
        by,
        now,
        accepted_at=now,
        by_clock=by == CLOCK,
        warn_at=due.warn_at,
        due_at=due.at,
        reply_due_at=rules.reply_due(pack, now, table),
    )
    stays.begin(row.lot, stays.Cause(cause_of(row), stays.AWARD, f"T23 {due.rule.cited}"), now)
    _tell(row, "accepted", now, due=due)
    return row


def refuse(actor: Actor, lot_code: str, number: int, reasons: str, now: dt.datetime) -> Complaint:
    """Not taken, with reasons."""
    row = _handled(actor, lot_code, number)
    text = said_rules.check_words(reasons, "words", said_rules.MAX_TEXT)
    _move(row, Event.REFUSE, actor, now, reasons=text)
    _tell(row, "refused", now, text=text)
    return row


def reply(actor: Actor, lot_code: str, number: int, words: str, now: dt.datetime) -> Complaint:
    """The respondent's statement on a complaint that was taken."""
    lot = lot_of(lot_code, lock=True)
    visibility.check_project(lot.tender, actor)
    actor.take_part(Part.SIGN)
    row = numbered(lot, number)
    if row.state != State.ACCEPTED or row.reply is not None:
        raise _moved_on()
    row.reply, row.replied_at = said_rules.check_words(words, "words", said_rules.MAX_TEXT), now
    db.session.flush()
    records.acted(actor, "complaint.replied", now, lot=lot.code)
    return row


@holds("suspended:resumed")
def order_stay(actor: Actor, lot_code: str, number: int, now: dt.datetime) -> Complaint:
    """Stop the procedure after the opening; before it, the authority signs at its own node, where its key is."""
    row = _handled(actor, lot_code, number)
    if row.state != State.ACCEPTED or row.lot.state not in stays.AFTER_OPENING:
        raise Conflict(
            "complaint.stay_at_node",
            "只有已受理、且标段已开标的投诉可在此暂停；开标前请在本机构的节点签发暂停指令。",
            "Here a complaint that was taken stops a lot after its opening; before, sign the order at your own node.",
            rule=rules.suspension_law(_pack(row.lot)),
        )
    pack = _pack(row.lot)
    stays.begin(row.lot, stays.Cause(cause_of(row), stays.PROCEDURE, rules.suspension_law(pack)), now)
    row.stay_until = rules.stay_until(pack, now, timetable.calendar())
    db.session.flush()
    records.acted(actor, "complaint.stayed", now, lot=lot_code)
    return row


def lift_stay(by: By, lot_code: str, number: int, now: dt.datetime) -> Complaint:
    """Let the procedure go on before the decision: by the authority, or by the clock where the law ends the suspension."""
    row = _handled(by, lot_code, number) if isinstance(by, Actor) else numbered(lot_of(lot_code, lock=True), number)
    if not isinstance(by, Actor) and (row.stay_until is None or now < row.stay_until):
        raise _moved_on()
    stays.end(row.lot, cause_of(row), now, stays.PROCEDURE)
    row.stay_until = None
    db.session.flush()
    if isinstance(by, Actor):
        records.acted(by, "complaint.stay_lifted", now, lot=lot_code)
    return row


@holds("complaint_accepted:complaint_decided", "complaint:complaint_decided")
def decide(actor: Actor, lot_code: str, number: int, ruling: tuple[Effect, str], now: dt.datetime) -> Complaint:
    """The decision in writing, with reasons, published to all. What stood still goes on, unless a directive must follow."""
    row, (effect, reasons) = _handled(actor, lot_code, number), ruling
    text = said_rules.check_words(reasons, "words", said_rules.MAX_TEXT)
    _move(row, Event.DECIDE, actor, now, effect=str(effect), reasons=text, decided_at=now, stay_until=None)
    if effect not in rules.DIRECTED:
        stays.end(row.lot, cause_of(row), now)
    _tell(row, "decided", now, text=text, effect=effect)
    return row


def withdraw(actor: Actor, token: str, now: dt.datetime) -> Complaint:
    """The complainant takes it back before the decision."""
    row = own(actor, token)
    lot = lot_of(row.lot.code, lock=True)
    _move(row, Event.WITHDRAW, actor, now, stay_until=None)
    stays.end(lot, cause_of(row), now)
    _tell(row, "withdrawn", now)
    return row


def own(actor: Actor, token: str) -> Complaint:
    """The complaint under this token, for people of the organization that made it; NotFound for all others."""
    found = db.session.scalar(select(Complaint).where(Complaint.token == token))
    if found is None or found.organization_id != actor.organization_id:
        raise _unknown()
    return found


def numbered(lot: Lot, number: int) -> Complaint:
    found = db.session.scalar(select(Complaint).where(Complaint.lot_id == lot.id, Complaint.number == number))
    if found is None:
        raise _unknown()
    return found


def mine(actor: Actor) -> list[Complaint]:
    wanted = select(Complaint).where(Complaint.organization_id == actor.organization_id)
    return list(db.session.scalars(wanted.order_by(Complaint.made_at.desc(), Complaint.id.desc())))


def of_tender(tender: Tender) -> list[Complaint]:
    wanted = select(Complaint).join(Lot).where(Lot.tender_id == tender.id)
    return list(db.session.scalars(wanted.order_by(Complaint.made_at.desc(), Complaint.id.desc())))


def pending() -> list[Complaint]:
    """What the authority has to act on, the most urgent first."""
    wanted = select(Complaint).where(Complaint.state.in_(PENDING))
    return list(db.session.scalars(wanted.order_by(Complaint.due_at, Complaint.id)))


def settled(most: int = 50) -> list[Complaint]:
    wanted = select(Complaint).where(Complaint.state.not_in(PENDING))
    return list(db.session.scalars(wanted.order_by(Complaint.id.desc()).limit(most)))


def cause_of(row: Complaint) -> str:
    return f"complaint:{row.number}"


def check_overseer(actor: Actor) -> None:
    """Supervising authority and inspectors read; only the authority acts."""
    actor.act_as_any(Role.SUP, Role.INSP)


def _handled(actor: Actor, lot_code: str, number: int) -> Complaint:
    actor.act_as(Role.SUP)
    return numbered(lot_of(lot_code, lock=True), number)


def _move(row: Complaint, event: Event, by: By, now: dt.datetime, **values: Any) -> None:
    was = State(row.state)
    found = rules.MACHINE.move(was, event, _role(event, by))
    same = (Complaint.id == row.id, Complaint.state == was)
    if changed(update(Complaint).where(*same).values(**values, state=found.now)) != 1:
        raise _moved_on()
    db.session.refresh(row)
    if isinstance(by, Actor):
        by.take_part(Part.SIGN)
        records.acted(by, f"complaint.{event}", now, lot=row.lot.code)
    publishing.queue(row.lot.tender.code)


def _role(event: Event, by: By) -> str:
    if not isinstance(by, Actor):
        return CLOCK
    return PARTY if event in (Event.CORRECT, Event.WITHDRAW) else str(Role.SUP)


def _tell(row: Complaint, step: Step, now: dt.datetime, **more: Any) -> None:
    due, text, effect = more.get("due"), more.get("text"), more.get("effect")
    log.append(
        facts.ComplaintStep(
            lot=row.lot.code,
            number=row.number,
            step=step,
            effect=str(effect) if effect else None,
            text_sha256=canonical.sha(text.encode()) if text else None,
            warn_at=rfc3339(due.warn_at) if due else None,
            due_at=rfc3339(due.at) if due else None,
            law=due.rule.cited if due else LAW,
            at=rfc3339(now),
        )
    )


def _pack(lot: Lot) -> Pack:
    return packs.load(lot.tender.pack_id)


def _unknown() -> NotFound:
    return NotFound("complaint.unknown", "没有这件投诉。", "There is no such complaint.", rule=rules.RULE)


def _moved_on() -> Conflict:
    return Conflict(
        "complaint.changed",
        "投诉状态已变化，请刷新后重试。",
        "The complaint has moved on: reload and try again.",
        rule=rules.RULE,
    )


def effect_of(text: str) -> Effect:
    """The effect a form names; Invalid at its field otherwise."""
    try:
        return Effect(text)
    except ValueError as error:
        raise Invalid(
            "complaint.effect", "请选择处理决定。", "Choose what is decided.", rule=LAW, fields={"effect": "missing"}
        ) from error
