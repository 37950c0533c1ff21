"""Who buys land or property keeps its deposit in the price: posted to the seller once the contract is signed (L13, P09)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from accounts.models import Organization
from escrow import keeping, ledger, lots, refunds
from escrow.models import Deposit
from kernel.clock import rfc3339
from kernel.db import db, transaction
from kernel.law import holds
from kernel.money import Fen, wire
from supervision import deposit_facts, log
from tendering import packs
from tendering.lifecycle import lot_of
from tendering.models import Lot
from tendering.offers import payments
from tendering.offers import terms as offers
from tendering.states import LotState


def step_prices(now: dt.datetime) -> bool:
    """Each buyer's deposit in a transaction of its own; whether there was any."""
    with transaction(write=False):
        due = [row.id for row in _held() if _counts(row)]
    for number in due:
        with transaction():
            _into_price(number, now)
    return bool(due)


def of_lot(lot: Lot, now: dt.datetime) -> None:
    """The buyer's deposit of this lot, in the caller's transaction: before any other payment is counted."""
    for row in _held():
        if row.lot == lot.code and _counts(row):
            _into_price(row.id, now)


def _held() -> list[Deposit]:
    wanted = select(Deposit).join(Lot, Lot.code == Deposit.lot)
    here = (Lot.state == LotState.CONTRACTED, Deposit.ended_at.is_(None))
    return list(db.session.scalars(wanted.where(*here).order_by(Deposit.id)))


def _counts(row: Deposit) -> bool:
    """The buyer's money, not on its way back; a letter of guarantee is no money. No more than is still owed."""
    lot = lot_of(row.lot)
    if not offers.is_offer(packs.load(lot.tender.pack_id)) or lots.winner(lot) != row.organization:
        return False
    amount = _amount(row)
    return refunds.open_of(row) is None and 0 < amount <= payments.owed(lot)


def _amount(row: Deposit) -> Fen:
    return ledger.balance(f"L:dep:{row.ref}").posted


@holds("L13.refund", "P09")
def _into_price(number: int, now: dt.datetime) -> None:
    row = db.session.get_one(Deposit, number, with_for_update=True)
    lot = lot_of(row.lot, lock=True)
    if row.ended_at is not None or lot.state != LotState.CONTRACTED or not _counts(row):
        return
    amount = _amount(row)
    keeping.move(row, ledger.OWNER, f"price:{row.ref}", now)
    row.ended, row.ended_at = "price", now
    name = db.session.get_one(Organization, row.organization).name
    law = next((rule.cited for rule in packs.load(lot.tender.pack_id).rules if rule.ends == "deposit_returned"), "L13")
    log.append(
        deposit_facts.DepositKept(
            lot=lot.code, org=name, amount=wire(amount), law=law, kept="price", at=rfc3339(now)
        ),
        lot=lot.code,
        subject=f"person:{row.person}",
    )  # fmt: skip
    payments.from_deposit(lot, amount, now)
