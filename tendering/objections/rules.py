"""What may be raised, until when, by when it is answered, and what stands still. Pure; every number is the pack's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kernel.clock import beijing
from kernel.errors import Conflict, Invalid, TooLate, Words
from kernel.law import holds
from tendering.packs import Count, Kind, Pack, Rule
from tendering.states import ENDED, LotState
from tendering.timetable import Calendar, midnight

DAY = dt.timedelta(days=1)
SECOND = dt.timedelta(seconds=1)
MAX_TEXT, MAX_DEMAND = 8000, 2000
RULE = "rules.md 7 异议"


class Sort(StrEnum):
    OBJECTION = "objection"
    QUERY = "query"
    INQUIRY = "inquiry"


class Subject(StrEnum):
    PREQUALIFICATION = "prequalification"
    DOCUMENTS = "documents"
    PROCESS = "process"
    RESULT = "result"


class Effect(StrEnum):
    UPHELD = "upheld"
    PARTLY = "partly"
    REJECTED = "rejected"


SORT_WORDS = {
    Sort.OBJECTION: Words("异议", "Objection"),
    Sort.QUERY: Words("质疑", "Query"),
    Sort.INQUIRY: Words("询问", "Inquiry"),
}
SUBJECT_WORDS = {
    Subject.PREQUALIFICATION: Words("资格预审文件", "Pre-qualification documents"),
    Subject.DOCUMENTS: Words("招标（采购）文件", "Tender documents"),
    Subject.PROCESS: Words("开标和评审过程", "Opening and course of the procedure"),
    Subject.RESULT: Words("评标（采购）结果", "Result of the evaluation"),
}
EFFECT_WORDS = {
    Effect.UPHELD: Words("成立", "Upheld"),
    Effect.PARTLY: Words("部分成立", "Upheld in part"),
    Effect.REJECTED: Words("不成立", "Rejected"),
}

REPLIES: dict[tuple[Sort, Subject], str] = {
    (Sort.OBJECTION, Subject.PREQUALIFICATION): "objection_received",
    (Sort.OBJECTION, Subject.DOCUMENTS): "objection_received",
    (Sort.OBJECTION, Subject.RESULT): "result_objection_received",
    **{(Sort.QUERY, subject): "query_received" for subject in Subject},
    **{(Sort.INQUIRY, subject): "inquiry_received" for subject in Subject},
}
"""Where in a pack the time for the reply stands."""


@dataclass(frozen=True)
class Moments:
    """What is known of a lot. While it stands still, deadlines are those that a resumption now would set."""

    state: LotState
    published_at: dt.datetime
    closes_at: dt.datetime | None
    """None while a pre-qualification goes on: what is counted back from it cannot be raised yet."""
    documents_at: dt.datetime
    """When the last of the documents came out."""
    applications_due: dt.datetime | None = None
    opened_at: dt.datetime | None = None
    publicity_from: dt.datetime | None = None
    publicity_until: dt.datetime | None = None


@dataclass(frozen=True)
class Window:
    """One thing that may be raised, while it may: `until` is None where only the state ends it."""

    sort: Sort
    subject: Subject
    since: dt.datetime | None
    until: dt.datetime | None
    rule: Rule

    def is_open(self, now: dt.datetime) -> bool:
        begun = self.since is not None and self.since <= now
        return begun and (self.until is None or now < self.until)

    def check(self, now: dt.datetime) -> None:
        """TooLate or Conflict naming the rule unless the window is open."""
        if self.since is None or now < self.since:
            raise Conflict(
                "objection.not_yet",
                f"尚未到可以对{SUBJECT_WORDS[self.subject].zh}提出{SORT_WORDS[self.sort].zh}的阶段。",
                f"It is too early to raise this about: {SUBJECT_WORDS[self.subject].en}.",
                rule=self.rule.cited,
            )
        if not self.is_open(now):
            raise TooLate(
                "objection.late",
                f"对{SUBJECT_WORDS[self.subject].zh}提出{SORT_WORDS[self.sort].zh}的期限已过。",
                f"The time to raise this is over: {SUBJECT_WORDS[self.subject].en}.",
                rule=self.rule.cited,
            )


def windows(pack: Pack, moments: Moments, table: Calendar) -> list[Window]:
    """Everything the pack lets people raise about this lot, whether it is open now or not."""
    return [
        *_to_documents(pack, moments, table),
        *_objections(pack, moments),
        *_queries(pack, moments, table),
        *_inquiries(pack, moments),
    ]


@holds("objection_documents:bids_due", "objection_prequalification:applications_due")
def _to_documents(pack: Pack, moments: Moments, table: Calendar) -> Iterator[Window]:
    collecting = moments.published_at if moments.state is LotState.COLLECTING else None
    going = moments.published_at if moments.state not in ENDED else None
    due, closes_at = moments.applications_due, moments.closes_at
    for rule in _beginning(pack, "objection_prequalification") if due else ():
        yield Window(Sort.OBJECTION, Subject.PREQUALIFICATION, going, _before(table, rule, due), rule)
    for rule in _beginning(pack, "objection_documents"):
        yield Window(Sort.OBJECTION, Subject.DOCUMENTS, collecting, _before(table, rule, closes_at), rule)


@holds("C50")
def _objections(pack: Pack, moments: Moments) -> Iterator[Window]:
    for rule in _beginning(pack, "result_objection_received"):
        since = moments.publicity_from if moments.state is LotState.PUBLICITY else None
        yield Window(Sort.OBJECTION, Subject.RESULT, since, moments.publicity_until, rule)


@holds("known:query")
def _queries(pack: Pack, moments: Moments, table: Calendar) -> Iterator[Window]:
    """From knowing: of documents when their notice ends or the last of them came, of a stage when it ended (PR 53)."""
    for rule in pack.find(Kind.MAX_INTERVAL, "query"):
        notice_ends = max((table.reaches(one, moments.published_at) for one in pack.find(Kind.MIN_INTERVAL, "notice_ends")), default=moments.published_at)  # fmt: skip
        known = max(notice_ends, moments.documents_at)
        yield Window(Sort.QUERY, Subject.DOCUMENTS, moments.published_at, table.reaches(rule, known), rule)
        opened = moments.opened_at
        yield Window(Sort.QUERY, Subject.PROCESS, opened, table.reaches(rule, opened) if opened else None, rule)
        ended = moments.publicity_until
        yield Window(Sort.QUERY, Subject.RESULT, moments.publicity_from, table.reaches(rule, ended) if ended else None, rule)  # fmt: skip


def _inquiries(pack: Pack, moments: Moments) -> Iterator[Window]:
    """Asked at any time (PR 52), about what has happened so far."""
    for rule in _beginning(pack, "inquiry_received"):
        yield Window(Sort.INQUIRY, Subject.DOCUMENTS, moments.published_at, None, rule)
        yield Window(Sort.INQUIRY, Subject.PROCESS, moments.opened_at, None, rule)
        yield Window(Sort.INQUIRY, Subject.RESULT, moments.publicity_from, None, rule)


def window_of(found: Sequence[Window], sort: str, subject: str) -> Window:
    """The window for that sort and subject; Invalid where this law knows none."""
    for window in found:
        if (window.sort, window.subject) == (sort, subject):
            return window
    raise Invalid(
        "objection.unknown_sort",
        "本项目适用的法规没有这种异议（质疑、询问）。",
        "The law of this tender knows nothing of this kind to raise.",
        rule=RULE,
        fields={"about": "unknown"},
    )


@dataclass(frozen=True)
class Due:
    """By when somebody must act, when little time is left, and the rule that says so."""

    warn_at: dt.datetime
    at: dt.datetime
    rule: Rule

    @classmethod
    def counted(cls, table: Calendar, rule: Rule, start: dt.datetime) -> Due:
        return cls(warning(table, rule, start), table.reaches(rule, start), rule)

    def color(self, now: dt.datetime) -> str:
        return color(self.warn_at, self.at, now)


@holds(
    "objection_received:objection_answered",
    "result_objection_received:result_objection_answered",
    "inquiry_received:inquiry_answered",
    "query_received:query_answered",
)
def reply_due(pack: Pack, about: tuple[Sort, Subject], raised_at: dt.datetime, table: Calendar) -> Due:
    """When the owner's reply is due."""
    return Due.counted(table, _beginning(pack, REPLIES[about])[0], raised_at)


def warning(table: Calendar, rule: Rule, start: dt.datetime) -> dt.datetime:
    """From when one unit of the period is left (S26); of seconds, a fifth of them."""
    if rule.count is Count.ELAPSED:
        return start + dt.timedelta(seconds=rule.value - rule.value // 5)
    return table.reaches(rule, start) - DAY


def color(warn_at: dt.datetime, due_at: dt.datetime, now: dt.datetime) -> str:
    """S26 and S27: green, yellow when little time is left, red when it is over."""
    if now >= due_at:
        return "red"
    return "yellow" if now >= warn_at else "green"


def suspends(sort: Sort) -> bool:
    """An objection stops the procedure until it is answered (C14, C50); a query or an inquiry does not by itself."""
    return sort is Sort.OBJECTION


@dataclass(frozen=True)
class Run:
    """A collecting lot's clock: running towards `closes_at`, or standing since `suspended_at`."""

    closes_at: dt.datetime
    suspended_at: dt.datetime | None = None
    by_platform: bool = False


@holds("C14")
def wanted(run: Run, open_objections: int, now: dt.datetime) -> str | None:
    """What the clock does to a collecting lot: `suspend` while anything is open, `resume` after the last reply."""
    if run.suspended_at is None:
        return "suspend" if open_objections and now < run.closes_at else None
    return "resume" if run.by_platform and not open_objections else None


def resumed_until(closes_at: dt.datetime, suspended_at: dt.datetime, at: dt.datetime) -> dt.datetime:
    """The deadline that gives back all the time that was left, up to a whole second; what had passed stays passed."""
    left = closes_at - suspended_at
    if left <= dt.timedelta():
        return closes_at
    until = at + left
    return until if not until.microsecond else until.replace(microsecond=0) + SECOND


def stood_still(stays: Iterable[tuple[dt.datetime, dt.datetime | None]], since: dt.datetime, now: dt.datetime) -> dt.timedelta:  # fmt: skip
    """How long at least one of the stays ran between `since` and `now`; what overlaps counts once."""
    total, reached = dt.timedelta(), since
    for begun, ended in sorted(stays, key=lambda stay: stay[0]):
        start, end = max(begun, reached), min(ended or now, now)
        if end > start:
            total, reached = total + (end - start), end
    return total


def check_words(text: str, field: str, most: int) -> str:
    """The text without outer blanks; Invalid when there is none or too much."""
    found = text.strip()
    if not 4 <= len(found) <= most:
        raise Invalid(
            "objection.text",
            f"请填写 4 至 {most} 字。",
            f"Write 4 to {most} characters.",
            rule=RULE,
            fields={field: "length"},
        )
    return found


def _beginning(pack: Pack, moment: str) -> list[Rule]:
    return [rule for rule in pack.rules if rule.begins == moment]


def _before(table: Calendar, rule: Rule, due: dt.datetime | None) -> dt.datetime | None:
    return None if due is None else _last(table, rule, due)


def _last(table: Calendar, rule: Rule, due: dt.datetime) -> dt.datetime:
    """The end of the time to raise something `rule` ahead of `due`."""
    if rule.count is Count.ELAPSED:
        return due - dt.timedelta(seconds=rule.value)
    start = midnight(beijing(due).date()) - rule.value * DAY
    while table.reaches(rule, start) > due:
        start -= DAY
    return start + DAY
