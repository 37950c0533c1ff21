"""Tables of evaluation: the committee's seats, their sheets, the opened documents, and where a lot's evaluation stands."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from evaluation.composition import SeatKind
from kernel.db import Base, Instant, JSONText

LOT = String(23)
SHA256 = String(64)


class Evaluation(Base):
    """One lot's evaluation. `revision` counts changes of what is public; `published` is the revision last written out."""

    __tablename__ = "evaluation"
    __table_args__ = (
        CheckConstraint("(result IS NULL) = (computed_at IS NULL)", name="computed_whole"),
        CheckConstraint("published <= revision", name="published_no_more"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT, unique=True)
    formed_at: Mapped[dt.datetime] = mapped_column(Instant)
    admitted_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    outcome: Mapped[str | None] = mapped_column(String(8))
    result: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The canonical bytes whose hash stands in the log."""
    result_sha256: Mapped[str | None] = mapped_column(SHA256)
    computed_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    disclosed_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    revision: Mapped[int] = mapped_column(Integer, default=1)
    published: Mapped[int] = mapped_column(Integer, default=0)


class Seat(Base):
    """A member's place on one lot's committee under an alias; an ended seat's conclusions are void (条例 第48条)."""

    __tablename__ = "committee_seat"
    __table_args__ = (
        UniqueConstraint("lot", "alias"),
        Index(
            "one_live_seat",
            "lot",
            "person_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        CheckConstraint("admitted_sig IS NULL OR declared_at IS NOT NULL", name="declared_before_admitting"),
        CheckConstraint("admitted_sig IS NULL OR conflict IS NULL", name="no_conflict_admits"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    alias: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(8), default=SeatKind.EXPERT)
    sign_key: Mapped[str] = mapped_column(String(120))
    cert: Mapped[bytes] = mapped_column(LargeBinary)
    formed_at: Mapped[dt.datetime] = mapped_column(Instant)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    declared_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    conflict: Mapped[str | None] = mapped_column(Text)
    """What the member declared; null after a declaration means none."""
    admitted_file: Mapped[bytes | None] = mapped_column(LargeBinary)
    admitted_sig: Mapped[str | None] = mapped_column(String(88))


class ScoreSheet(Base):
    """A seat's sheet: the draft as typed, then the exact signed bytes. `returned` names where objective marks differed."""

    __tablename__ = "score_sheet"
    __table_args__ = (
        CheckConstraint("(file IS NULL) = (signed_at IS NULL)", name="signed_whole"),
        CheckConstraint("(file IS NULL) = (sig IS NULL)", name="signed_by_somebody"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("committee_seat.id"), unique=True)
    draft: Mapped[dict[str, Any]] = mapped_column(JSONText)
    saved_at: Mapped[dt.datetime] = mapped_column(Instant)
    file: Mapped[bytes | None] = mapped_column(LargeBinary)
    sig: Mapped[str | None] = mapped_column(String(88))
    sha256: Mapped[str | None] = mapped_column(SHA256)
    signed_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    returned: Mapped[list[dict[str, str]]] = mapped_column(JSONText, default=list)
    returned_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class OpenedDocuments(Base):
    """What the evaluator found in a bid's evaluation stage: its files by name, size and hash, or a judgment."""

    __tablename__ = "opened_documents"
    __table_args__ = (
        UniqueConstraint("lot", "bid_id", "stage"),
        CheckConstraint("(result = 'opened') = (sha256 IS NOT NULL)", name="opened_or_judged"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT)
    bid_id: Mapped[str] = mapped_column(String(32))
    stage: Mapped[str] = mapped_column(String(32))
    result: Mapped[str] = mapped_column(String(8))
    sha256: Mapped[str | None] = mapped_column(SHA256)
    files: Mapped[list[dict[str, Any]]] = mapped_column(JSONText)
    judgment: Mapped[dict[str, str] | None] = mapped_column(JSONText)
    opened_at: Mapped[dt.datetime] = mapped_column(Instant)
