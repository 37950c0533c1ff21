"""Who sees what of an application to take part, and when: until the end nobody learns who applied or how many (L07).

The centre's staff see an application while they check it, the seller while it decides; then it is gone from their desks
until the deal. Everybody else learns of the winner, by the deal, and of nobody besides.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

from kernel.errors import Words
from kernel.visibility import Table, alike


class Viewer(StrEnum):
    APPLICANT = "applicant"
    OPS = "ops"
    OWNER = "owner"
    OTHER = "other"
    """Everybody else: the public, other applicants, agency, supervisors, money and technicians."""


class Phase(IntEnum):
    """Where an application stands."""

    MADE = 0
    COMPLETE = 1
    DECIDED = 2
    ROOM = 3
    """Confirmed, and the lot is being bid for on site: who holds the sale sees who is in the room."""
    ENDED = 4
    """The lot is dealt or has failed."""


_EVER = frozenset(Phase)
_LAW = "国土资源部令第39号 第十五条"
_APPLICANT = {Viewer.APPLICANT: _EVER}
_DESKS = {**_APPLICANT, Viewer.OPS: frozenset({Phase.MADE}), Viewer.OWNER: frozenset({Phase.COMPLETE})}
_CHECKED = {**_APPLICANT, Viewer.OPS: frozenset({Phase.MADE})}
_NAMED = {
    **_APPLICANT, Viewer.OPS: frozenset({Phase.MADE, Phase.ROOM}), Viewer.OWNER: frozenset({Phase.COMPLETE, Phase.ROOM}),
}  # fmt: skip
_SHAREHOLDERS = {**_APPLICANT, Viewer.OWNER: frozenset({Phase.COMPLETE, Phase.ENDED})}
TABLE: Table[Viewer, Phase] = Table(
    "application",
    Words("竞买申请和受让登记", "Applications to buy"),
    {
        Viewer.APPLICANT: Words("申请人本人", "The applicant itself"),
        Viewer.OPS: Words("中心业务人员", "Centre's operators"),
        Viewer.OWNER: Words("出让人（转让方）", "The seller"),
        Viewer.OTHER: Words("其他任何人", "Everybody else"),
    },
    {
        Phase.MADE: Words("待核对", "To be checked"),
        Phase.COMPLETE: Words("待确认", "To be decided"),
        Phase.DECIDED: Words("已决定", "Decided"),
        Phase.ROOM: Words("现场竞价", "Bid for on site"),
        Phase.ENDED: Words("成交或者失败", "Dealt or failed"),
    },
    {
        **alike(_NAMED, _LAW, frozenset(), applicant=("申请人", "applicant")),
        **alike(_CHECKED, _LAW, frozenset(), deposit=("保证金是否到账", "whether its deposit arrived")),
        **alike(_DESKS, _LAW, frozenset(), said=("申报内容", "what it declares"), files=("材料", "papers")),
        **alike(_SHAREHOLDERS, "《企业国有资产法》第五十六条", frozenset(), shareholder=("原股东", "that it is a shareholder")),
        **alike(_APPLICANT, _LAW, frozenset(), offer=("承诺价", "own offer"), decision=("确认结果", "decision"), receipt=("回执", "receipt")),
    },
)  # fmt: skip


def may_see(viewer: Viewer, phase: Phase, name: str) -> bool:
    return TABLE.may_see(viewer, phase, name)
