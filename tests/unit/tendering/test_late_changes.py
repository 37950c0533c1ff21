"""How far a late change moves a deadline, by the pack."""

from __future__ import annotations

import datetime as dt

import pytest

from kernel.clock import beijing
from tendering import changes, packs, timetable

MONDAY = dt.datetime(2026, 3, 2, 2, 0, tzinfo=dt.UTC)
WAS = dt.datetime(2026, 3, 9, 1, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("pack", "rule", "now"),
    [
        ("cn.construction.open.2026", "C10", "03-17 09:30"),
        ("cn.procurement.open.2026", "G10", "03-17 09:30"),
        ("cn.procurement.negotiation.2026", "N03.change", "03-05 09:30"),
        ("cn.procurement.consultation.2026", "N08.change", "03-09 09:30"),
    ],
)
def test_c10_g10_n03_n08_the_deadline_becomes_the_change_and_the_packs_days(pack: str, rule: str, now: str) -> None:
    earliest = timetable.earliest_after_change(packs.load(pack), MONDAY)
    found = changes.moved(earliest, WAS)
    assert earliest.rule.id == rule
    assert beijing(found).strftime("%m-%d %H:%M") == now, "at the old time of day"
    timetable.check_deadline(earliest, found)


def test_c10_a_deadline_is_never_moved_to_a_holiday() -> None:
    friday = dt.datetime(2026, 9, 18, 2, 0, tzinfo=dt.UTC)
    earliest = timetable.earliest_after_change(packs.load("cn.construction.open.2026"), friday)
    found = changes.moved(earliest, WAS)
    assert timetable.calendar().is_working_day(beijing(found).date())
    assert found >= earliest.at


def test_c10_by_the_clock_there_is_time_to_sign_and_the_deadline_moves_later_in_any_case() -> None:
    earliest = timetable.earliest_after_change(packs.load("practice.construction.open"), MONDAY)
    assert changes.moved(earliest, MONDAY) == MONDAY + dt.timedelta(seconds=45)
    late = MONDAY + dt.timedelta(seconds=300)
    assert changes.moved(earliest, late) == late + dt.timedelta(seconds=1)
