"""Periods by the law's calendar: calendar days, working days, seconds of practice. Days are Beijing's.

The day of the event does not count (民法典 art. 201; 财政部令第87号 art. 85); a last day on a holiday moves to the next working
day where the rule says so. A year without a holiday table is not guessed: `calendar.unknown`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kernel.clock import BEIJING, beijing, rfc3339
from kernel.errors import Conflict, TooLate, Unavailable
from kernel.law import holds
from tendering import packs
from tendering.packs import Count, Kind, Pack, Rule, Unit, Year

DAY = dt.timedelta(days=1)
BEFORE_DEADLINE = ("bids_due", "documents_end", "notice_ends", "offer_begins", "auction")
"""Moments that cannot lie after the deadline: documents and notice stand until then."""


@dataclass(frozen=True)
class Calendar:
    """Working days of the years whose tables are loaded."""

    years: Mapping[int, Year]

    def is_working_day(self, day: dt.date) -> bool:
        """Whether offices work on `day`; Unavailable when nobody loaded that year's table."""
        year = self.years.get(day.year)
        if year is None:
            raise Unavailable(
                "calendar.unknown",
                f"{day.year} 年节假日安排尚未载入，无法计算期限。",
                f"The holiday table of {day.year} is not loaded, so the period cannot be computed.",
                rule="rules.md 1.13 财政部令第87号 第八十五条",
                year=day.year,
            )
        if day in year.off:
            return False
        return day in year.work or day.weekday() < 5

    def add_days(self, start: dt.date, days: int, *, roll: bool) -> dt.date:
        """The last of `days` calendar days after `start`; with `roll`, the next working day if it is a holiday."""
        last = start + days * DAY
        while roll and not self.is_working_day(last):
            last += DAY
        return last

    def add_working_days(self, start: dt.date, days: int) -> dt.date:
        """The last of `days` working days after `start`; `start` itself when `days` is 0."""
        last, left = start, days
        while left:
            last += DAY
            left -= self.is_working_day(last)
        return last

    def last_day(self, rule: Rule, start: dt.date) -> dt.date:
        if rule.unit is Unit.WORKING_DAY:
            return self.add_working_days(start, rule.value)
        return self.add_days(start, rule.value, roll=rule.roll)

    def reaches(self, rule: Rule, start: dt.datetime) -> dt.datetime:
        """The first moment at which the rule's period, begun at `start`, has been observed.

        Seconds are counted by the clock. Otherwise the start of the last day in Beijing, or its end where whole days count.
        """
        if rule.count is Count.ELAPSED:
            return start + dt.timedelta(seconds=rule.value)
        last = self.last_day(rule, beijing(start).date())
        return midnight(last + DAY if rule.count is Count.FULL_DAYS else last)


def midnight(day: dt.date) -> dt.datetime:
    """The first instant of `day` in Beijing."""
    return dt.datetime.combine(day, dt.time(), BEIJING).astimezone(dt.UTC)


def last_moment(table: Calendar, rule: Rule, due: dt.datetime) -> dt.datetime:
    """The end of the time in which something may begin so that `rule` is kept at `due`."""
    if rule.count is Count.ELAPSED:
        return due - dt.timedelta(seconds=rule.value)
    start = midnight(beijing(due).date())
    while table.reaches(rule, start) > due:
        start -= DAY
    return start + DAY


def calendar() -> Calendar:
    """The calendar of the tables shipped with the law packs."""
    return Calendar(packs.holidays())


@dataclass(frozen=True)
class Earliest:
    """The earliest lawful moment and the rule that sets it."""

    at: dt.datetime
    rule: Rule


@holds("documents_issued:bids_due", "documents_issued:documents_end", "notice_published:notice_ends")
def earliest_deadline(pack: Pack, published_at: dt.datetime) -> Earliest:
    """The earliest deadline for bids of a notice published at `published_at`, over every rule that bears on it.

    A sale is disclosed before it takes offers: `offers.terms.disclosure` knows which of several disclosures binds a lot.
    """
    ends = (*BEFORE_DEADLINE, "applications_due") if pack.procedure in packs.OFFERS else BEFORE_DEADLINE
    return _latest(
        pack, published_at, lambda rule: rule.ends in ends and rule.begins in ("documents_issued", "notice_published")
    )


@holds("clarification_published:bids_due")
def earliest_after_change(pack: Pack, changed_at: dt.datetime) -> Earliest:
    """The earliest deadline after a clarification or change that bears on the bids (C10, G10)."""
    return _latest(pack, changed_at, lambda rule: rule.begins == "clarification_published")


@holds("candidates_published:publicity_ends")
def publicity_until(pack: Pack, started_at: dt.datetime) -> Earliest:
    """When a publicity of candidates begun at `started_at` has lasted as long as the law asks (C49, G37)."""
    return _latest(pack, started_at, lambda rule: rule.ends == "publicity_ends")


@holds("report_received:award")
def decide_by(pack: Pack, reported_at: dt.datetime) -> Earliest | None:
    """When the owner's silence counts as choosing the first-ranked (G36); None where no rule says so."""
    rules = pack.find(Kind.MAX_INTERVAL, "award")
    return Earliest(calendar().reaches(rules[0], reported_at), rules[0]) if rules else None


def check_deadline(earliest: Earliest, closes_at: dt.datetime) -> None:
    """Conflict naming the rule and the earliest lawful moment when the deadline comes before it."""
    if closes_at >= earliest.at:
        return
    local = beijing(earliest.at).strftime("%Y-%m-%d %H:%M:%S")
    raise Conflict(
        "deadline.too_early",
        f"投标截止时间早于法定最短期限：最早为北京时间 {local}。",
        f"The deadline is earlier than the law allows: {local} Beijing time is the earliest.",
        rule=earliest.rule.cited,
        earliest=rfc3339(whole(earliest.at)),
    )


@holds("timetable_changed:deadline_standing")
def check_in_time(pack: Pack, closes_at: dt.datetime, now: dt.datetime) -> None:
    """Shortly before the deadline nobody moves it any more, so that the nodes see the new one in time (T10)."""
    for rule in pack.find(Kind.MIN_INTERVAL, "deadline_standing"):
        if now > closes_at - dt.timedelta(seconds=rule.value):
            raise TooLate(
                "deadline.frozen",
                f"截止前 {rule.value} 秒内不能再变更截止时间。",
                f"In the last {rule.value} seconds before it the deadline is not moved any more.",
                rule=rule.cited,
            )


def whole(instant: dt.datetime) -> dt.datetime:
    """The next whole second: what is reported as lawful must be lawful."""
    return instant if not instant.microsecond else instant.replace(microsecond=0) + dt.timedelta(seconds=1)


def _latest(pack: Pack, start: dt.datetime, bears: Callable[[Rule], bool]) -> Earliest:
    table = calendar()
    rules = [rule for rule in pack.rules if rule.kind is Kind.MIN_INTERVAL and bears(rule)]
    return max((Earliest(table.reaches(rule, start), rule) for rule in rules), key=lambda found: found.at)
