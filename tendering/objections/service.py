"""Raising, withdrawing and answering; each in the caller's transaction, under the lot's row lock."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass

from sqlalchemy import func, select, update

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel import canonical
from kernel.clock import rfc3339
from kernel.db import changed, db
from kernel.errors import Conflict, Forbidden, NotFound
from kernel.law import holds
from supervision import facts, log
from tendering import packs, publishing, timetable, visibility
from tendering.attachments import Attachment
from tendering.lifecycle import lot_of
from tendering.models import Document, Lot, Tender
from tendering.objections import rules, stays
from tendering.objections.models import Objection
from tendering.objections.rules import Effect, Moments, Sort, Subject, Window
from tendering.packs import Pack
from tendering.states import ENDED, LotState

AT_ONCE = 3
"""So many of one organization may be open in one lot at a time: nobody stops a tender by their number."""


@dataclass(frozen=True)
class Statement:
    """What somebody raises: about what, why, and what is to be done about it."""

    sort: str
    subject: str
    text: str
    demand: str
    evidence: Attachment | None = None


@dataclass(frozen=True)
class Reply:
    effect: Effect
    text: str


@holds("C14", "known:query")
def raise_objection(actor: Actor, lot_code: str, said: Statement, now: dt.datetime) -> Objection:
    """Enter it while its window is open; who raises it stands in a sealed fact alone."""
    lot = lot_of(lot_code, lock=True)
    check_may_raise(actor, lot)
    pack, table = packs.load(lot.tender.pack_id), timetable.calendar()
    window = rules.window_of(rules.windows(pack, moments(lot, now), table), said.sort, said.subject)
    window.check(now)
    _check_few(actor, lot)
    due = rules.reply_due(pack, (window.sort, window.subject), now, table)
    row = _entered(actor, lot, said, due, now)
    log.append(_party(actor, lot, row), lot=lot.code, subject=actor.subject)
    if row.suspends and lot.state != LotState.COLLECTING:
        stays.begin(lot, stays.Cause(cause_of(row), stays.PROCEDURE, due.rule.cited), now)
    records.acted(actor, "objection.raised", now, lot=lot.code)
    publishing.queue(lot.tender.code)
    return row


def _entered(actor: Actor, lot: Lot, said: Statement, due: rules.Due, now: dt.datetime) -> Objection:
    text = rules.check_words(said.text, "text", rules.MAX_TEXT)
    row = Objection(
        token=secrets.token_hex(16),
        lot_id=lot.id,
        number=_next_number(lot),
        sort=said.sort,
        subject=said.subject,
        suspends=rules.suspends(Sort(said.sort)),
        person_id=actor.person_id,
        organization_id=actor.organization_id,
        text=text,
        demand=rules.check_words(said.demand, "demand", rules.MAX_DEMAND),
        raised_at=now,
        warn_at=due.warn_at,
        due_at=due.at,
    )
    if said.evidence is not None:
        row.evidence_name, row.evidence_size = said.evidence.name, said.evidence.size
        row.evidence_sha256, row.evidence_blob = said.evidence.sha256, said.evidence.blob_key
    row.fact_id = log.append(_raised(lot, row, due)).id
    db.session.add(row)
    db.session.flush()
    return row


def _raised(lot: Lot, row: Objection, due: rules.Due) -> facts.ObjectionRaised:
    return facts.ObjectionRaised(
        lot=lot.code,
        number=row.number,
        sort=row.sort,
        subject=row.subject,
        suspends=row.suspends,
        text_sha256=canonical.sha(row.text.encode()),
        warn_at=rfc3339(row.warn_at),
        due_at=rfc3339(row.due_at),
        law=due.rule.cited,
        at=rfc3339(row.raised_at),
    )


def _party(actor: Actor, lot: Lot, row: Objection) -> facts.ObjectionParty:
    return facts.ObjectionParty(lot=lot.code, number=row.number, org=actor.organization, at=rfc3339(row.raised_at))


def withdraw(actor: Actor, token: str, now: dt.datetime) -> Objection:
    """Take back one's own while nobody has answered it."""
    row = own(actor, token)
    lot = lot_of(row.lot.code, lock=True)
    actor.take_part(Part.SIGN)
    _settle(row, withdrawn_at=now)
    log.append(facts.ObjectionWithdrawn(lot=lot.code, number=row.number, at=rfc3339(now)))
    stays.end(lot, cause_of(row), now)
    records.acted(actor, "objection.withdrawn", now, lot=lot.code)
    return row


@holds("C14", "C50", "G41", "G43")
def answer(actor: Actor, lot_code: str, number: int, reply: Reply, now: dt.datetime) -> Objection:
    """The one reply of owner or agency, published to all; with the last one what stood still goes on."""
    lot = lot_of(lot_code, lock=True)
    visibility.check_project(lot.tender, actor)
    actor.take_part(Part.SIGN)
    row = numbered(lot, number)
    text = rules.check_words(reply.text, "answer", rules.MAX_TEXT)
    _settle(row, answer=text, effect=str(reply.effect), answered_at=now)
    log.append(
        facts.ObjectionAnswered(
            lot=lot.code,
            number=row.number,
            effect=str(reply.effect),
            text_sha256=canonical.sha(text.encode()),
            at=rfc3339(now),
        )
    )
    stays.end(lot, cause_of(row), now)
    records.acted(actor, "objection.answered", now, lot=lot.code)
    return row


@holds("contract_suspended")
def hold_contract(actor: Actor, lot_code: str, number: int, now: dt.datetime) -> Objection:
    """The purchaser finds that a query may change the result: no contract before it is answered (G47)."""
    lot = lot_of(lot_code, lock=True)
    visibility.check_project(lot.tender, actor)
    actor.take_part(Part.SIGN)
    row, pack = numbered(lot, number), packs.load(lot.tender.pack_id)
    ruling = next((rule for rule in pack.rules if rule.ends == "contract_suspended"), None)
    if ruling is None or not row.is_open or row.holds_contract:
        raise _settled()
    row.holds_contract = True
    stays.begin(lot, stays.Cause(cause_of(row), stays.CONTRACT, ruling.cited), now)
    records.acted(actor, "objection.holds_contract", now, lot=lot.code)
    return row


def moments(lot: Lot, now: dt.datetime) -> Moments:
    """What the windows are counted from; while the lot stands still, as a resumption now would set it."""
    tender = lot.tender
    assert tender.published_at is not None, "only a published lot has windows"
    return Moments(
        state=LotState(lot.state),
        published_at=tender.published_at,
        closes_at=_as_resumed(lot, lot.closes_at, now),
        documents_at=_documents_at(tender),
        applications_due=_as_resumed(lot, lot.applications_due, now),
        opened_at=_opened_at(lot) if lot.opened else None,
        publicity_from=lot.publicity_from,
        publicity_until=_as_resumed(lot, lot.publicity_until, now),
    )


def _as_resumed(lot: Lot, at: dt.datetime | None, now: dt.datetime) -> dt.datetime | None:
    return rules.resumed_until(at, lot.suspended_at, now) if at and lot.suspended_at else at


def windows(lot: Lot, now: dt.datetime) -> list[Window]:
    """What may be raised about a lot; nothing before its notice."""
    if lot.tender.published_at is None:
        return []
    return rules.windows(_pack(lot), moments(lot, now), timetable.calendar())


def _documents_at(tender: Tender) -> dt.datetime:
    assert tender.published_at is not None
    last = db.session.scalar(select(func.max(Document.added_at)).where(Document.tender_id == tender.id))
    return max(tender.published_at, last or tender.published_at)


def _opened_at(lot: Lot) -> dt.datetime | None:
    """When the opening ended; for a lot that failed before, never."""
    for row in log.find("state.changed", lot.code):
        if isinstance(row.value, facts.StateChanged) and row.value.event == "end_opening":
            return row.created_at
    return None


def of_lot(lot: Lot) -> list[Objection]:
    return list(db.session.scalars(select(Objection).where(Objection.lot_id == lot.id).order_by(Objection.number)))


def of_tender(tender: Tender) -> list[Objection]:
    """Everything raised in the tender's lots, the latest first."""
    wanted = select(Objection).join(Lot).where(Lot.tender_id == tender.id)
    return list(db.session.scalars(wanted.order_by(Objection.raised_at.desc(), Objection.id.desc())))


def pending(tender: Tender) -> list[Objection]:
    """What waits for a reply in lots that are still going."""
    return [row for row in of_tender(tender) if row.is_open and row.lot.state not in ENDED]


def late(now: dt.datetime) -> list[Objection]:
    """Everything whose reply is overdue in lots that are still going, the oldest first (S26)."""
    unsettled = (Objection.answered_at.is_(None), Objection.withdrawn_at.is_(None), Objection.due_at <= now)
    rows = db.session.scalars(select(Objection).where(*unsettled).order_by(Objection.due_at, Objection.id))
    return [row for row in rows if row.lot.state not in ENDED]


def open_ones(lot: Lot) -> list[Objection]:
    return [row for row in of_lot(lot) if row.is_open]


def numbered(lot: Lot, number: int) -> Objection:
    found = db.session.scalar(select(Objection).where(Objection.lot_id == lot.id, Objection.number == number))
    if found is None:
        raise unknown()
    return found


def own(actor: Actor, token: str) -> Objection:
    """The objection under this token, for people of the organization that raised it; NotFound for all others."""
    found = db.session.scalar(select(Objection).where(Objection.token == token))
    if found is None or found.organization_id != actor.organization_id:
        raise unknown()
    return found


def mine(actor: Actor) -> list[Objection]:
    """What the actor's organization has raised, the latest first."""
    wanted = select(Objection).where(Objection.organization_id == actor.organization_id)
    return list(db.session.scalars(wanted.order_by(Objection.raised_at.desc(), Objection.id.desc())))


def cause_of(row: Objection) -> str:
    return f"objection:{row.number}"


def check_may_raise(actor: Actor, lot: Lot) -> None:
    """A bidder, or an interested party with an account and no office; never somebody of the tender's own side."""
    visibility.check_seen(lot.tender, actor)
    own_side = actor.organization_id in (lot.tender.owner_org, lot.tender.agency_org)
    if own_side or actor.roles - {Role.BIDDER}:
        raise Forbidden(
            "objection.not_party",
            "异议、质疑和询问由投标人（供应商）或者其他利害关系人提出。",
            "This is raised by bidders and other interested parties, not by those who run or watch the tender.",
            rule=rules.RULE,
        )
    actor.take_part(Part.SIGN)


def unknown() -> NotFound:
    return NotFound("objection.unknown", "没有这件异议（质疑、询问）。", "There is no such objection.", rule=rules.RULE)


def _check_few(actor: Actor, lot: Lot) -> None:
    open_now = [row for row in open_ones(lot) if row.organization_id == actor.organization_id]
    if len(open_now) >= AT_ONCE:
        raise Conflict(
            "objection.too_many",
            f"贵单位在本标段已有 {AT_ONCE} 件未答复，请等待答复或者先撤回。",
            f"{AT_ONCE} of yours are open in this lot: wait for the replies, or withdraw one.",
            rule=rules.RULE,
        )


def _next_number(lot: Lot) -> int:
    """Counted under the lot's row lock."""
    last = db.session.scalar(select(func.max(Objection.number)).where(Objection.lot_id == lot.id))
    return (last or 0) + 1


def _settle(row: Objection, **values: object) -> None:
    """Answered or withdrawn, once: whichever comes second finds it settled."""
    still_open = (Objection.id == row.id, Objection.answered_at.is_(None), Objection.withdrawn_at.is_(None))
    if changed(update(Objection).where(*still_open).values(**values)) != 1:
        raise _settled()
    db.session.refresh(row)


def _settled() -> Conflict:
    return Conflict("objection.settled", "已经答复或者撤回。", "It has been answered or withdrawn.", rule=rules.RULE)


def _pack(lot: Lot) -> Pack:
    return packs.load(lot.tender.pack_id)


__all__ = ["Reply", "Statement", "Subject", "answer", "raise_objection", "withdraw"]
