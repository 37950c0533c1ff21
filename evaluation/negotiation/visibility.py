"""Who sees what of a negotiation, and from when: the one table that pages and tests share (N04)."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from kernel.errors import Words
from kernel.visibility import Table, alike, each, since


class Viewer(StrEnum):
    """SUPPLIER is the one a thread belongs to; every other supplier is a stranger to it, and so is every office."""

    TEAM = "team"
    SUPPLIER = "supplier"
    OTHER = "other"
    OWNER = "owner"
    SUPERVISOR = "supervisor"
    PUBLIC = "public"


class Phase(IntEnum):
    """Under way, ended by the team's record, and the box for final quotes opened."""

    RUNNING = 0
    CLOSED = 1
    QUOTED = 2


_V, _P = Viewer, Phase
_ALWAYS = tuple(Phase)
_LAW = "《政府采购法》第三十八条"
_THREAD = each((_V.TEAM, _V.SUPPLIER), _ALWAYS)
_SIDES = each((_V.TEAM, _V.SUPPLIER, _V.OTHER, _V.OWNER), _ALWAYS)
_TEAM = each((_V.TEAM,), _ALWAYS)

TABLE: Table[Viewer, Phase] = Table(
    "negotiation",
    Words("谈判（磋商）", "Negotiation"),
    {
        _V.TEAM: Words("谈判（磋商）小组", "The team"),
        _V.SUPPLIER: Words("该供应商", "The supplier itself"),
        _V.OTHER: Words("其他供应商", "Other suppliers"),
        _V.OWNER: Words("采购人、代理机构", "Purchaser and agency"),
        _V.SUPERVISOR: Words("监督机构", "Supervising authority"),
        _V.PUBLIC: Words("公众及其他人", "Public and everybody else"),
    },
    {
        _P.RUNNING: Words("谈判（磋商）中", "Under way"),
        _P.CLOSED: Words("记录已签署", "Record signed"),
        _P.QUOTED: Words("最后报价已开启", "Final quotes opened"),
    },
    {
        **alike(
            _THREAD, _LAW,
            thread=("谈判内容", "what is said"), response=("首次响应和重新提交的响应文件", "first and revised responses"),
            sessions=("何时谈判", "when it was met"), ground=("未实质性响应的理由", "why a response does not conform"),
        ),
        **alike(_TEAM, _LAW, suppliers=("有哪些供应商、几家", "who takes part, and how many"), receipts=("谁已签收变动", "who received a change")),
        **alike(_SIDES, _LAW, change=("实质性变动的内容", "the words of a change")),
        **alike(
            _TEAM | {viewer: since(_P.CLOSED) for viewer in _V if viewer is not _V.TEAM}, _LAW,
            staying=("几家继续参加", "how many stay"),
        ),
        **alike(each(tuple(_V), (_P.QUOTED,)), _LAW, quotes=("最后报价和报价人", "final quotes and who gave them")),
    },
)  # fmt: skip
"""How many responded is in the roll that closed the box, for everybody; who they are is not (`suppliers`)."""
