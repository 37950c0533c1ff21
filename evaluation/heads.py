"""The heads on which the law lets a committee reject a bid; there are no others (C43, order 87 art. 63). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from kernel.errors import Words
from kernel.law import holds
from tendering.codes import Trade


class Head(StrEnum):
    """Why a bid may be rejected. Values stand in signed sheets and are never reused."""

    UNSIGNED = "unsigned"
    NO_JOINT_AGREEMENT = "no_joint_agreement"
    NO_DEPOSIT = "no_deposit"
    UNQUALIFIED = "unqualified"
    TWO_BIDS = "two_bids"
    LOW_PRICE = "low_price"
    OVER_CEILING = "over_ceiling"
    UNRESPONSIVE = "unresponsive"
    UNACCEPTABLE = "unacceptable"
    COLLUSION = "collusion"
    UNLAWFUL = "unlawful"
    UNCONFIRMED = "unconfirmed"


WORDS: Mapping[Head, Words] = {
    Head.UNSIGNED: Words("未按要求签字或者盖章", "not signed or stamped"),
    Head.NO_JOINT_AGREEMENT: Words("联合体没有提交共同投标协议", "a consortium without its joint agreement"),
    Head.NO_DEPOSIT: Words("未按要求提交投标保证金", "no deposit as asked for"),
    Head.UNQUALIFIED: Words("不具备规定的资格条件", "not qualified"),
    Head.TWO_BIDS: Words("提交两个以上不同的投标文件或者报价", "two different bids or prices"),
    Head.LOW_PRICE: Words(
        "报价低于成本或者明显过低且不能说明", "a price below cost, or abnormally low and not explained"
    ),
    Head.OVER_CEILING: Words("报价高于最高限价或者预算", "a price above the ceiling"),
    Head.UNRESPONSIVE: Words("没有对实质性要求和条件作出响应", "no response to substantive requirements"),
    Head.UNACCEPTABLE: Words("含有采购人不能接受的附加条件", "conditions the purchaser cannot accept"),
    Head.COLLUSION: Words("有串通投标、弄虚作假、行贿等违法行为", "collusion, fraud or bribery"),
    Head.UNCONFIRMED: Words("不确认修正后的报价", "the corrected price was not confirmed"),
    Head.UNLAWFUL: Words("法律、法规和招标文件规定的其他无效情形", "another ground of law or of the tender document"),
}

_TENDERING = (
    Head.UNSIGNED, Head.NO_JOINT_AGREEMENT, Head.UNQUALIFIED, Head.TWO_BIDS, Head.LOW_PRICE, Head.OVER_CEILING,
    Head.UNRESPONSIVE, Head.COLLUSION,
)  # fmt: skip
_PROCUREMENT = (
    Head.NO_DEPOSIT, Head.UNSIGNED, Head.UNQUALIFIED, Head.OVER_CEILING, Head.LOW_PRICE, Head.UNRESPONSIVE,
    Head.UNACCEPTABLE, Head.COLLUSION, Head.UNCONFIRMED, Head.UNLAWFUL,
)  # fmt: skip


BASE_PRICE = ("标底", "base price")


@holds("C20.base")
def rests_on_base_price(ground: str) -> bool:
    """Whether a written ground appeals to the base price, which is a reference and rejects nobody (条例 art. 50)."""
    return any(name in ground.lower() for name in BASE_PRICE)


@holds("C43")
def lawful(trade: Trade) -> tuple[Head, ...]:
    """The heads of the trade's own law, in its order."""
    return _PROCUREMENT if trade is Trade.PROCUREMENT else _TENDERING
