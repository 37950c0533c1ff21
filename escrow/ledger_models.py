"""Tables of the ledger: a transfer is one debit account, one credit account and a positive number of fen, so it cannot be unbalanced."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Connection,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    event,
)
from sqlalchemy.orm import Mapped, mapped_column

from escrow import ledger_ddl
from kernel.db import Base, Instant

LEGS_FK = "fk_ledger_entry_last_leg"


class Account(Base):
    """`guard` 1: never less owed than taken (a liability); 2: never less held than given (an asset); 0: not watched."""

    __tablename__ = "ledger_account"
    __table_args__ = (
        CheckConstraint("guard IN (0, 1, 2)", name="guard_known"),
        CheckConstraint("kind IN ('A', 'L', 'I', 'E', 'M')", name="kind_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    kind: Mapped[str] = mapped_column(String(1))
    guard: Mapped[int] = mapped_column(Integer)


class Entry(Base):
    """One event: `key` makes it happen once, `req_hash` says what it was, `legs` how many transfers it has."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        CheckConstraint("legs > 0", name="some_leg"),
        ForeignKeyConstraint(
            ["id", "legs"],
            ["ledger_transfer.entry_id", "ledger_transfer.seq"],
            name=LEGS_FK,
            deferrable=True,
            initially="DEFERRED",
            use_alter=True,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    req_hash: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(40))
    legs: Mapped[int] = mapped_column(Integer)
    at: Mapped[dt.datetime] = mapped_column(Instant)


class Transfer(Base):
    """One leg: posted at once, or pending until another leg posts or voids it."""

    __tablename__ = "ledger_transfer"
    __table_args__ = (
        UniqueConstraint("entry_id", "seq"),
        CheckConstraint("amount > 0 AND amount < 100000000000000000", name="amount_in_range"),
        CheckConstraint("debit_id <> credit_id", name="two_accounts"),
        CheckConstraint("phase IN ('posted', 'pending', 'post', 'void')", name="phase_known"),
        CheckConstraint("(phase IN ('post', 'void')) = (pending_id IS NOT NULL)", name="resolves_one"),
        Index("ledger_transfer_debit", "debit_id"),
        Index("ledger_transfer_credit", "credit_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("ledger_entry.id"))
    seq: Mapped[int] = mapped_column(Integer)
    phase: Mapped[str] = mapped_column(String(8))
    pending_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_transfer.id"), unique=True)
    debit_id: Mapped[int] = mapped_column(ForeignKey("ledger_account.id"))
    credit_id: Mapped[int] = mapped_column(ForeignKey("ledger_account.id"))
    amount: Mapped[int] = mapped_column(BigInteger)


def _guarded(_table: Table, connection: Connection, **_: Any) -> None:
    for statement in ledger_ddl.statements(connection.dialect.name):
        connection.exec_driver_sql(statement)


event.listen(Transfer.__table__, "after_create", _guarded)
