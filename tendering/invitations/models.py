"""Tables of lists of those invited, of the single source's publicity, and of objections to it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kernel.db import Base, Instant
from tendering.models import Tender


class InvitationList(Base):
    """Whom an owner invites. Once fixed it stands; where it is drawn from, the log's own root draws."""

    __tablename__ = "invitation_list"
    __table_args__ = (
        CheckConstraint("(fixed_at IS NULL) = (fact_id IS NULL)", name="fixed_in_the_log"),
        CheckConstraint("seed IS NULL OR fixed_at IS NOT NULL", name="drawn_when_fixed"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    tender_id: Mapped[int] = mapped_column(ForeignKey("tender.id", ondelete="CASCADE"), unique=True)
    draw: Mapped[int | None] = mapped_column(Integer)
    witnesses: Mapped[str] = mapped_column(Text)
    """Names of the purchaser's people who watch the draw, one on each line."""
    fixed_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    fact_id: Mapped[int | None] = mapped_column(BigInteger)
    """The sealed fact in the log that fixes the list."""
    sha256: Mapped[str | None] = mapped_column(String(64))
    size: Mapped[int | None] = mapped_column(BigInteger)
    """Entries under the checkpoint that drew."""
    seed: Mapped[str | None] = mapped_column(String(64))

    tender: Mapped[Tender] = relationship()
    rows: Mapped[list[Invitation]] = relationship(
        back_populates="of", order_by="Invitation.id", cascade="all, delete-orphan", passive_deletes=True
    )


class Invitation(Base):
    """One organization on a list; invited when `invited_at` is set."""

    __tablename__ = "invitation"
    __table_args__ = (
        UniqueConstraint("list_id", "organization_id"),
        CheckConstraint("(accepts IS NULL) = (answered_at IS NULL)", name="answered_whole"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("invitation_list.id", ondelete="CASCADE"), index=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    ground: Mapped[str] = mapped_column(String(12))
    invited_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    accepts: Mapped[bool | None] = mapped_column(Boolean)
    answered_at: Mapped[dt.datetime | None] = mapped_column(Instant)

    of: Mapped[InvitationList] = relationship(back_populates="rows")


class SourcePublicity(Base):
    """A single source made public before the procedure begins (N12)."""

    __tablename__ = "source_publicity"

    id: Mapped[int] = mapped_column(primary_key=True)
    tender_id: Mapped[int] = mapped_column(ForeignKey("tender.id"), unique=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    title: Mapped[str] = mapped_column(String(300))
    ground: Mapped[str] = mapped_column(String(40))
    reasons: Mapped[str] = mapped_column(Text)
    published_at: Mapped[dt.datetime] = mapped_column(Instant, index=True)
    ends_at: Mapped[dt.datetime] = mapped_column(Instant)

    tender: Mapped[Tender] = relationship()
    objections: Mapped[list[SourceObjection]] = relationship(back_populates="of", order_by="SourceObjection.id")


class SourceObjection(Base):
    """Somebody's word against a single source, and what the experts found of it."""

    __tablename__ = "source_objection"
    __table_args__ = (CheckConstraint("(findings IS NULL) = (upheld IS NULL)", name="argued_whole"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    publicity_id: Mapped[int] = mapped_column(ForeignKey("source_publicity.id"), index=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    text: Mapped[str] = mapped_column(Text)
    raised_at: Mapped[dt.datetime] = mapped_column(Instant)
    argue_by: Mapped[dt.datetime] = mapped_column(Instant)
    findings: Mapped[str | None] = mapped_column(Text)
    upheld: Mapped[bool | None] = mapped_column(Boolean)

    of: Mapped[SourcePublicity] = relationship(back_populates="objections")
