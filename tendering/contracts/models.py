"""Tables of what follows the award: messages to the bidders, signed papers, alerts raised, and sealed archives."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant

LOT = String(23)


class Message(Base):
    """What one bidder was told of the result, signed by the platform's key. Nobody else sees it (C53, G38)."""

    __tablename__ = "award_message"
    __table_args__ = (UniqueConstraint("lot", "round", "bid_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT)
    round: Mapped[int] = mapped_column(Integer)
    bid_id: Mapped[str] = mapped_column(String(32))
    organization: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    file: Mapped[bytes] = mapped_column(LargeBinary)
    sig: Mapped[str] = mapped_column(String(88))
    sent_at: Mapped[dt.datetime] = mapped_column(Instant)
    read_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class Paper(Base):
    """A statement about a lot and the document behind it: report, contract, change or acceptance."""

    __tablename__ = "contract_paper"
    __table_args__ = (
        UniqueConstraint("lot", "kind", "number"),
        CheckConstraint("(owner_sig IS NULL) = (owner_at IS NULL)", name="owner_signed_whole"),
        CheckConstraint("(winner_sig IS NULL) = (winner_at IS NULL)", name="winner_signed_whole"),
        CheckConstraint("(blob_key IS NULL) = (document_sha256 IS NULL)", name="document_whole"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT)
    kind: Mapped[str] = mapped_column(String(10))
    number: Mapped[int] = mapped_column(Integer)
    """Counts the papers of a kind; of contracts and reports the last one counts."""
    round: Mapped[int] = mapped_column(Integer)
    """The award it belongs to: 1, and one more for each next candidate."""
    file: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(String(64))
    name: Mapped[str | None] = mapped_column(String(200))
    blob_key: Mapped[str | None] = mapped_column(String(64))
    document_sha256: Mapped[str | None] = mapped_column(String(64))
    size: Mapped[int | None] = mapped_column(BigInteger)
    owner_sig: Mapped[str | None] = mapped_column(String(88))
    owner_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    winner_sig: Mapped[str | None] = mapped_column(String(88))
    winner_cert: Mapped[bytes | None] = mapped_column(LargeBinary)
    winner_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    made_at: Mapped[dt.datetime] = mapped_column(Instant)


class Sealed(Base):
    """A lot's sealed archive; the bytes stand in the blob store."""

    __tablename__ = "sealed_archive"

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT, unique=True)
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    blob_key: Mapped[str] = mapped_column(String(64))
    retain_until: Mapped[dt.datetime] = mapped_column(Instant)
    law: Mapped[str] = mapped_column(Text)
    sealed_at: Mapped[dt.datetime] = mapped_column(Instant)
