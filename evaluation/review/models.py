"""Tables of the review: what was asked of bidders, and the committee's argument about competition."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Boolean, CheckConstraint, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant, JSONText

LOT = String(23)


class Clarification(Base):
    """A request to one bidder: proposed by a member, sent when a majority carries it, then answered or over."""

    __tablename__ = "clarification"
    __table_args__ = (
        UniqueConstraint("lot", "number"),
        CheckConstraint("(sent_at IS NULL) = (due_at IS NULL)", name="sent_whole"),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered_whole"),
        CheckConstraint("answered_at IS NULL OR lapsed_at IS NULL", name="answered_or_over"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT)
    number: Mapped[int] = mapped_column(Integer)
    bid_id: Mapped[str] = mapped_column(String(32))
    about: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    within_s: Mapped[int] = mapped_column(Integer)
    supporters: Mapped[list[str]] = mapped_column(JSONText)
    proposed_at: Mapped[dt.datetime] = mapped_column(Instant)
    sent_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    due_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    answer: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    lapsed_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class Argument(Base):
    """What a member proposes to say of competition when too few bids are left; the first that a majority carries stands."""

    __tablename__ = "competition_argument"

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT, index=True)
    text: Mapped[str] = mapped_column(Text)
    reject_all: Mapped[bool] = mapped_column(Boolean)
    supporters: Mapped[list[str]] = mapped_column(JSONText)
    proposed_at: Mapped[dt.datetime] = mapped_column(Instant)
    carried_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class Capacity(Base):
    """A candidate whose standing changed, before the committee that ranked it: votes by alias, and what the majority said."""

    __tablename__ = "capacity_review"
    __table_args__ = (CheckConstraint("(capable IS NULL) = (decided_at IS NULL)", name="decided_whole"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT, index=True)
    bid_id: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(Text)
    votes: Mapped[dict[str, bool]] = mapped_column(JSONText)
    asked_at: Mapped[dt.datetime] = mapped_column(Instant)
    decided_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    capable: Mapped[bool | None] = mapped_column(Boolean)
