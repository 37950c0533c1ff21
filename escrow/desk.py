"""What each desk shows of deposits: the bidder's own, the centre's whole register, the project's lines after the opening, public totals."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from accounts.actor import Actor
from accounts.models import Organization
from accounts.roles import Role
from escrow import asking, checks, grounds, keeping, lots, payments, refunds, rules, standing, visibility
from escrow.models import Arrival, Batch, Decision, Deposit, Refund
from escrow.refunds import Sum
from escrow.rules import Cause, Problem
from escrow.visibility import Viewer
from kernel.db import db
from kernel.errors import NotFound, Words
from kernel.money import Fen
from tendering.lifecycle import lot_of
from tendering.models import Lot


@dataclass(frozen=True)
class Line:
    """A return as a desk shows it; `owed` is what it comes to now, or came to."""

    row: Refund
    to: str
    cause: Words
    color: str
    owed: Sum


@dataclass(frozen=True)
class Own:
    """A deposit as its bidder sees it: nobody else does before the opening."""

    row: Deposit
    problem: Words | None
    arrivals: list[tuple[Arrival, Words | None]]
    refund: Line | None
    decision: Decision | None
    bond: bool


@dataclass(frozen=True)
class Totals:
    """All that the public learns of returns: how many, and how many in time."""

    returned: int
    on_time: int
    waiting: int
    overdue: int


def line(row: Refund, now: dt.datetime) -> Line:
    to = db.session.get_one(Organization, row.deposit.organization).name
    color = rules.color(row.began_at, row.due_at, row.paid_at, now)
    return Line(row, to, rules.CAUSE_WORDS[Cause(row.cause)], color, refunds.owed(row, row.paid_at or now))


def own(actor: Actor, code: str, now: dt.datetime) -> list[Own]:
    """The organization's deposits on the lot, the live one first."""
    actor.act_as(Role.BIDDER)
    lot = lot_of(code)
    return [_own(lot, row, now) for row in asking.every_of(actor.organization_id, code)]


def _own(lot: Lot, row: Deposit, now: dt.datetime) -> Own:
    problem = standing.problem_of(row)
    newest = row.refunds[-1] if row.refunds else None
    shown = newest if newest is not None and (newest.ended_at is None or newest.paid_at is not None) else None
    return Own(
        row,
        rules.PROBLEM_WORDS[problem] if problem else None,
        [(one, rules.PROBLEM_WORDS[Problem(one.problem)] if one.problem else None) for one in row.arrivals],
        line(shown, now) if shown else None,
        keeping.decision_of(row),
        row.ended_at is None and keeping.may_be_bond(lot, row),
    )


def receipt(actor: Actor, ref: str) -> Refund:
    """The bidder's own receipt; NotFound for everybody else."""
    mine = (Deposit.ref == ref, Deposit.organization == actor.organization_id, Refund.receipt.is_not(None))
    found = db.session.scalar(select(Refund).join(Deposit, Deposit.id == Refund.deposit_id).where(*mine))
    if found is None:
        raise NotFound("receipt.unknown", "没有这份回执。", "There is no such receipt.", rule=payments.LAW)
    return found


def finance(actor: Actor, now: dt.datetime) -> dict[str, Any]:
    """The centre's desk: due, proposed, in flight, done, what waits in suspense, and whether the books agree."""
    actor.act_as(Role.FIN)
    running = select(Refund).where(Refund.ended_at.is_(None)).order_by(Refund.due_at, Refund.id)
    live = [line(row, now) for row in db.session.scalars(running)]
    paid = select(Refund).where(Refund.paid_at.is_not(None)).order_by(Refund.due_at.desc(), Refund.id.desc()).limit(50)
    return {
        "due": [one for one in live if one.row.batch is None],
        "proposed": [one for one in live if one.row.batch is not None and one.row.batch.approved_at is None],
        "flying": [one for one in live if one.row.batch is not None and one.row.batch.approved_at is not None],
        "done": [line(row, now) for row in db.session.scalars(paid)],
        "suspense": _suspense(),
        "keeping": _decided(),
        "check": checks.latest(),
        "owed": checks.liabilities(),
    }


def _suspense() -> list[tuple[Arrival, Words]]:
    wanted = select(Arrival).where(Arrival.problem.is_not(None)).order_by(Arrival.id.desc()).limit(50)
    found = [row for row in db.session.scalars(wanted) if row.deposit is None or row.deposit.ended_at is None]
    return [(row, rules.PROBLEM_WORDS[Problem(str(row.problem))]) for row in found]


def _decided() -> list[tuple[Deposit, Decision]]:
    wanted = select(Deposit, Decision).join(Decision, Decision.deposit_id == Deposit.id)
    return [(row, found) for row, found in db.session.execute(wanted.where(Decision.approved_at.is_(None)))]


def approvals(actor: Actor) -> list[tuple[Batch, Fen, list[Lot]]]:
    """Batches this person may second: how many, how much, and of which lots once that is no secret; never whose."""
    return [(row, Fen(sum(one.principal for one in row.refunds)), _nameable(row)) for row in payments.waiting(actor)]


def _nameable(batch: Batch) -> list[Lot]:
    found = payments.lots_of(batch)
    return found if all(lots.over(lot) for lot in found) else []


def project(actor: Actor, code: str) -> dict[str, Any]:
    """After the opening the project's side sees who was in order, and what may be kept; who paid, from where, never."""
    lot = lot_of(code)
    lots.check_project(lot, actor)
    kept = select(Deposit).where(Deposit.lot == code, Deposit.withdrawn_at.is_(None)).order_by(Deposit.id)
    rows = [
        (row, db.session.get_one(Organization, row.organization).name, keeping.decision_of(row))
        for row in db.session.scalars(kept)
    ]
    return {
        "lot": lot, "tender": lot.tender, "stated": standing.shown(code), "deposits": rows, "totals": totals(lot),
        "grounds": grounds.GROUNDS, "decides": Role.OWNER in actor.roles,
    }  # fmt: skip


def totals(lot: Lot) -> Totals | None:
    """None before the lot is open or over."""
    if not visibility.shows(Viewer.PUBLIC, lot, "totals"):
        return None
    wanted = select(Refund).join(Deposit, Deposit.id == Refund.deposit_id).where(Deposit.lot == lot.code)
    rows = list(db.session.scalars(wanted))
    paid = [row for row in rows if row.paid_at is not None]
    waiting = [row for row in rows if row.ended_at is None]
    on_time = sum(row.paid_at is not None and row.paid_at <= row.due_at for row in paid)
    return Totals(len(paid), on_time, len(waiting), sum(row.told == "red" for row in waiting))
