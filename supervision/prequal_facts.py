"""Facts of pre-qualification. Who applied, how many, and who passed are secret until the opening (招标投标法 第22条; 87号令 第21条)."""

from __future__ import annotations

from supervision.vocabulary import Disclosure, Fact, Instant, Sha256, Statement

OWN = frozenset({Disclosure.SUBJECT, Disclosure.AUTHORITY_AT_CLOSE, Disclosure.NEVER})
PASSED = frozenset({Disclosure.SUBJECT, Disclosure.AUTHORITY_AT_CLOSE, Disclosure.AT_OPENING})


class PrequalMoved(Fact, kind="prequal.moved"):
    """The time for applications became longer, by a late change of the documents (C11, G11)."""

    lot: str
    was: Instant
    now: Instant
    law: str
    at: Instant


class PrequalApplied(Fact, kind="prequal.applied", opens=OWN):
    """Handed in, or another one in its place."""

    lot: str
    application_sha256: Sha256
    at: Instant


class PrequalWithdrawn(Fact, kind="prequal.withdrawn", opens=OWN):
    lot: str
    application_sha256: Sha256
    at: Instant


class PrequalRefused(Fact, kind="prequal.refused", opens=OWN):
    lot: str
    code: str
    rule: str
    at: Instant


class PrequalReviewed(Fact, kind="prequal.reviewed", opens=OWN):
    """A reviewer's findings of one application."""

    lot: str
    application_sha256: Sha256
    review_sha256: Sha256
    at: Instant


class PrequalResult(Statement, kind="prequal.result", opens=PASSED):
    """Signed content: {type: kaibiao-prequal-result/1, lot, passed: [{party, name, codes}]}."""

    lot: str
    at: Instant


class PrequalRead(Fact, kind="prequal.read", opens=OWN):
    """An applicant read its own result."""

    lot: str
    at: Instant
