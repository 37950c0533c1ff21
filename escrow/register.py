"""The register of deposits: numbers given out, money and letters entered as they arrive. Secret until the opening.

A bidder asks for a number of its own; the centre's finance enters what the bank's statement says, in whatever order it hears of it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select

from accounts import records
from accounts.actor import Actor
from accounts.models import Organization
from accounts.roles import Role
from escrow import ledger, lots, rules
from escrow.asking import RULE, account_of, random_ref
from escrow.ledger import BANK, CONTRA, GUARANTEES, Event, Leg
from escrow.models import Arrival, Deposit, Guarantee
from escrow.rules import Asked, Letter, Paid, Problem
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Invalid, NotFound
from kernel.money import Fen, wire
from supervision import facts, log
from tendering import packs
from tendering.lifecycle import lot_of
from tendering.models import Lot
from tendering.security import Form


@dataclass(frozen=True)
class Credit:
    """One line of the bank's statement."""

    ref: str
    channel_ref: str
    paid: Paid


@dataclass(frozen=True)
class Paper:
    """A letter of guarantee as it is entered."""

    ref: str
    issuer: str
    number: str
    letter: Letter


def enter(actor: Actor, credit: Credit, now: dt.datetime) -> Arrival:
    """Enter what the bank says arrived; the same line again changes nothing. What does not count waits in suspense."""
    actor.act_as(Role.FIN)
    known = db.session.scalar(select(Arrival).where(Arrival.channel_ref == credit.channel_ref))
    if known is not None:
        return _same(known, credit)
    _check(credit, now)
    deposit = db.session.scalar(select(Deposit).where(Deposit.ref == credit.ref, Deposit.ended_at.is_(None)))
    found = _judged(deposit, credit)
    row = Arrival(
        token=random_ref(), deposit=deposit, ref_said=credit.ref[:60], channel_ref=credit.channel_ref,
        channel_at=credit.paid.at, means=credit.paid.means, payer_name=credit.paid.name,
        payer_account=rules.digits(credit.paid.account), amount=credit.paid.amount, held=found.held,
        problem=found.problem, entered_by=actor.person_id, entered_at=now,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    _post(row, deposit)
    records.acted(actor, "deposit.entered", now, lot=deposit.lot if deposit else None)
    return row


def _same(known: Arrival, credit: Credit) -> Arrival:
    if (known.amount, known.ref_said) != (credit.paid.amount, credit.ref[:60]):
        raise Conflict(
            "arrival.known",
            "该流水号已登记为另一笔款项。",
            "This number of the bank stands for another payment.",
            rule=RULE,
        )
    return known


def _check(credit: Credit, now: dt.datetime) -> None:
    paid = credit.paid
    if not credit.channel_ref or not paid.name.strip() or not rules.digits(paid.account):
        raise Invalid(
            "arrival.form", "请填写付款人、账号和银行流水号。", "Give payer, account and the bank's number.",
            rule=RULE, fields={"payer_name": "form"},
        )  # fmt: skip
    if paid.at > now:
        raise Invalid(
            "arrival.future",
            "到账时间不能晚于现在。",
            "Money does not arrive in the future.",
            rule=RULE,
            fields={"at": "future"},
        )


def _judged(deposit: Deposit | None, credit: Credit) -> rules.Verdict:
    if deposit is None:
        return rules.Verdict(Fen(0), Problem.UNKNOWN)
    lot = lot_of(deposit.lot)
    return rules.judge(packs.load(lot.tender.pack_id), credit.paid, _asked(deposit, lot, credit.paid.at))


def _asked(deposit: Deposit, lot: Lot, at: dt.datetime) -> Asked:
    """An account counts that was registered when the money came, or else the first one."""
    basic = account_of(deposit.organization, at) or account_of(deposit.organization)
    held = Fen(sum(row.held for row in deposit.arrivals))
    name = db.session.get_one(Organization, deposit.organization).name
    return Asked(Fen(deposit.due_fen), held, name, basic.number if basic else None, lots.cut_off(lot, at))


def _post(row: Arrival, deposit: Deposit | None) -> None:
    suspense = f"L:suspense:{deposit.ref if deposit else row.token}"
    legs = [(f"L:dep:{deposit.ref}", row.held)] if deposit and row.held else []
    legs += [(suspense, row.amount - row.held)] if row.amount > row.held else []
    happened = Event(f"bank:{row.channel_ref}", "deposit.arrived", row.channel_at)
    ledger.post(happened, [Leg(BANK, code, Fen(part)) for code, part in legs])
    if deposit and row.held:
        lot = lot_of(deposit.lot)
        name = db.session.get_one(Organization, deposit.organization).name
        paid = facts.DepositPaid(lot=lot.code, amount=wire(Fen(row.held)), org=name, at=rfc3339(row.channel_at))
        log.append(paid, lot=lot.code, subject=f"person:{deposit.person}")


def enter_guarantee(actor: Actor, paper: Paper, now: dt.datetime) -> Guarantee:
    """Enter a letter of guarantee, checked with its issuer; it stands in the ledger as a memo."""
    actor.act_as(Role.FIN)
    deposit = db.session.scalar(select(Deposit).where(Deposit.ref == paper.ref, Deposit.ended_at.is_(None)))
    if deposit is None or deposit.form != Form.GUARANTEE:
        raise NotFound("deposit.ref", "没有这个保函登记编号。", "No letter is expected under this number.", rule=RULE)
    if deposit.guarantee is not None or _known(paper.number):
        raise Conflict("guarantee.known", "保函已登记。", "The letter is entered already.", rule=RULE)
    lot = lot_of(deposit.lot)
    found = lots.needed(lot)
    asked = _asked(deposit, lot, paper.letter.received_at)
    problem = rules.judge_letter(packs.load(lot.tender.pack_id), paper.letter, asked, lots.validity_ends(lot, found))
    row = Guarantee(
        deposit=deposit, issuer=paper.issuer, number=paper.number, amount=paper.letter.amount,
        received_at=paper.letter.received_at, valid_until=paper.letter.valid_until, problem=problem,
        entered_by=actor.person_id, entered_at=now,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    happened = Event(f"guarantee:{deposit.ref}", "guarantee.entered", paper.letter.received_at)
    ledger.post(happened, [Leg(GUARANTEES, CONTRA, paper.letter.amount)])
    records.acted(actor, "guarantee.entered", now, lot=deposit.lot)
    return row


def _known(number: str) -> bool:
    return db.session.scalar(select(Guarantee.id).where(Guarantee.number == number)) is not None
