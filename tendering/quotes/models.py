"""Tables of final quotes: which lot goes on from which, and who of the first box may quote."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kernel.db import Base
from tendering.models import Lot

LOT = String(23)


class FinalBox(Base):
    """The second box of a lot: a lot of its own in the same tender, with keys and a deadline of its own."""

    __tablename__ = "final_box"

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id", ondelete="CASCADE"), unique=True)
    first: Mapped[str] = mapped_column(LOT, unique=True)
    """The code of the lot whose responses were negotiated."""
    quote_seconds: Mapped[int] = mapped_column(Integer)
    """How long the team gave those who stay, from the moment this box opens."""
    requirements_sha256: Mapped[str] = mapped_column(String(64))
    """Of the requirements as they stood when the negotiation ended."""

    def moment(self, opened: dt.datetime) -> dt.datetime:
        """The first whole second that leaves those who stay their time, if the box opens at `opened`."""
        least = opened + dt.timedelta(seconds=self.quote_seconds)
        return least if not least.microsecond else least.replace(microsecond=0) + dt.timedelta(seconds=1)

    lot: Mapped[Lot] = relationship()
    quoters: Mapped[list[Quoter]] = relationship(
        back_populates="box", order_by="Quoter.id", cascade="all, delete-orphan"
    )


class Quoter(Base):
    """A supplier that stays, by the bid it handed in first."""

    __tablename__ = "final_quoter"
    __table_args__ = (UniqueConstraint("box_id", "party"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    box_id: Mapped[int] = mapped_column(ForeignKey("final_box.id", ondelete="CASCADE"), index=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    party: Mapped[str] = mapped_column(String(80))
    """The organization or consortium, as its bids name it."""
    bid_id: Mapped[str] = mapped_column(String(32))

    box: Mapped[FinalBox] = relationship(back_populates="quoters")
