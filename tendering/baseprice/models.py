"""Tables of the base price: the owner's sealed statement, and the trustees' lines that open it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kernel.db import Base, Instant, JSONText
from tendering.models import Lot


class BasePrice(Base):
    """One for each keyset of a lot, as the database says too: a change of the terms voids it like the bids."""

    __tablename__ = "base_price"
    __table_args__ = (
        UniqueConstraint("lot_id", "keyset_sha256"),
        CheckConstraint("(amount_fen IS NULL) = (plain IS NULL)", name="opened_whole"),
        CheckConstraint("amount_fen IS NULL OR finding IS NULL", name="opened_or_not"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    keyset_sha256: Mapped[str] = mapped_column(String(64))
    file: Mapped[bytes] = mapped_column(LargeBinary)
    sig: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    sealed_at: Mapped[dt.datetime] = mapped_column(Instant)
    log_fact: Mapped[int] = mapped_column(unique=True)
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    """Known to the platform once the trustees have released their lines, and not before."""
    plain: Mapped[bytes | None] = mapped_column(LargeBinary)
    finding: Mapped[dict[str, Any] | None] = mapped_column(JSONText)
    """Why it could not be opened."""
    said_fact: Mapped[int | None] = mapped_column(unique=True)
    read_out_at: Mapped[dt.datetime | None] = mapped_column(Instant)

    lot: Mapped[Lot] = relationship()
    lines: Mapped[list[BasePriceLine]] = relationship(order_by="BasePriceLine.i", back_populates="of")


class BasePriceLine(Base):
    """What one trustee gave, signed; its line, or that it was given none."""

    __tablename__ = "base_price_line"
    __table_args__ = (UniqueConstraint("base_price_id", "node"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    base_price_id: Mapped[int] = mapped_column(ForeignKey("base_price.id"), index=True)
    node: Mapped[str] = mapped_column(String(80))
    i: Mapped[int]
    line: Mapped[str | None] = mapped_column(String(200))
    taken_at: Mapped[dt.datetime] = mapped_column(Instant)

    of: Mapped[BasePrice] = relationship(back_populates="lines")
