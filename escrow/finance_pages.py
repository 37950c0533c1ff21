"""The centre's desk for deposits: what the bank says is entered, returns are put together and paid; and the second person's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import current_actor
from accounts.actor import Actor
from accounts.forms import Form, answered, attempted, page
from escrow import asking, desk, keeping, payments, register, rules, statement
from escrow.payments import Payment
from escrow.register import Paper
from escrow.rules import Letter, Means
from kernel import clock
from kernel.db import own_transaction
from kernel.errors import Invalid, NotFound, Refusal
from tendering import approvals as dual

pages = Blueprint("finance", __name__)

Page = str | tuple[str, int] | AnyResponse
Acts = dict[str, Callable[[Actor], object]]


@pages.get("/finance")
def home() -> Page:
    """Due, in flight, done, differences."""
    return page("escrow/finance.html", form=Form(), **_desk())


def _desk() -> dict[str, Any]:
    found = desk.finance(current_actor(), clock.now())
    return {**found, "means": list(Means), "columns": ",".join(statement.COLUMNS)}


@pages.post("/finance/<act>")
@own_transaction
def act(act: str) -> Page:
    """One thing entered: a payment in, a statement, a letter, a batch, a payment out."""
    outcome = attempted(lambda: _one(_ENTERED, act)(current_actor()))
    return _after(outcome)


@pages.post("/finance/refunds/<int:number>/<act>")
@own_transaction
def refund(number: int, act: str) -> Page:
    outcome = attempted(lambda: _refunded(current_actor(), number, act))
    return _after(outcome)


def _after(outcome: object) -> Page:
    if isinstance(outcome, Refusal):
        return answered("escrow/finance.html", Form(request.form, outcome), _desk)
    return redirect(url_for("deposits.finance.home"), 303)


def _one(acts: Acts, name: str) -> Callable[[Actor], object]:
    if name not in acts:
        raise NotFound("finance.act", "没有这项操作。", "There is no such act.", rule=payments.LAW)
    return acts[name]


def _arrival(actor: Actor) -> object:
    return register.enter(actor, statement.credit(dict(request.form)), clock.now())


def _statement(actor: Actor) -> object:
    now = clock.now()
    return [register.enter(actor, one, now) for one in statement.read_statement(request.form.get("statement", ""))]


def _letter(actor: Actor) -> object:
    typed = request.form
    amount = rules.amount(typed.get("amount", ""))
    if amount is None or not typed.get("issuer", "").strip() or not typed.get("number", "").strip():
        raise Invalid("guarantee.form", "请填写出具人、编号和金额。", "Give issuer, number and amount.", rule=asking.RULE, fields={"issuer": "form"})  # fmt: skip
    letter = Letter(
        amount, statement.moment(typed.get("received_at", "")), statement.moment(typed.get("valid_until", ""))
    )
    paper = Paper(typed.get("ref", "").strip(), typed["issuer"].strip(), typed["number"].strip(), letter)
    return register.enter_guarantee(actor, paper, clock.now())


def _batch(actor: Actor) -> object:
    numbers = [int(one) for one in request.form.getlist("refund") if one.isdecimal()]
    return payments.propose(actor, numbers, request.form.get("reason", ""), clock.now())


def _kept(actor: Actor) -> object:
    return keeping.carry_out(actor, request.form.get("ref", ""), clock.now())


def _taken_back(actor: Actor) -> object:
    payments.take_back(actor, request.form.get("token", ""), clock.now())
    return actor


_ENTERED: Acts = {
    "take-back": _taken_back,
    "arrival": _arrival,
    "statement": _statement,
    "letter": _letter,
    "batch": _batch,
    "keep": _kept,
}


def _refunded(actor: Actor, number: int, act: str) -> object:
    now, typed = clock.now(), request.form
    acts: Acts = {
        "paid": lambda who: payments.pay(who, number, _payment(), now),
        "not-paid": lambda who: payments.not_paid(who, number, now),
        "excuse": lambda who: payments.excuse(who, number, typed.get("fault", ""), now),
    }
    return _one(acts, act)(actor)


def _payment() -> Payment:
    return Payment(request.form.get("bank_ref", ""), statement.moment(request.form.get("paid_at", "")))


@pages.get("/refunds")
def approvals() -> Page:
    """What waits for a second person of another organization: number and sum, never whose."""
    return page("escrow/approvals.html", form=Form(), **_waiting())


def _waiting() -> dict[str, Any]:
    return {"batches": desk.approvals(current_actor()), "law": dual.CONTROLS[dual.Act.REFUND].law}


@pages.post("/refunds/<token>")
@own_transaction
def approve(token: str) -> Page:
    outcome = attempted(lambda: payments.approve(current_actor(), token, clock.now()))
    if isinstance(outcome, Refusal):
        return answered("escrow/approvals.html", Form({}, outcome), _waiting)
    return redirect(url_for("deposits.finance.approvals"), 303)
