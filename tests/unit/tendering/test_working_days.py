"""The holiday tables and the counting of days against an independent source, day by day (rules.md 1.13)."""

import datetime as dt
from bisect import bisect_left, bisect_right

import chinese_calendar
import pytest

from tendering import packs
from tendering.timetable import DAY, calendar

YEARS = tuple(sorted(packs.holidays()))


def days(year: int) -> list[dt.date]:
    first = dt.date(year, 1, 1)
    return [first + n * DAY for n in range((dt.date(year + 1, 1, 1) - first).days)]


WORKED = [day for year in YEARS for day in days(year) if chinese_calendar.is_workday(day)]
"""Every working day of those years, as the independent source has them."""


def test_the_tables_reach_from_2020_to_2026_without_a_gap() -> None:
    assert tuple(range(2020, 2027)) == YEARS


@pytest.mark.parametrize("year", YEARS)
def test_every_day_is_worked_or_free_as_the_independent_table_says(year: int) -> None:
    ours = [day for day in days(year) if calendar().is_working_day(day)]
    assert ours == [day for day in days(year) if chinese_calendar.is_workday(day)]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 7, 10, 15, 20, 30])
def test_working_days_are_counted_as_the_independent_source_counts_them(count: int) -> None:
    """From every fourth day of six years: the last of so many working days after it."""
    for start in days(2020)[::4] + days(2022)[1::4] + days(2025)[2::4]:
        assert calendar().add_working_days(start, count) == WORKED[bisect_right(WORKED, start) + count - 1], start


@pytest.mark.parametrize("count", [3, 5, 10, 15, 20])
def test_a_last_day_on_a_holiday_moves_to_the_next_day_that_the_independent_source_has_worked(count: int) -> None:
    for start in days(2021)[::3] + days(2023)[1::3] + days(2024)[2::3]:
        moved = WORKED[bisect_left(WORKED, start + count * DAY)]
        assert calendar().add_days(start, count, roll=True) == moved, start
