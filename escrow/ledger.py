"""Double entry: what happened to money, once each, never changed. A refund is reserved before anybody is asked to pay it.

Accounts open themselves: the letter before the first colon says what they are, and what belongs to one bidder is guarded.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import case, func, insert, select
from sqlalchemy.dialects import postgresql

from escrow.ledger_models import Account, Entry, Transfer
from kernel import canonical
from kernel.db import db
from kernel.errors import Conflict
from kernel.money import Fen

BANK: Final = "A:bank"
GUARANTEES: Final = "M:guarantee"
CONTRA: Final = "M:guarantee-contra"
INTEREST: Final = "E:interest-topup"
OVERDUE: Final = "E:overdue"
OWNER: Final = "L:owner"
RULE = "escrow.md 2.4"
GUARDED = ("L:dep:", "L:suspense:", "L:intpay:", "L:pbond:")
_SETTLED = ("posted", "post")


class Phase(StrEnum):
    POSTED = "posted"
    PENDING = "pending"
    POST = "post"
    VOID = "void"


@dataclass(frozen=True)
class Leg:
    debit: str
    credit: str
    amount: Fen


@dataclass(frozen=True)
class Balance:
    """What an account holds on its own side, and how much of that is reserved to leave it."""

    posted: Fen
    reserved: Fen


@dataclass(frozen=True)
class Event:
    """`key` is the channel's or decision's own number; the same event twice is one entry."""

    key: str
    kind: str
    at: dt.datetime


def post(happened: Event, legs: Sequence[Leg]) -> bool:
    """Enter it; False when it stands already. Conflict when its key stands for something else."""
    return _enter(happened, [(leg, Phase.POSTED, None) for leg in legs])


def hold(happened: Event, legs: Sequence[Leg]) -> bool:
    """Reserve what is about to leave. The database refuses what is not there, so nothing is refunded twice."""
    return _enter(happened, [(leg, Phase.PENDING, None) for leg in legs])


def settle(happened: Event, held: str) -> bool:
    """What was reserved under the key `held` has left."""
    return _enter(happened, [(leg, Phase.POST, number) for number, leg in _pending(held)])


def release(happened: Event, held: str) -> bool:
    """What was reserved under `held` is known not to have left."""
    return _enter(happened, [(leg, Phase.VOID, number) for number, leg in _pending(held)])


def balance(code: str) -> Balance:
    """Nothing where there is no such account."""
    account = db.session.scalar(select(Account).where(Account.code == code))
    if account is None:
        return Balance(Fen(0), Fen(0))
    credit_side = account.kind in ("L", "I")
    into, out_of = (Transfer.credit_id, Transfer.debit_id) if credit_side else (Transfer.debit_id, Transfer.credit_id)
    resolved = select(Transfer.pending_id).where(Transfer.pending_id.is_not(None))
    posted = case((into == account.id, Transfer.amount), else_=-Transfer.amount)
    mine = (into == account.id) | (out_of == account.id)
    total = db.session.scalar(select(func.coalesce(func.sum(posted), 0)).where(mine, Transfer.phase.in_(_SETTLED)))
    waiting = (out_of == account.id, Transfer.phase == Phase.PENDING, Transfer.id.not_in(resolved))
    reserved = db.session.scalar(select(func.coalesce(func.sum(Transfer.amount), 0)).where(*waiting))
    return Balance(Fen(int(total or 0)), Fen(int(reserved or 0)))


def codes(prefix: str) -> list[str]:
    """The accounts whose code begins so."""
    return list(db.session.scalars(select(Account.code).where(Account.code.startswith(prefix)).order_by(Account.code)))


def stands(key: str) -> bool:
    return db.session.scalar(select(Entry.id).where(Entry.key == key)) is not None


def _enter(happened: Event, legs: Sequence[tuple[Leg, Phase, int | None]]) -> bool:
    said = _hash(happened, legs)
    known = db.session.scalar(select(Entry).where(Entry.key == happened.key))
    if known is not None:
        if known.req_hash != said:
            raise Conflict(
                "ledger.key",
                "同一编号已记过另一笔账。",
                "This number stands for another entry.",
                rule=RULE,
                key=happened.key,
            )
        return False
    row = {"key": happened.key, "req_hash": said, "kind": happened.kind, "legs": len(legs), "at": happened.at}
    entry = db.session.execute(insert(Entry).values(**row).returning(Entry.id)).scalar_one()
    for seq, (leg, phase, pending) in enumerate(legs, 1):
        db.session.execute(insert(Transfer).values(entry_id=entry, seq=seq, pending_id=pending, **_row(leg, phase)))
    return True


def _row(leg: Leg, phase: Phase) -> dict[str, object]:
    """PostgreSQL would round a fraction silently: only whole fen go in."""
    if type(leg.amount) is not int:
        raise TypeError(f"an amount is a whole number of fen, not {leg.amount!r}")
    return {
        "phase": str(phase),
        "debit_id": _account(leg.debit),
        "credit_id": _account(leg.credit),
        "amount": leg.amount,
    }


def _account(code: str) -> int:
    found = db.session.scalar(select(Account.id).where(Account.code == code))
    if found is not None:
        return found
    row = {"code": code, "kind": code[0], "guard": 1 if code.startswith(GUARDED) else 0}
    if db.engine.dialect.name == "postgresql":  # another transaction may open it at the same instant
        db.session.execute(postgresql.insert(Account).values(**row).on_conflict_do_nothing())
        return db.session.execute(select(Account.id).where(Account.code == code)).scalar_one()
    return db.session.execute(insert(Account).values(**row).returning(Account.id)).scalar_one()


def _hash(happened: Event, legs: Sequence[tuple[Leg, Phase, int | None]]) -> str:
    rows = [[leg.debit, leg.credit, leg.amount, str(phase), number] for leg, phase, number in legs]
    return canonical.sha(canonical.encode({"kind": happened.kind, "legs": rows}))


def _pending(held: str) -> list[tuple[int, Leg]]:
    debit, credit = Account.__table__.alias("debit"), Account.__table__.alias("credit")
    wanted = (
        select(Transfer.id, debit.c.code, credit.c.code, Transfer.amount)
        .join(Entry, Entry.id == Transfer.entry_id)
        .join(debit, debit.c.id == Transfer.debit_id)
        .join(credit, credit.c.id == Transfer.credit_id)
        .where(Entry.key == held, Transfer.phase == Phase.PENDING)
        .order_by(Transfer.seq)
    )
    found = [(number, Leg(out, into, Fen(amount))) for number, out, into, amount in db.session.execute(wanted)]
    if not found:
        raise Conflict(
            "ledger.no_hold", "没有这笔预留。", "Nothing is reserved under this number.", rule=RULE, key=held
        )
    return found
