"""The table of signed directives."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kernel.db import Base, Instant
from tendering.models import Approval, Lot


class DirectiveOrder(Base):
    """What the authority signed; in force once `approval` has its second."""

    __tablename__ = "directive_order"

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    approval_id: Mapped[int | None] = mapped_column(ForeignKey("tender_approval.id", ondelete="SET NULL"))
    """None once the proposal was taken back."""
    act: Mapped[str] = mapped_column(String(8))
    file: Mapped[bytes] = mapped_column(LargeBinary)
    sig: Mapped[str] = mapped_column(String(88))
    signed_at: Mapped[dt.datetime] = mapped_column(Instant)
    in_force_at: Mapped[dt.datetime | None] = mapped_column(Instant)

    lot: Mapped[Lot] = relationship()
    approval: Mapped[Approval | None] = relationship()
