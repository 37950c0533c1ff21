"""Facts about a tender's plan before its notice, about what the whole tender goes through, and about late changes.

A draft does not exist for outsiders: what is filed, reviewed and returned stays sealed until the opening. Only what the owner
makes public on purpose (the intent to buy, a site visit) is open at once.
"""

from __future__ import annotations

from supervision.vocabulary import Amount, Disclosure, Fact, Instant, Sha256, Statement

TOLD = frozenset({Disclosure.SUBJECT, Disclosure.AUTHORITY_AT_CLOSE, Disclosure.NEVER})
FILED = frozenset({Disclosure.SUBJECT, Disclosure.AUTHORITY_AT_CLOSE, Disclosure.AT_OPENING})


class TenderMoved(Fact, kind="tender.moved"):
    """A move of the whole tender (rules.md 5.3) that everybody may know of."""

    tender: str
    was: str
    now: str
    event: str
    plane: str
    role: str
    at: Instant
    law: tuple[str, ...]
    guards: tuple[str, ...]


class PlanFiled(Fact, kind="plan.filed", opens=FILED):
    """T01: the plan as it went to all its departments at once."""

    tender: str
    round: int
    plan_sha256: Sha256
    departments: tuple[str, ...]
    at: Instant


class PlanReviewed(Fact, kind="plan.reviewed", opens=FILED):
    """What one department did with the plan; `act` is silent when its time passed without a word."""

    tender: str
    plan_sha256: Sha256
    department: str
    act: str
    basis: str | None
    at: Instant


class PlanReturned(Fact, kind="plan.returned", opens=FILED):
    """T02: back to the draft, for form alone or by a supervisor's directive."""

    tender: str
    plan_sha256: Sha256
    ground: str
    reason: str
    role: str
    law: str
    at: Instant


class IntentPublished(Fact, kind="intent.published"):
    """G50: what an owner means to buy, before the procedure begins."""

    tender: str
    title: str
    owner: str
    item: str
    budget: Amount
    at: Instant


class AmendmentPublished(Statement, kind="amendment.published"):
    """A change that moved deadlines: {type: kaibiao-amendment/1, tender, what, subject, sha256, closes_at}."""

    tender: str


class AmendmentRead(Fact, kind="amendment.read", opens=TOLD):
    """That whoever took documents has read a change (C12)."""

    tender: str
    sha256: Sha256
    at: Instant


class VisitAnnounced(Fact, kind="visit.announced"):
    """C21: a site visit, for all who want to come."""

    tender: str
    place: str
    visit_at: Instant
    at: Instant
