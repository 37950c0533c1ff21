"""The one vocabulary of the log: every kind of fact, its fields, and who sees it when (log-and-nodes.md, section 2).

Open facts carry plane and role, never person, certificate, address or user agent. Everything personal and all that
the law keeps secret for a time is sealed. `DISCLOSURE` is the table that code, tests and documentation share.
"""

from __future__ import annotations

from typing import Literal

from supervision import slice_facts  # noqa: F401  their kinds belong to the vocabulary
from supervision.dispute_facts import Finding, LineJudged, StageIdentity
from supervision.filing_facts import (
    AmendmentPublished,
    AmendmentRead,
    IntentPublished,
    PlanFiled,
    PlanReturned,
    PlanReviewed,
    TenderMoved,
    VisitAnnounced,
)
from supervision.objection_facts import (
    ComplaintMade,
    ComplaintParty,
    ComplaintStep,
    ObjectionAnswered,
    ObjectionParty,
    ObjectionRaised,
    ObjectionWithdrawn,
    ProcedureResumed,
    ProcedureStayed,
)
from supervision.parts import (
    BoxedBid,
    Category,
    Color,
    Document,
    Member,
    NoticeLot,
    Place,
    RecordSignature,
    Signing,
    Status,
)  # fmt: skip
from supervision.vocabulary import (
    KINDS,
    OPEN,
    Amount,
    Base64,
    Disclosure,
    Fact,
    FactError,
    Instant,
    Sha256,
    Statement,
    from_json,
    parse,
)

__all__ = [
    "DISCLOSURE", "KINDS", "OPEN", "AmendmentPublished", "AmendmentRead", "BoxedBid", "Category", "Color",
    "ComplaintMade", "ComplaintParty", "ComplaintStep", "Disclosure", "Document", "Fact", "FactError", "Finding",
    "IntentPublished", "LineJudged", "Member", "NoticeLot", "ObjectionAnswered", "ObjectionParty", "ObjectionRaised",
    "ObjectionWithdrawn", "Place", "PlanFiled", "PlanReturned", "PlanReviewed", "ProcedureResumed", "ProcedureStayed",
    "RecordSignature", "Signing", "StageIdentity", "Status", "TenderMoved", "VisitAnnounced", "from_json", "parse",
]  # fmt: skip

SUBJECT, NEVER = Disclosure.SUBJECT, Disclosure.NEVER
TRUSTEES_AT_CLOSE, AUTHORITY_AT_CLOSE = Disclosure.TRUSTEES_AT_CLOSE, Disclosure.AUTHORITY_AT_CLOSE
BID = frozenset({SUBJECT, TRUSTEES_AT_CLOSE, Disclosure.AT_OPENING})
PERSONAL = frozenset({SUBJECT, AUTHORITY_AT_CLOSE, NEVER})

# Open facts: the tender ------------------------------------------------------------------------------------------


class Genesis(Fact, kind="genesis"):
    origin: str
    policy_sha256: Sha256


class NoticePublished(Fact, kind="notice.published"):
    tender: str
    trade: str
    method: str
    title: str
    pack: str
    pack_sha256: Sha256
    owner: str
    agency: str | None
    notice_sha256: Sha256
    documents: tuple[Document, ...]
    lots: tuple[NoticeLot, ...]
    practice: bool
    at: Instant


class DocumentAdded(Fact, kind="document.added"):
    tender: str
    name: str
    size: int
    sha256: Sha256


class QuestionAnswered(Fact, kind="question.answered"):
    tender: str
    question_sha256: Sha256
    answer_sha256: Sha256


class StateChanged(Fact, kind="state.changed"):
    lot: str
    was: str
    now: str
    event: str
    plane: str
    role: str
    at: Instant
    law: tuple[str, ...]
    guards: tuple[str, ...]


class TenderFailed(Fact, kind="tender.failed"):
    lot: str
    reason: str
    law: str


class TenderCancelled(Fact, kind="tender.cancelled"):
    tender: str
    reason: str
    law: str


# Open facts: deadline, cut and roll ------------------------------------------------------------------------------


class Keyset(Fact, kind="keyset"):
    """The keyset file with the signatures of owner and supervising authority (sealing.md 1.1)."""

    lot: str
    version: int
    file: Base64
    sig_owner: Base64
    sig_supervisor: Base64


class TermsAltered(Statement, kind="terms.altered"):
    """What a later version of the keyset changed: {type: kaibiao-alteration/1, lot, version, keyset_sha256, changes}."""

    lot: str


class Timetable(Statement, kind="timetable"):
    """Signed content: {type: kaibiao-timetable/1, lot, keyset_sha256, closes_at, opens_at}."""

    lot: str


class Suspended(Statement, kind="suspended"):
    """Signed content: {type: kaibiao-suspended/1, lot, at, cause}."""

    lot: str
    by: str


class Resumed(Statement, kind="resumed"):
    """Signed content: {type: kaibiao-resumed/1, lot, at, closes_at, opens_at}."""

    lot: str
    by: str


class OutageOrder(Statement, kind="outage.order"):
    """Signed by the supervising authority: {type: kaibiao-outage/1, lot, at, closes_at, opens_at}."""

    lot: str


class BoxClosed(Fact, kind="box.closed"):
    """The roll by hash, against the cut (sealing.md 1.4)."""

    lot: str
    seq: int
    cut_size: int
    root: Sha256
    count: int
    bids: tuple[BoxedBid, ...]


class Close(Statement, kind="close"):
    """A node's kaibiao-close/1."""

    lot: str
    node: str


# Open facts: release and opening ---------------------------------------------------------------------------------


class StageAdmitted(Fact, kind="stage.admitted"):
    lot: str
    stage: str
    seq: int
    root: Sha256
    bids: tuple[str, ...]
    set_aside: tuple[str, ...]
    signatures: tuple[Signing, ...]


class OpeningStarted(Statement, kind="opening.started"):
    lot: str
    by: str


class ReleaseHash(Statement, kind="release.hash"):
    """A trustee's kaibiao-release-hash/1."""

    lot: str
    stage: str
    node: str


class Release(Fact, kind="release"):
    """`file` is the exact release statement where it fits into an entry; otherwise its hash stands for it."""

    lot: str
    stage: str
    node: str
    sha256: Sha256
    file: Base64 | None
    sig: Base64


class StageDestroyed(Statement, kind="stage.destroyed"):
    lot: str
    stage: str
    node: str


class BidOpened(Fact, kind="bid.opened"):
    """`price` is null where this stage's sheet carries none."""

    lot: str
    bid_id: str
    manifest_sha256: Sha256
    sheet_sha256: Sha256
    bidder: str
    price: Amount | None
    period_days: int | None


class BidJudged(Fact, kind="bid.judged"):
    """Not opened, and whose fault: 撤销 (revoked) or 撤回 (returned), 20号令 art. 31."""

    lot: str
    bid_id: str
    manifest_sha256: Sha256
    verdict: Literal["revoked", "returned"]
    party: str
    rule: str
    reason: str


class OpeningRecord(Fact, kind="opening.record"):
    lot: str
    record_sha256: Sha256
    signatures: tuple[RecordSignature, ...]


# Open facts: evaluation and award --------------------------------------------------------------------------------


class CommitteeFormed(Fact, kind="committee.formed"):
    lot: str
    members: tuple[Member, ...]


class DocsOpened(Fact, kind="docs.opened"):
    lot: str
    bid_id: str
    result: str
    sha256: Sha256 | None


class ResultPublished(Fact, kind="result.published"):
    lot: str
    method_sha256: Sha256
    result_sha256: Sha256
    ranking: tuple[Place, ...]


class PublicityStarted(Fact, kind="publicity.started"):
    lot: str
    ends_at: Instant


class Award(Fact, kind="award"):
    lot: str
    bid_id: str
    manifest_sha256: Sha256
    bidder: str
    price: Amount


class Alert(Fact, kind="alert"):
    """A node's monitoring point that is not silent; the evidence stands at the node under its hash."""

    node: str
    point: str
    lot: str | None
    color: Color
    category: Category
    evidence_sha256: Sha256


# Sealed facts ----------------------------------------------------------------------------------------------------


class BidSealed(Fact, kind="bid.sealed", opens=BID):
    lot: str
    manifest_sha256: Sha256
    sig_sha256: Sha256
    receipt_id: str
    received_at: Instant


class BidWithdrawn(Statement, kind="bid.withdrawn", opens=BID):
    """Signed content: {type: kaibiao-withdraw/1, lot, manifest_sha256, time}."""

    lot: str
    manifest_sha256: Sha256
    receipt_id: str
    received_at: Instant


class BidRefused(Fact, kind="bid.refused", opens=BID):
    """Proved, so that a trustee who sees no bid on the roll sees why (sealing.md 1.3)."""

    lot: str
    code: str
    rule: str
    manifest_sha256: Sha256 | None
    at: Instant


class DocumentTaken(Fact, kind="document.taken", opens=PERSONAL):
    tender: str
    document_sha256: Sha256
    org: str
    at: Instant


class DepositPaid(Fact, kind="deposit.paid", opens=PERSONAL):
    lot: str
    amount: Amount
    org: str
    at: Instant


class ScoreSheet(Fact, kind="score.sheet", opens=frozenset({SUBJECT, AUTHORITY_AT_CLOSE, Disclosure.AT_AWARD})):
    lot: str
    evaluator: str
    sheet_sha256: Sha256
    sig: Base64


class Acted(Fact, kind="acted", opens=PERSONAL):
    """Who was behind a state change."""

    what: str
    person: str
    org: str
    address: str
    user_agent: str
    at: Instant
    cert_sha256: Sha256 | None


class AttemptRefused(Fact, kind="attempt.refused", opens=PERSONAL):
    what: str
    code: str
    role: str | None
    at: Instant


class QuestionAsked(Fact, kind="question.asked", opens=frozenset({SUBJECT, AUTHORITY_AT_CLOSE, Disclosure.AT_OPENING})):
    tender: str
    question_sha256: Sha256
    at: Instant


class SignedIn(Fact, kind="signed.in", opens=PERSONAL):
    person: str
    at: Instant


DISCLOSURE: dict[str, frozenset[Disclosure]] = {kind: cls.opens for kind, cls in sorted(KINDS.items())}
"""Kind of fact to who sees it; a kind with OPEN stands in the log as it is, every other kind is sealed."""
