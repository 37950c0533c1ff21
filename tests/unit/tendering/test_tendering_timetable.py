"""Periods as the law counts them: C05, C09, C10, C49, G01, G02, G10, G36, G37 (rules.md 1.13)."""

import datetime as dt
from dataclasses import replace

import pytest

from kernel.clock import BEIJING
from kernel.errors import Conflict, Unavailable
from tendering import packs, timetable
from tendering.packs import Kind, Pack

CONSTRUCTION = packs.load("cn.construction.open.2026")
PROCUREMENT = packs.load("cn.procurement.open.2026")
PRACTICE = packs.load("practice.construction.open")


def beijing(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=BEIJING).astimezone(dt.UTC)


def test_c09_20_days_issued_on_the_1st_reach_the_21st() -> None:
    found = timetable.earliest_deadline(CONSTRUCTION, beijing(2026, 7, 1, 15, 30))
    assert found.at == beijing(2026, 7, 21)
    assert found.rule.id == "C09"


def test_c09_the_day_is_beijings_not_utcs() -> None:
    late_evening = dt.datetime(2026, 6, 30, 16, 30, tzinfo=dt.UTC)  # 00:30 on 1 July in Beijing
    assert timetable.earliest_deadline(CONSTRUCTION, late_evening).at == beijing(2026, 7, 21)


def test_c09_a_last_day_on_a_holiday_moves_to_the_next_working_day() -> None:
    # 20 days from 11 September end on 1 October; 1-7 October are off, 8 October is worked
    assert timetable.earliest_deadline(CONSTRUCTION, beijing(2026, 9, 11, 9)).at == beijing(2026, 10, 8)


def test_c09_a_last_day_on_a_weekend_moves_on_and_a_make_up_day_does_not() -> None:
    # 20 days from 19 April end on Saturday 9 May, which is worked in 2026
    assert timetable.earliest_deadline(CONSTRUCTION, beijing(2026, 4, 19, 9)).at == beijing(2026, 5, 9)
    # 20 days from 26 April end on Saturday 16 May, an ordinary weekend
    assert timetable.earliest_deadline(CONSTRUCTION, beijing(2026, 4, 26, 9)).at == beijing(2026, 5, 18)


def test_c10_15_days_after_a_change() -> None:
    found = timetable.earliest_after_change(CONSTRUCTION, beijing(2026, 7, 1, 10))
    assert (found.at, found.rule.id) == (beijing(2026, 7, 16), "C10")


def test_g10_15_days_after_a_change() -> None:
    assert timetable.earliest_after_change(PROCUREMENT, beijing(2026, 7, 1, 10)).rule.id == "G10"


def test_g01_outlasts_the_five_working_days_of_g02_and_g03() -> None:
    found = timetable.earliest_deadline(PROCUREMENT, beijing(2026, 7, 1, 10))
    assert (found.at, found.rule.id) == (beijing(2026, 7, 21), "G01")


@pytest.mark.parametrize(("pack", "rule_id"), [(CONSTRUCTION, "C05"), (PROCUREMENT, "G02"), (PROCUREMENT, "G03")])
def test_c05_g02_g03_documents_and_notice_stand_until_the_deadline(pack: Pack, rule_id: str) -> None:
    """Where no other rule asked for more time, these alone would keep the deadline back."""
    alone = replace(pack, rules=tuple(rule for rule in pack.rules if rule.id == rule_id))
    found = timetable.earliest_deadline(alone, beijing(2026, 7, 1, 10))
    assert found.rule.id == rule_id
    assert found.at >= beijing(2026, 7, 6)


def test_g02_five_working_days_over_a_long_holiday() -> None:
    rule = PROCUREMENT.find(Kind.MIN_INTERVAL, "notice_ends")[0]
    # from 29 September: 30, then 8, 9, 10 (make-up Saturday), 12 October
    assert timetable.calendar().last_day(rule, dt.date(2026, 9, 29)) == dt.date(2026, 10, 12)


def test_c49_publicity_lasts_three_whole_days() -> None:
    found = timetable.publicity_until(CONSTRUCTION, beijing(2026, 7, 6, 9))
    assert (found.at, found.rule.id) == (beijing(2026, 7, 10), "C49")


def test_c49_a_publicity_ending_on_a_weekend_runs_through_the_next_working_day() -> None:
    assert timetable.publicity_until(CONSTRUCTION, beijing(2026, 7, 8, 9)).at == beijing(2026, 7, 14)


def test_g37_the_result_stands_one_working_day() -> None:
    found = timetable.publicity_until(PROCUREMENT, beijing(2026, 7, 10, 9))
    assert (found.at, found.rule.id) == (beijing(2026, 7, 14), "G37")


def test_g36_the_purchaser_has_five_working_days_and_construction_knows_no_such_rule() -> None:
    found = timetable.decide_by(PROCUREMENT, beijing(2026, 7, 6, 9))
    assert found is not None
    assert (found.at, found.rule.id) == (beijing(2026, 7, 14), "G36")
    assert timetable.decide_by(CONSTRUCTION, beijing(2026, 7, 6, 9)) is None


def test_practice_counts_seconds_on_the_real_clock() -> None:
    start = dt.datetime(2026, 11, 23, 4, 0, tzinfo=dt.UTC)
    assert timetable.earliest_deadline(PRACTICE, start).at == start + dt.timedelta(seconds=20)
    assert timetable.publicity_until(PRACTICE, start).at == start + dt.timedelta(seconds=3)


def test_practice_needs_no_holiday_table() -> None:
    start = dt.datetime(2099, 1, 1, tzinfo=dt.UTC)
    assert timetable.earliest_deadline(PRACTICE, start).at == start + dt.timedelta(seconds=20)


def test_a_year_without_a_holiday_table_is_refused_not_guessed() -> None:
    with pytest.raises(Unavailable) as refusal:
        timetable.earliest_deadline(CONSTRUCTION, beijing(2026, 12, 20, 9))
    assert refusal.value.code == "calendar.unknown"
    assert refusal.value.detail["year"] == 2027
    assert refusal.value.rule


def test_a_lawful_deadline_passes_the_moment_itself_is_lawful_and_a_microsecond_less_is_not() -> None:
    earliest = timetable.earliest_deadline(CONSTRUCTION, beijing(2026, 7, 1, 15))
    timetable.check_deadline(earliest, beijing(2026, 8, 3, 9, 30))
    timetable.check_deadline(earliest, beijing(2026, 7, 21))
    with pytest.raises(Conflict):
        timetable.check_deadline(earliest, beijing(2026, 7, 21) - dt.timedelta(microseconds=1))


def test_c09_a_refused_deadline_names_the_rule_and_the_earliest_lawful_moment() -> None:
    earliest = timetable.earliest_deadline(CONSTRUCTION, beijing(2026, 7, 1, 15))
    with pytest.raises(Conflict) as refusal:
        timetable.check_deadline(earliest, beijing(2026, 7, 20, 23, 59))
    assert str(refusal.value.rule).startswith("C09 《招标投标法》第二十四条")
    assert refusal.value.detail["earliest"] == "2026-07-20T16:00:00Z"
    assert "2026-07-21 00:00:00" in refusal.value.words.zh


def test_the_reported_earliest_moment_is_itself_lawful_when_seconds_are_cut() -> None:
    start = dt.datetime(2026, 11, 23, 4, 0, 0, 123456, tzinfo=dt.UTC)
    earliest = timetable.earliest_deadline(PRACTICE, start)
    with pytest.raises(Conflict) as refusal:
        timetable.check_deadline(earliest, start)
    assert refusal.value.detail["earliest"] == "2026-11-23T04:00:21Z"
