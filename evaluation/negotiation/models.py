"""Tables of a negotiation: sessions, what was said in them, changes of the requirements, who left, the team's record."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant, JSONText

LOT, BID, SHA256, ALIAS = String(23), String(32), String(64), String(8)


class Session(Base):
    """The team with one supplier: called by a member, begun when every member is there. One at a time."""

    __tablename__ = "negotiation_session"
    __table_args__ = (
        UniqueConstraint("lot", "number"),
        Index(
            "one_session_at_a_time",
            "lot",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT)
    number: Mapped[int] = mapped_column(Integer)
    bid_id: Mapped[str] = mapped_column(BID)
    called_at: Mapped[dt.datetime] = mapped_column(Instant)
    present: Mapped[list[str]] = mapped_column(JSONText)
    """Aliases of the members who are there."""
    begun_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class Message(Base):
    """One message of a supplier's thread: the team's question, the supplier's answer, or a revised response with its file."""

    __tablename__ = "negotiation_message"
    __table_args__ = (
        CheckConstraint("(sort = 'response') = (blob_key IS NOT NULL)", name="response_has_a_file"),
        Index("message_thread", "lot", "bid_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT)
    bid_id: Mapped[str] = mapped_column(BID)
    session_id: Mapped[int | None] = mapped_column(ForeignKey("negotiation_session.id"))
    sort: Mapped[str] = mapped_column(String(8))
    by: Mapped[str] = mapped_column(ALIAS)
    """A member's alias, or `supplier`."""
    text: Mapped[str] = mapped_column(Text)
    file_name: Mapped[str | None] = mapped_column(String(200))
    file_sha256: Mapped[str | None] = mapped_column(SHA256)
    file_size: Mapped[int | None] = mapped_column(BigInteger)
    blob_key: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[dt.datetime] = mapped_column(Instant)


class Change(Base):
    """A change of the requirements: written by the team, in force once the purchaser signed it."""

    __tablename__ = "requirements_change"
    __table_args__ = (
        UniqueConstraint("lot", "number"),
        CheckConstraint("(issued_at IS NULL) = (sig IS NULL)", name="issued_when_signed"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT)
    number: Mapped[int] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(ALIAS)
    written_at: Mapped[dt.datetime] = mapped_column(Instant)
    file: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(SHA256)
    sig: Mapped[str | None] = mapped_column(String(88))
    issued_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class Told(Base):
    """A change as one supplier got it, and its receipt."""

    __tablename__ = "requirements_told"
    __table_args__ = (UniqueConstraint("change_id", "bid_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    change_id: Mapped[int] = mapped_column(ForeignKey("requirements_change.id"), index=True)
    bid_id: Mapped[str] = mapped_column(BID)
    told_at: Mapped[dt.datetime] = mapped_column(Instant)
    received_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class Departure(Base):
    """A supplier that withdrew before final quotes."""

    __tablename__ = "supplier_departure"

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT, index=True)
    bid_id: Mapped[str] = mapped_column(BID, unique=True)
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[dt.datetime] = mapped_column(Instant)


class Record(Base):
    """What the team proposes to record: whom it found not to conform, and how long final quotes may take."""

    __tablename__ = "negotiation_record"

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT, unique=True)
    by: Mapped[str] = mapped_column(ALIAS)
    proposed_at: Mapped[dt.datetime] = mapped_column(Instant)
    grounds: Mapped[dict[str, str]] = mapped_column(JSONText)
    """Bid to the ground on which its response does not conform."""
    designs: Mapped[dict[str, list[str]] | None] = mapped_column(JSONText)
    """Bid to the members who voted for its design; None where the requirements could be specified."""
    quote_seconds: Mapped[int] = mapped_column(Integer)
    closed_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class RecordSigning(Base):
    """One member's signature under the record; the last one ends the negotiation."""

    __tablename__ = "negotiation_signing"
    __table_args__ = (UniqueConstraint("lot", "alias"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT)
    alias: Mapped[str] = mapped_column(ALIAS)
    file: Mapped[bytes] = mapped_column(LargeBinary)
    sig: Mapped[str] = mapped_column(String(88))
    at: Mapped[dt.datetime] = mapped_column(Instant)
