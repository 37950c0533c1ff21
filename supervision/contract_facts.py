"""Facts from the award to the archive: notices and report by hash, the contract, what changed, and what was kept."""

from __future__ import annotations

from supervision.vocabulary import Amount, Base64, Disclosure, Fact, Instant, Sha256


class AwardNotified(Fact, kind="award.notified"):
    """The winner's notice and, as one hash that tells neither number nor names, what everybody else was told."""

    lot: str
    round: int
    notice_sha256: Sha256
    results_sha256: Sha256
    at: Instant


class AwardRead(
    Fact, kind="award.read", opens=frozenset({Disclosure.SUBJECT, Disclosure.AUTHORITY_AT_CLOSE, Disclosure.NEVER})
):
    """That a bidder opened the message about its own result."""

    lot: str
    message_sha256: Sha256
    org: str
    at: Instant


class AwardReported(Fact, kind="award.reported"):
    """The owner's written report to the supervising authority, by hash."""

    lot: str
    round: int
    report_sha256: Sha256
    sig: Base64
    at: Instant


class CandidateDropped(Fact, kind="candidate.dropped"):
    """A winner gave up or cannot perform: the award is undone, and the next in rank may be chosen."""

    lot: str
    round: int
    bid_id: str
    reason: str
    at: Instant


class ContractSigned(Fact, kind="contract.signed"):
    """`file` is the statement that both sides signed; `document_sha256` in it is the contract's own text."""

    lot: str
    bid_id: str
    price: Amount
    period_days: int | None
    contract_sha256: Sha256
    file: Base64
    sig_owner: Base64
    sig_winner: Base64
    winner_cert: Base64
    at: Instant


class ContractChanged(Fact, kind="contract.changed"):
    """`addition` is what the contract costs more by this change, and only this one."""

    lot: str
    number: int
    addition: Amount
    reason: str
    document_sha256: Sha256
    at: Instant


class ContractFulfilled(Fact, kind="contract.fulfilled"):
    """The owner's signed statement that the work was accepted."""

    lot: str
    file: Base64
    sig: Base64
    at: Instant


class ArchiveSealed(Fact, kind="archive.sealed"):
    """Everything public of the lot's tender in one file, and the year until whose end it is kept."""

    lot: str
    archive_sha256: Sha256
    size: int
    retain_until: Instant
    law: str
    at: Instant
