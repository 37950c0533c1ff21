"""Periods of the law over the years whose calendars are loaded."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from kernel.clock import beijing
from tendering import packs, timetable
from tendering.packs import Kind, Unit

CALENDAR = timetable.calendar()
PACKS = [pack.id for practice in (False, True) for pack in packs.offered(practice=practice)]
"""By their ids: Hypothesis spells out what it draws, and whole packs are long."""
WITH_PUBLICITY = [name for name in PACKS if packs.load(name).find(Kind.MIN_INTERVAL, "publicity_ends")]
# far enough from the end of the last loaded year that no period of the packs leaves it
instants = st.datetimes(dt.datetime(2020, 1, 2), dt.datetime(2026, 11, 20), timezones=st.just(dt.UTC))  # noqa: DTZ001
starts = st.dates(dt.date(2020, 1, 2), dt.date(2026, 11, 20))


@given(starts, st.integers(1, 10))
def test_working_days_count_only_working_days(start: dt.date, days: int) -> None:
    last = CALENDAR.add_working_days(start, days)
    between = [start + dt.timedelta(n) for n in range(1, (last - start).days + 1)]
    assert sum(map(CALENDAR.is_working_day, between)) == days
    assert CALENDAR.is_working_day(last)


@given(starts, st.integers(1, 20))
def test_a_rolled_period_ends_on_a_working_day_and_is_never_shorter(start: dt.date, days: int) -> None:
    plain = CALENDAR.add_days(start, days, roll=False)
    rolled = CALENDAR.add_days(start, days, roll=True)
    assert plain == start + dt.timedelta(days)
    assert rolled >= plain
    assert CALENDAR.is_working_day(rolled)
    assert not any(CALENDAR.is_working_day(plain + dt.timedelta(n)) for n in range((rolled - plain).days))


@given(instants, st.sampled_from(PACKS))
def test_every_minimum_of_the_pack_is_observed_by_the_earliest_deadline(start: dt.datetime, name: str) -> None:
    pack = packs.load(name)
    earliest = timetable.earliest_deadline(pack, start)
    for rule in pack.rules:
        bears = rule.kind is Kind.MIN_INTERVAL and rule.ends == "bids_due" and rule.begins == "documents_issued"
        if bears and rule.unit is Unit.DAY:
            assert (beijing(earliest.at).date() - beijing(start).date()).days >= rule.value
        if bears and rule.unit is Unit.SECOND:
            assert (earliest.at - start).total_seconds() >= rule.value


@given(instants, instants, st.sampled_from(PACKS))
def test_publishing_later_never_makes_an_earlier_deadline_lawful(
    one: dt.datetime, other: dt.datetime, name: str
) -> None:
    pack = packs.load(name)
    first, second = sorted((one, other))
    assert timetable.earliest_deadline(pack, first).at <= timetable.earliest_deadline(pack, second).at


@given(instants, st.sampled_from(WITH_PUBLICITY))
def test_a_publicity_lasts_whole_days(start: dt.datetime, name: str) -> None:
    until = timetable.publicity_until(packs.load(name), start)
    if until.rule.unit is not Unit.SECOND:
        assert beijing(until.at).time() == dt.time()
        assert (beijing(until.at).date() - beijing(start).date()).days > until.rule.value
