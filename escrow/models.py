"""Tables of the register: who was asked for what, what arrived, what goes back, and who approved it. Numbers are random: a count is a secret."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from escrow import ledger_models  # noqa: F401  the ledger's tables belong to the schema
from kernel.db import Base, Instant, JSONText

LOT, REF = String(23), String(20)
_LIVE: dict[str, Any] = {
    "unique": True, "sqlite_where": text("ended_at IS NULL"), "postgresql_where": text("ended_at IS NULL"),
}  # fmt: skip


class BasicAccount(Base):
    """A bidder's registered basic account; the newest counts for what arrives after it."""

    __tablename__ = "deposit_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    organization: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    bank: Mapped[str] = mapped_column(String(120))
    number: Mapped[str] = mapped_column(String(40))
    registered_at: Mapped[dt.datetime] = mapped_column(Instant)


class Deposit(Base):
    """What one bidder is asked for on one lot; `ref` is the number that the payment carries."""

    __tablename__ = "deposit"
    __table_args__ = (
        Index("one_live_deposit", "lot", "organization", **_LIVE),
        CheckConstraint("due_fen > 0", name="something_due"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(REF, unique=True)
    lot: Mapped[str] = mapped_column(LOT, index=True)
    organization: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    person: Mapped[int]
    form: Mapped[str] = mapped_column(String(10))
    due_fen: Mapped[int] = mapped_column(BigInteger)
    issued_at: Mapped[dt.datetime] = mapped_column(Instant)
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    """When the bid was withdrawn in writing, or an application taken back; empty again when the bidder bids again before anything was approved."""
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant, index=True)
    ended: Mapped[str | None] = mapped_column(String(10))
    """returned, kept, converted or price."""

    arrivals: Mapped[list[Arrival]] = relationship(back_populates="deposit", order_by="Arrival.channel_at, Arrival.id")
    guarantee: Mapped[Guarantee | None] = relationship(back_populates="deposit")
    refunds: Mapped[list[Refund]] = relationship(back_populates="deposit", order_by="Refund.id")


class Arrival(Base):
    """Money as the bank says that it came. What is not in order stands in suspense, with a reason."""

    __tablename__ = "deposit_arrival"
    __table_args__ = (CheckConstraint("amount > 0 AND held >= 0 AND held <= amount", name="held_of_it"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(REF, unique=True)
    deposit_id: Mapped[int | None] = mapped_column(ForeignKey("deposit.id"), index=True)
    ref_said: Mapped[str] = mapped_column(String(60))
    channel_ref: Mapped[str] = mapped_column(String(60), unique=True)
    channel_at: Mapped[dt.datetime] = mapped_column(Instant)
    means: Mapped[str] = mapped_column(String(10))
    payer_name: Mapped[str] = mapped_column(String(120))
    payer_account: Mapped[str] = mapped_column(String(40))
    amount: Mapped[int] = mapped_column(BigInteger)
    held: Mapped[int] = mapped_column(BigInteger)
    """How much of it counts as the deposit; the rest is in suspense."""
    problem: Mapped[str | None] = mapped_column(String(20))
    entered_by: Mapped[int]
    entered_at: Mapped[dt.datetime] = mapped_column(Instant)

    deposit: Mapped[Deposit | None] = relationship(back_populates="arrivals")


class Guarantee(Base):
    """A letter of guarantee: memo in the ledger, no money."""

    __tablename__ = "deposit_guarantee"

    id: Mapped[int] = mapped_column(primary_key=True)
    deposit_id: Mapped[int] = mapped_column(ForeignKey("deposit.id"), unique=True)
    issuer: Mapped[str] = mapped_column(String(120))
    number: Mapped[str] = mapped_column(String(60), unique=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[dt.datetime] = mapped_column(Instant)
    valid_until: Mapped[dt.datetime] = mapped_column(Instant)
    problem: Mapped[str | None] = mapped_column(String(20))
    entered_by: Mapped[int]
    entered_at: Mapped[dt.datetime] = mapped_column(Instant)

    deposit: Mapped[Deposit] = relationship(back_populates="guarantee")


class Batch(Base):
    """Refunds that one person of the centre proposes and one of another organization approves."""

    __tablename__ = "refund_batch"
    __table_args__ = (CheckConstraint("(approved_at IS NULL) = (approved_by IS NULL)", name="approved_whole"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(REF, unique=True)
    reason: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    organization: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    proposed_at: Mapped[dt.datetime] = mapped_column(Instant)
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[dt.datetime | None] = mapped_column(Instant)

    refunds: Mapped[list[Refund]] = relationship(back_populates="batch", order_by="Refund.id")


class Refund(Base):
    """A duty to give back: begun by a rule, due by its calendar, approved by two, paid once."""

    __tablename__ = "deposit_refund"
    __table_args__ = (
        Index("one_open_refund", "deposit_id", **_LIVE),
        CheckConstraint("(paid_at IS NULL) = (bank_ref IS NULL)", name="paid_whole"),
        CheckConstraint("paid_at IS NULL OR ended_at IS NOT NULL", name="paid_ends"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    deposit_id: Mapped[int] = mapped_column(ForeignKey("deposit.id"), index=True)
    cause: Mapped[str] = mapped_column(String(12))
    rule: Mapped[str] = mapped_column(String(20))
    law: Mapped[str] = mapped_column(Text)
    began_at: Mapped[dt.datetime] = mapped_column(Instant)
    due_at: Mapped[dt.datetime] = mapped_column(Instant, index=True)
    principal: Mapped[int] = mapped_column(BigInteger)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("refund_batch.id"), index=True)
    attempt: Mapped[int] = mapped_column(Integer, default=0)
    """Counts what was sent to the bank; a payment that the bank is known not to have made is tried under the next number."""
    fault: Mapped[str | None] = mapped_column(Text)
    """Why the bidder itself is to blame for the delay, in which case it costs nothing (G16)."""
    interest: Mapped[int | None] = mapped_column(BigInteger)
    late_interest: Mapped[int | None] = mapped_column(BigInteger)
    paid_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    bank_ref: Mapped[str | None] = mapped_column(String(60), unique=True)
    receipt: Mapped[bytes | None] = mapped_column(LargeBinary)
    receipt_sig: Mapped[str | None] = mapped_column(String(88))
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    told: Mapped[str] = mapped_column(String(6), default="")
    """The color of the last alert that everybody saw; none before the opening."""

    deposit: Mapped[Deposit] = relationship(back_populates="refunds")
    batch: Mapped[Batch | None] = relationship(back_populates="refunds")


class Decision(Base):
    """The owner's reasoned decision to keep a deposit, on one of the law's grounds; never a machine's (C29)."""

    __tablename__ = "deposit_decision"

    id: Mapped[int] = mapped_column(primary_key=True)
    deposit_id: Mapped[int] = mapped_column(ForeignKey("deposit.id"), unique=True)
    ground: Mapped[str] = mapped_column(String(20))
    law: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[dt.datetime] = mapped_column(Instant)
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class Check(Base):
    """One day's comparison of register and ledger (C18)."""

    __tablename__ = "deposit_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[str] = mapped_column(String(10), unique=True)
    at: Mapped[dt.datetime] = mapped_column(Instant)
    differences: Mapped[list[dict[str, Any]]] = mapped_column(JSONText)
