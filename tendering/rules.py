"""The pure decisions about deadlines, suspension, publicity and award."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TypeVar

from kernel.errors import Conflict, Invalid, TooEarly, TooLate
from kernel.law import holds
from tendering.packs import Kind, Pack

Ranked = TypeVar("Ranked")
"""Whatever stands in rank order."""


def check_later(old: dt.datetime, new: dt.datetime, now: dt.datetime) -> None:
    """A deadline only ever moves later, and only before it has come."""
    check_before(now, old)
    if new <= old:
        raise Conflict(
            "deadline.not_later",
            "投标截止时间只能推后，不能提前。",
            "A deadline only ever moves later.",
            rule="log-and-nodes.md 3 Deadline",
        )


def check_before(now: dt.datetime, closes_at: dt.datetime) -> None:
    if now >= closes_at:
        raise TooLate(
            "deadline.passed", "投标截止时间已过。", "The deadline has passed.", rule="log-and-nodes.md 3 Deadline"
        )


def check_at(at: dt.datetime, now: dt.datetime, grace: int) -> None:
    """A signed moment lies within the cut's grace of now; otherwise the nodes would treat the fact as absent."""
    if abs((now - at).total_seconds()) > grace:
        raise Conflict(
            "statement.stale",
            f"签署的时刻与平台时间相差超过 {grace} 秒，请重新签署。",
            f"The signed moment is more than {grace} seconds from the platform's clock: sign again.",
            rule="log-and-nodes.md 3 Deadline",
        )


def resumed_at_least(closes_at: dt.datetime, suspended_at: dt.datetime, at: dt.datetime) -> dt.datetime:
    """The earliest deadline after a suspension: the time that was left is given back whole."""
    return at + max(closes_at - suspended_at, dt.timedelta())


def check_resumed(closes_at: dt.datetime, least: dt.datetime) -> None:
    if closes_at < least:
        raise Conflict(
            "deadline.too_early",
            "恢复后的截止时间必须补足暂停时剩余的时间。",
            "After a suspension the deadline gives back the time that was left.",
            rule="log-and-nodes.md 3 Deadline",
        )


@holds("candidates_published:publicity_ends")
def check_publicity_over(until: dt.datetime | None, now: dt.datetime, cited: str) -> None:
    """An award before the publicity has lasted its time is refused (C49, G37)."""
    if until is None or now < until:
        raise TooEarly(
            "publicity.running",
            "中标候选人公示期未满，不能定标。",
            "The candidates have not been on public view long enough for an award.",
            rule=cited,
        )


@holds("candidates")
def candidates_of(pack: Pack, ranking: Sequence[Ranked]) -> list[Ranked]:
    """Who of the ranking stands as a candidate: as many as the law names, all where it gives no number (C47)."""
    most = pack.find(Kind.MAX_COUNT, "candidates")
    return list(ranking[: most[0].value]) if most else list(ranking)


@holds("C51", "G36.order")
def check_rank(pack: Pack, ranking: Sequence[str], bid_id: str, given_up: Sequence[str]) -> None:
    """The winner is a ranked candidate, and the first of those who have not given up (C51, G36)."""
    candidates = candidates_of(pack, ranking)
    rule = pack.the(Kind.RANK_ORDER, "award")
    if bid_id not in candidates:
        raise Invalid(
            "award.not_candidate",
            "所选投标不在中标候选人之列。",
            "The chosen bid is not among the candidates.",
            rule=rule.cited,
        )
    first = next(found for found in candidates if found == bid_id or found not in given_up)
    if first != bid_id:
        raise Conflict(
            "award.rank_order",
            "应当按排名顺序确定中标人。",
            "The winner is chosen in rank order.",
            rule=rule.cited,
            first=first,
        )


def second_approver(first_organization: int, second_organization: int) -> None:
    """Dual control: the second person belongs to another organization (rules.md 5.1)."""
    if first_organization == second_organization:
        raise Conflict(
            "approval.same_organization",
            "须由另一单位的人员第二次确认。",
            "The second approval must come from a person of another organization.",
            rule="rules.md 5.1 双人双岗",
        )
