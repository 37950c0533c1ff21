"""Making a complaint: in time, after what the law asks for first, and once."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass

from sqlalchemy import func, select

from accounts import records
from accounts.actor import Actor
from bidding.models import Bid, OpeningObjection
from kernel import canonical
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict
from kernel.law import holds
from oversight import rules
from oversight.models import Complaint
from oversight.rules import LAW, PENDING, Earlier, Matter, State
from supervision import facts, log
from tendering import packs, publishing, timetable
from tendering.attachments import Attachment
from tendering.lifecycle import lot_of
from tendering.models import Lot
from tendering.objections import rules as said_rules
from tendering.objections import service as objections
from tendering.objections.models import Objection


@dataclass(frozen=True)
class Statement:
    """What somebody complains of. `number` names the objection or query that came first."""

    matter: Matter
    number: int | None
    known_at: dt.datetime
    text: str
    demand: str
    evidence: Attachment | None = None


@holds("C60", "G44")
def make(actor: Actor, lot_code: str, said: Statement, now: dt.datetime) -> Complaint:
    """Enter a complaint to the supervising authority, in time and after what the law asks for first."""
    lot = lot_of(lot_code, lock=True)
    objections.check_may_raise(actor, lot)
    first = _objection(actor, lot, said)
    pack, table = packs.load(lot.tender.pack_id), timetable.calendar()
    rules.window(pack, _earlier(actor, lot, said, first), min(said.known_at, now), table).check(now)
    _check_first(actor, lot, first)
    due = rules.accept_due(pack, now, table)
    row = _entered(actor, lot, said, due, now)
    row.objection_id = first.id if first else None
    db.session.add(row)
    db.session.flush()
    log.append(_made(row, first, due, now))
    party = facts.ComplaintParty(lot=lot.code, number=row.number, org=actor.organization, at=rfc3339(now))
    log.append(party, subject=actor.subject)
    records.acted(actor, "complaint.made", now, lot=lot.code)
    publishing.queue(lot.tender.code)
    return row


def _objection(actor: Actor, lot: Lot, said: Statement) -> Objection | None:
    """The actor's own objection that came first; withdrawn ones do not count."""
    if said.matter is not Matter.OBJECTION:
        return None
    found = objections.numbered(lot, said.number or 0)
    if found.organization_id != actor.organization_id or found.withdrawn_at is not None:
        raise objections.unknown()
    return found


def _earlier(actor: Actor, lot: Lot, said: Statement, first: Objection | None) -> Earlier | None:
    if first is not None:
        asked = first.sort == said_rules.Sort.INQUIRY
        return None if asked else Earlier(first.raised_at, first.due_at, first.answered_at)
    if said.matter is not Matter.OPENING or not rules.counts_from_knowing(packs.load(lot.tender.pack_id)):
        return None
    spot = db.session.scalar(
        select(OpeningObjection)
        .join(Bid, Bid.id == OpeningObjection.bid)
        .where(OpeningObjection.lot == lot.code, Bid.organization == actor.organization_id)
        .order_by(OpeningObjection.id)
    )
    if spot is None:
        raise Conflict(
            "complaint.objection_first",
            "对开标投诉前，须先在开标现场提出异议。",
            "A complaint about the opening follows an objection raised at the opening.",
            rule="C60 《招标投标法实施条例》第六十条",
        )
    return Earlier(spot.raised_at, spot.raised_at, spot.answered_at)


def _check_first(actor: Actor, lot: Lot, first: Objection | None) -> None:
    """One complaint on one objection, and one at a time on anything else."""
    same = Complaint.objection_id == first.id if first else Complaint.objection_id.is_(None)
    mine = (Complaint.lot_id == lot.id, Complaint.organization_id == actor.organization_id, same)
    going = Complaint.state.in_([*PENDING, State.DECIDED] if first else list(PENDING))
    if db.session.scalar(select(Complaint.id).where(*mine, going)) is not None:
        raise Conflict(
            "complaint.repeated", "同一事项已经投诉，不能重复投诉。", "This has been complained of already.", rule=LAW
        )


def _entered(actor: Actor, lot: Lot, said: Statement, due: said_rules.Due, now: dt.datetime) -> Complaint:
    last = db.session.scalar(select(func.max(Complaint.number)).where(Complaint.lot_id == lot.id)) or 0
    row = Complaint(
        token=secrets.token_hex(16),
        lot_id=lot.id,
        number=last + 1,
        state=State.MADE,
        matter=str(said.matter),
        person_id=actor.person_id,
        organization_id=actor.organization_id,
        text=said_rules.check_words(said.text, "text", said_rules.MAX_TEXT),
        demand=said_rules.check_words(said.demand, "demand", said_rules.MAX_DEMAND),
        made_at=now,
        warn_at=due.warn_at,
        due_at=due.at,
    )
    row.lot = lot
    if said.evidence is not None:
        row.evidence_name, row.evidence_size = said.evidence.name, said.evidence.size
        row.evidence_sha256, row.evidence_blob = said.evidence.sha256, said.evidence.blob_key
    return row


def _made(row: Complaint, first: Objection | None, due: said_rules.Due, now: dt.datetime) -> facts.ComplaintMade:
    return facts.ComplaintMade(
        lot=row.lot.code,
        number=row.number,
        objection=first.number if first else None,
        text_sha256=canonical.sha(row.text.encode()),
        warn_at=rfc3339(due.warn_at),
        due_at=rfc3339(due.at),
        law=due.rule.cited,
        at=rfc3339(now),
    )
