"""Where else a notice was published."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Boolean, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kernel.db import Base, Instant
from tendering.models import Tender


class Elsewhere(Base):
    """One publication on another medium, with the hash of its text; entered again after a correction."""

    __tablename__ = "notice_elsewhere"

    id: Mapped[int] = mapped_column(primary_key=True)
    tender_id: Mapped[int] = mapped_column(ForeignKey("tender.id"), index=True)
    medium: Mapped[str] = mapped_column(String(120))
    url: Mapped[str] = mapped_column(String(500))
    sha256: Mapped[str] = mapped_column(String(64))
    same: Mapped[bool] = mapped_column(Boolean)
    published_at: Mapped[dt.datetime] = mapped_column(Instant)
    entered_at: Mapped[dt.datetime] = mapped_column(Instant)
    tender: Mapped[Tender] = relationship()
