"""The ledger as beancount text, so that a program of others can add it up again: `kaibiao ledger export`.

Nobody is named: accounts carry the random numbers of the register. What is reserved and not paid yet stands as a comment.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from sqlalchemy import select

from escrow import ledger
from escrow.ledger import Phase
from escrow.ledger_models import Account, Entry, Transfer
from kernel.clock import beijing
from kernel.db import db
from kernel.money import Fen, wire

TOPS = {"A": "Assets", "L": "Liabilities", "I": "Income", "E": "Expenses", "M": "Equity"}
PATTERN = re.compile(r"[^A-Za-z0-9-]")


def export(now: dt.datetime) -> Iterator[str]:
    """Every account, every entry in order, and each account's balance as of the day after `now`."""
    yield 'option "title" "Kaibiao deposits"\noption "operating_currency" "CNY"\n'
    accounts = {row.id: row for row in db.session.scalars(select(Account).order_by(Account.id))}
    opened = min((beijing(at).date() for at in db.session.scalars(select(Entry.at))), default=beijing(now).date())
    for row in accounts.values():
        yield f"{opened} open {name(row.code)} CNY"
    for entry in db.session.scalars(select(Entry).order_by(Entry.at, Entry.id)):
        yield from _entry(entry, accounts)
    day = beijing(now).date() + dt.timedelta(days=1)
    for row in accounts.values():
        yield f"{day} balance {name(row.code)} {_signed(row)} ~ 0.00 CNY"  # bare, a check of beancount's forgives 0.01


def name(code: str) -> str:
    """`L:dep:ab12` as `Liabilities:Dep:Xab12`: each part begins with a capital or a digit."""
    top, *parts = code.split(":")
    return ":".join([TOPS[top], *(f"{part[0].upper()}{PATTERN.sub('-', part[1:])}" for part in parts)])


def _entry(entry: Entry, accounts: dict[int, Account]) -> Iterator[str]:
    legs = db.session.scalars(select(Transfer).where(Transfer.entry_id == entry.id).order_by(Transfer.seq)).all()
    said = f'{beijing(entry.at).date()} * "{entry.kind}" "{entry.key}"'.replace("\\", "")
    moved = [leg for leg in legs if leg.phase in (Phase.POSTED, Phase.POST)]
    if not moved:
        yield f"; {said} ({', '.join(sorted({leg.phase for leg in legs}))})"
        return
    yield f"\n{said}"
    for leg in moved:
        yield f"  {name(accounts[leg.debit_id].code)}  {wire(Fen(leg.amount))} CNY"
        yield f"  {name(accounts[leg.credit_id].code)}  -{wire(Fen(leg.amount))} CNY"


def _signed(row: Account) -> str:
    """Beancount writes what is owed as a negative sum."""
    held = ledger.balance(row.code).posted
    amount = -held if row.kind in ("L", "I") else held
    return f"-{wire(Fen(-amount))}" if amount < 0 else wire(Fen(amount))
