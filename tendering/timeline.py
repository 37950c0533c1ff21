"""Every earliest and latest moment of a lot by its law pack: for a draft published on a chosen day, or from what has happened. Pure.

What has not happened yet is counted from the earliest lawful moment of the step before it, and marked as such.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from kernel.clock import BEIJING, beijing
from kernel.errors import Unavailable, Words
from tendering import timetable
from tendering.packs import Count, Kind, Pack, Rule
from tendering.prequal import moments as prequal
from tendering.prequal.rules import by_prequal
from tendering.timetable import DAY, Calendar, midnight


class Edge(StrEnum):
    """How the moment binds: it is fixed, nothing may be earlier, nothing may be later."""

    AT = "at"
    FROM = "from"
    UNTIL = "until"


@dataclass(frozen=True)
class Moment:
    """One line of the timeline; `assumed`: counted from the earliest moment of the step before."""

    name: str
    words: Words
    at: dt.datetime
    edge: Edge
    rule: Rule | None = None
    assumed: bool = False
    broken: bool = False
    """It lies outside what the rule allows."""


@dataclass(frozen=True)
class Known:
    """What is fixed so far; a draft has the day of its notice and, perhaps, a deadline."""

    published_at: dt.datetime
    closes_at: dt.datetime | None = None
    validity_days: int | None = None
    reported_at: dt.datetime | None = None
    publicity_from: dt.datetime | None = None
    publicity_until: dt.datetime | None = None
    awarded_at: dt.datetime | None = None
    contracted_at: dt.datetime | None = None
    documents_end: dt.datetime | None = None
    applications_due: dt.datetime | None = None
    qualified_at: dt.datetime | None = None


AFTER: tuple[tuple[str, Words], ...] = (
    ("documents_end", Words("招标文件至少提供到", "Documents are provided at least until")),
    ("notice_ends", Words("公告期限至少到", "The notice stands at least until")),
    ("candidates_published", Words("最迟公示候选人", "Candidates on view at the latest")),
    ("publicity_ends", Words("公示至少到", "Publicity lasts at least until")),
    ("award", Words("最迟定标；逾期视为第一名中标", "Award at the latest; silence chooses the first")),
    ("result_announced", Words("最迟公告结果", "Result announced at the latest")),
    ("report_to_supervisor", Words("最迟向监督部门书面报告", "Report to the supervisor at the latest")),
    (
        "application_decided",
        Words("最迟答复受让资格；逾期视为同意", "Answer on the takers at the latest; silence agrees"),
    ),
    ("contract_signed", Words("最迟签订合同", "Contract signed at the latest")),
    ("price_paid", Words("最迟付清价款", "Price paid at the latest")),
    ("contract_published", Words("最迟公告合同", "Contract published at the latest")),
    ("contract_filed", Words("最迟将合同副本备案", "Copy of the contract filed at the latest")),
    ("deposit_returned", Words("最迟退还保证金", "Deposits returned at the latest")),
    ("deposit_returned_winner", Words("最迟退还中标人保证金", "Winner's deposit returned at the latest")),
)
"""Moments that a rule counts forward to, in the order of a lot's life."""
BEFORE: tuple[tuple[str, Words], ...] = (
    ("clarification_published", Words("影响投标的澄清修改，此后发布须顺延截止", "A change bearing on bids published after this moves the deadline")),
    ("objection_documents", Words("对招标文件提出异议到此为止", "Objections to the documents end")),
)  # fmt: skip
"""Moments that a rule counts back to from the deadline."""


@dataclass
class _Course:
    """Moments found so far while the pack's rules are applied one after another."""

    pack: Pack
    table: Calendar
    known: Known
    at: dict[str, tuple[dt.datetime, bool]] = field(default_factory=dict)


def timeline(pack: Pack, known: Known, table: Calendar | None = None) -> list[Moment]:
    """All moments in the order of time; empty where a year's holidays are not loaded, so that nothing can be said."""
    course = _Course(pack, table or timetable.calendar(), known, _fixed(known))
    try:
        found = [*_start(course), *_prequal(course), *_deadline(course), *_counted(course)]
    except Unavailable:
        return []
    return sorted(found, key=lambda one: one.at)


def _fixed(known: Known) -> dict[str, tuple[dt.datetime, bool]]:
    happened = {
        "notice_published": known.published_at,
        "documents_issued": known.published_at,
        "bids_due": known.closes_at,
        "report_received": known.reported_at,
        "candidates_published": known.publicity_from,
        "publicity_ends": known.publicity_until,
        "award": known.awarded_at,
        "award_notice": known.awarded_at,
        "contract_signed": known.contracted_at,
    }
    return {name: (at, False) for name, at in happened.items() if at is not None}


def _start(course: _Course) -> Iterator[Moment]:
    words = Words("公告发布，文件开始提供", "Notice published, documents available")
    yield Moment("notice_published", words, course.known.published_at, Edge.AT)


def _prequal(course: _Course) -> Iterator[Moment]:
    for one in prequal.lines(course.pack, _chosen(course.known), course.table):
        yield Moment(one.name, one.words, one.at, Edge(one.binds), one.rule, assumed=one.assumed, broken=one.broken)


def _chosen(known: Known) -> prequal.Chosen:
    return prequal.Chosen(known.published_at, known.documents_end, known.applications_due)


def _issued(course: _Course) -> dt.datetime:
    """When bidders get the documents: with the notice, or with the result of a pre-qualification, at the earliest as it ends."""
    known = course.known
    if not by_prequal(course.pack):
        return known.published_at
    return known.qualified_at or prequal.due(course.pack, _chosen(known))


def _deadline(course: _Course) -> Iterator[Moment]:
    """The earliest lawful deadline, the chosen one, and what is counted back from it."""
    known, earliest = course.known, timetable.earliest_deadline(course.pack, _issued(course))
    words = Words("法定最早截止", "Earliest lawful deadline")
    yield Moment("earliest_deadline", words, earliest.at, Edge.FROM, earliest.rule)
    closes_at = known.closes_at or earliest.at
    course.at.setdefault("bids_due", (closes_at, True))
    course.at.setdefault("report_received", (closes_at, True))
    course.at.setdefault("evaluation_ended", (closes_at, True))
    opening = course.pack.find(Kind.SAME_MOMENT, "opening")
    broken, assumed = closes_at < earliest.at, known.closes_at is None
    words = Words("投标截止，同时开标", "Deadline for bids, and opening")
    rule = earliest.rule if broken else next(iter(opening), None)
    yield Moment("bids_due", words, closes_at, Edge.AT, rule, assumed=assumed, broken=broken)
    yield from _before(course, closes_at)
    if known.validity_days:
        yield _validity(course, closes_at, known.validity_days)


def _before(course: _Course, closes_at: dt.datetime) -> Iterator[Moment]:
    for name, words in BEFORE:
        for rule in course.pack.rules:
            if rule.begins == name and rule.kind is Kind.MIN_INTERVAL:
                at = timetable.last_moment(course.table, rule, closes_at)
                yield Moment(name, words, at, Edge.UNTIL, rule, assumed=course.known.closes_at is None)


def _validity(course: _Course, closes_at: dt.datetime, days: int) -> Moment:
    """Bid validity is counted from the deadline, in days; so are practice tenders' (C19)."""
    rule = next(iter(course.pack.find(Kind.REQUIRED, "bid_validity_days")), None)
    at = midnight(beijing(closes_at).date() + (days + 1) * DAY)
    return Moment("validity_ends", Words("投标有效期届满", "Bids cease to bind"), at, Edge.UNTIL, rule)


def _counted(course: _Course) -> Iterator[Moment]:
    """Forward through the pack: each period from the moment it begins at, once that is known or assumed."""
    for name, words in AFTER:
        rules = [rule for rule in course.pack.rules if rule.ends == name and rule.begins in course.at and _period(rule)]
        if not rules:
            _assume_publicity(course, name)
            continue
        if name in course.at:
            yield Moment(name, _happened(name), course.at[name][0], Edge.AT, rules[0])
        else:
            yield _latest(course, name, words, rules)
        _follow(course, name)


def _latest(course: _Course, name: str, words: Words, rules: list[Rule]) -> Moment:
    """Of several periods to one moment the longest that must run binds, or the shortest that may."""
    least = rules[0].kind is Kind.MIN_INTERVAL
    found = [(course.table.reaches(rule, course.at[rule.begins or ""][0]), rule) for rule in rules]
    at, rule = (max if least else min)(found, key=lambda one: one[0])
    begun = course.at[rule.begins or ""][1] or (rule.begins in NOT_FIXED and course.known.closes_at is None)
    edge = Edge.FROM if least else Edge.UNTIL
    course.at[name] = (at if least else course.at[rule.begins or ""][0], True)
    return Moment(name, words, at, edge, rule, assumed=begun)


def _assume_publicity(course: _Course, name: str) -> None:
    """Where no law says by when the result goes on view, it may as soon as the report is there."""
    if name == "candidates_published" and name not in course.at:
        course.at[name] = (course.at["report_received"][0], True)


NOT_FIXED = frozenset({"bids_due", "report_received", "evaluation_ended"})


def _follow(course: _Course, name: str) -> None:
    """An award may follow the publicity at once, its notice the award; a lot without publicity is awarded from its report."""
    if name == "publicity_ends":
        course.at.setdefault("award", (course.at[name][0], True))
        course.at.setdefault("award_notice", (course.at[name][0], True))
        course.at.setdefault("result", (course.at[name][0], True))


def _happened(name: str) -> Words:
    done = {
        "candidates_published": Words("公示候选人", "Candidates on view"),
        "publicity_ends": Words("公示期满", "Publicity over"),
        "award": Words("定标", "Award"),
        "contract_signed": Words("签订合同", "Contract signed"),
    }
    return done.get(name, Words(name, name))


def _period(rule: Rule) -> bool:
    return rule.kind in (Kind.MIN_INTERVAL, Kind.MAX_INTERVAL) and rule.count is not None


OPENS = dt.time(9, 30)
"""When an opening may be offered on the first lawful day: not at midnight."""


def offered_deadline(pack: Pack, published_at: dt.datetime) -> dt.datetime:
    """A lawful deadline to propose: half past nine on the first working day on or after the earliest lawful moment.

    Periods of the clock (practice) get a minute on top, for the time it takes to sign.
    """
    earliest, table = timetable.earliest_deadline(pack, published_at), timetable.calendar()
    if earliest.rule.count is Count.ELAPSED:
        return timetable.whole(earliest.at) + dt.timedelta(minutes=1)
    day = beijing(earliest.at).date()
    while not table.is_working_day(day) or dt.datetime.combine(day, OPENS, BEIJING) < earliest.at:
        day += DAY
    return dt.datetime.combine(day, OPENS, BEIJING).astimezone(dt.UTC)
