"""Tables of filed plans, of what each department did with them, and of the departments that the county names."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kernel.db import Base, Instant, JSONText
from tendering.models import Tender


class Department(Base):
    """A body to which every plan of a trade is filed. Without a `basis` in law it takes a receipt and can hold up nothing."""

    __tablename__ = "review_department"
    __table_args__ = (
        UniqueConstraint("trade", "organization_id"),
        CheckConstraint("days > 0", name="time_to_answer"),
        CheckConstraint("NOT approves OR length(basis) > 0", name="approval_has_basis"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    trade: Mapped[str] = mapped_column(String(16), index=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    days: Mapped[int] = mapped_column(Integer)
    """Working days to answer in; seconds in practice."""
    approves: Mapped[bool] = mapped_column(Boolean)
    basis: Mapped[str] = mapped_column(Text)


class Plan(Base):
    """One filing of a draft: the exact bytes that went to everybody."""

    __tablename__ = "tender_plan"
    __table_args__ = (UniqueConstraint("tender_id", "round"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tender_id: Mapped[int] = mapped_column(ForeignKey("tender.id"), index=True)
    owner_org: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    round: Mapped[int] = mapped_column(Integer)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(String(64))
    item: Mapped[str] = mapped_column(String(200))
    filed_at: Mapped[dt.datetime] = mapped_column(Instant)
    replaced_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    """When a later filing took its place."""
    returned_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    returned_by: Mapped[int | None] = mapped_column(ForeignKey("organization.id"))
    return_ground: Mapped[str | None] = mapped_column(String(40))
    return_reason: Mapped[str | None] = mapped_column(Text)
    signs: Mapped[list[dict[str, Any]]] = mapped_column(JSONText, default=list)
    """What looked like splitting when it was filed: the evidence behind open alerts."""

    @property
    def current(self) -> bool:
        return self.returned_at is None and self.replaced_at is None

    tender: Mapped[Tender] = relationship()
    reviews: Mapped[list[Review]] = relationship(back_populates="plan", order_by="Review.id")


class Review(Base):
    """A plan at one department: when it is due, and what came of it. The department's terms are kept as they were then."""

    __tablename__ = "plan_review"
    __table_args__ = (
        UniqueConstraint("plan_id", "organization_id"),
        CheckConstraint("(act IS NULL) = (acted_at IS NULL)", name="acted_whole"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("tender_plan.id"), index=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    approves: Mapped[bool] = mapped_column(Boolean)
    basis: Mapped[str] = mapped_column(Text)
    due_at: Mapped[dt.datetime] = mapped_column(Instant, index=True)
    act: Mapped[str | None] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(Text, default="")
    acted_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    overdue_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    """When its time was found to have passed without a word; a late word still counts."""
    evidence: Mapped[dict[str, Any] | None] = mapped_column(JSONText)
    """What the alert about its being overdue hashes."""

    plan: Mapped[Plan] = relationship(back_populates="reviews")


class Intent(Base):
    """What an owner means to buy, made public before the procedure begins (G50)."""

    __tablename__ = "purchase_intent"

    id: Mapped[int] = mapped_column(primary_key=True)
    tender_id: Mapped[int] = mapped_column(ForeignKey("tender.id"), unique=True)
    title: Mapped[str] = mapped_column(String(300))
    item: Mapped[str] = mapped_column(String(200))
    budget: Mapped[str] = mapped_column(String(20))
    published_at: Mapped[dt.datetime] = mapped_column(Instant, index=True)

    tender: Mapped[Tender] = relationship()
