"""Complaints as rules: their states, who moves them, when one may be made, when the authority must act. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from accounts.roles import Role
from kernel.errors import Conflict, Invalid, TooLate, Words
from kernel.law import holds
from kernel.states import Machine, Move
from tendering.objections.rules import Due
from tendering.packs import Count, Pack, Rule
from tendering.states import CLOCK
from tendering.timetable import Calendar

SECOND = dt.timedelta(seconds=1)
PARTY: Final = "PARTY"
"""The complainant, in whatever role."""
RULE = "rules.md 7 投诉"
LAW = "《招标投标法实施条例》第六十条至第六十二条；《政府采购法》第五十五条至第五十七条"


class State(StrEnum):
    MADE = "made"
    CORRECTING = "correcting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    DECIDED = "decided"


class Event(StrEnum):
    ASK = "ask"
    CORRECT = "correct"
    ACCEPT = "accept"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    DECIDE = "decide"


class Effect(StrEnum):
    """What the authority decides."""

    REJECTED = "rejected"
    CORRECT = "correct"
    REEVALUATE = "reevaluate"
    VOID = "void"


class Matter(StrEnum):
    """What is complained of; all but the last were raised with the owner before."""

    OBJECTION = "objection"
    OPENING = "opening"
    OTHER = "other"


PENDING = frozenset({State.MADE, State.CORRECTING, State.ACCEPTED})
STATE_WORDS = {
    State.MADE: Words("待受理", "Not taken yet"),
    State.CORRECTING: Words("待补正", "To be corrected"),
    State.ACCEPTED: Words("已受理，处理中", "Taken, being handled"),
    State.REFUSED: Words("不予受理", "Not taken"),
    State.WITHDRAWN: Words("已撤回", "Withdrawn"),
    State.DECIDED: Words("已作出处理决定", "Decided"),
}
EFFECT_WORDS = {
    Effect.REJECTED: Words("驳回投诉", "Rejected"),
    Effect.CORRECT: Words("投诉成立，责令改正", "Upheld: to be corrected"),
    Effect.REEVALUATE: Words("投诉成立，责令重新评审", "Upheld: to be evaluated again"),
    Effect.VOID: Words("投诉成立，宣布无效", "Upheld: declared void"),
}
FOLLOWS = {
    Effect.REJECTED: Words("程序继续进行。", "The procedure goes on."),
    Effect.CORRECT: Words("招标人（采购人）须按决定改正并书面报告。", "The owner corrects as decided and reports in writing."),
    Effect.REEVALUATE: Words("监督机构另行签发重新评审指令，评标重新进行。", "The authority signs a directive, and the bids are evaluated again."),
    Effect.VOID: Words("监督机构另行签发宣布无效指令，本标段终结或者重新招标。", "The authority signs a directive that declares the lot void."),
}  # fmt: skip
DIRECTED = frozenset({Effect.REEVALUATE, Effect.VOID})
"""Decisions that a signed directive carries out (T29); until it is in force nothing is awarded."""
MATTER_WORDS = {
    Matter.OBJECTION: Words("已提出异议（质疑）的事项", "What was raised with the owner"),
    Matter.OPENING: Words("开标现场异议的事项", "What was objected to at the opening"),
    Matter.OTHER: Words("其他违法行为（无须先提出异议）", "Other breaches of law (no objection needed first)"),
}

_LAW = ("《招标投标法实施条例》第六十条、第六十一条；《政府采购法》第五十五条、第五十六条",)


def _row(was: State, event: Event, now: State, *by: str) -> Move[State]:
    return Move(was, event, now, frozenset(by), _LAW)


MACHINE: Machine[State] = Machine(
    (
        _row(State.MADE, Event.ASK, State.CORRECTING, Role.SUP),
        _row(State.CORRECTING, Event.CORRECT, State.MADE, PARTY),
        _row(State.MADE, Event.ACCEPT, State.ACCEPTED, Role.SUP, CLOCK),
        _row(State.MADE, Event.REFUSE, State.REFUSED, Role.SUP),
        _row(State.CORRECTING, Event.REFUSE, State.REFUSED, Role.SUP),
        *(_row(state, Event.WITHDRAW, State.WITHDRAWN, PARTY) for state in sorted(PENDING)),
        _row(State.ACCEPTED, Event.DECIDE, State.DECIDED, Role.SUP),
    )
)


@dataclass(frozen=True)
class Earlier:
    """What was raised with the owner before: when, by when a reply was due, and when one came."""

    raised_at: dt.datetime
    due_at: dt.datetime
    answered_at: dt.datetime | None

    @property
    def over_at(self) -> dt.datetime:
        """When the reply came, or should have."""
        return self.answered_at or self.due_at


@dataclass(frozen=True)
class Window:
    since: dt.datetime
    until: dt.datetime
    rule: Rule

    def check(self, now: dt.datetime) -> None:
        if now < self.since:
            raise Conflict(
                "complaint.answer_awaited",
                "异议（质疑）的答复期限未满，请先等待答复。",
                "The time for the reply is not over: wait for it first.",
                rule=self.rule.cited,
            )
        if now >= self.until:
            raise TooLate("complaint.late", "投诉期限已过。", "The time to complain is over.", rule=self.rule.cited)


@holds("known:complaint", "query_answer_due:complaint")
def window(pack: Pack, earlier: Earlier | None, known_at: dt.datetime, table: Calendar) -> Window:
    """From when until when a complaint may be made.

    C60: so many days from knowing, the time that the owner took to answer not counted. G44: so many working days after the
    time for the reply, and only on what was raised.
    """
    for rule in pack.rules:
        if rule.ends != "complaint":
            continue
        if rule.begins == "query_answer_due":
            return _after_reply(rule, earlier, table)
        if earlier is None:
            return Window(known_at, table.reaches(rule, known_at), rule)
        waited = earlier.over_at - earlier.raised_at
        return Window(earlier.over_at, table.reaches(rule, min(known_at, earlier.raised_at) + waited), rule)
    raise Invalid(
        "complaint.no_rule",
        "本项目适用的规则包没有规定投诉期限，请按当地规定向监督机构书面投诉。",
        "The law pack of this tender sets no time to complain: write to the authority as the local rules say.",
        rule=RULE,
    )


def counts_from_knowing(pack: Pack) -> bool:
    """Whether this law takes complaints that no query came before (C60)."""
    return any((rule.begins, rule.ends) == ("known", "complaint") for rule in pack.rules)


def _after_reply(rule: Rule, earlier: Earlier | None, table: Calendar) -> Window:
    if earlier is None:
        raise Conflict(
            "complaint.query_first",
            "投诉前须先提出质疑，投诉事项不得超出已质疑的范围。",
            "A query comes first, and the complaint stays within it.",
            rule=rule.cited,
        )
    end = earlier.due_at if rule.count is Count.ELAPSED else earlier.due_at - SECOND
    return Window(earlier.over_at, table.reaches(rule, end), rule)


@holds("complaint:complaint_accepted")
def accept_due(pack: Pack, made_at: dt.datetime, table: Calendar) -> Due:
    """By when the authority takes or refuses a complaint (C61, G46)."""
    return Due.counted(table, _the(pack, "complaint", "complaint_accepted"), made_at)


@holds("complaint_accepted:complaint_decided", "complaint:complaint_decided")
def decide_due(pack: Pack, made_at: dt.datetime, accepted_at: dt.datetime, table: Calendar) -> Due:
    """By when it is decided: counted from its taking (C61), or from its receipt (G45)."""
    rule = next(rule for rule in pack.rules if rule.ends == "complaint_decided")
    return Due.counted(table, rule, made_at if rule.begins == "complaint" else accepted_at)


@holds("complaint_copied:respondent_answered", "complaint_accepted:complaint_copied")
def reply_due(pack: Pack, copied_at: dt.datetime, table: Calendar) -> dt.datetime | None:
    """By when a respondent answers (G46). The platform shows the copy as soon as the complaint is taken."""
    rules = [rule for rule in pack.rules if rule.begins == "complaint_copied"]
    return table.reaches(rules[0], copied_at) if rules else None


@holds("suspended:resumed")
def stay_until(pack: Pack, since: dt.datetime, table: Calendar) -> dt.datetime | None:
    """How long the authority may suspend the procedure at most (G45); None where its law sets no end."""
    rules = [rule for rule in pack.rules if (rule.begins, rule.ends) == ("suspended", "resumed")]
    return table.reaches(rules[0], since) if rules else None


def suspension_law(pack: Pack) -> str:
    """What an order to suspend rests on."""
    found = [rule.cited for rule in pack.rules if (rule.begins, rule.ends) == ("suspended", "resumed")]
    return found[0] if found else "C61 《招标投标法实施条例》第六十二条"


def _the(pack: Pack, begins: str, ends: str) -> Rule:
    return next(rule for rule in pack.rules if (rule.begins, rule.ends) == (begins, ends))
