"""A lot's way through the law's periods, as the tender page draws it. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from kernel.errors import Unavailable, Words
from tendering import timetable
from tendering.packs import OFFERS, Kind, Pack, Rule
from tendering.states import DECIDED, ENDED, LotState


@dataclass(frozen=True)
class Course:
    """The moments of a lot that are known so far."""

    state: LotState
    published_at: dt.datetime
    closes_at: dt.datetime
    publicity_from: dt.datetime | None = None
    publicity_until: dt.datetime | None = None
    awarded_at: dt.datetime | None = None
    issued_at: dt.datetime | None = None
    """When bidders got the documents, where that was not with the notice."""
    applications_due: dt.datetime | None = None


@dataclass(frozen=True)
class Milestone:
    """`at` is None while nobody knows; `status` is done, now or ahead."""

    words: Words
    at: dt.datetime | None
    status: str
    rule: Rule | None = None


_ORDER = list(LotState)


def milestones(pack: Pack, course: Course, now: dt.datetime) -> list[Milestone]:
    """Notice, earliest lawful deadline, deadline and opening, evaluation, publicity, award: each with its rule."""
    if pack.procedure in OFFERS:
        return _of_sale(pack, course)
    opening = pack.find(Kind.SAME_MOMENT, "opening")[0]
    publicity = pack.find(Kind.MIN_INTERVAL, "publicity_ends")[0]
    return [
        Milestone(Words("公告发布，文件开始提供", "Notice published, documents available"), course.published_at, "done"),
        *_lawful(pack, course, now),
        Milestone(Words("投标截止", "Deadline for bids"), course.closes_at, _status(course, LotState.COLLECTING), pack.min_bids),
        Milestone(Words("开标", "Opening"), course.closes_at, _status(course, LotState.SEALED, LotState.OPENING), opening),
        Milestone(Words("评标", "Evaluation"), None, _status(course, LotState.OPENED, LotState.EVALUATING, LotState.REPORTED)),
        Milestone(
            Words("候选人公示期满", "Candidates' publicity over"),
            course.publicity_until,
            _status(course, LotState.PUBLICITY),
            publicity,
        ),
        Milestone(
            Words("定标", "Award"),
            course.awarded_at,
            "done" if course.state in DECIDED else "ahead",
            pack.the(Kind.RANK_ORDER, "award"),
        ),
    ]  # fmt: skip


def _of_sale(pack: Pack, course: Course) -> list[Milestone]:
    """Notice, applications, offers, deal: each with its rule, as far as the way of the sale has it."""
    ends, offers = Words("申请（披露）截止", "Applications end"), Words("报价（挂牌、拍卖）截止", "Offers end")
    listed = pack.find(Kind.MIN_INTERVAL, "applications_due") or pack.find(Kind.MIN_INTERVAL, "offer_begins")
    due = pack.find(Kind.MIN_INTERVAL, "listing_ends") or pack.find(Kind.SAME_MOMENT, "opening")
    sold = next((rule for rule in pack.rules if rule.ends == "deal"), None)
    confirmed = pack.find(Kind.REQUIRED, "deal_confirmation")
    struck = "done" if course.state in DECIDED else "ahead"
    return [
        Milestone(Words("公告发布，文件开始提供", "Notice published, documents available"), course.published_at, "done"),
        Milestone(ends, course.applications_due, _status(course, LotState.LISTING), next(iter(listed), None)),
        Milestone(offers, course.closes_at, _status(course, LotState.LISTING, LotState.COLLECTING), next(iter(due), None)),
        Milestone(Words("成交", "Deal"), course.awarded_at, struck, sold),
        Milestone(Words("签署成交确认书", "Confirmation signed"), None, _status(course, LotState.DEAL), next(iter(confirmed), None)),
    ]  # fmt: skip


def _lawful(pack: Pack, course: Course, now: dt.datetime) -> list[Milestone]:
    """The earliest deadline the law allowed; left out where the year's calendar is not loaded any more."""
    try:
        earliest = timetable.earliest_deadline(pack, course.issued_at or course.published_at)
    except Unavailable:
        return []
    words = Words("法定最早截止", "Earliest lawful deadline")
    return [Milestone(words, earliest.at, "done" if now >= earliest.at else "ahead", earliest.rule)]


def _status(course: Course, *states: LotState) -> str:
    if course.state in states:
        return "now"
    if course.state in ENDED and course.state is not LotState.CLOSED:
        return "ahead"
    return "done" if _ORDER.index(course.state) > _ORDER.index(states[-1]) else "ahead"
