"""The life of a tender and of each of its lots as two tables (rules.md 5.2 and 5.3).

A move that nobody is named for cannot be made by anybody: closing a box is the clock's alone. Suspension is a flag beside the
state (T08, T09). A notice's documents stand from its own instant, so PUBLISHED and COLLECTING are one state (T06).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from accounts.roles import Role
from kernel.errors import Words
from kernel.states import Machine, Move

CLOCK: Final = "CLOCK"
"""The actor of moves that only the timetable makes."""


class LotState(StrEnum):
    """In the order of a lot's life; the last five are ways it ends without a fulfilled contract."""

    DRAFT = "draft"
    PREQUAL = "prequal"
    PREQUAL_REVIEW = "prequal_review"
    LISTING = "listing"
    COLLECTING = "collecting"
    SEALED = "sealed"
    OPENING = "opening"
    OPENED = "opened"
    EVALUATING = "evaluating"
    CONTINUED = "continued"
    REPORTED = "reported"
    PUBLICITY = "publicity"
    BIDDING = "bidding"
    DEAL = "deal"
    AWARDED = "awarded"
    CONTRACTED = "contracted"
    FULFILLED = "fulfilled"
    CLOSED = "closed"
    FAILED = "failed"
    RETENDERED = "retendered"
    CANCELLED = "cancelled"
    VOIDED = "voided"


class LotEvent(StrEnum):
    PUBLISH = "publish"
    OPEN_PREQUAL = "open_prequal"
    CLOSE_PREQUAL = "close_prequal"
    QUALIFIED = "qualified"
    TOO_FEW_QUALIFIED = "too_few_qualified"
    LIST = "list"
    TAKERS = "takers"
    NO_TAKER = "no_taker"
    BIDDING = "bidding"
    DEAL = "deal"
    NO_DEAL = "no_deal"
    CLOSE = "close"
    COLLECT_AGAIN = "collect_again"
    TOO_FEW = "too_few"
    START_OPENING = "start_opening"
    UNREADABLE = "unreadable"
    END_OPENING = "end_opening"
    START_EVALUATION = "start_evaluation"
    CONTINUE = "continue"
    FINAL_QUOTES = "final_quotes"
    REJECT_ALL = "reject_all"
    REPORT = "report"
    REOPEN_EVALUATION = "reopen_evaluation"
    START_PUBLICITY = "start_publicity"
    AWARD = "award"
    NEXT_CANDIDATE = "next_candidate"
    NO_CANDIDATE = "no_candidate"
    CONTRACT = "contract"
    FULFILL = "fulfill"
    ARCHIVE = "archive"
    RETENDER = "retender"
    CANCEL = "cancel"
    VOID = "void"


class TenderState(StrEnum):
    DRAFT = "draft"
    FILED = "filed"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


UNPUBLISHED = frozenset({TenderState.DRAFT, TenderState.FILED})
"""Nobody outside the project and the departments it was filed with knows of it; it can still be edited."""


class TenderEvent(StrEnum):
    FILE = "file"
    RETURN = "return"
    PUBLISH = "publish"
    CANCEL = "cancel"


ENDED = frozenset({
    LotState.CLOSED, LotState.CONTINUED, LotState.FAILED, LotState.RETENDERED, LotState.CANCELLED, LotState.VOIDED,
})  # fmt: skip
"""Nothing happens to the lot any more, but for a failed one that is tendered again; a continued one goes on in its final box."""
DECIDED = frozenset({LotState.DEAL, LotState.AWARDED, LotState.CONTRACTED, LotState.FULFILLED, LotState.CLOSED})
"""Somebody has won, and may be named."""
UNDER_WAY: tuple[LotState, ...] = tuple(
    state for state in LotState if state not in ENDED | DECIDED and state is not LotState.DRAFT
)
"""Published, and not yet decided: the owner may still end it (T28)."""
PREQUALIFYING = frozenset({LotState.PREQUAL, LotState.PREQUAL_REVIEW})
"""Applications are taken or reviewed; nobody knows yet who may bid, and no deadline for bids is set (T04, T05)."""
UNTIMED = PREQUALIFYING | {
    LotState.DRAFT, LotState.FAILED, LotState.RETENDERED, LotState.CANCELLED, LotState.VOIDED,
}  # fmt: skip
"""States in which a lot may have no deadline for bids: it is set only once somebody may bid, and then stands for ever."""
ACCEPTING = frozenset({LotState.COLLECTING})
"""States in which bids are taken; a suspended lot goes on accepting."""
STILL_SHUT = PREQUALIFYING | frozenset(
    {LotState.DRAFT, LotState.LISTING, LotState.BIDDING, LotState.COLLECTING, LotState.SEALED, LotState.OPENING}
)
OPENED_TO_ALL = DECIDED | {
    LotState.OPENED, LotState.EVALUATING, LotState.REPORTED, LotState.PUBLICITY, LotState.FAILED, LotState.RETENDERED,
}  # fmt: skip

STATE_WORDS: dict[str, Words] = {
    TenderState.FILED: Words("已备案", "Filed"),
    TenderState.PUBLISHED: Words("已发布", "Published"),
    TenderState.CANCELLED: Words("已终止", "Cancelled"),
    LotState.DRAFT: Words("草稿", "Draft"),
    LotState.PREQUAL: Words("接收资格预审申请", "Taking applications"),
    LotState.PREQUAL_REVIEW: Words("资格预审中", "Applications under review"),
    LotState.COLLECTING: Words("接收投标", "Taking bids"),
    LotState.SEALED: Words("已截止待开标", "Closed, not opened yet"),
    LotState.OPENING: Words("正在开标", "Being opened"),
    LotState.OPENED: Words("已开标", "Opened"),
    LotState.EVALUATING: Words("评标中", "Being evaluated"),
    LotState.CONTINUED: Words("谈判（磋商）结束，转入最后报价", "Negotiated; goes on with final quotes"),
    LotState.REPORTED: Words("评标结束", "Evaluated"),
    LotState.PUBLICITY: Words("候选人公示", "Candidates on view"),
    LotState.LISTING: Words("披露（挂牌）中", "Being listed"),
    LotState.BIDDING: Words("现场竞价", "Being bid for on site"),
    LotState.DEAL: Words("成交待确认", "Dealt, to be confirmed"),
    LotState.AWARDED: Words("已定标", "Awarded"),
    LotState.CONTRACTED: Words("合同履行中", "Under contract"),
    LotState.FULFILLED: Words("合同已履行", "Contract fulfilled"),
    LotState.CLOSED: Words("已归档", "Archived"),
    LotState.FAILED: Words("招标失败", "Failed"),
    LotState.RETENDERED: Words("已重新招标", "Tendered again"),
    LotState.VOIDED: Words("已宣布无效", "Declared void"),
}
"""What people read for a state. Values shared by tenders and lots (draft, cancelled) mean the same in both."""


def _by(*who: str) -> frozenset[str]:
    return frozenset(str(name) for name in who)


def _law(text: str) -> tuple[str, ...]:
    return tuple(text.split("；"))


_S, _E = LotState, LotEvent
_CANCEL_LAW = "《招标投标法实施条例》第三十一条；财政部令第87号第二十九条"
_VOID_LAW = "《招标投标法实施条例》第六十一条、第八十一条；《政府采购法实施条例》第七十一条"
_VOIDABLE = (*UNDER_WAY, LotState.DEAL, LotState.AWARDED, LotState.CONTRACTED)

MACHINE: Machine[LotState] = Machine(
    (
        Move(_S.DRAFT, _E.PUBLISH, _S.COLLECTING, _by(Role.OWNER), _law("《招标投标法》第十六条、第二十四条；《政府采购法》第三十五条")),
        Move(_S.DRAFT, _E.OPEN_PREQUAL, _S.PREQUAL, _by(Role.OWNER), _law("《招标投标法实施条例》第十五条；财政部令第87号第二十一条")),
        Move(_S.PREQUAL, _E.CLOSE_PREQUAL, _S.PREQUAL_REVIEW, _by(CLOCK), _law("《招标投标法实施条例》第十七条；财政部令第87号第二十一条")),
        Move(_S.PREQUAL_REVIEW, _E.QUALIFIED, _S.COLLECTING, _by(Role.OWNER), _law("《招标投标法实施条例》第十八条、第十九条；财政部令第87号第四十四条")),
        Move(_S.PREQUAL_REVIEW, _E.TOO_FEW_QUALIFIED, _S.FAILED, _by(CLOCK, Role.OWNER), _law("《招标投标法实施条例》第十九条；财政部令第87号第四十三条")),
        Move(_S.COLLECTING, _E.CLOSE, _S.SEALED, _by(CLOCK), _law("《招标投标法》第二十八条；《电子招标投标办法》第二十七条")),
        Move(_S.SEALED, _E.COLLECT_AGAIN, _S.COLLECTING, _by(CLOCK), _law("《电子招标投标办法》第三十一条")),
        Move(_S.SEALED, _E.TOO_FEW, _S.FAILED, _by(CLOCK), _law("《招标投标法》第二十八条；财政部令第87号第四十一条")),
        Move(_S.SEALED, _E.START_OPENING, _S.OPENING, _by(CLOCK), _law("《招标投标法》第三十四条；财政部令第87号第三十九条")),
        Move(_S.OPENING, _E.UNREADABLE, _S.FAILED, _by(CLOCK), _law("《招标投标法实施条例》第四十四条；《电子招标投标办法》第三十一条")),
        Move(_S.OPENING, _E.END_OPENING, _S.OPENED, _by(CLOCK, Role.AGENCY, Role.OPS), _law("《招标投标法》第三十六条；《电子招标投标办法》第三十条")),
        Move(_S.OPENED, _E.START_EVALUATION, _S.EVALUATING, _by(CLOCK, Role.OPS), _law("《招标投标法》第三十七条；财政部令第87号第四十七条")),
        Move(_S.OPENED, _E.TOO_FEW_QUALIFIED, _S.FAILED, _by(Role.OWNER, Role.AGENCY), _law("财政部令第87号第四十三条、第四十四条")),
        Move(_S.EVALUATING, _E.REJECT_ALL, _S.FAILED, _by(CLOCK, Role.EXPERT), _law("《招标投标法》第四十二条；《政府采购法》第三十六条")),
        Move(_S.EVALUATING, _E.CONTINUE, _S.CONTINUED, _by(CLOCK), _law("《政府采购法》第三十八条；财库〔2014〕214号 第二十一条")),
        Move(_S.DRAFT, _E.FINAL_QUOTES, _S.COLLECTING, _by(Role.OWNER), _law("《政府采购法》第三十八条；财库〔2014〕214号 第二十一条")),
        Move(_S.EVALUATING, _E.REPORT, _S.REPORTED, _by(CLOCK), _law("《招标投标法》第四十条；财政部令第87号第五十八条")),
        Move(_S.REPORTED, _E.START_PUBLICITY, _S.PUBLICITY, _by(Role.OWNER), _law("《招标投标法实施条例》第五十四条；财政部令第87号第六十九条")),
        Move(_S.PUBLICITY, _E.AWARD, _S.AWARDED, _by(Role.OWNER, CLOCK), _law("《招标投标法实施条例》第五十五条；财政部令第87号第六十八条")),
        Move(_S.PUBLICITY, _E.NO_CANDIDATE, _S.FAILED, _by(Role.OWNER), _law("《招标投标法实施条例》第五十五条；《政府采购法实施条例》第四十九条")),
        Move(_S.AWARDED, _E.NEXT_CANDIDATE, _S.PUBLICITY, _by(Role.OWNER), _law("《招标投标法实施条例》第五十五条；《政府采购法实施条例》第四十九条")),
        Move(_S.DRAFT, _E.LIST, _S.LISTING, _by(Role.OWNER), _law("国土资源部令第39号第八条；国务院国资委、财政部令第32号第十三条")),
        Move(_S.LISTING, _E.TAKERS, _S.COLLECTING, _by(CLOCK), _law("《企业国有资产法》第五十四条；国务院国资委、财政部令第32号第二十三条")),
        Move(_S.LISTING, _E.NO_TAKER, _S.FAILED, _by(CLOCK), _law("国务院国资委、财政部令第32号第十七条；国土资源部令第39号第十九条")),
        Move(_S.LISTING, _E.BIDDING, _S.BIDDING, _by(CLOCK), _law("国土资源部令第39号第十五条、第十九条；《拍卖法》第四十五条")),
        Move(_S.LISTING, _E.DEAL, _S.DEAL, _by(CLOCK), _law("《企业国有资产法》第五十四条；国务院国资委、财政部令第32号第二十二条")),
        Move(_S.OPENED, _E.DEAL, _S.DEAL, _by(CLOCK), _law("《企业国有资产法》第五十四条；国务院国资委、财政部令第32号第二十三条")),
        Move(_S.REPORTED, _E.DEAL, _S.DEAL, _by(Role.OWNER), _law("国土资源部令第39号第十三条、第二十条")),
        Move(_S.BIDDING, _E.DEAL, _S.DEAL, _by(Role.OWNER, Role.OPS), _law("国土资源部令第39号第十六条、第十九条；《拍卖法》第五十一条")),
        *(Move(state, _E.NO_DEAL, _S.FAILED, _by(CLOCK, Role.OWNER, Role.OPS), _law("国土资源部令第39号第十六条、第十九条；《拍卖法》第五十条；国务院国资委、财政部令第32号第十七条")) for state in (_S.OPENED, _S.REPORTED, _S.BIDDING)),
        *(Move(state, _E.NO_DEAL, _S.FAILED, _by(Role.OWNER), _law("国土资源部令第39号第二十条；国务院国资委、财政部令第32号第二十五条")) for state in (_S.DEAL, _S.AWARDED)),
        Move(_S.DEAL, _E.AWARD, _S.AWARDED, _by(Role.OWNER), _law("国土资源部令第39号第二十条；《拍卖法》第五十二条")),
        Move(_S.AWARDED, _E.CONTRACT, _S.CONTRACTED, _by(Role.OWNER), _law("《招标投标法》第四十六条；《政府采购法》第四十六条")),
        Move(_S.CONTRACTED, _E.FULFILL, _S.FULFILLED, _by(Role.OWNER), _law("《招标投标法》第四十八条；《政府采购法》第四十一条")),
        Move(_S.FULFILLED, _E.ARCHIVE, _S.CLOSED, _by(CLOCK), _law("《政府采购法》第四十二条；《政府采购法实施条例》第四十六条")),
        Move(_S.FAILED, _E.RETENDER, _S.RETENDERED, _by(Role.OWNER), _law("《招标投标法》第二十八条、第四十二条；财政部令第87号第四十三条")),
        *(Move(state, _E.CANCEL, _S.CANCELLED, _by(Role.OWNER, Role.AGENCY, Role.MGR), _law(_CANCEL_LAW)) for state in UNDER_WAY),
        *(Move(state, _E.VOID, _S.VOIDED, _by(Role.SUP, Role.INSP, Role.MGR), _law(_VOID_LAW)) for state in _VOIDABLE),
        *(Move(state, _E.REOPEN_EVALUATION, _S.EVALUATING, _by(Role.SUP, Role.INSP, Role.MGR), _law(_VOID_LAW)) for state in (_S.REPORTED, _S.PUBLICITY)),
    )
)  # fmt: skip

TENDERS: Machine[TenderState] = Machine(
    (
        Move(TenderState.DRAFT, TenderEvent.FILE, TenderState.FILED, _by(Role.OWNER, Role.AGENCY), _law("《招标投标法》第九条；《政府采购法实施条例》第二十九条")),
        Move(TenderState.FILED, TenderEvent.FILE, TenderState.FILED, _by(Role.OWNER, Role.AGENCY), _law("《招标投标法》第九条；《政府采购法实施条例》第二十九条")),
        Move(TenderState.FILED, TenderEvent.RETURN, TenderState.DRAFT, _by(Role.MGR, Role.SUP), _law("发改法规规〔2022〕1117号（一）")),
        Move(TenderState.FILED, TenderEvent.PUBLISH, TenderState.PUBLISHED, _by(Role.OWNER), _law("《招标投标法》第十六条；《政府采购法》第三十五条")),
        Move(TenderState.PUBLISHED, TenderEvent.CANCEL, TenderState.CANCELLED, _by(Role.OWNER, Role.AGENCY, Role.MGR), _law(_CANCEL_LAW)),
    )
)  # fmt: skip
