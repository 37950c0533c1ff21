"""What keeps a sale's notice from being published, asked of a tender as it stands."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from kernel.db import db
from tendering import codes, packs
from tendering.checklist import Obstacle
from tendering.codes import TenderCode
from tendering.filing import intents
from tendering.models import Tender
from tendering.offers import rules
from tendering.offers import terms as sale
from tendering.offers.rules import Offered
from tendering.round_models import NextRound


def obstacles(tender: Tender, now: dt.datetime) -> list[Obstacle]:
    """Everything missing that only a sale of land, property or other resources needs."""
    pack = packs.load(tender.pack_id)
    if not sale.is_offer(pack):
        return []
    intent = intents.of(tender)
    begun = intent.published_at if intent is not None else None
    first = _first_disclosed(tender)
    found: dict[tuple[str, str], Obstacle] = {}
    for lot in tender.lots:
        for one in rules.obstacles(Offered(pack, tender.draft, lot.number, now, begun, first)):
            found.setdefault((one.code, one.field), one)
    return list(found.values())


def _first_disclosed(tender: Tender) -> dt.datetime | None:
    """When the project's first round was published, where this tender is a later one."""
    if db.session.scalars(select(NextRound.id).where(NextRound.tender_id == tender.id).limit(1)).first() is None:
        return None
    project = codes.project_of(TenderCode(tender.code))
    published = select(Tender.published_at).where(
        Tender.code.startswith(project, autoescape=True), Tender.published_at.is_not(None)
    )
    return db.session.scalars(published.order_by(Tender.published_at).limit(1)).first()
