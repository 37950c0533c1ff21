"""Tables of tenders, their lots, documents, keys, questions and second approvals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kernel.db import Base, Instant, JSONText
from tendering.codes import Trade
from tendering.states import DECIDED, OPENED_TO_ALL, UNDER_WAY, UNPUBLISHED, UNTIMED, LotState, TenderState


def _listed(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in sorted(values))


def _one_of(column: str, values: type[LotState | TenderState | Trade]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({_listed(values)})", name=f"{column}_known")


class Counter(Base):
    """The last number given out under a name; raised by compare-and-swap, so that codes have no gaps."""

    __tablename__ = "code_counter"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


class Tender(Base):
    """A call for tenders. `draft` is what the owner edits; `notice` the exact bytes that were signed and published."""

    __tablename__ = "tender"
    __table_args__ = (
        _one_of("state", TenderState),
        _one_of("trade", Trade),
        CheckConstraint("(state IN ('draft', 'filed')) = (published_at IS NULL)", name="published_once"),
        CheckConstraint("published_at IS NULL OR notice_sha256 IS NOT NULL", name="published_with_notice"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    trade: Mapped[str] = mapped_column(String(16))
    method: Mapped[str] = mapped_column(String(16), default="open")
    """The procedure of the tender's pack: open, invited, inquiry, single_source."""
    pack_id: Mapped[str] = mapped_column(String(64))
    pack_sha256: Mapped[str | None] = mapped_column(String(64))
    practice: Mapped[bool] = mapped_column(Boolean)
    title: Mapped[str] = mapped_column(String(300))
    region: Mapped[str] = mapped_column(String(6), index=True)
    owner_org: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    agency_org: Mapped[int | None] = mapped_column(ForeignKey("organization.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), default=TenderState.DRAFT)
    draft: Mapped[dict[str, Any]] = mapped_column(JSONText)
    notice: Mapped[bytes | None] = mapped_column(LargeBinary)
    notice_sig: Mapped[str | None] = mapped_column(String(88))
    notice_sha256: Mapped[str | None] = mapped_column(String(64))
    cert: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The owner's certificate (DER) that signed notice, keysets and timetables."""
    agency_cert: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The agency's certificate (DER) whose key stands in the keysets; named by the agency before the notice."""
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    published_at: Mapped[dt.datetime | None] = mapped_column(Instant, index=True)

    @property
    def unpublished(self) -> bool:
        """Still a draft, filed or not."""
        return self.state in UNPUBLISHED

    @property
    def shown_lots(self) -> list[Lot]:
        """All of a draft's; of a published tender those that are public: a final box is, once it takes quotes."""
        return [lot for lot in self.lots if self.unpublished or lot.state != LotState.DRAFT]

    lots: Mapped[list[Lot]] = relationship(back_populates="tender", order_by="Lot.number", cascade="all, delete-orphan")
    documents: Mapped[list[Document]] = relationship(
        back_populates="tender", order_by="Document.id", cascade="all, delete-orphan"
    )


class Lot(Base):
    """A 标段 or 包: from sealing on, everything is per lot. Suspension is a flag beside the state."""

    __tablename__ = "lot"
    __table_args__ = (
        UniqueConstraint("tender_id", "number"),
        _one_of("state", LotState),
        CheckConstraint(
            f"state IN ({_listed(UNTIMED)}) OR (closes_at IS NOT NULL AND opens_at IS NOT NULL)", name="timed"
        ),
        CheckConstraint("state = 'draft' OR keyset_sha256 IS NOT NULL", name="keyed"),
        CheckConstraint(f"state NOT IN ({_listed(DECIDED)}) OR awarded_bid IS NOT NULL", name="awarded_to_somebody"),
        Index("lot_due", "state", "closes_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(23), unique=True)
    tender_id: Mapped[int] = mapped_column(ForeignKey("tender.id"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(16), default=LotState.DRAFT)
    closes_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    opens_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    applications_due: Mapped[dt.datetime | None] = mapped_column(Instant)
    """Until when applications for pre-qualification are taken; None where all may bid."""
    qualified_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    """When the result of pre-qualification was given and the documents of the tender were issued to who passed."""
    ceiling_fen: Mapped[int | None] = mapped_column(BigInteger)
    method: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Canonical JSON of the evaluation method object."""
    method_sha256: Mapped[str | None] = mapped_column(String(64))
    timings: Mapped[dict[str, int]] = mapped_column(JSONText)
    fact_keys: Mapped[dict[str, str] | None] = mapped_column(JSONText)
    keyset: Mapped[bytes | None] = mapped_column(LargeBinary)
    keyset_sha256: Mapped[str | None] = mapped_column(String(64))
    keyset_version: Mapped[int] = mapped_column(Integer, default=0)
    """The version asked for from the nodes; 0 before the first request."""
    keyset_owner_sig: Mapped[str | None] = mapped_column(String(88))
    keyset_supervisor_sig: Mapped[str | None] = mapped_column(String(88))
    timetable: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The exact signed statement that fixes closes_at and opens_at."""
    timetable_sig: Mapped[str | None] = mapped_column(String(88))
    suspended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    suspended_cause: Mapped[str | None] = mapped_column(Text)
    publicity_from: Mapped[dt.datetime | None] = mapped_column(Instant)
    publicity_until: Mapped[dt.datetime | None] = mapped_column(Instant)
    ranking: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONText)
    """Candidates in rank order, as the result named them: {bid_id, manifest_sha256, bidder, price}."""
    given_up: Mapped[dict[str, str]] = mapped_column(JSONText, default=dict)
    """Candidates who gave up, with the reason."""
    awarded_bid: Mapped[str | None] = mapped_column(String(32))
    awarded_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    award: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The owner's signed award; none when the law's clock awarded (G36)."""
    award_sig: Mapped[str | None] = mapped_column(String(88))

    @property
    def under_way(self) -> bool:
        """Published and not yet decided."""
        return self.state in UNDER_WAY

    @property
    def opened(self) -> bool:
        """Its bids are open to all."""
        return self.state in OPENED_TO_ALL

    @property
    def decided(self) -> bool:
        """Somebody has won it."""
        return self.state in DECIDED

    tender: Mapped[Tender] = relationship(back_populates="lots")
    trustees: Mapped[list[TrusteeEntry]] = relationship(
        back_populates="lot", order_by="TrusteeEntry.stage, TrusteeEntry.i", cascade="all, delete-orphan"
    )


class TermsChange(Base):
    """A later version of a collecting lot's keyset on its way: asked for, put together, signed, then issued.

    Its columns bear the names of the lot's own, so that the nodes' answers are taken for either alike.
    """

    __tablename__ = "terms_change"
    __table_args__ = (UniqueConstraint("lot_id", "keyset_version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    keyset_version: Mapped[int] = mapped_column(Integer)
    fact_keys: Mapped[dict[str, str] | None] = mapped_column(JSONText)
    changes: Mapped[str] = mapped_column(Text)
    """What the owner says changes, word for word as in the notice of the change."""
    keyset: Mapped[bytes | None] = mapped_column(LargeBinary)
    keyset_sha256: Mapped[str | None] = mapped_column(String(64))
    keyset_supervisor_sig: Mapped[str | None] = mapped_column(String(88))
    alteration: Mapped[bytes | None] = mapped_column(LargeBinary)
    alteration_sig: Mapped[str | None] = mapped_column(String(88))
    asked_at: Mapped[dt.datetime] = mapped_column(Instant)
    issued_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class TrusteeEntry(Base):
    """A node's signed statement of its fresh recipient for one stage and version of a lot's keyset."""

    __tablename__ = "trustee_entry"
    __table_args__ = (UniqueConstraint("lot_id", "version", "stage", "i"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    version: Mapped[int] = mapped_column(Integer)
    stage: Mapped[str] = mapped_column(String(32))
    i: Mapped[int] = mapped_column(Integer)
    node: Mapped[str] = mapped_column(String(100))
    file: Mapped[bytes] = mapped_column(LargeBinary)
    sig: Mapped[str] = mapped_column(String(88))

    lot: Mapped[Lot] = relationship(back_populates="trustees")


class Document(Base):
    """A tender document; its bytes stand in the blob store under `blob_key`."""

    __tablename__ = "tender_document"
    __table_args__ = (UniqueConstraint("tender_id", "name"), Index("document_hash", "tender_id", "sha256"))

    id: Mapped[int] = mapped_column(primary_key=True)
    tender_id: Mapped[int] = mapped_column(ForeignKey("tender.id"))
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("lot.id"))
    name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    blob_key: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(100))
    added_at: Mapped[dt.datetime] = mapped_column(Instant)
    after_notice: Mapped[bool] = mapped_column(Boolean, default=False)

    tender: Mapped[Tender] = relationship(back_populates="documents")


class Question(Base):
    """A bidder's question. The owner sees the text and its token, never who asked."""

    __tablename__ = "tender_question"
    __table_args__ = (CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered_whole"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(32), unique=True)
    tender_id: Mapped[int] = mapped_column(ForeignKey("tender.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    text: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[dt.datetime] = mapped_column(Instant)
    answer: Mapped[str | None] = mapped_column(Text)
    bears_on_bids: Mapped[bool | None] = mapped_column(Boolean)
    answered_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class Approval(Base):
    """One of the two approvals that an act under dual control takes, from one organization."""

    __tablename__ = "tender_approval"
    __table_args__ = (
        Index(
            "one_proposal_waits",
            "tender_id",
            "act",
            unique=True,
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    tender_id: Mapped[int] = mapped_column(ForeignKey("tender.id"), index=True)
    act: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    role: Mapped[str] = mapped_column(String(8))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    done_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    """When the second was given; the act was carried out with it."""
    seconds: Mapped[int | None] = mapped_column(ForeignKey("tender_approval.id"))
    """The first approval that this one seconds."""
