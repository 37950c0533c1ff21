"""When a published tender may still be changed, and how far a late change moves its deadlines (C10, G10, N03, N08)."""

from __future__ import annotations

import datetime as dt

from kernel.clock import BEIJING, beijing
from kernel.errors import Conflict
from tendering import packs, timetable
from tendering.models import Lot, Tender
from tendering.packs import Count
from tendering.states import PREQUALIFYING, LotState, TenderState
from tendering.timetable import DAY

SIGNING = dt.timedelta(seconds=30)
"""On top of a period of the clock (practice): the time it takes to sign."""


def check_collecting(tender: Tender) -> None:
    """Conflict unless every lot still takes bids."""
    if tender.state != TenderState.PUBLISHED or any(lot.state != LotState.COLLECTING for lot in tender.lots):
        raise Conflict(
            "change.over",
            "投标截止后不能再澄清或修改招标文件。",
            "After the deadline the documents can no longer be clarified or changed.",
            rule="《招标投标法》第二十三条；财政部令第87号第二十七条",
        )


def is_prequalifying(tender: Tender) -> bool:
    """Published, and no lot takes bids yet: a change needs no room before a deadline that is not set."""
    return tender.state == TenderState.PUBLISHED and all(lot.state in PREQUALIFYING for lot in tender.lots)


def check_may_change(tender: Tender, now: dt.datetime) -> None:
    """Conflict unless every lot is collecting and its deadline leaves the time that a change takes.

    While applications for pre-qualification are taken or reviewed it may: their deadline moves by itself (`prequal.changing`).
    """
    if is_prequalifying(tender):
        return
    check_collecting(tender)
    earliest = timetable.earliest_after_change(packs.load(tender.pack_id), now)
    for lot in tender.lots:
        assert lot.closes_at is not None, "a collecting lot has its times"
        timetable.check_deadline(earliest, lot.closes_at)


def moved_deadlines(tender: Tender, now: dt.datetime) -> list[tuple[Lot, dt.datetime]]:
    """The lots that a change published at `now` moves, each with its new deadline; empty when it comes in time."""
    earliest = timetable.earliest_after_change(packs.load(tender.pack_id), now)
    late = [(lot, lot.closes_at) for lot in tender.lots if lot.closes_at is not None and lot.closes_at < earliest.at]
    return [(lot, moved(earliest, was)) for lot, was in late]


def moved(earliest: timetable.Earliest, was: dt.datetime) -> dt.datetime:
    """The first lawful moment at the old time of day, on a working day; by the clock, with the time to sign on top."""
    if earliest.rule.count is Count.ELAPSED:
        return max(timetable.whole(earliest.at) + SIGNING, was + dt.timedelta(seconds=1))
    table, day, hour = timetable.calendar(), beijing(earliest.at).date(), beijing(was).time()
    while not table.is_working_day(day) or dt.datetime.combine(day, hour, BEIJING) < earliest.at:
        day += DAY
    return dt.datetime.combine(day, hour, BEIJING).astimezone(dt.UTC)
