"""The life of a lot as one table, and the pure decisions about deadlines, suspension, publicity and award.

States and moves follow rules.md 5.2 and 5.3. A move that nobody is named for cannot be made by anybody: closing a box
is the clock's alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, TypeVar

from accounts.roles import Role
from kernel.errors import Conflict, Invalid, TooEarly, TooLate
from kernel.states import Machine, Move
from tendering.packs import Kind, Pack

Ranked = TypeVar("Ranked")
"""Whatever stands in rank order."""

CLOCK: Final = "CLOCK"
"""The actor of moves that only the timetable makes."""


class LotState(StrEnum):
    DRAFT = "draft"
    COLLECTING = "collecting"
    SEALED = "sealed"
    OPENING = "opening"
    OPENED = "opened"
    EVALUATING = "evaluating"
    PUBLICITY = "publicity"
    AWARDED = "awarded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class LotEvent(StrEnum):
    PUBLISH = "publish"
    CLOSE = "close"
    COLLECT_AGAIN = "collect_again"
    TOO_FEW = "too_few"
    START_OPENING = "start_opening"
    UNREADABLE = "unreadable"
    END_OPENING = "end_opening"
    START_EVALUATION = "start_evaluation"
    REJECT_ALL = "reject_all"
    START_PUBLICITY = "start_publicity"
    AWARD = "award"
    CANCEL = "cancel"


class TenderState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


ENDED = frozenset({LotState.AWARDED, LotState.FAILED, LotState.CANCELLED})
UNDER_WAY: tuple[LotState, ...] = tuple(
    state for state in LotState if state not in ENDED and state is not LotState.DRAFT
)
ACCEPTING = frozenset({LotState.COLLECTING})
"""States in which bids are taken; a suspended lot goes on accepting."""
STILL_SHUT = frozenset({LotState.DRAFT, LotState.COLLECTING, LotState.SEALED, LotState.OPENING})
OPENED_TO_ALL = frozenset({LotState.OPENED, LotState.EVALUATING, LotState.PUBLICITY, LotState.AWARDED, LotState.FAILED})


def _by(*who: str) -> frozenset[str]:
    return frozenset(str(name) for name in who)


def _law(text: str) -> tuple[str, ...]:
    return tuple(text.split("；"))


_S, _E = LotState, LotEvent
_CANCEL_LAW = "《招标投标法实施条例》第三十一条；财政部令第87号第二十九条"

MACHINE: Machine[LotState] = Machine(
    (
        Move(_S.DRAFT, _E.PUBLISH, _S.COLLECTING, _by(Role.OWNER), _law("《招标投标法》第十六条、第二十四条；《政府采购法》第三十五条")),
        Move(_S.COLLECTING, _E.CLOSE, _S.SEALED, _by(CLOCK), _law("《招标投标法》第二十八条；《电子招标投标办法》第二十七条")),
        Move(_S.SEALED, _E.COLLECT_AGAIN, _S.COLLECTING, _by(CLOCK), _law("《电子招标投标办法》第三十一条")),
        Move(_S.SEALED, _E.TOO_FEW, _S.FAILED, _by(CLOCK), _law("《招标投标法》第二十八条；财政部令第87号第四十一条")),
        Move(_S.SEALED, _E.START_OPENING, _S.OPENING, _by(CLOCK), _law("《招标投标法》第三十四条；财政部令第87号第三十九条")),
        Move(_S.OPENING, _E.UNREADABLE, _S.FAILED, _by(CLOCK), _law("《招标投标法实施条例》第四十四条；《电子招标投标办法》第三十一条")),
        Move(_S.OPENING, _E.END_OPENING, _S.OPENED, _by(CLOCK, Role.AGENCY, Role.OPS), _law("《招标投标法》第三十六条；《电子招标投标办法》第三十条")),
        Move(_S.OPENED, _E.START_EVALUATION, _S.EVALUATING, _by(CLOCK, Role.OPS), _law("《招标投标法》第三十七条；财政部令第87号第四十七条")),
        Move(_S.EVALUATING, _E.REJECT_ALL, _S.FAILED, _by(CLOCK, Role.EXPERT), _law("《招标投标法》第四十二条；《政府采购法》第三十六条")),
        Move(_S.EVALUATING, _E.START_PUBLICITY, _S.PUBLICITY, _by(Role.OWNER), _law("《招标投标法实施条例》第五十四条；财政部令第87号第六十九条")),
        Move(_S.PUBLICITY, _E.AWARD, _S.AWARDED, _by(Role.OWNER, CLOCK), _law("《招标投标法实施条例》第五十五条；财政部令第87号第六十八条")),
        *(Move(state, _E.CANCEL, _S.CANCELLED, _by(Role.OWNER, Role.AGENCY, Role.MGR), _law(_CANCEL_LAW)) for state in UNDER_WAY),
    )
)  # fmt: skip


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


def check_publicity_over(until: dt.datetime | None, now: dt.datetime, cited: str) -> None:
    """An award before the publicity has lasted its time is refused (C49, G37)."""
    if until is None or now < until:
        raise TooEarly(
            "publicity.running",
            "中标候选人公示期未满，不能定标。",
            "The candidates have not been on public view long enough for an award.",
            rule=cited,
        )


def candidates_of(pack: Pack, ranking: Sequence[Ranked]) -> list[Ranked]:
    """Who of the ranking stands as a candidate: as many as the law names, all where it gives no number (C47)."""
    most = pack.find(Kind.MAX_COUNT, "candidates")
    return list(ranking[: most[0].value]) if most else list(ranking)


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
