"""Tables of pre-qualification: applications with their files, who reviews them, their findings, the owner's signed result."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kernel.db import Base, Instant, JSONText
from tendering.models import Lot


class PrequalApplication(Base):
    """One party's application for a lot. Replaced in place until the deadline; nobody else reads it before."""

    __tablename__ = "prequal_application"
    __table_args__ = (
        UniqueConstraint("lot_id", "organization_id"),
        CheckConstraint("(passed IS NULL) = (told IS NULL)", name="told_when_judged"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(32), unique=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    """The applicant, or the lead of a consortium."""
    party: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(300))
    members: Mapped[list[int]] = mapped_column(JSONText)
    """The organizations behind the party; who stands here stands in no other application of the lot."""
    answers: Mapped[dict[str, str]] = mapped_column(JSONText)
    """What the applicant says to each published criterion, by its id."""
    sha256: Mapped[str] = mapped_column(String(64))
    handed_in_at: Mapped[dt.datetime] = mapped_column(Instant)
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    passed: Mapped[bool | None] = mapped_column(Boolean)
    told: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONText)
    """Its own result, criterion by criterion, as the owner gave it."""
    read_at: Mapped[dt.datetime | None] = mapped_column(Instant)

    lot: Mapped[Lot] = relationship()
    files: Mapped[list[PrequalFile]] = relationship(
        back_populates="of", order_by="PrequalFile.id", cascade="all, delete-orphan"
    )


class PrequalFile(Base):
    """A paper that goes with an application; its bytes stand in the blob store."""

    __tablename__ = "prequal_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("prequal_application.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    blob_key: Mapped[str] = mapped_column(String(64))

    of: Mapped[PrequalApplication] = relationship(back_populates="files")


class PrequalReviewer(Base):
    """A member of a lot's review committee (条例 第18条)."""

    __tablename__ = "prequal_reviewer"
    __table_args__ = (UniqueConstraint("lot_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    expert: Mapped[bool] = mapped_column(Boolean)
    seated_at: Mapped[dt.datetime] = mapped_column(Instant)


class PrequalReview(Base):
    """What one reviewer found of one application, criterion by criterion with reasons."""

    __tablename__ = "prequal_review"
    __table_args__ = (UniqueConstraint("application_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("prequal_application.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    verdicts: Mapped[dict[str, dict[str, Any]]] = mapped_column(JSONText)
    """Criterion id to {passes, reason}."""
    sha256: Mapped[str] = mapped_column(String(64))
    signed_at: Mapped[dt.datetime] = mapped_column(Instant)


class PrequalResult(Base):
    """The owner's signed result of a lot: who passed, secret until the opening (招标投标法 第22条)."""

    __tablename__ = "prequal_result"

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), unique=True)
    file: Mapped[bytes] = mapped_column(LargeBinary)
    sig: Mapped[str] = mapped_column(String(88))
    given_at: Mapped[dt.datetime] = mapped_column(Instant)
