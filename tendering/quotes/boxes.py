"""Which lot is a final box, of which lot it is the second, and what that changes of its law."""

from __future__ import annotations

from sqlalchemy import select

from kernel.db import db
from tendering import packs
from tendering.models import Lot
from tendering.packs import Rule, Stage
from tendering.quotes import rules
from tendering.quotes.models import FinalBox


def of(lot: Lot) -> FinalBox | None:
    """What makes this lot a final box; None for every other."""
    found: FinalBox | None = db.session.scalar(select(FinalBox).where(FinalBox.lot_id == lot.id))
    return found


def after(first: str) -> FinalBox | None:
    """The final box in which this lot goes on, once its negotiation ended."""
    found: FinalBox | None = db.session.scalar(select(FinalBox).where(FinalBox.first == first))
    return found


def first_of(lot: Lot) -> str:
    """The code under which the notice knows the lot: its own, or its first box's."""
    found = of(lot)
    return lot.code if found is None else found.first


def stages(lot: Lot) -> tuple[Stage, ...]:
    """The envelopes that a bid on this lot has."""
    return rules.stages(packs.load(lot.tender.pack_id), final=of(lot) is not None)


def least(lot: Lot) -> Rule:
    """How few bids keep this lot from being opened."""
    return rules.least(packs.load(lot.tender.pack_id), lot.tender.draft, final=of(lot) is not None)


def negotiated(lot: Lot) -> bool:
    """Whether what the lot takes are first responses, to be negotiated."""
    return rules.negotiated(packs.load(lot.tender.pack_id)) and of(lot) is None
