"""Who sees what of the review, and from when."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from accounts.actor import Actor
from accounts.roles import Role
from evaluation.qualification import standing
from kernel.errors import Words
from kernel.visibility import Table, alike, each, since
from tendering import visibility
from tendering.models import Lot
from tendering.states import LotState


class Viewer(StrEnum):
    """BIDDER is the one a finding is about; every other bidder and the committee look like the public."""

    REVIEWER = "reviewer"
    BIDDER = "bidder"
    SUPERVISOR = "supervisor"
    PUBLIC = "public"


class Phase(IntEnum):
    """The review waits, it was given, and the lot was decided or failed by it."""

    WAITING = 0
    GIVEN = 1
    SHOWN = 2


_V, _P = Viewer, Phase
_LAW = "财政部令第87号第四十四条"
_TOLD = "财政部令第87号第六十六条、第六十九条"
TABLE: Table[Viewer, Phase] = Table(
    "qualification",
    Words("资格审查", "Review of qualification"),
    {
        _V.REVIEWER: Words("采购人、代理机构", "Purchaser and agency"),
        _V.BIDDER: Words("该投标人", "The bidder itself"),
        _V.SUPERVISOR: Words("监督机构", "Supervisors"),
        _V.PUBLIC: Words("公众及其他人", "Public and everybody else"),
    },
    {
        _P.WAITING: Words("待审查", "To be reviewed"),
        _P.GIVEN: Words("已审查", "Reviewed"),
        _P.SHOWN: Words("已定标或者废标", "Awarded or failed"),
    },
    {
        **alike(each((_V.REVIEWER,), (_P.WAITING,)), _LAW, papers=("投标人的资格证明文件", "bidders' papers")),
        **alike(
            each((_V.REVIEWER, _V.BIDDER, _V.SUPERVISOR), since(_P.GIVEN)) | each((_V.PUBLIC,), (_P.SHOWN,)), _TOLD,
            qualified=("是否合格", "whether qualified"), ground=("不合格的原因", "ground of not being qualified"),
        ),
    },
)  # fmt: skip


def phase(lot: Lot) -> Phase:
    if standing.row_of(lot.code) is None:
        return Phase.WAITING
    failed = lot.state in (LotState.FAILED, LotState.RETENDERED)
    return Phase.SHOWN if lot.decided or failed else Phase.GIVEN


def viewer(actor: Actor | None, lot: Lot) -> Viewer:
    """As what somebody looks at all findings; the own one is asked for apart."""
    if actor is None:
        return Viewer.PUBLIC
    if visibility.of_project(lot.tender, actor):
        return Viewer.REVIEWER
    return Viewer.SUPERVISOR if actor.roles & {Role.SUP, Role.INSP} else Viewer.PUBLIC
