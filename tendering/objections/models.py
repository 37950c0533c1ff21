"""Tables of what was raised against a lot, and of what stands still because of it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kernel.db import Base, Instant
from tendering.models import Lot


class Objection(Base):
    """Whoever raised it follows it by `token`; everybody else knows it by its number within the lot."""

    __tablename__ = "objection"
    __table_args__ = (
        UniqueConstraint("lot_id", "number"),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="objection_answered_whole"),
        CheckConstraint("(answer IS NULL) = (effect IS NULL)", name="objection_answered_with_effect"),
        CheckConstraint("answered_at IS NULL OR withdrawn_at IS NULL", name="objection_ends_once"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(32), unique=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    sort: Mapped[str] = mapped_column(String(12))
    subject: Mapped[str] = mapped_column(String(20))
    suspends: Mapped[bool]
    holds_contract: Mapped[bool] = mapped_column(default=False)
    """The owner found that it may change the result: no contract is signed before the reply (G47)."""
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    demand: Mapped[str] = mapped_column(Text)
    evidence_name: Mapped[str | None] = mapped_column(String(200))
    evidence_size: Mapped[int | None] = mapped_column(BigInteger)
    evidence_sha256: Mapped[str | None] = mapped_column(String(64))
    evidence_blob: Mapped[str | None] = mapped_column(String(64))
    raised_at: Mapped[dt.datetime] = mapped_column(Instant)
    warn_at: Mapped[dt.datetime] = mapped_column(Instant)
    due_at: Mapped[dt.datetime] = mapped_column(Instant)
    fact_id: Mapped[int] = mapped_column(Integer)
    """The row of its open fact: a suspension names the place that it has in the log."""
    answer: Mapped[str | None] = mapped_column(Text)
    effect: Mapped[str | None] = mapped_column(String(12))
    answered_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(Instant)

    lot: Mapped[Lot] = relationship()

    @property
    def is_open(self) -> bool:
        return self.answered_at is None and self.withdrawn_at is None


class Stay(Base):
    """One reason why something stands still after the opening, from when to when."""

    __tablename__ = "lot_stay"
    __table_args__ = (
        UniqueConstraint("lot_id", "cause", "holds"),
        Index("lot_stay_running", "lot_id", "until"),
        CheckConstraint("holds IN ('award', 'contract', 'procedure')", name="stay_holds_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    cause: Mapped[str] = mapped_column(String(40))
    holds: Mapped[str] = mapped_column(String(12))
    law: Mapped[str] = mapped_column(String(200))
    since: Mapped[dt.datetime] = mapped_column(Instant)
    until: Mapped[dt.datetime | None] = mapped_column(Instant)
