"""Payments of the price as the seller records them: at once, or in instalments of which the first is large enough (P10, L14)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel import canonical, money
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Invalid
from kernel.law import holds
from kernel.money import Fen
from supervision import log, offer_facts
from tendering import publishing, visibility
from tendering.contracts import papers
from tendering.models import Lot
from tendering.offers import deposits
from tendering.offers.applications import pack_of
from tendering.offers.models import Payment
from tendering.packs import Kind, Pack
from tendering.states import LotState

DEPOSIT = 0
"""The number of the payment that was the buyer's deposit; others count from 1."""


def record(actor: Actor, lot: Lot, amount: Fen, paid_at: dt.datetime, now: dt.datetime) -> Payment:
    """Record a payment that arrived; refused for a first instalment below the law's share, and for more than is owed."""
    visibility.check_project(lot.tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    deposits.into_price(lot, now)
    paid = {row.number: row.amount_fen for row in of(lot)}
    _check_amount(lot, amount, owed(lot), paid_at, now)
    deposit = paid.pop(DEPOSIT, 0)
    if not paid:
        check_first(pack_of(lot), _price(lot), Fen(deposit + amount))
    made = _entered(lot, Payment(number=len(paid) + 1, amount_fen=amount, paid_at=paid_at, recorded_at=now))
    records.acted(actor, "price.received", now, lot=lot.code)
    return made


def from_deposit(lot: Lot, amount: Fen, now: dt.datetime) -> Payment:
    """What the register of deposits turned into a part of the price (L13, P09): it counts toward the first instalment."""
    return _entered(lot, Payment(number=DEPOSIT, amount_fen=amount, paid_at=now, recorded_at=now))


def _entered(lot: Lot, made: Payment) -> Payment:
    whole = made.amount_fen == owed(lot)
    made.lot_id = lot.id
    db.session.add(made)
    db.session.flush()
    log.append(
        offer_facts.PriceReceived(
            lot=lot.code,
            number=made.number,
            amount=money.wire(Fen(made.amount_fen)),
            paid_at=rfc3339(made.paid_at),
            whole=whole,
            at=rfc3339(made.recorded_at),
        )
    )
    publishing.queue(lot.tender.code)
    return made


def of(lot: Lot) -> list[Payment]:
    return list(db.session.scalars(select(Payment).where(Payment.lot_id == lot.id).order_by(Payment.number)))


def owed(lot: Lot) -> Fen:
    """What of the contract's price has not arrived."""
    return Fen(_price(lot) - sum(row.amount_fen for row in of(lot)))


@holds("P10.first")
def check_first(pack: Pack, price: Fen, amount: Fen) -> None:
    """The first instalment is at least the law's share of the whole (P10)."""
    for rule in pack.find(Kind.MIN_PERCENT, "first_instalment"):
        if amount * 100 < price * rule.value:
            zh = f"首期付款不得低于总价款的 {rule.value}%。"
            en = f"The first instalment is at least {rule.value} % of the price."
            raise Conflict("payment.first", zh, en, rule=rule.cited, fields={"amount": "share"})


def _price(lot: Lot) -> Fen:
    contract = papers.signed_contract(lot)
    if contract is None or lot.state != LotState.CONTRACTED:
        zh, en = "合同未订立或者已履行完毕。", "No contract runs on this lot."
        raise Conflict("payment.no_contract", zh, en, rule=pack_of(lot).clause("price_paid"))
    return money.parse(canonical.decode(contract.file)["price"])


def _check_amount(lot: Lot, amount: Fen, owed: Fen, paid_at: dt.datetime, now: dt.datetime) -> None:
    if not 0 < amount <= owed or paid_at > now:
        zh, en = (
            "金额须大于零且不超过尚欠价款，到账时间不得晚于现在。",
            "Give an amount that is owed, and a moment that has come.",
        )
        raise Invalid("payment.amount", zh, en, rule=pack_of(lot).clause("price_paid"), fields={"amount": "owed"})
