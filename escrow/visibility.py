"""Who sees what of deposits, and from when: the number of bidders is a secret, and so is every trace of their money."""

from __future__ import annotations

from enum import StrEnum

from escrow import lots
from kernel.errors import Words
from kernel.visibility import Table, alike, each, since
from tendering.models import Lot


class Viewer(StrEnum):
    BIDDER = "bidder"
    FINANCE = "finance"
    SECOND = "second"
    PROJECT = "project"
    PUBLIC = "public"


class Moment(StrEnum):
    SECRET = "secret"  # noqa: S105  a moment
    ENDED = "ended"
    OPENED = "opened"


_V, _M = Viewer, Moment
_HIDDEN = "《招标投标法》第二十二条；《招标投标法实施条例》第八十一条"
_KEPT = "《招标投标法实施条例》第三十五条"
_DUAL = "《招标投标法实施条例》第五十七条；《政府采购法实施条例》第三十三条"
_OWN = each((_V.BIDDER, _V.FINANCE), _M)

TABLE: Table[Viewer, Moment] = Table(
    "deposit",
    Words("投标保证金", "Deposit"),
    {
        _V.BIDDER: Words("投标人（本单位）", "The bidder itself"),
        _V.FINANCE: Words("交易中心财务", "The centre's finance"),
        _V.SECOND: Words("管理机构（第二次确认）", "Management office (second approval)"),
        _V.PROJECT: Words("招标人、代理机构", "Owner and agency"),
        _V.PUBLIC: Words("公众、其他投标人及其他人", "Public, other bidders and everybody else"),
    },
    {
        _M.SECRET: Words("开标前", "Before the opening"),
        _M.ENDED: Words("未开标而终止", "Ended without an opening"),
        _M.OPENED: Words("开标后", "After the opening"),
    },
    {
        **alike(
            _OWN, _HIDDEN,
            arrivals=("到账金额、时间和问题", "what arrived, when, and what is wrong"),
            payer=("付款人、账号、银行流水号", "payer, account, the bank's number"), letter=("保函", "letter of guarantee"),
            refund=("退还期限、利息和回执", "due day of the return, interest, receipt"),
        ),
        **alike(_OWN | each((_V.PROJECT,), (_M.OPENED,)), _HIDDEN, number=("缴款编号", "payment number")),
        **alike(
            each((_V.FINANCE, _V.SECOND), _M) | each((_V.PROJECT,), since(_M.ENDED)), _DUAL,
            batch=("待确认退款的笔数和金额", "number and sum of returns that wait"),
        ),
        **alike(each(Viewer, (_M.OPENED,)), _HIDDEN, stated=("是否符合要求", "whether it is in order")),
        **alike(each(Viewer, since(_M.ENDED)), _HIDDEN, totals=("退还笔数和按期笔数", "how many went back, how many in time")),
        **alike(
            each((_V.BIDDER, _V.FINANCE, _V.PROJECT), (_M.OPENED,)), _KEPT, decision=("不予退还的决定", "decision to keep it"),
        ),
    },
)  # fmt: skip


def moment(lot: Lot) -> Moment:
    """Where the lot stands, as far as its deposits are concerned."""
    if lots.opened(lot):
        return Moment.OPENED
    return Moment.ENDED if lots.over(lot) else Moment.SECRET


def shows(viewer: Viewer, lot: Lot, name: str) -> bool:
    return TABLE.may_see(viewer, moment(lot), name)
