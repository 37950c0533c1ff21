"""Facts of the committee's review: secret while it sits, shown with the score sheets when the lot is awarded."""

from __future__ import annotations

from typing import Literal

from supervision.vocabulary import Base64, Disclosure, Fact, Instant, Sha256, Statement

WITH_THE_SHEETS = frozenset({Disclosure.SUBJECT, Disclosure.AUTHORITY_AT_CLOSE, Disclosure.AT_AWARD})


class ClarificationAsked(Fact, kind="clarification.asked", opens=WITH_THE_SHEETS):
    """The committee's written request to one bidder, carried by the members named."""

    lot: str
    bid_id: str
    number: int
    about: Literal["clarification", "low_price", "arithmetic"]
    text_sha256: Sha256
    by: tuple[str, ...]
    due_at: Instant
    at: Instant


class ClarificationAnswered(Fact, kind="clarification.answered", opens=WITH_THE_SHEETS):
    """That bidder's answer; without a hash, that the time went by."""

    lot: str
    bid_id: str
    number: int
    answer_sha256: Sha256 | None
    at: Instant


class CompetitionArgued(Fact, kind="competition.argued", opens=WITH_THE_SHEETS):
    """With too few bids left: whether competition is lacking and all are rejected, and who carried that."""

    lot: str
    text_sha256: Sha256
    reject_all: bool
    by: tuple[str, ...]
    at: Instant


class CapacityQuestioned(Fact, kind="capacity.questioned", opens=WITH_THE_SHEETS):
    """The owner put a candidate whose standing changed before the original committee (C52)."""

    lot: str
    bid_id: str
    reason_sha256: Sha256
    at: Instant


class CapacityDecided(Fact, kind="capacity.decided", opens=WITH_THE_SHEETS):
    """What the majority of the original committee said of it."""

    lot: str
    bid_id: str
    capable: bool
    by: tuple[str, ...]
    at: Instant


class PriceAnswered(Statement, kind="price.answered", opens=WITH_THE_SHEETS):
    """A bidder on its corrected price (G31): {type: kaibiao-price-confirmation/1, ..., confirms}, by the key of `cert`."""

    lot: str
    bid_id: str
    number: int
    cert: Base64
    at: Instant


class QualificationReviewed(Statement, kind="qualification.reviewed", opens=WITH_THE_SHEETS):
    """Purchaser or agency on every bidder (G21): {type: kaibiao-qualification/1, lot, by, bids: [{bid_id, qualified, ground}]}."""

    lot: str
    at: Instant
