"""Tables of what follows a lot that failed: the next round, or the decision not to hold one."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kernel.db import Base, Instant
from tendering.models import Lot, Tender


class NextRound(Base):
    """A failed lot, the tender that takes it up again, and what the owner reconsidered before."""

    __tablename__ = "next_round"

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id", ondelete="CASCADE"), unique=True)
    tender_id: Mapped[int] = mapped_column(ForeignKey("tender.id", ondelete="CASCADE"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    """The round of the new tender; the first notice of a project is round 1."""
    reasons: Mapped[str] = mapped_column(Text)
    changes: Mapped[str] = mapped_column(Text)
    changed: Mapped[bool]
    """Whether the documents were changed; otherwise `changes` says why they stand as they are."""
    prepared_at: Mapped[dt.datetime] = mapped_column(Instant)

    lot: Mapped[Lot] = relationship()
    tender: Mapped[Tender] = relationship()


class RepeatDecision(Base):
    """After a repeated failure: no further tender, or another method, with the consent that the law asks for."""

    __tablename__ = "repeat_decision"

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), unique=True)
    choice: Mapped[str] = mapped_column(String(16))
    authority: Mapped[str] = mapped_column(String(200))
    document: Mapped[str] = mapped_column(String(200))
    reasons: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[dt.datetime] = mapped_column(Instant)
