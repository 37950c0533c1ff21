"""Tables of the report and of its time: what was proposed, who signed it, and how long the committee has."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant

LOT, ALIAS, SHA256 = String(23), String(8), String(64)


class Report(Base):
    """A report with the result it carries: before the members, then complete; withdrawn when the evaluation begins again."""

    __tablename__ = "evaluation_report"
    __table_args__ = (
        Index(
            "one_standing_report",
            "lot",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT)
    file: Mapped[bytes] = mapped_column(LargeBinary)
    """The canonical bytes whose hash every member signs."""
    sha256: Mapped[str] = mapped_column(SHA256)
    result: Mapped[bytes] = mapped_column(LargeBinary)
    proposed_at: Mapped[dt.datetime] = mapped_column(Instant)
    completed_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class ReportSignature(Base):
    """One member's part in a report: the signed statement, perhaps with a dissent, or the record that it stayed silent."""

    __tablename__ = "report_signature"
    __table_args__ = (
        UniqueConstraint("report_id", "alias"),
        CheckConstraint("(file IS NULL) = (sig IS NULL)", name="signed_whole"),
        CheckConstraint("(file IS NULL) = (silent_at IS NOT NULL)", name="signed_or_silent"),
        CheckConstraint("dissent IS NULL OR file IS NOT NULL", name="dissent_is_signed"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("evaluation_report.id"), index=True)
    alias: Mapped[str] = mapped_column(ALIAS)
    file: Mapped[bytes | None] = mapped_column(LargeBinary)
    sig: Mapped[str | None] = mapped_column(String(88))
    dissent: Mapped[str | None] = mapped_column(Text)
    silent_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    at: Mapped[dt.datetime] = mapped_column(Instant)


class PlannedTime(Base):
    """Until when one committee is to evaluate; `asked_at` while the owner has not answered that it is too short."""

    __tablename__ = "evaluation_time"

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT, unique=True)
    ends_at: Mapped[dt.datetime] = mapped_column(Instant)
    asked_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class ShortOfTime(Base):
    """A member's word that the time is too short; answered by the next extension."""

    __tablename__ = "short_of_time"
    __table_args__ = (
        Index(
            "one_open_word",
            "lot",
            "alias",
            unique=True,
            sqlite_where=text("answered_at IS NULL"),
            postgresql_where=text("answered_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT)
    alias: Mapped[str] = mapped_column(ALIAS)
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[dt.datetime] = mapped_column(Instant)
    answered_at: Mapped[dt.datetime | None] = mapped_column(Instant)
