"""Deposits: paid through the centre's account, said at the opening, and given back by rule."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from escrow import asking, checks, keeping, payments, register, rules
from escrow.models import Deposit, Refund
from escrow.payments import Payment
from escrow.register import Credit, Paper
from escrow.rules import Letter, Means, Paid
from kernel import money
from kernel.db import db
from kernel.money import Fen
from portal.scenario.people import Person
from portal.scenario.registry import do, expect
from portal.scenario.world import MismatchError, World
from tendering.contracts import course

ACCOUNT = "62220200{:08d}"


@do("deposit")
def deposit(world: World, by: Person, amount: str = "", account: str = "", lot: int = 1) -> str:
    """The bidder asks for a number and pays; the centre's finance enters what the bank says."""
    own = ACCOUNT.format(by.actor.organization_id)
    with world.act() as now:
        if asking.account_of(by.actor.organization_id) is None:
            asking.register_account(by.actor, "青山农商行", own, now)
        row = asking.issue(by.actor, world.code(lot), "transfer", now)
        ref, due = row.ref, Fen(row.due_fen)
    with world.act() as now:
        paid = Paid(money.parse(amount) if amount else due, now, Means.TRANSFER, by.name, account or own)
        found = register.enter(world.person("finance").actor, Credit(ref, f"B{ref}{paid.amount}", paid), now)
        said = found.problem or "符合要求"
    world.breathe()
    return f"{by.name} 交纳 {money.figures(paid.amount)} 元：{said}"


@do("guarantee")
def guarantee(world: World, by: Person, days: int = 120, lot: int = 1) -> str:
    """The bidder gives a letter of guarantee that runs for so many days."""
    with world.act() as now:
        row = asking.issue(by.actor, world.code(lot), "guarantee", now)
        ref, due = row.ref, Fen(row.due_fen)
    with world.act() as now:
        letter = Letter(due, now, now + dt.timedelta(days=days))
        paper = Paper(ref, "青山融资担保有限公司", f"G{ref}", letter)
        said = register.enter_guarantee(world.person("finance").actor, paper, now).problem or "符合要求"
    world.breathe()
    return f"{by.name} 提交保函：{said}"


@do("return_deposits")
def return_deposits(world: World, second: Person, lot: int = 1) -> str:
    """The centre proposes every due return of the lot, `second` approves, and the bank pays."""
    office = world.person("finance").actor
    with world.act() as now:
        due = [row for row in _returns(world, lot) if row.ended_at is None]
        numbers = [row.id for row in due]
        waiting = next((row.batch for row in due if row.batch is not None), None)
        token = (waiting or payments.propose(office, numbers, "依法退还投标保证金", now)).token
    world.breathe()
    with world.act() as now:
        payments.approve(second.actor, token, now)
    world.breathe()
    for number in numbers:
        with world.act() as now:
            payments.pay(office, number, Payment(f"P{number}", now), now)
    world.settle()
    return f"退还 {len(numbers)} 笔"


@do("keep_deposit")
def keep_deposit(world: World, by: Person, bid: Person, ground: str = "revoked", lot: int = 1) -> str:
    """The owner decides to keep a bidder's deposit, and the centre carries it out."""
    with world.act(write=False):
        found = asking.of(bid.actor.organization_id, world.code(lot))
        if found is None:
            raise MismatchError(f"{bid.name} has no deposit here")
        ref = found.ref
    with world.act() as now:
        law = keeping.decide(by.actor, ref, ground, "经核实，符合法定情形，决定不予退还。", now).law
    with world.act() as now:
        keeping.carry_out(world.person("finance").actor, ref, now)
    world.settle()
    return f"不予退还 {bid.name} 的保证金：{law}"


@do("deposit_to_bond")
def deposit_to_bond(world: World, by: Person, lot: int = 1) -> str:
    """The winner has its deposit stand as the performance bond."""
    with world.act() as now:
        keeping.to_bond(by.actor, world.code(lot), now)
    world.settle()
    return f"{by.name} 的保证金转为履约保证金"


@expect("deposit")
def stated(world: World, bid: Person, is_: str = "in_order", lot: int = 1) -> str:
    """What was read out at the opening of a bidder's deposit: `in_order`, or why not."""
    with world.act(write=False):
        rows = [row for fact in course.told("deposits.stated", world.code(lot)) for row in fact["rows"]]
    said = next((row["reason"] or "in_order" for row in reversed(rows) if row["bidder"] == bid.name), "nothing said")
    if said != is_:
        raise MismatchError(f"{bid.name}'s deposit was {said}, not {is_}")
    return f"{bid.name} {said}"


@expect("refund")
def refund(world: World, bid: Person, rule: str, lot: int = 1) -> str:
    """The newest return of a bidder's deposit was made, and under which rule."""
    found = _newest(world, bid, lot)
    if found.rule != rule or found.paid_at is None:
        raise MismatchError(f"{bid.name}: {_said(found)}")
    return f"{bid.name} {_said(found)}"


@expect("refund_due")
def refund_due(world: World, bid: Person, rule: str, lot: int = 1) -> str:
    """A return has begun under that rule, and was not made yet."""
    found = _newest(world, bid, lot)
    if found.rule != rule or found.ended_at is not None:
        raise MismatchError(f"{bid.name}: {_said(found)}")
    return f"{bid.name} {_said(found)}"


@expect("refund_sums")
def refund_sums(world: World, bid: Person, interest: str, late: str, lot: int = 1) -> str:
    """What the newest return came to beside the deposit itself."""
    found = _newest(world, bid, lot)
    if (found.interest, found.late_interest) != (money.parse(interest), money.parse(late)):
        raise MismatchError(f"{bid.name}: {_said(found)}")
    return f"{bid.name} {_said(found)}"


@expect("books_agree")
def books_agree(world: World) -> str:
    """Register and ledger say the same, and the bank holds what is owed."""
    with world.act(write=False):
        found = checks.differences()
    if found:
        raise MismatchError(f"the books differ: {found}")
    return "台账与账簿一致"


def _returns(world: World, lot: int) -> list[Refund]:
    wanted = select(Refund).join(Deposit, Deposit.id == Refund.deposit_id).where(Deposit.lot == world.code(lot))
    return list(db.session.scalars(wanted.order_by(Refund.id)))


def _newest(world: World, bid: Person, lot: int) -> Refund:
    world.settle()
    with world.act(write=False):
        own = [row for row in _returns(world, lot) if row.deposit.organization == bid.actor.organization_id]
    if not own:
        raise MismatchError(f"no return of {bid.name} has begun")
    return own[-1]


def _said(found: Refund) -> str:
    cause = rules.CAUSE_WORDS[rules.Cause(found.cause)].zh
    sums = f"利息 {found.interest}，逾期 {found.late_interest}" if found.paid_at else "未付"
    return f"{found.rule} {cause} 本金 {found.principal} {sums}"
