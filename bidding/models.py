"""Tables of sealed bidding.

A lot is named by its code and a person or organization by its number without a foreign key's cascade: a bid outlives
what it names. Signed files stand as their exact bytes beside their signature.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Enum, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bidding.states import Answered, BidStatus, OpeningStep, Outcome, UploadState
from kernel.db import Base, Instant, JSONText

LOT = String(23)
SHA256 = String(64)
TOKEN = String(64)


def _choice(kind: type[StrEnum], name: str) -> Enum:
    """A column of one closed set, which the database checks too."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=16,
        values_callable=lambda found: [member.value for member in found],
    )


class Upload(Base):
    """A file on its way (tus); `size` bytes of `length` are durable. `lease` names the one request that may write."""

    __tablename__ = "upload"
    __table_args__ = (
        CheckConstraint("size >= 0 AND size <= length", name="upload_size"),
        CheckConstraint("(state = 'open') = (sha256 IS NULL)", name="upload_hashed"),
        Index("upload_owner", "organization", "state"),
        Index("upload_expiry", "state", "expires_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(TOKEN, unique=True)
    organization: Mapped[int]
    person: Mapped[int]
    filename: Mapped[str] = mapped_column(String(512))
    blob_key: Mapped[str] = mapped_column(TOKEN, unique=True)
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    length: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(SHA256)
    state: Mapped[UploadState] = mapped_column(_choice(UploadState, "upload_state"))
    lease: Mapped[str | None] = mapped_column(TOKEN)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)


class Bid(Base):
    """A sealed bid as received. One party has at most one live bid on a lot; the database says so too."""

    __tablename__ = "bid"
    __table_args__ = (
        Index(
            "one_live_bid",
            "lot",
            "party",
            unique=True,
            sqlite_where=text("status = 'live'"),
            postgresql_where=text("status = 'live'"),
        ),
        CheckConstraint("(status = 'live') = (ended_by IS NULL)", name="bid_ended"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT, index=True)
    party: Mapped[str] = mapped_column(String(80))
    organization: Mapped[int] = mapped_column(index=True)
    person: Mapped[int]
    manifest: Mapped[bytes] = mapped_column(LargeBinary)
    sig: Mapped[bytes] = mapped_column(LargeBinary)
    bidder: Mapped[bytes] = mapped_column(LargeBinary)
    bid_id: Mapped[str] = mapped_column(String(32), unique=True)
    manifest_sha256: Mapped[str] = mapped_column(SHA256, unique=True)
    status: Mapped[BidStatus] = mapped_column(_choice(BidStatus, "bid_status"))
    prev: Mapped[str | None] = mapped_column(SHA256)
    ended_by: Mapped[str | None] = mapped_column(SHA256)
    warrant: Mapped[dict[str, Any] | None] = mapped_column(JSONText)
    """Where another key than the bid's own ended it: by which naming or order (sealing.succession)."""
    receipt: Mapped[bytes] = mapped_column(LargeBinary)
    receipt_sig: Mapped[bytes] = mapped_column(LargeBinary)
    receipt_id: Mapped[str] = mapped_column(String(32), unique=True)
    received_at: Mapped[datetime] = mapped_column(Instant)
    log_fact: Mapped[int] = mapped_column(unique=True)


class Participation(Base):
    """An organization's one part in a lot: alone, or in one consortium (C24)."""

    __tablename__ = "bid_participation"
    __table_args__ = (UniqueConstraint("lot", "organization", name="one_part_per_lot"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT)
    organization: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    party: Mapped[str] = mapped_column(String(80))


class Envelope(Base):
    """A ciphertext of a bid; hash and recipient are unique so that nobody hands in a copy of another's."""

    __tablename__ = "envelope"
    __table_args__ = (UniqueConstraint("bid", "stage", name="one_envelope_per_stage"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    bid: Mapped[int] = mapped_column(ForeignKey("bid.id"))
    stage: Mapped[str] = mapped_column(String(32))
    blob_key: Mapped[str] = mapped_column(TOKEN, unique=True)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(SHA256, unique=True)
    recipient: Mapped[str] = mapped_column(String(128), unique=True)


class Acknowledgment(Base):
    """A trustee's signed word on its lines of one manifest."""

    __tablename__ = "acknowledgment"
    __table_args__ = (UniqueConstraint("bid", "node", "sha256", name="one_word_once"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    bid: Mapped[int] = mapped_column(ForeignKey("bid.id"), index=True)
    node: Mapped[str] = mapped_column(String(80))
    kind: Mapped[Answered] = mapped_column(_choice(Answered, "acknowledgment_kind"))
    sha256: Mapped[str] = mapped_column(SHA256)
    file: Mapped[bytes] = mapped_column(LargeBinary)
    sig: Mapped[bytes] = mapped_column(LargeBinary)
    taken_at: Mapped[datetime] = mapped_column(Instant)


class Withdrawal(Base):
    """A bidder's signed end of its own bid, with a receipt of its own."""

    __tablename__ = "withdrawal"

    id: Mapped[int] = mapped_column(primary_key=True)
    bid: Mapped[int] = mapped_column(ForeignKey("bid.id"), unique=True)
    person: Mapped[int]
    file: Mapped[bytes] = mapped_column(LargeBinary)
    sig: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(SHA256, unique=True)
    receipt: Mapped[bytes] = mapped_column(LargeBinary)
    receipt_sig: Mapped[bytes] = mapped_column(LargeBinary)
    receipt_id: Mapped[str] = mapped_column(String(32), unique=True)
    received_at: Mapped[datetime] = mapped_column(Instant)
    log_fact: Mapped[int] = mapped_column(unique=True)


class Roll(Base):
    """The list of everything received, fixed at the cut (sealing.md 1.4); `entries` in its order."""

    __tablename__ = "roll"
    __table_args__ = (UniqueConstraint("lot", "seq", name="one_roll_per_seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT)
    seq: Mapped[int]
    cut_size: Mapped[int] = mapped_column(BigInteger)
    cut_note: Mapped[bytes] = mapped_column(LargeBinary)
    root: Mapped[str] = mapped_column(SHA256)
    count: Mapped[int]
    entries: Mapped[list[Any]] = mapped_column(JSONText)
    log_fact: Mapped[int] = mapped_column(unique=True)
    logged_at: Mapped[datetime] = mapped_column(Instant)
    final: Mapped[bool] = mapped_column(default=False)


class NodeClose(Base):
    """A node's close on a roll; `log_fact` is empty until the platform logged it."""

    __tablename__ = "node_close"
    __table_args__ = (UniqueConstraint("lot", "seq", "node", name="one_close_per_node"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT)
    seq: Mapped[int]
    node: Mapped[str] = mapped_column(String(80))
    file: Mapped[bytes] = mapped_column(LargeBinary)
    sig: Mapped[bytes] = mapped_column(LargeBinary)
    taken_at: Mapped[datetime] = mapped_column(Instant)
    log_fact: Mapped[int | None] = mapped_column(unique=True)


class Admission(Base):
    """A logged `stage.admitted`: which bids of a stage the trustees release."""

    __tablename__ = "admission"
    __table_args__ = (UniqueConstraint("lot", "stage", "number", name="one_admission_per_number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT)
    stage: Mapped[str] = mapped_column(String(32))
    number: Mapped[int]
    seq: Mapped[int]
    root: Mapped[str] = mapped_column(SHA256)
    bids: Mapped[list[str]] = mapped_column(JSONText)
    set_aside: Mapped[list[str]] = mapped_column(JSONText)
    log_fact: Mapped[int] = mapped_column(unique=True)
    admitted_at: Mapped[datetime] = mapped_column(Instant)


class ReleaseHash(Base):
    """A trustee's promise: the hash of its release file for one admission (`number`), logged before lines are given."""

    __tablename__ = "release_hash"
    __table_args__ = (UniqueConstraint("lot", "stage", "number", "node", name="one_release_hash_per_node"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT)
    stage: Mapped[str] = mapped_column(String(32))
    seq: Mapped[int]
    number: Mapped[int] = mapped_column(default=1)
    node: Mapped[str] = mapped_column(String(80))
    i: Mapped[int]
    release_sha256: Mapped[str] = mapped_column(SHA256)
    file: Mapped[bytes] = mapped_column(LargeBinary)
    sig: Mapped[bytes] = mapped_column(LargeBinary)
    taken_at: Mapped[datetime] = mapped_column(Instant)
    log_fact: Mapped[int] = mapped_column(unique=True)


class Release(Base):
    """A trustee's lines for a stage, checked against its promise; of an evaluation stage the file only the evaluator reads."""

    __tablename__ = "release"
    __table_args__ = (UniqueConstraint("lot", "stage", "number", "node", name="one_release_per_node"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT)
    stage: Mapped[str] = mapped_column(String(32))
    seq: Mapped[int]
    number: Mapped[int] = mapped_column(default=1)
    node: Mapped[str] = mapped_column(String(80))
    i: Mapped[int]
    file: Mapped[bytes] = mapped_column(LargeBinary)
    sig: Mapped[bytes] = mapped_column(LargeBinary)
    taken_at: Mapped[datetime] = mapped_column(Instant)


class Opening(Base):
    """The opening of a lot as it runs: one row, which step it stands at and what it waits for.

    `earlier` are the versions of the record before this one, as {record, sigs}: a bid cleared later makes a new one.
    """

    __tablename__ = "opening"

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT, unique=True)
    step: Mapped[OpeningStep] = mapped_column(_choice(OpeningStep, "opening_step"))
    flipped_at: Mapped[datetime] = mapped_column(Instant)
    started: Mapped[dict[str, Any] | None] = mapped_column(JSONText)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    missing: Mapped[list[str]] = mapped_column(JSONText)
    read_out_at: Mapped[datetime | None] = mapped_column(Instant)
    confirm_until: Mapped[datetime | None] = mapped_column(Instant)
    record: Mapped[bytes | None] = mapped_column(LargeBinary)
    record_sigs: Mapped[dict[str, Any] | None] = mapped_column(JSONText)
    earlier: Mapped[list[Any]] = mapped_column(JSONText, default=list)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class Opened(Base):
    """What became of one envelope at the opening; `line` is its place in the read-out."""

    __tablename__ = "opened"
    __table_args__ = (
        UniqueConstraint("bid", "stage", name="opened_once"),
        CheckConstraint("(outcome = 'opened') = (plain IS NOT NULL)", name="opened_plain"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(LOT, index=True)
    bid: Mapped[int] = mapped_column(ForeignKey("bid.id"))
    bid_id: Mapped[str] = mapped_column(String(32))
    stage: Mapped[str] = mapped_column(String(32))
    line: Mapped[int]
    outcome: Mapped[Outcome] = mapped_column(_choice(Outcome, "opened_outcome"))
    plain: Mapped[bytes | None] = mapped_column(LargeBinary)
    finding: Mapped[dict[str, Any] | None] = mapped_column(JSONText)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    log_fact: Mapped[int | None] = mapped_column(unique=True)
    read_out_at: Mapped[datetime | None] = mapped_column(Instant)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    confirmed_by: Mapped[int | None]


class OpeningObjection(Base):
    """An objection on the spot; the opening does not end before it has its answer (条例 第44条)."""

    __tablename__ = "opening_objection"
    __table_args__ = (CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="objection_answered"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(TOKEN, unique=True)
    lot: Mapped[str] = mapped_column(LOT, index=True)
    bid: Mapped[int] = mapped_column(ForeignKey("bid.id"))
    person: Mapped[int]
    words: Mapped[str] = mapped_column(String(2000))
    raised_at: Mapped[datetime] = mapped_column(Instant)
    answer: Mapped[str | None] = mapped_column(String(2000))
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    answered_by: Mapped[int | None]
