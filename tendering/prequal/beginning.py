"""How a lot's life begins with a pre-qualification: with the notice applications are taken instead of bids (T04)."""

from __future__ import annotations

import datetime as dt

from accounts.actor import Actor
from kernel.law import holds
from tendering import packs
from tendering.checklist import Obstacle
from tendering.lifecycle import move
from tendering.models import Lot, Tender
from tendering.prequal import rules
from tendering.states import LotEvent


def obstacles(tender: Tender, now: dt.datetime) -> list[Obstacle]:
    """What of the pre-qualification keeps the notice from being published."""
    return rules.obstacles(packs.load(tender.pack_id), tender.draft, now)


def is_due(tender: Tender) -> bool:
    """Whether this tender's lots begin by taking applications."""
    return rules.by_prequal(packs.load(tender.pack_id))


@holds("T04")
def begin(actor: Actor, lot: Lot, now: dt.datetime) -> None:
    """With the signed notice the lot takes applications; no deadline for bids is set before somebody may bid."""
    plan = rules.read(lot.tender.draft)
    assert plan is not None, "the checklist asks for it"
    move(lot, LotEvent.OPEN_PREQUAL, actor, now, ["obstacles: none"], applications_due=plan.applications_due)
