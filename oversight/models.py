"""The table of complaints."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kernel.db import Base, Instant
from tendering.models import Lot
from tendering.objections.models import Objection


class Complaint(Base):
    """The complainant follows it by `token`; to everybody else it is a number within the lot."""

    __tablename__ = "complaint"
    __table_args__ = (
        UniqueConstraint("lot_id", "number"),
        CheckConstraint("(effect IS NULL) = (decided_at IS NULL)", name="complaint_decided_whole"),
        CheckConstraint("(reply IS NULL) = (replied_at IS NULL)", name="complaint_replied_whole"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(32), unique=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(12), index=True)
    matter: Mapped[str] = mapped_column(String(20))
    objection_id: Mapped[int | None] = mapped_column(ForeignKey("objection.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    demand: Mapped[str] = mapped_column(Text)
    evidence_name: Mapped[str | None] = mapped_column(String(200))
    evidence_size: Mapped[int | None] = mapped_column(BigInteger)
    evidence_sha256: Mapped[str | None] = mapped_column(String(64))
    evidence_blob: Mapped[str | None] = mapped_column(String(64))
    made_at: Mapped[dt.datetime] = mapped_column(Instant)
    warn_at: Mapped[dt.datetime] = mapped_column(Instant)
    due_at: Mapped[dt.datetime] = mapped_column(Instant)
    """When the authority's next act is late: to take or refuse the complaint, then to decide it."""
    correction: Mapped[str | None] = mapped_column(Text)
    """What the authority asked to be put right, once (G46)."""
    corrected_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    accepted_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    by_clock: Mapped[bool] = mapped_column(default=False)
    """Taken by the clock, because the authority had not decided in time (C61)."""
    reply_due_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    reply: Mapped[str | None] = mapped_column(Text)
    replied_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    stay_until: Mapped[dt.datetime | None] = mapped_column(Instant)
    """Until when the authority's suspension may last, where the law sets an end to it (G45)."""
    effect: Mapped[str | None] = mapped_column(String(16))
    reasons: Mapped[str | None] = mapped_column(Text)
    """Why it was refused or decided as it was."""
    decided_at: Mapped[dt.datetime | None] = mapped_column(Instant)

    lot: Mapped[Lot] = relationship()
    objection: Mapped[Objection | None] = relationship()
