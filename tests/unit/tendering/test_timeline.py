"""Every earliest and latest moment, worked out from the packs."""

from __future__ import annotations

import datetime as dt

import pytest

from kernel.clock import beijing
from tendering import packs, timeline, timetable
from tendering.packs import Kind, Pack
from tendering.timeline import Edge, Known, Moment

CONSTRUCTION = packs.load("cn.construction.open.2026")
PROCUREMENT = packs.load("cn.procurement.open.2026")
PRACTICE = packs.load("practice.construction.open")
MONDAY = dt.datetime(2026, 3, 2, 2, 0, tzinfo=dt.UTC)


def day(at: dt.datetime) -> str:
    return beijing(at).strftime("%m-%d %H:%M")


def of(pack: Pack, known: Known) -> dict[str, Moment]:
    return {one.name: one for one in timeline.timeline(pack, known)}


def test_c09_c10_c13_a_draft_shows_its_earliest_deadline_and_what_counts_back_from_it() -> None:
    found = of(CONSTRUCTION, Known(MONDAY, dt.datetime(2026, 3, 23, 1, 30, tzinfo=dt.UTC), 60))
    assert day(found["documents_end"].at) == "03-09 00:00", "five days end on a Saturday and roll to Monday"
    assert day(found["earliest_deadline"].at) == "03-23 00:00", "a Sunday moves on"
    assert day(found["clarification_published"].at) == "03-09 00:00"
    assert day(found["objection_documents"].at) == "03-14 00:00"
    assert day(found["validity_ends"].at) == "05-23 00:00"
    assert not any(one.broken for one in found.values())


def test_c09_a_deadline_too_short_is_marked_with_its_rule() -> None:
    found = of(CONSTRUCTION, Known(MONDAY, MONDAY + dt.timedelta(days=10)))["bids_due"]
    assert (found.broken, found.rule.id if found.rule else None) == (True, "C09")


def test_without_a_deadline_everything_is_counted_from_the_earliest_lawful_one() -> None:
    found = of(CONSTRUCTION, Known(MONDAY))
    assert found["bids_due"].at == found["earliest_deadline"].at
    assert found["bids_due"].assumed
    assert found["objection_documents"].assumed


def test_c48_c49_c55_what_follows_is_counted_from_the_step_before_until_it_has_happened() -> None:
    closes_at = dt.datetime(2026, 3, 24, 1, 30, tzinfo=dt.UTC)
    found = of(CONSTRUCTION, Known(MONDAY, closes_at))
    assert (found["publicity_ends"].edge, found["publicity_ends"].assumed) == (Edge.FROM, True)
    awarded = dt.datetime(2026, 4, 7, 2, 0, tzinfo=dt.UTC)
    until = awarded - dt.timedelta(days=1)
    real = Known(
        MONDAY, closes_at, publicity_from=until - dt.timedelta(days=3), publicity_until=until, awarded_at=awarded
    )
    found = of(CONSTRUCTION, real)
    assert (found["publicity_ends"].at, found["publicity_ends"].edge) == (until, Edge.AT)
    assert (day(found["contract_signed"].at), found["contract_signed"].assumed) == ("05-08 00:00", False)


def test_g02_g36_procurement_shows_its_own_periods() -> None:
    found = of(PROCUREMENT, Known(MONDAY))
    assert day(found["notice_ends"].at) == "03-10 00:00", "five working days, the first not counted"
    assert found["award"].rule is not None
    assert found["award"].rule.id == "G36"
    assert {"result_announced", "contract_signed", "contract_published", "deposit_returned"} <= set(found)


@pytest.mark.parametrize("pack", [CONSTRUCTION, PROCUREMENT, PRACTICE], ids=lambda pack: pack.id)
def test_the_last_moment_is_the_last_from_which_the_period_is_kept(pack: Pack) -> None:
    table = timetable.calendar()
    rules = [rule for rule in pack.rules if rule.kind is Kind.MIN_INTERVAL and rule.begins == "clarification_published"]
    for hour in range(0, 24 * 40, 7):
        due = MONDAY + dt.timedelta(days=30, hours=hour)
        for rule in rules:
            last = timetable.last_moment(table, rule, due)
            assert (
                table.reaches(rule, last - dt.timedelta(seconds=1))
                <= due
                < table.reaches(rule, last + dt.timedelta(seconds=1))
            )


@pytest.mark.parametrize("pack", [CONSTRUCTION, PROCUREMENT, PRACTICE], ids=lambda pack: pack.id)
def test_c09_g01_the_deadline_offered_is_lawful_and_in_working_hours(pack: Pack) -> None:
    for number in range(60):
        now = MONDAY + dt.timedelta(days=number, hours=number % 24)
        offered = timeline.offered_deadline(pack, now)
        timetable.check_deadline(timetable.earliest_deadline(pack, now), offered)
        if not pack.practice:
            assert beijing(offered).time() == dt.time(9, 30)
            assert timetable.calendar().is_working_day(beijing(offered).date())


def test_a_year_without_its_holidays_shows_no_timeline_rather_than_a_guess() -> None:
    assert timeline.timeline(CONSTRUCTION, Known(dt.datetime(2031, 1, 1, tzinfo=dt.UTC))) == []
