"""Tables of the sale of land and property: applications with their files, the reserve opened, the outcome on site, payments."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kernel.db import Base, Instant, JSONText
from tendering.models import Lot

TOKEN = String(32)


class OfferApplication(Base):
    """An organization's application to take part (竞买申请, 意向受让登记). Who applied, and how many, is nobody else's to know."""

    __tablename__ = "offer_application"
    __table_args__ = (
        UniqueConstraint("lot_id", "organization_id"),
        CheckConstraint("state IN ('made', 'complete', 'returned', 'confirmed', 'refused', 'taken_back')", name="state_known"),
        CheckConstraint("(decision IS NULL) = (decision_sig IS NULL)", name="decision_signed"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(TOKEN, unique=True)
    """Stands for the application wherever a name would tell who applied; the bid id of a deal that needs no bid."""
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(12))
    said: Mapped[dict[str, Any]] = mapped_column(JSONText)
    """What the applicant declares: contact, standing, deposit, roles in the sale."""
    offer_fen: Mapped[int | None] = mapped_column(BigInteger)
    """What it pays should it stay the only one; seen by nobody but itself before the deal."""
    sha256: Mapped[str] = mapped_column(String(64))
    receipt: Mapped[bytes] = mapped_column(LargeBinary)
    receipt_sig: Mapped[str] = mapped_column(String(88))
    made_at: Mapped[dt.datetime] = mapped_column(Instant)
    remark: Mapped[str] = mapped_column(Text, default="")
    """What the centre found missing, or why the seller refused; with the clause."""
    decision: Mapped[bytes | None] = mapped_column(LargeBinary)
    decision_sig: Mapped[str | None] = mapped_column(String(88))
    decided_at: Mapped[dt.datetime | None] = mapped_column(Instant)

    lot: Mapped[Lot] = relationship()
    files: Mapped[list[OfferFile]] = relationship(order_by="OfferFile.id", cascade="all, delete-orphan")


class OfferFile(Base):
    """A paper that came with an application; its bytes stand in the blob store."""

    __tablename__ = "offer_file"
    __table_args__ = (UniqueConstraint("application_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("offer_application.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    blob_key: Mapped[str] = mapped_column(String(64))


class Reserve(Base):
    """The base or reserve price behind the notice's commitment: entered by the seller, open with the centre's second (L04)."""

    __tablename__ = "offer_reserve"

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), unique=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    nonce: Mapped[str] = mapped_column(String(64))
    opened_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class OnSite(Base):
    """The outcome of a sale held on site, as one side entered it and, once `stands_at` is set, another confirmed it."""

    __tablename__ = "offer_on_site"

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), unique=True)
    quotes: Mapped[list[dict[str, Any]]] = mapped_column(JSONText)
    """In the order in which they were made: token of the application and price."""
    record_sha256: Mapped[str] = mapped_column(String(64))
    entered_at: Mapped[dt.datetime] = mapped_column(Instant)
    stands_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class Deal(Base):
    """A deal and its confirmation (成交确认书): the exact bytes that seller and winner sign."""

    __tablename__ = "offer_deal"
    __table_args__ = (
        CheckConstraint("(winner_sig IS NULL) = (winner_at IS NULL)", name="winner_signed_whole"),
        CheckConstraint("(owner_sig IS NULL) = (owner_at IS NULL)", name="owner_signed_whole"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), unique=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    way: Mapped[str] = mapped_column(String(12))
    price_fen: Mapped[int] = mapped_column(BigInteger)
    struck_at: Mapped[dt.datetime] = mapped_column(Instant)
    preemption: Mapped[str | None] = mapped_column(Text)
    """What became of the shareholders' right of pre-emption; None where it was not asked or is not settled."""
    file: Mapped[bytes | None] = mapped_column(LargeBinary)
    winner_sig: Mapped[str | None] = mapped_column(String(88))
    winner_cert: Mapped[bytes | None] = mapped_column(LargeBinary)
    winner_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    owner_sig: Mapped[str | None] = mapped_column(String(88))
    owner_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class Payment(Base):
    """One payment of the price, as the seller recorded it."""

    __tablename__ = "offer_payment"
    __table_args__ = (UniqueConstraint("lot_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    paid_at: Mapped[dt.datetime] = mapped_column(Instant)
    recorded_at: Mapped[dt.datetime] = mapped_column(Instant)
