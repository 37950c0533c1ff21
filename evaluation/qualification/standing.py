"""What the review left standing: read by everything that goes on with the bids."""

from __future__ import annotations

from sqlalchemy import select

from evaluation.qualification import rules
from evaluation.qualification.models import QualificationReview
from evaluation.qualification.rules import Finding, Review
from kernel.db import db
from kernel.law import holds
from tendering import packs
from tendering.models import Lot


def row_of(lot: str) -> QualificationReview | None:
    return db.session.scalar(select(QualificationReview).where(QualificationReview.lot == lot))


def review_of(lot: str) -> Review | None:
    """The review as it was signed; None before."""
    found = row_of(lot)
    return None if found is None else rules.read(found.file)


def turned_away(lot: str) -> dict[str, Finding]:
    """By bid, those found not to be qualified: no committee sees them."""
    review = review_of(lot)
    return {one.bid_id: one for one in review.findings if not one.qualified} if review else {}


@holds("G21")
def waits(lot: Lot) -> bool:
    """Whether the pack wants the review and nobody has given it: nobody evaluates before."""
    return rules.rule_of(packs.load(lot.tender.pack_id)) is not None and row_of(lot.code) is None
