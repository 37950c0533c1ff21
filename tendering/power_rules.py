"""Who may move a lot where, and why not now: every row of the table of states, and nothing beside it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from accounts.roles import Role
from kernel.errors import Refusal, Words
from kernel.states import Move
from tendering.states import CLOCK, MACHINE, STATE_WORDS, LotEvent, LotState

Check = Callable[[], object]
"""Raises the refusal that stands in the way; what it returns does not matter."""

EVENT_WORDS: Mapping[LotEvent, Words] = {
    LotEvent.PUBLISH: Words("发布公告", "Publish the notice"),
    LotEvent.OPEN_PREQUAL: Words("发布资格预审公告", "Publish the notice of pre-qualification"),
    LotEvent.CLOSE_PREQUAL: Words("资格预审申请截止", "End the time for applications"),
    LotEvent.QUALIFIED: Words("公布资格预审结果，开始接收投标", "Give the result of pre-qualification, take bids"),
    LotEvent.TOO_FEW_QUALIFIED: Words("资格审查合格的不足，招标失败", "Fail for too few who qualify"),
    LotEvent.LIST: Words("发布公告，开始披露（挂牌）", "Publish the notice and begin the listing"),
    LotEvent.TAKERS: Words("两家以上合格受让方，转入密封报价", "Two takers or more: go on to sealed offers"),
    LotEvent.NO_TAKER: Words("没有合格受让方（竞买人）", "End for want of a taker"),
    LotEvent.BIDDING: Words("挂牌（公告）期满，转入现场竞价", "End the listing and go on to bidding on site"),
    LotEvent.DEAL: Words("成交", "Strike the deal"),
    LotEvent.NO_DEAL: Words("未成交", "End without a deal"),
    LotEvent.CLOSE: Words("投标截止，封存投标箱", "Close the box of bids"),
    LotEvent.COLLECT_AGAIN: Words("故障后重新接收投标", "Collect again after an outage"),
    LotEvent.TOO_FEW: Words("投标人不足，招标失败", "Fail for too few bidders"),
    LotEvent.START_OPENING: Words("开始开标", "Start the opening"),
    LotEvent.UNREADABLE: Words("可开启的投标不足，招标失败", "Fail for too few readable bids"),
    LotEvent.END_OPENING: Words("结束开标", "End the opening"),
    LotEvent.START_EVALUATION: Words("开始评审", "Start the evaluation"),
    LotEvent.CONTINUE: Words("结束谈判（磋商），转入最后报价", "End the negotiation and go on to final quotes"),
    LotEvent.FINAL_QUOTES: Words("开启最后报价箱", "Open the box for final quotes"),
    LotEvent.REJECT_ALL: Words("否决全部投标", "Reject all bids"),
    LotEvent.REPORT: Words("完成评标报告", "Complete the report"),
    LotEvent.REOPEN_EVALUATION: Words("责令重新评审", "Order a re-evaluation"),
    LotEvent.START_PUBLICITY: Words("公示中标候选人", "Publish the candidates"),
    LotEvent.AWARD: Words("确定中标人", "Award"),
    LotEvent.NEXT_CANDIDATE: Words("改定下一候选人", "Go to the next candidate"),
    LotEvent.NO_CANDIDATE: Words("无候选人，招标失败", "Fail for want of a candidate"),
    LotEvent.CONTRACT: Words("签订合同", "Sign the contract"),
    LotEvent.FULFILL: Words("履约验收", "Accept the performance"),
    LotEvent.ARCHIVE: Words("归档", "Archive"),
    LotEvent.RETENDER: Words("发布下一轮公告，重新招标", "Tender again, with the next round's notice"),
    LotEvent.CANCEL: Words("终止招标（两人）", "End the tender (two persons)"),
    LotEvent.VOID: Words("宣布无效（监督指令，两人）", "Declare void (by directive, two persons)"),
}
ROLE_WORDS: Mapping[str, Words] = {
    CLOCK: Words("时钟", "The clock"),
    Role.SUP: Words("行业监督", "Supervising authority"),
    Role.INSP: Words("监察审计", "Inspection"),
    Role.MGR: Words("交易管理", "Management office"),
    Role.OWNER: Words("招标人", "Owner"),
    Role.AGENCY: Words("招标代理", "Agency"),
    Role.OPS: Words("场内服务", "Centre's staff"),
    Role.FIN: Words("财务", "Finance"),
    Role.TECH: Words("技术", "Technician"),
    Role.BIDDER: Words("投标人", "Bidder"),
    Role.EXPERT: Words("评标专家", "Expert"),
}
LOT_WORDS: Mapping[str, Words] = {
    LotState.CANCELLED: Words("已终止", "Cancelled"),
    **{state: STATE_WORDS[state] for state in LotState if state in STATE_WORDS},
}


@dataclass(frozen=True)
class Power:
    """One act: who may do it, by which law, and what refuses it now; `begins` names the states in which it can happen."""

    name: str
    words: Words
    who: tuple[str, ...]
    law: str
    refusal: Refusal | None = None
    begins: tuple[str, ...] = ()
    link: str = ""

    @property
    def possible(self) -> bool:
        return self.refusal is None

    def mine(self, roles: Collection[str]) -> bool:
        """Whether somebody with these roles can do it now."""
        return self.possible and not set(self.who).isdisjoint(map(str, roles))


def refusal_of(check: Check) -> Refusal | None:
    """What the rule itself says, asked now."""
    try:
        check()
    except Refusal as refusal:
        return refusal
    return None


def moves(state: LotState, guards: Mapping[LotEvent, Check]) -> list[Power]:
    """One power for every event of the table, whatever the state; those possible now ask their guard as well."""
    return [_move(state, event, guards.get(event)) for event in LotEvent]


def _move(state: LotState, event: LotEvent, guard: Check | None) -> Power:
    rows = [row for row in MACHINE.moves if row.event == event]
    here = next((row for row in rows if row.was is state), None)
    told = here or rows[0]
    if here is None:
        refusal = refusal_of(lambda: MACHINE.move(state, event, min(told.by)))
    else:
        refusal = refusal_of(guard) if guard is not None else None
    return Power(event, EVENT_WORDS[event], _who(told), "；".join(told.law), refusal, tuple(row.was for row in rows))


def _who(row: Move[LotState]) -> tuple[str, ...]:
    return tuple(name for name in ROLE_WORDS if name in row.by)
