"""Whether a published tender may still be changed: C10 and G10 give bidders 15 days with whatever bears on their bids."""

from __future__ import annotations

import datetime as dt

from kernel.errors import Conflict
from tendering import packs, timetable
from tendering.models import Tender
from tendering.rules import LotState, TenderState


def check_may_change(tender: Tender, now: dt.datetime) -> None:
    """Conflict unless every lot is collecting and its deadline leaves the time that a change takes; else move it first."""
    if tender.state != TenderState.PUBLISHED or any(lot.state != LotState.COLLECTING for lot in tender.lots):
        raise Conflict(
            "change.over",
            "投标截止后不能再澄清或修改招标文件。",
            "After the deadline the documents can no longer be clarified or changed.",
            rule="《招标投标法》第二十三条；财政部令第87号第二十七条",
        )
    earliest = timetable.earliest_after_change(packs.load(tender.pack_id), now)
    for lot in tender.lots:
        assert lot.closes_at is not None, "a collecting lot has its times"
        timetable.check_deadline(earliest, lot.closes_at)
