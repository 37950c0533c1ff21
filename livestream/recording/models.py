"""Tables of recordings: segments by hash, recorders heard of, gaps explained, and how far each lot was judged."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant

LOT, PHASE, PLACE = String(23), String(12), String(60)


class RecordedSegment(Base):
    """A file of one camera, as its recorder reported it; the file itself lies with the centre."""

    __tablename__ = "recorded_segment"
    __table_args__ = (
        UniqueConstraint("lot", "phase", "room", "camera", "began_at"),
        CheckConstraint("began_at < ended_at", name="in_order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT)
    phase: Mapped[str] = mapped_column(PHASE)
    room: Mapped[str] = mapped_column(PLACE)
    camera: Mapped[str] = mapped_column(PLACE)
    began_at: Mapped[dt.datetime] = mapped_column(Instant)
    ended_at: Mapped[dt.datetime] = mapped_column(Instant)
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    reported_at: Mapped[dt.datetime] = mapped_column(Instant)


class RecorderSeen(Base):
    """When a recorder last said that it runs."""

    __tablename__ = "recorder_seen"
    __table_args__ = (UniqueConstraint("lot", "phase", "room", "camera"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT)
    phase: Mapped[str] = mapped_column(PHASE)
    room: Mapped[str] = mapped_column(PLACE)
    camera: Mapped[str] = mapped_column(PLACE)
    seen_at: Mapped[dt.datetime] = mapped_column(Instant)


class MissingStated(Base):
    """Why a stretch was not recorded."""

    __tablename__ = "recording_missing"
    __table_args__ = (UniqueConstraint("lot", "phase", "room", "began_at", "ended_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT)
    phase: Mapped[str] = mapped_column(PHASE)
    room: Mapped[str] = mapped_column(PLACE)
    began_at: Mapped[dt.datetime] = mapped_column(Instant)
    ended_at: Mapped[dt.datetime] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(Text)
    stated_at: Mapped[dt.datetime] = mapped_column(Instant)


class RecordingCourse(Base):
    """How far a lot was judged: `state` is the one after which nothing is left to look for; `contents` is the list that goes into the archive."""

    __tablename__ = "recording_course"
    __table_args__ = (CheckConstraint("(contents IS NULL) = (listed_at IS NULL)", name="listed_whole"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT, unique=True)
    state: Mapped[str | None] = mapped_column(String(16))
    due_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    """When the last of what was recorded counts as reported."""
    contents: Mapped[bytes | None] = mapped_column(LargeBinary)
    listed_at: Mapped[dt.datetime | None] = mapped_column(Instant)
