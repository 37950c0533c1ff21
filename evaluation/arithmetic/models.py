"""The table of corrections: what a member read, behind the question to the bidder, and the bidder's signed answer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, JSONText


class PriceCorrection(Base):
    """`number` is that of the committee's request (`Clarification`), which says when it went out and when it lapsed."""

    __tablename__ = "price_correction"
    __table_args__ = (
        UniqueConstraint("lot", "number"),
        CheckConstraint("(confirmed IS NULL) = (file IS NULL)", name="answered_whole"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(String(23))
    number: Mapped[int] = mapped_column(Integer)
    bid_id: Mapped[str] = mapped_column(String(32))
    reading: Mapped[dict[str, Any]] = mapped_column(JSONText)
    confirmed: Mapped[bool | None] = mapped_column(Boolean)
    file: Mapped[bytes | None] = mapped_column(LargeBinary)
    sig: Mapped[str | None] = mapped_column(String(88))
