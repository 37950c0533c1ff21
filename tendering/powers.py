"""Who may do what now with a lot (谁能做什么): the moves of its table and the typed acts, each answered by its own rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from accounts.actor import Actor
from accounts.roles import Role
from kernel.errors import Conflict, Words
from tendering import (
    approvals,
    cancellation,
    changes,
    deadlines,
    packs,
    questions,
    rounds,
    rules,
    timetable,
    visibility,
)
from tendering.approvals import Act
from tendering.lifecycle import HALTED
from tendering.models import Lot
from tendering.objections import service as objections
from tendering.objections import stays
from tendering.offers import applications, deals, reserve
from tendering.packs import Kind, Pack
from tendering.power_rules import Check, Power, moves, refusal_of
from tendering.prequal import applying as prequal
from tendering.prequal import committee
from tendering.prequal import rules as prequal_rules
from tendering.quotes import boxes
from tendering.quotes import service as quotes
from tendering.states import ACCEPTING, LotEvent, LotState

Asked = Callable[[Lot, dt.datetime], object]


@dataclass(frozen=True)
class TypedAct:
    """An act that is no move: a recorded, broadcast object (rules.md 5.1, firewall). `law` is a subject of the pack, or text."""

    name: str
    words: Words
    who: tuple[Role, ...]
    law: str
    asked: Asked
    link: str = ""


def of_lot(lot: Lot, now: dt.datetime) -> list[Power]:
    """Every act on the lot, moves first; the same list for everybody."""
    pack = packs.load(lot.tender.pack_id)
    found = moves(LotState(lot.state), _guards(lot, now, pack))
    return [*(_linked(power, lot) for power in found), *(_typed(act, lot, now, pack) for act in TYPED)]


def roles_in(lot: Lot, actor: Actor | None) -> frozenset[Role]:
    """The roles that count on this lot: owner and agency only of their own project."""
    if actor is None:
        return frozenset()
    theirs = visibility.of_project(lot.tender, actor)
    return actor.roles if theirs else actor.roles - frozenset(visibility.PROJECT_ROLES)


def _guards(lot: Lot, now: dt.datetime, pack: Pack) -> dict[LotEvent, Check]:
    guards: dict[LotEvent, Check] = {
        LotEvent.CLOSE: lambda: _check_reached(lot, now, pack),
        LotEvent.CLOSE_PREQUAL: lambda: _check_applied(lot, now, pack),
        LotEvent.AWARD: lambda: _check_award(lot, now, pack),
        LotEvent.CANCEL: lambda: cancellation.check_under_way(lot.tender),
        LotEvent.RETENDER: lambda: _check_prepared(lot),
        LotEvent.PUBLISH: lambda: _check_in_notice(lot, pack),
        LotEvent.FINAL_QUOTES: lambda: quotes.check_ready(lot),
        LotEvent.CONTINUE: lambda: _check_negotiated(lot, pack),
    }
    if lot.state == LotState.OPENED:  # elsewhere it is the pre-qualification that ends
        guards[LotEvent.TOO_FEW_QUALIFIED] = lambda: _check_qualifying(lot, now)
    halted: dict[LotEvent, Check] = {
        event: partial(stays.check_free, lot, *held) for event, held in HALTED.items() if event not in guards
    }
    return {**halted, **guards}


def _check_award(lot: Lot, now: dt.datetime, pack: Pack) -> None:
    if lot.state == LotState.DEAL:
        deals.check_signed(lot)
        return
    stays.check_free(lot, *HALTED[LotEvent.AWARD])
    rules.check_publicity_over(lot.publicity_until, now, pack.find(Kind.MIN_INTERVAL, "publicity_ends")[0].cited)


def _check_applied(lot: Lot, now: dt.datetime, pack: Pack) -> None:
    stays.check_free(lot)
    if lot.applications_due is not None and now < lot.applications_due:
        raise Conflict(
            "applications.ahead",
            "申请截止时间未到。",
            "Applications are not due yet.",
            rule=pack.clause("applications_due"),
        )


def _check_reached(lot: Lot, now: dt.datetime, pack: Pack) -> None:
    if lot.closes_at is not None and now < lot.closes_at:
        raise Conflict(
            "deadline.ahead", "投标截止时间未到。", "The deadline has not come.", rule=pack.clause("bids_due")
        )


def _check_prepared(lot: Lot) -> None:
    if rounds.next_of(lot) is None:
        raise Conflict(
            "round.unprepared", "尚未编制下一轮招标。", "The next round is not prepared yet.", rule=rounds.LAW
        )


def _check_in_notice(lot: Lot, pack: Pack) -> None:
    if boxes.of(lot) is not None:
        raise Conflict(
            "quotes.not_noticed",
            "最后报价箱不另发公告。",
            "A box for final quotes has no notice of its own.",
            rule=pack.clause("final_quotes"),
        )


def _check_negotiated(lot: Lot, pack: Pack) -> None:
    if not boxes.negotiated(lot):
        raise Conflict(
            "negotiation.none",
            "本标段没有谈判（磋商）。",
            "There is no negotiation on this lot.",
            rule=pack.clause("final_quotes"),
        )


def _check_qualifying(lot: Lot, now: dt.datetime) -> None:  # noqa: ARG001  one shape for all questions
    """After the opening only procurement by tender has a review of its own (G21)."""
    stays.check_free(lot)
    pack = packs.load(lot.tender.pack_id)
    if lot.state != LotState.OPENED or not pack.find(Kind.MIN_COUNT, "qualified"):
        raise Conflict(
            "qualification.not_now",
            "现在没有待审查的资格。",
            "No qualification waits to be reviewed now.",
            rule=pack.clause("qualified") or prequal_rules.LAW,
        )


def _check_taking(lot: Lot, now: dt.datetime) -> None:
    if lot.state not in ACCEPTING or lot.closes_at is None:
        raise Conflict(
            "lot.not_collecting",
            "标段不在接收投标阶段。",
            "The lot is not collecting bids.",
            rule=deadlines.RULE,
            state=lot.state,
        )
    rules.check_before(now, lot.closes_at)


def _check_movable(lot: Lot, now: dt.datetime) -> None:
    deadlines.check_running(lot)
    assert lot.closes_at is not None, "a collecting lot has its times"
    timetable.check_in_time(packs.load(lot.tender.pack_id), lot.closes_at, now)


def _check_window(lot: Lot, now: dt.datetime) -> None:
    """Any window that is open will do; otherwise the last one's own refusal."""
    refusal = None
    for window in objections.windows(lot, now):
        refusal = refusal_of(partial(window.check, now))
        if refusal is None:
            return
    if refusal is not None:
        raise refusal


def _check_waiting(lot: Lot, now: dt.datetime) -> None:  # noqa: ARG001  one shape for all questions
    if not objections.pending(lot.tender):
        raise Conflict(
            "objection.none", "没有待答复的异议、质疑或询问。", "Nothing waits for a reply.", rule="rules.md 5.3 T09"
        )


def _check_pending(lot: Lot, now: dt.datetime) -> None:  # noqa: ARG001
    if not questions.pending(lot.tender):
        raise Conflict("question.none", "没有待答复的问题。", "No question waits.", rule=questions.RULE)


def _check_cancel_waits(lot: Lot, now: dt.datetime) -> None:  # noqa: ARG001
    if approvals.waiting(lot.tender, Act.CANCEL) is None:
        raise approvals.none_waiting(Act.CANCEL)


_OWN, _DESK = (Role.OWNER, Role.AGENCY), "/owner/tenders/{tender}"
TYPED: tuple[TypedAct, ...] = (
    TypedAct("bid", Words("投标、补充、修改或撤回", "Bid, replace or withdraw"), (Role.BIDDER,), "withdrawal", _check_taking, "/desk/{lot}"),
    TypedAct("application", Words("递交、替换或者撤回资格预审申请", "Apply for pre-qualification, replace or withdraw"), (Role.BIDDER,), "applications_due", prequal.check_open, "/lots/{lot}/application"),
    TypedAct("prequal_committee", Words("组建资格审查委员会", "Seat the review committee"), (Role.OPS,), prequal_rules.LAW, lambda lot, _: committee.check_reviewing(lot), "/lots/{lot}/prequal"),
    TypedAct("prequal_review", Words("审查资格预审申请", "Review applications"), (*_OWN, Role.EXPERT), prequal_rules.LAW, lambda lot, _: committee.check_reviewing(lot), "/lots/{lot}/prequal"),
    TypedAct("qualification", Words("开标后审查投标人资格", "Review the bidders' qualification after the opening"), _OWN, "qualified", _check_qualifying, "/lots/{lot}/qualification"),
    TypedAct("apply", Words("申请参加竞买（受让）", "Apply to take part"), (Role.BIDDER,), "rules.md 5.3 A1", applications.check_open, "/lots/{lot}/apply"),
    TypedAct("reserve", Words("启封标底（底价），两人", "Open the reserve (two persons)"), (Role.OWNER, Role.OPS), "reserve", lambda lot, _: reserve.check_may_open(lot), "/lots/{lot}/sale"),
    TypedAct("question", Words("提问（不显示提问人）", "Ask, without being named"), (Role.BIDDER,), questions.RULE, lambda lot, _: questions.check_open(lot.tender), "/tenders/{tender}#questions"),
    TypedAct("answer", Words("公开答复问题", "Answer in public"), _OWN, questions.RULE, _check_pending, _DESK + "#questions"),
    TypedAct("document", Words("补充、澄清招标文件", "Add or clarify documents"), _OWN, "clarification_published", lambda lot, now: changes.check_may_change(lot.tender, now), _DESK + "#documents"),
    TypedAct("objection", Words("提出异议、质疑、询问", "Object, query or inquire"), (Role.BIDDER,), "objection_received", _check_window, "/lots/{lot}/objections/new"),
    TypedAct("reply", Words("答复异议、质疑、询问", "Reply to objections"), _OWN, "objection_answered", _check_waiting, _DESK),
    TypedAct("extend", Words("推后投标截止", "Move the deadline later"), (Role.OWNER,), deadlines.RULE, _check_movable, _DESK + "#{lot}"),
    TypedAct("terms", Words("变更条款", "Change the terms"), (Role.OWNER,), "clarification_published", lambda lot, _: deadlines.check_running(lot), _DESK + "#{lot}"),
    TypedAct("suspend", Words("暂停", "Suspend"), (Role.OWNER, Role.SUP), "rules.md 5.3 T08", lambda lot, _: deadlines.check_stoppable(lot), _DESK + "#{lot}"),
    TypedAct("resume", Words("恢复", "Resume"), (Role.OWNER, Role.SUP), "rules.md 5.3 T09", lambda lot, _: deadlines.check_suspended(lot), _DESK + "#{lot}"),
    TypedAct("outage", Words("故障后另定截止时间", "Set a new deadline after an outage"), (Role.SUP,), deadlines.RULE, lambda lot, _: deadlines.check_unrolled(lot)),
    TypedAct("second_cancel", Words("第二次确认终止", "Second the cancellation"), (*_OWN, Role.MGR), "termination", _check_cancel_waits, "/tenders/{tender}#cancel"),
)  # fmt: skip
"""Each with the page where it is done. Directives are the moves they lead to."""

LINKS: dict[str, str] = {
    LotEvent.QUALIFIED: "/lots/{lot}/prequal",
    LotEvent.TOO_FEW_QUALIFIED: "/lots/{lot}/prequal",
    f"{LotState.OPENED}:{LotEvent.TOO_FEW_QUALIFIED}": "/lots/{lot}/qualification",
    LotEvent.OPEN_PREQUAL: _DESK + "/publish",
    LotEvent.START_PUBLICITY: "/owner/lots/{lot}/award",
    LotEvent.AWARD: "/owner/lots/{lot}/award",
    LotEvent.RETENDER: "/owner/lots/{lot}/next",
    LotEvent.CANCEL: _DESK + "#cancel",
    LotEvent.CONTINUE: "/negotiations/{lot}",
    LotEvent.FINAL_QUOTES: "/owner/lots/{lot}/quotes",
    LotEvent.VOID: "/lots/{lot}/directives",
    LotEvent.DEAL: "/lots/{lot}/sale",
    LotEvent.NO_DEAL: "/lots/{lot}/sale",
    LotEvent.LIST: _DESK + "/publish",
    LotEvent.REOPEN_EVALUATION: "/lots/{lot}/directives",
    LotEvent.END_OPENING: "/owner/lots/{lot}/opening",
    LotEvent.PUBLISH: _DESK + "/publish",
}


def _typed(act: TypedAct, lot: Lot, now: dt.datetime, pack: Pack) -> Power:
    refusal = refusal_of(lambda: act.asked(lot, now))
    law = pack.clause(act.law) or act.law if act.law.isidentifier() else act.law
    return Power(act.name, act.words, tuple(act.who), law, refusal, link=_filled(act.link, lot))


def _linked(power: Power, lot: Lot) -> Power:
    link = LINKS.get(f"{lot.state}:{power.name}") or LINKS.get(power.name, "")
    return Power(**{**vars(power), "link": _filled(link, lot)})


def _filled(link: str, lot: Lot) -> str:
    return link.format(lot=lot.code, tender=lot.code[:20])
