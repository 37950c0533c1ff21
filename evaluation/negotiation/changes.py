"""A change of the requirements: one document, confirmed by the purchaser's signature, told to all who are in, at once (N04).

The team writes it, the purchaser signs it; in that commit every supplier that has not withdrawn gets the same bytes, and
gives its receipt.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select

from accounts import records
from accounts.actor import Actor, subject_of
from accounts.roles import Part, Role
from evaluation.negotiation import parties, rules
from evaluation.negotiation.models import Change, Told
from kernel import canonical, keys
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Forbidden, NotFound
from kernel.law import holds
from kernel.statements import Signed
from supervision import log, negotiation_facts
from tendering import publishing, visibility
from tendering.models import Lot
from tendering.quotes import boxes


def write(actor: Actor, lot_code: str, text: str, now: dt.datetime) -> Change:
    """A member writes what changes; one that waits for the purchaser gives way to it."""
    lot = parties.running(lot_code)
    seat = parties.seat_of(actor, lot)
    said = rules.written(text, parties.law(lot))
    waiting = _waiting(lot_code)
    number = waiting.number if waiting else len(issued(lot_code)) + 1
    raw = rules.statement(lot_code, number, said)
    found = waiting or Change(lot=lot_code, number=number)
    found.text, found.by, found.written_at = said, seat.alias, now
    found.file, found.sha256 = raw, canonical.sha(raw)
    db.session.add(found)
    db.session.flush()
    return found


def _waiting(lot_code: str) -> Change | None:
    return db.session.scalar(select(Change).where(Change.lot == lot_code, Change.issued_at.is_(None)))


def waiting(actor: Actor, lot_code: str) -> Change | None:
    """What the purchaser is to confirm; for its own people and the team."""
    lot = parties.negotiated(lot_code)
    if not parties.sits(actor, lot):
        visibility.check_project(lot.tender, actor, Role.OWNER, Role.AGENCY)
    return _waiting(lot_code)


@holds("N04")
def issue(actor: Actor, lot_code: str, signed: Signed, now: dt.datetime) -> Change:
    """The purchaser confirms the change: in force now, and told to every supplier still in, in the same words at once."""
    lot = parties.running(lot_code)
    visibility.check_project(lot.tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    found = _waiting(lot_code)
    if found is None or found.file != signed.raw:
        raise Conflict(
            "negotiation.other_change", "待确认的变动已变化，请刷新后重新签署。", "The change is another one now: reload and sign again.",
            rule=parties.law(lot),
        )  # fmt: skip
    if not signed.signed_by(keys.parse((lot.fact_keys or {})["owner"])):
        raise Forbidden(
            "statement.other_key",
            "签名不是本标段密钥组中采购人的密钥所作。",
            "The signature is not by the purchaser's key of this lot's keyset.",
            rule="sealing.md 1.1 fact_keys",
        )
    found.sig, found.issued_at = keys.b64(signed.sig), now
    for supplier in parties.still_in(lot):
        db.session.add(Told(change_id=found.id, bid_id=supplier.bid_id, told_at=now))
    db.session.flush()
    fact = negotiation_facts.RequirementsChanged(
        lot=lot_code, number=found.number, file=keys.b64(found.file), sig=found.sig
    )
    log.append(fact, lot=lot_code)
    records.acted(actor, "requirements.changed", now, lot=lot_code)
    publishing.queue(lot.tender.code)
    return found


def receive(actor: Actor, lot_code: str, number: int, now: dt.datetime) -> Told:
    """The supplier's receipt for a change; repeated, it changes nothing."""
    lot = parties.negotiated(lot_code)
    supplier = parties.own_still_in(actor, lot)
    wanted = select(Told, Change).join(Change, Change.id == Told.change_id)
    row = db.session.execute(
        wanted.where(Change.lot == lot_code, Change.number == number, Told.bid_id == supplier.bid_id)
    ).first()
    if row is None:
        raise NotFound("negotiation.no_change", "没有这份变动。", "There is no such change.")
    told, change = row
    if told.received_at is None:
        told.received_at = now
        db.session.flush()
        fact = negotiation_facts.ChangeReceived(
            lot=lot_code, bid_id=supplier.bid_id, number=number, change_sha256=change.sha256, at=rfc3339(now)
        )
        log.append(fact, lot=lot_code, subject=subject_of(actor.person_id))
    found: Told = told
    return found


def issued(lot_code: str) -> list[Change]:
    """The changes in force, in their order."""
    wanted = select(Change).where(Change.lot == lot_code, Change.issued_at.is_not(None)).order_by(Change.number)
    return list(db.session.scalars(wanted))


def told(change: Change) -> list[Told]:
    return list(db.session.scalars(select(Told).where(Told.change_id == change.id).order_by(Told.bid_id)))


def told_to(lot_code: str, bid_id: str) -> list[tuple[Change, Told]]:
    """What one supplier was told, with its receipts."""
    wanted = select(Change, Told).join(Told, Told.change_id == Change.id)
    rows = db.session.execute(wanted.where(Change.lot == lot_code, Told.bid_id == bid_id).order_by(Change.number))
    return [(change, one) for change, one in rows]


def unreceived(lot_code: str, bid_ids: set[str]) -> int:
    """Receipts that these suppliers still owe."""
    wanted = select(func.count()).select_from(Told).join(Change, Change.id == Told.change_id)
    owed = (Change.lot == lot_code, Told.received_at.is_(None), Told.bid_id.in_(bid_ids))
    return db.session.scalar(wanted.where(*owed)) or 0


def requirements_sha256(lot: Lot) -> str:
    """The hash of the requirements as they stand now."""
    documents = [document.sha256 for document in lot.tender.documents]
    return rules.requirements(documents, [change.sha256 for change in issued(boxes.first_of(lot))])
