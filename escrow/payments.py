"""Paying back: proposed by the centre, approved by another organization, reserved in the ledger, paid once, with a receipt.

The order is what makes a second payment impossible: the hold is committed before the bank is asked, and the database takes one only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from escrow import ledger, lots, receipts, refunds
from escrow.asking import random_ref
from escrow.ledger import BANK, CONTRA, GUARANTEES, INTEREST, OVERDUE, Event, Leg
from escrow.models import Batch, Deposit, Refund
from escrow.refunds import Sum
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid, NotFound
from kernel.money import Fen
from tendering import approvals, visibility
from tendering import rules as tender_rules
from tendering.approvals import Act
from tendering.lifecycle import lot_of
from tendering.models import Lot

LAW = approvals.CONTROLS[Act.REFUND].law


@dataclass(frozen=True)
class Payment:
    """What the bank says of a payment it made: its own number and its own time."""

    bank_ref: str
    paid_at: dt.datetime


def propose(actor: Actor, numbers: Sequence[int], reason: str, now: dt.datetime) -> Batch:
    """The centre's finance puts due returns together; nothing moves before another organization approved."""
    actor.act_as(Role.FIN)
    actor.take_part(Part.SIGN)
    said = approvals.check_reason(Act.REFUND, reason)
    wanted = select(Refund).where(Refund.id.in_(numbers), Refund.ended_at.is_(None), Refund.batch_id.is_(None))
    rows = list(db.session.scalars(wanted.with_for_update().order_by(Refund.id)))
    if not rows or len(rows) != len(set(numbers)):
        raise Conflict("refund.not_due", "所选退款不在待办中。", "These returns are not waiting.", rule=LAW)
    batch = Batch(
        token=random_ref(),
        reason=said,
        proposed_by=actor.person_id,
        organization=actor.organization_id,
        proposed_at=now,
    )
    batch.refunds = rows
    db.session.add(batch)
    db.session.flush()
    records.acted(actor, "refund.proposed", now)
    return batch


def find(token: str, *, lock: bool = False) -> Batch:
    wanted = select(Batch).where(Batch.token == token)
    found = db.session.scalar(wanted.with_for_update() if lock else wanted)
    if found is None:
        raise NotFound("refund.batch", "没有这批退款。", "There is no such batch.", rule=LAW)
    return found


def waiting(actor: Actor) -> list[Batch]:
    """What waits for a second that this person may give, oldest first."""
    rows = db.session.scalars(select(Batch).where(Batch.approved_at.is_(None)).order_by(Batch.id))
    return [row for row in rows if row.organization != actor.organization_id and _role(actor, row) is not None]


def approve(actor: Actor, token: str, now: dt.datetime) -> Batch:
    """The second of another organization: the management office, or the project's side when all of it is open."""
    batch = find(token, lock=True)
    role = _role(actor, batch)
    if role is None:
        raise Forbidden("refund.second", "您不能确认这批退款。", "You do not approve this batch.", rule=LAW)
    actor.act_as(role)
    actor.take_part(Part.SIGN)
    tender_rules.second_approver(batch.organization, actor.organization_id)
    if batch.approved_at is not None:
        raise Conflict("refund.approved", "这批退款已确认。", "This batch is approved.", rule=LAW)
    batch.approved_by, batch.approved_at = actor.person_id, now
    for row in batch.refunds:
        _reserve(row, now)
    records.acted(actor, "refund.approved", now)
    return batch


def take_back(actor: Actor, token: str, now: dt.datetime) -> None:
    """Whoever proposed takes the batch apart again before it was approved; its returns are due as before."""
    actor.act_as(Role.FIN)
    batch = find(token, lock=True)
    if batch.organization != actor.organization_id or batch.approved_at is not None:
        raise Conflict("refund.approved", "这批退款已确认。", "This batch is approved.", rule=LAW)
    batch.refunds = []
    db.session.flush()
    db.session.delete(batch)
    records.acted(actor, "refund.taken_back", now)


def _role(actor: Actor, batch: Batch) -> Role | None:
    """Before an opening the project's people do not even learn that there is something to return."""
    if Role.MGR in actor.roles:
        return Role.MGR
    found = [lot_of(row.deposit.lot) for row in batch.refunds]
    if all(lots.over(lot) and visibility.of_project(lot.tender, actor) for lot in found):
        return next((role for role in (Role.OWNER, Role.AGENCY) if role in actor.roles), None)
    return None


def _reserve(row: Refund, now: dt.datetime) -> None:
    row.attempt += 1
    if row.deposit.guarantee is None:
        ledger.hold(Event(_key(row, "hold"), "refund.decided", now), _legs(row.deposit))
    db.session.flush()


def _legs(deposit: Deposit) -> list[Leg]:
    found = [(code, ledger.balance(code)) for code in refunds.accounts(deposit)]
    return [Leg(code, BANK, Fen(has.posted - has.reserved)) for code, has in found if has.posted > has.reserved]


def _key(row: Refund, step: str) -> str:
    return f"{row.deposit.ref}:refund:{row.attempt}:{step}"


def excuse(actor: Actor, number: int, fault: str, now: dt.datetime) -> Refund:
    """Record that the bidder itself holds up its return (a closed account): the delay then costs nothing (G16)."""
    actor.act_as(Role.FIN)
    row = _open(number)
    row.fault = approvals.check_reason(Act.REFUND, fault)
    db.session.flush()
    records.acted(actor, "refund.excused", now, lot=row.deposit.lot)
    return row


def not_paid(actor: Actor, number: int, now: dt.datetime) -> Refund:
    """The bank is known not to have paid: the reserve is freed and taken again under the next number."""
    actor.act_as(Role.FIN)
    row = _in_flight(number)
    if row.deposit.guarantee is None:
        ledger.release(Event(_key(row, "void"), "refund.not_done", now), _key(row, "hold"))
    _reserve(row, now)
    records.acted(actor, "refund.not_paid", now, lot=row.deposit.lot)
    return row


def pay(actor: Actor, number: int, payment: Payment, now: dt.datetime) -> Refund:
    """Record what the bank paid: principal, interest by law, receipt. The same payment again changes nothing."""
    actor.act_as(Role.FIN)
    known = db.session.scalar(select(Refund).where(Refund.bank_ref == payment.bank_ref))
    if known is not None and known.id == number:
        return known
    _check(known, payment, now)
    row = _in_flight(number)
    if payment.paid_at < row.began_at:
        raise Invalid(
            "payment.early", "付款早于退还事由。", "Paid before there was a reason.", rule=LAW, fields={"at": "early"}
        )
    found = refunds.owed(row, payment.paid_at)
    _posted(row, found, payment)
    _end(row, found, payment)
    receipts.give(row, found)
    records.acted(actor, "refund.paid", now, lot=row.deposit.lot)
    return row


def _check(known: Refund | None, payment: Payment, now: dt.datetime) -> None:
    if known is not None or not payment.bank_ref.strip():
        raise Conflict("payment.known", "银行流水号为空或已登记。", "The bank's number is empty or known.", rule=LAW)
    if payment.paid_at > now:
        raise Invalid(
            "payment.future",
            "付款时间不能晚于现在。",
            "Nothing is paid in the future.",
            rule=LAW,
            fields={"at": "future"},
        )


def _open(number: int) -> Refund:
    row = db.session.scalar(select(Refund).where(Refund.id == number, Refund.ended_at.is_(None)).with_for_update())
    if row is None:
        raise NotFound("refund.unknown", "没有这笔待退保证金。", "There is no such return.", rule=LAW)
    return row


def _in_flight(number: int) -> Refund:
    row = _open(number)
    if row.batch is None or row.batch.approved_at is None:
        raise Conflict(
            "refund.unapproved", "这笔退款尚未经两人确认。", "Two persons have not approved it yet.", rule=LAW
        )
    return row


def _posted(row: Refund, found: Sum, payment: Payment) -> None:
    """Principal first, then what is owed for the time; each under the payment's own number."""
    if row.deposit.guarantee is not None:
        back = Event(f"guarantee:{row.deposit.ref}:back", "guarantee.discharged", payment.paid_at)
        ledger.post(back, [Leg(CONTRA, GUARANTEES, found.principal)])
        return
    ledger.settle(Event(_key(row, "post"), "refund.paid", payment.paid_at), _key(row, "hold"))
    owing = f"L:intpay:{row.deposit.ref}"
    extra = [(INTEREST, found.interest), (OVERDUE, found.late_interest)]
    legs = [Leg(code, owing, amount) for code, amount in extra if amount]
    if legs:
        more = Fen(found.interest + found.late_interest)
        ledger.post(Event(_key(row, "interest"), "interest.paid", payment.paid_at), [*legs, Leg(owing, BANK, more)])


def _end(row: Refund, found: Sum, payment: Payment) -> None:
    row.interest, row.late_interest = found.interest, found.late_interest
    row.paid_at, row.bank_ref = payment.paid_at, payment.bank_ref.strip()
    row.ended_at = row.deposit.ended_at = payment.paid_at
    row.deposit.ended = "returned"


def lots_of(batch: Batch) -> list[Lot]:
    """The lots of a batch, each once."""
    return [lot_of(code) for code in sorted({row.deposit.lot for row in batch.refunds})]
