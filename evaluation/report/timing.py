"""Pure decisions about the time of an evaluation: how long it is planned, when the owner is asked, what an extension is."""

from __future__ import annotations

import datetime as dt

from kernel.errors import Conflict, Invalid
from kernel.law import holds
from tendering.packs import Kind, Pack, Unit

LAW = "《招标投标法实施条例》第四十八条"
USUAL, USUAL_IN_PRACTICE = dt.timedelta(hours=8), dt.timedelta(minutes=30)
LONGEST = dt.timedelta(days=30)
ANSWER, ANSWER_IN_PRACTICE = dt.timedelta(minutes=30), dt.timedelta(seconds=10)
LONGEST_REASON = 1000
THIRD = 3


def usual_end(pack: Pack, now: dt.datetime) -> dt.datetime:
    """Where nobody says how long the evaluation takes."""
    return now + (USUAL_IN_PRACTICE if pack.practice else USUAL)


def answer_due(pack: Pack, asked_at: dt.datetime, ends_at: dt.datetime) -> dt.datetime:
    """Until when the owner answers: soon, and in any case before the time is over."""
    return min(asked_at + (ANSWER_IN_PRACTICE if pack.practice else ANSWER), max(asked_at, ends_at))


@holds("C41")
def too_many(pack: Pack, short: int, sitting: int) -> bool:
    """More than the pack's share of the sitting members, a third, find the time too short; also where its law is silent."""
    rules = pack.find(Kind.MAX_FRACTION, "members_short_of_time")
    share = next((rule.value for rule in rules if rule.unit is Unit.THIRD), 1)
    return THIRD * short > share * sitting


def check_planned(ends_at: dt.datetime, now: dt.datetime) -> None:
    if not now < ends_at <= now + LONGEST:
        raise Invalid(
            "time.planned",
            "计划评审截止时间应当在现在之后、30 日之内",
            "The planned end of the evaluation lies after now, and within 30 days",
            rule=LAW,
            fields={"ends_at": "range"},
        )


def check_not_begun(*, begun: bool) -> None:
    if begun:
        raise Conflict(
            "time.begun",
            "评审已经开始：评审时间只能由招标人应评委要求延长",
            "The evaluation has begun: its time is only extended, by the owner when the members ask",
            rule=LAW,
        )


@holds("C41")
def check_later(was: dt.datetime, ends_at: dt.datetime, now: dt.datetime) -> None:
    """An extension ends later than what the committee had, and not in the past."""
    if ends_at <= max(was, now) or ends_at > now + LONGEST:
        raise Invalid(
            "time.not_later",
            "延长后的截止时间应当晚于原计划和现在，且在 30 日之内",
            "An extension ends later than planned and than now, and within 30 days",
            rule=LAW,
            fields={"ends_at": "later"},
        )


def check_asked(*, asked: bool) -> None:
    if not asked:
        raise Conflict(
            "time.not_asked",
            "没有超过三分之一的评委认为时间不够，现在不需要延长",
            "No more than a third of the members find the time too short: nothing is to be extended",
            rule=LAW,
        )


def check_first(*, said: bool) -> None:
    if said:
        raise Conflict(
            "time.said", "您已提出时间不够，等待招标人延长", "You said so already: the owner is to extend", rule=LAW
        )


def checked_reason(text: str) -> str:
    """The reason without blanks around it; Invalid when nothing was written, or too much."""
    if not text.strip() or len(text) > LONGEST_REASON:
        raise Invalid(
            "time.reason",
            f"请写明时间不够的理由，不超过 {LONGEST_REASON} 字",
            f"Say why the time is too short, in at most {LONGEST_REASON} characters",
            rule=LAW,
            fields={"reason": "text"},
        )
    return text.strip()
