"""What a stranger gets of objections in the tender's public file: those answered, word for word, and never who raised them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from kernel.clock import rfc3339
from kernel.db import db
from tendering.models import Lot, Tender
from tendering.objections.models import Objection


def rows(tender: Tender) -> list[dict[str, Any]]:
    """The answered ones by lot and number; what is still open or was withdrawn stands in the log alone."""
    wanted = select(Objection).join(Lot).where(Lot.tender_id == tender.id, Objection.answered_at.is_not(None))
    return [_row(found) for found in db.session.scalars(wanted.order_by(Lot.number, Objection.number))]


def _row(found: Objection) -> dict[str, Any]:
    assert found.answered_at is not None
    return {
        "lot": found.lot.code,
        "number": found.number,
        "sort": found.sort,
        "subject": found.subject,
        "text": found.text,
        "demand": found.demand,
        "answer": found.answer,
        "effect": found.effect,
        "answered_at": rfc3339(found.answered_at),
    }
