"""The record of what was agreed with a single source."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant


class SourceAgreement(Base):
    """Written by the project, signed by the supplier, then by the purchaser; written anew, it waits for both again."""

    __tablename__ = "source_agreement"
    __table_args__ = (
        CheckConstraint("(supplier_sig IS NULL) = (supplier_at IS NULL)", name="supplier_signed_whole"),
        CheckConstraint("(owner_sig IS NULL) = (owner_at IS NULL)", name="owner_signed_whole"),
        CheckConstraint("owner_sig IS NULL OR supplier_sig IS NOT NULL", name="supplier_signs_first"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id", ondelete="CASCADE"), unique=True)
    bid_id: Mapped[str] = mapped_column(String(32))
    price: Mapped[str] = mapped_column(String(20))
    """As on the wire."""
    record: Mapped[bytes] = mapped_column(LargeBinary)
    """Members, grounds, comparisons and terms: canonical bytes, of which the statement names the hash."""
    file: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[dt.datetime] = mapped_column(Instant)
    supplier_sig: Mapped[str | None] = mapped_column(String(88))
    supplier_cert: Mapped[bytes | None] = mapped_column(LargeBinary)
    supplier_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    owner_sig: Mapped[str | None] = mapped_column(String(88))
    owner_at: Mapped[dt.datetime | None] = mapped_column(Instant)

    @property
    def stands(self) -> bool:
        return self.owner_sig is not None
