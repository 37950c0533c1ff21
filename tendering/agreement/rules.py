"""What the record of an agreement with a single source must say (N12.team; 财政部令第74号 第四十一条、第四十二条). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kernel import canonical, money
from kernel.errors import Conflict, Invalid, Words
from kernel.law import holds
from kernel.money import Fen
from tendering.packs import Kind, Pack, Rule
from tendering.statements import ToSign

RECORD = "kaibiao-source-record/1"
AGREED = "kaibiao-source-agreed/1"
MOST_MEMBERS = 15
SHORT, LONG = 80, 2000


@dataclass(frozen=True)
class Member:
    """One of those with experience whom the purchaser organized; `dissent` is empty for who agrees."""

    name: str
    title: str
    unit: str
    expertise: str
    dissent: str = ""


@dataclass(frozen=True)
class Agreed:
    """What was agreed, and on what grounds: cost, contracts for the like, patents; quality and main terms."""

    members: Sequence[Member]
    price: Fen
    held: str
    """When and where."""
    grounds: str
    quality: str
    terms: str


@dataclass(frozen=True)
class Response:
    """The supplier's one response, as its price was read out."""

    bid_id: str
    manifest_sha256: str
    bidder: str
    price: Fen


def rule_of(pack: Pack) -> Rule | None:
    """The rule that asks for the agreement; None in every procedure but a single source."""
    asked = pack.find(Kind.REQUIRED, "committee") if pack.procedure == "single_source" else []
    return next(iter(asked), None)


@holds("N12.team")
def check(rule: Rule, agreed: Agreed, offered: Response) -> None:
    """Invalid where the record lacks what the law asks; Conflict for a price above the supplier's own."""
    wrong = dict(_faults(agreed))
    if wrong:
        raise Invalid(
            "agreement.incomplete",
            "协商情况记录不完整：请写明人员的姓名、职称（职务）、单位和相关经验，时间地点，成本和同类合同价格，质量和合同主要条款。",
            "The record is not complete: name, title, unit and experience of each member; when and where; cost and prices of "
            "similar contracts; quality; main terms.",
            rule=rule.cited,
            fields=wrong,
        )
    if not 0 < agreed.price <= offered.price:
        raise Conflict(
            "agreement.price",
            f"商定价格应当大于零，且不高于供应商响应报价 {money.figures(offered.price)} 元。",
            f"The agreed price is above zero and at most the supplier's own, CNY {money.figures(offered.price)}.",
            rule=rule.cited,
            fields={"price": "limit"},
        )


def _faults(agreed: Agreed) -> Iterator[tuple[str, str]]:
    for name, least in (("held", 4), ("grounds", 10), ("quality", 4), ("terms", 4)):
        if not least <= len(getattr(agreed, name)) <= LONG:
            yield name, "length"
    whole = all(_whole(member) for member in agreed.members)
    if not 1 <= len(agreed.members) <= MOST_MEMBERS or not whole:
        yield "members", "missing"


def _whole(member: Member) -> bool:
    said = (member.name, member.title, member.unit, member.expertise)
    return all(1 <= len(one) <= SHORT for one in said) and len(member.dissent) <= LONG


def record(lot: str, agreed: Agreed, offered: Response) -> bytes:
    """The whole record; its parties read it, everybody else its hash."""
    said: dict[str, Any] = {**asdict(agreed), "members": [asdict(one) for one in agreed.members]}
    priced = {"price": money.wire(agreed.price), "offered": money.wire(offered.price)}
    return canonical.encode({**said, **priced, "type": RECORD, "lot": lot, "bid_id": offered.bid_id})


def statement(lot: str, agreed: Agreed, offered: Response, raw: bytes) -> ToSign:
    """What supplier and purchaser sign."""
    price = money.wire(agreed.price)
    said = {
        "type": AGREED, "lot": lot, "bid_id": offered.bid_id, "manifest_sha256": offered.manifest_sha256,
        "supplier": offered.bidder, "price": price, "record_sha256": canonical.sha(raw),
    }  # fmt: skip
    return ToSign(AGREED, canonical.encode(said), words(lot, said), lot)


def words(lot: str, said: Mapping[str, Any]) -> Words:
    price = money.figures(money.parse(said["price"]))
    return Words(
        f"标段 {lot} 单一来源协商：与 {said['supplier']} 商定成交价格 {price} 元，协商情况记录 {said['record_sha256'][:12]}…",
        f"Single source of lot {lot}: agreed with {said['supplier']} on CNY {price}; record {said['record_sha256'][:12]}…",
    )
