"""The daily comparison of register and ledger: every fen that arrived is held, gone back, kept or in suspense, and nothing else (C18)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from escrow import ledger
from escrow.models import Arrival, Check, Deposit, Refund
from kernel.clock import beijing
from kernel.db import db
from kernel.law import holds
from kernel.money import Fen
from supervision import alerts, log

POINT = alerts.Point("S25.C18", "red", "behavior")


@holds("deposit_ledger")
def check(now: dt.datetime) -> Check:
    """Compare once a day; a difference is a red alert that names no lot, because a lot's deposits may still be secret."""
    row = Check(day=beijing(now).date().isoformat(), at=now, differences=differences())
    db.session.add(row)
    db.session.flush()
    if row.differences:
        log.append(alerts.fact(POINT, row.differences))
    return row


def due(now: dt.datetime) -> bool:
    """Whether the day's comparison is still to be made; without a deposit there is nothing to compare."""
    today = beijing(now).date().isoformat()
    if db.session.scalar(select(Check.id).where(Check.day == today)) is not None:
        return False
    return db.session.scalar(select(Arrival.id).limit(1)) is not None


def latest() -> Check | None:
    return db.session.scalars(select(Check).order_by(Check.id.desc()).limit(1)).first()


def differences() -> list[dict[str, Any]]:
    """Accounts whose balance in the ledger is not what the register says."""
    said = _register()
    every = {*said, *ledger.codes("L:dep:"), *ledger.codes("L:suspense:")}
    rows = ((code, said.get(code, 0), int(ledger.balance(code).posted)) for code in sorted(every))
    found = [
        {"account": code, "register": register, "ledger": there} for code, register, there in rows if register != there
    ]
    bank, expected = int(ledger.balance(ledger.BANK).posted), _bank()
    if bank != expected:
        found.append({"account": ledger.BANK, "register": expected, "ledger": bank})
    return found


def _register() -> Mapping[str, int]:
    """By account: what arrived, less what the register says went back, was kept or became a bond."""
    found: defaultdict[str, int] = defaultdict(int)
    for row in db.session.scalars(select(Arrival)):
        gone = row.deposit.ended if row.deposit else None
        owner = row.deposit.ref if row.deposit else row.token
        found[f"L:dep:{owner}"] += 0 if gone else row.held
        found[f"L:suspense:{owner}"] += 0 if gone == "returned" else row.amount - row.held
    return {code: amount for code, amount in found.items() if amount}


def _bank() -> int:
    """What must stand on the special account: everything that came, less everything paid out."""
    came = sum(db.session.scalars(select(Arrival.amount)))
    paid = select(Refund).join(Deposit, Deposit.id == Refund.deposit_id).where(Refund.paid_at.is_not(None))
    rows = [row for row in db.session.scalars(paid) if row.deposit.guarantee is None]
    return came - sum(row.principal + (row.interest or 0) + (row.late_interest or 0) for row in rows)


def liabilities() -> Fen:
    """What is owed to bidders, owners and as bonds."""
    return Fen(sum(ledger.balance(code).posted for code in ledger.codes("L:")))
