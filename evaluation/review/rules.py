"""Pure decisions of the review: what a majority carries, what may be asked and answered, and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from enum import StrEnum

from kernel.errors import Conflict, Invalid, TooLate
from kernel.law import holds

LONGEST = 4000
SHORTEST_S, LONGEST_S = 30, 24 * 3600
USUAL_S = 30 * 60


class About(StrEnum):
    """What a request is about."""

    CLARIFICATION = "clarification"
    LOW_PRICE = "low_price"
    ARITHMETIC = "arithmetic"
    """To confirm a corrected price (G31): answered by a signed yes or no, never in other words."""


@holds("G33")
def carried(supporters: Collection[str], sitting: Collection[str]) -> bool:
    """More than half of the sitting members; whoever was replaced no longer counts (C40)."""
    return 2 * len(set(supporters) & set(sitting)) > len(sitting)


def check_text(text: str, name: str) -> str:
    """The text without blanks around it; Invalid when nothing was written, or too much."""
    if not text.strip() or len(text) > LONGEST:
        raise Invalid(
            "review.text",
            f"请填写内容，不超过 {LONGEST} 字",
            f"Write something, at most {LONGEST} characters",
            fields={name: "text"},
        )
    return text.strip()


def check_within(seconds: int) -> int:
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise Invalid(
            "clarification.within",
            "答复时限应当在 30 秒至 24 小时之间",
            "The time for an answer is between 30 seconds and 24 hours",
            fields={"minutes": "range"},
        )
    return seconds


@holds("C59")
def check_open(*, open_: bool, law: str) -> None:
    """A bidder writes only when the committee asked it in writing (C44)."""
    if not open_:
        raise Conflict(
            "clarification.unsolicited",
            "评标委员会没有要求您澄清：不接受投标人主动提出的澄清、说明",
            "The committee has not asked you: clarifications nobody asked for are not taken",
            rule=law,
        )


def check_in_time(due_at: dt.datetime, now: dt.datetime, law: str) -> None:
    if now >= due_at:
        raise TooLate("clarification.late", "答复时限已过", "The time for an answer is over", rule=law)
