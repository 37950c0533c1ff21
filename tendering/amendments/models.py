"""Tables of changes after the notice, of who was told of them, and of site visits."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kernel.db import Base, Instant, JSONText
from tendering.models import Tender


class Amendment(Base):
    """An answer, document or term that bears on bids; proposed while it waits for the owner's signature over a new deadline."""

    __tablename__ = "amendment"
    __table_args__ = (CheckConstraint("(file IS NULL) = (sig IS NULL)", name="signed_whole"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tender_id: Mapped[int] = mapped_column(ForeignKey("tender.id"), index=True)
    what: Mapped[str] = mapped_column(String(12))
    subject: Mapped[str] = mapped_column(String(200))
    """The question's token, the document's name, the lot whose terms change, the place of a visit."""
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int | None] = mapped_column(BigInteger)
    blob_key: Mapped[str | None] = mapped_column(String(64))
    visit_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    proposed_at: Mapped[dt.datetime] = mapped_column(Instant)
    published_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    file: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The owner's signed statement, where the change moved a deadline."""
    sig: Mapped[str | None] = mapped_column(String(88))
    moved: Mapped[list[dict[str, Any]]] = mapped_column(JSONText, default=list)
    """Deadlines it moved: {lot, was, now}."""

    tender: Mapped[Tender] = relationship()


class Told(Base):
    """That a person who took documents was told of a change, and when it was read. Nobody of the project sees it."""

    __tablename__ = "amendment_told"
    __table_args__ = (UniqueConstraint("amendment_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    amendment_id: Mapped[int] = mapped_column(ForeignKey("amendment.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    read_at: Mapped[dt.datetime | None] = mapped_column(Instant)

    amendment: Mapped[Amendment] = relationship()
