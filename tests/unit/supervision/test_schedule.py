"""The schedule of sealed entries depends on the clock and on public deadlines, on nothing else."""

import datetime as dt
import itertools

import pytest

from supervision.schedule import Schedule

NOON = dt.datetime(2026, 11, 23, 4, 0, tzinfo=dt.UTC)
FAR, NEAR = NOON + dt.timedelta(days=3), NOON + dt.timedelta(minutes=59)


def starts(schedule, closings, seconds=24):
    instants = (NOON + dt.timedelta(seconds=second) for second in range(seconds))
    return sorted({schedule.slot_of(instant, closings) for instant in instants})


def test_a_slot_lasts_as_long_as_the_setting_says():
    found = starts(Schedule(8, 4), [FAR])
    assert [later - sooner for sooner, later in itertools.pairwise(found)] == [8, 8]


def test_the_last_hour_of_any_lot_is_four_times_as_dense():
    assert len(starts(Schedule(8, 4), [FAR, NEAR])) == 4 * len(starts(Schedule(8, 4), [FAR]))


def test_the_last_hour_begins_on_the_hour_before_the_deadline():
    schedule = Schedule(3600, 1)
    before = schedule.slot_of(NEAR - dt.timedelta(hours=1, seconds=1), [NEAR])
    at = schedule.slot_of(NEAR - dt.timedelta(hours=1), [NEAR])
    assert before % 3600 == 0
    assert at % 900 == 0
    assert at > before


def test_a_dense_slot_lasts_a_second_at_least():
    assert len(starts(Schedule(2, 4), [NEAR], 10)) == 10


def test_a_schedule_without_slots_or_entries_is_refused():
    for wrong in ((0, 1), (1, 0)):
        with pytest.raises(ValueError):
            Schedule(*wrong)
