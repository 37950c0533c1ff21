"""A deadline moved by itself: the time for documents and bids becomes longer, and everybody who took documents is told (G04)."""

from __future__ import annotations

import datetime as dt

from accounts.actor import Actor
from kernel import canonical
from kernel.clock import rfc3339
from kernel.db import db
from kernel.law import holds
from kernel.statements import Signed
from tendering import deadlines
from tendering.amendments import telling
from tendering.amendments.models import Amendment
from tendering.models import Lot

WORDS = "延长提供招标文件和递交投标文件的时间。"


@holds("takers")
def extend_deadline(actor: Actor, lot: Lot, signed: Signed, now: dt.datetime) -> Lot:
    """Move it by the owner's signed timetable, and tell of it."""
    change = Amendment(
        tender_id=lot.tender_id, what="deadline", subject=lot.code, text=WORDS, sha256=canonical.sha(signed.raw),
        proposed_at=now, moved=[moved(actor, lot, signed, now)],
    )  # fmt: skip
    telling.tell(change, now)
    return lot


def moved(actor: Actor, lot: Lot, signed: Signed, now: dt.datetime) -> dict[str, str]:
    """The lot's new timetable by the ordinary road, with all its checks; which lot, from when, to when."""
    was = lot.closes_at
    deadlines.extend_deadline(actor, lot, signed, now)
    db.session.refresh(lot)
    assert was is not None, "a lot that could be extended has its times"
    assert lot.closes_at is not None, "and still has them"
    return {"lot": lot.code, "was": rfc3339(was), "now": rfc3339(lot.closes_at)}
