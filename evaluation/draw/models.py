"""Tables of the draws of experts, and of committees that were named without one."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evaluation.models import LOT, SHA256
from kernel.db import Base, Instant, JSONText


class ExpertDraw(Base):
    """One list that is drawn from. The first of a lot says who sits, a later one adds reserves."""

    __tablename__ = "expert_draw"
    __table_args__ = (
        UniqueConstraint("lot", "number"),
        CheckConstraint("(seed IS NULL) = (size IS NULL)", name="drawn_whole"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT)
    number: Mapped[int] = mapped_column(Integer)
    seats: Mapped[int] = mapped_column(Integer)
    fields: Mapped[list[str]] = mapped_column(JSONText)
    representatives: Mapped[list[int]] = mapped_column(JSONText)
    """The owner's people who sit beside those drawn."""
    fixed_at: Mapped[dt.datetime] = mapped_column(Instant)
    fact_id: Mapped[int] = mapped_column(BigInteger)
    """The fact in the log that fixes the list."""
    sha256: Mapped[str] = mapped_column(SHA256)
    size: Mapped[int | None] = mapped_column(BigInteger)
    """Entries under the checkpoint that drew."""
    seed: Mapped[str | None] = mapped_column(SHA256)

    rows: Mapped[list[ListedExpert]] = relationship(back_populates="of", order_by="ListedExpert.reference")


class ListedExpert(Base):
    """Somebody on a list; `position` is the place in the drawn order. Passed over once, never seated again."""

    __tablename__ = "listed_expert"
    __table_args__ = (
        UniqueConstraint("draw_id", "person_id"),
        CheckConstraint("(passed IS NULL) = (passed_at IS NULL)", name="passed_whole"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    draw_id: Mapped[int] = mapped_column(ForeignKey("expert_draw.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    organization: Mapped[str] = mapped_column(String(18))
    reference: Mapped[str] = mapped_column(SHA256, unique=True)
    nonce: Mapped[str] = mapped_column(SHA256)
    position: Mapped[int | None] = mapped_column(Integer)
    passed: Mapped[str | None] = mapped_column(String(10))
    passed_text: Mapped[str | None] = mapped_column(Text)
    passed_at: Mapped[dt.datetime | None] = mapped_column(Instant)

    of: Mapped[ExpertDraw] = relationship(back_populates="rows")


class ExpertAppointment(Base):
    """Members named without a draw, with the ground that the law asks for."""

    __tablename__ = "expert_appointment"

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT, index=True)
    ground: Mapped[str] = mapped_column(String(12))
    reasons: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(String(200))
    consent: Mapped[str] = mapped_column(String(200))
    at: Mapped[dt.datetime] = mapped_column(Instant)
