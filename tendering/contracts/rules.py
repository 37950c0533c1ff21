"""What the law asks between award and archive: the contract as the bid was, bond and additions within their limits. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kernel import money
from kernel.errors import Conflict, Invalid, Words
from kernel.law import holds
from kernel.money import Fen
from tendering.packs import Kind, Pack, Rule

FORMS = ("none", "transfer", "guarantee", "insurance", "cash")
"""How a performance bond is given; cash is not taken in procurement (G40)."""


@dataclass(frozen=True)
class Terms:
    """Price and period, as bid or as in the contract; a bid may leave the period open."""

    price: Fen
    period_days: int | None


@dataclass(frozen=True)
class Bond:
    amount: Fen
    form: str


@holds("contract")
def differences(bid: Terms, contract: Terms) -> list[Words]:
    """Each term in which the contract is not what was bid, in words."""
    found = []
    if contract.price != bid.price:
        more = Fen(abs(contract.price - bid.price))
        zh, en = ("高", "more") if contract.price > bid.price else ("低", "less")
        found.append(
            Words(
                f"合同价 {money.figures(contract.price)} 元，中标报价 {money.figures(bid.price)} 元，{zh} {money.figures(more)} 元",
                f"the contract says CNY {money.figures(contract.price)}, the bid CNY {money.figures(bid.price)}: {money.figures(more)} {en}",
            )
        )
    if bid.period_days is not None and contract.period_days != bid.period_days:
        found.append(
            Words(
                f"合同期限 {contract.period_days or '未填'} 日，中标人承诺 {bid.period_days} 日",
                f"the contract runs {contract.period_days or 'no stated number of'} days, the bid said {bid.period_days}",
            )
        )
    return found


@holds("contract")
def check_as_bid(pack: Pack, bid: Terms, contract: Terms) -> None:
    """A contract whose price or period is not the bid's is refused (C55)."""
    found = differences(bid, contract)
    if found:
        raise Conflict(
            "contract.differs",
            f"合同与中标人的投标文件不一致：{'；'.join(one.zh for one in found)}。",
            f"The contract is not what was bid: {'; '.join(one.en for one in found)}.",
            rule=_cited(pack, Kind.SAME_TEXT, "contract", "《招标投标法》第四十六条；《政府采购法》第四十六条"),
            differences=[{"zh": one.zh, "en": one.en} for one in found],
        )


@holds("performance_bond")
def check_bond(pack: Pack, price: Fen, bond: Bond) -> None:
    """At most the law's share of the contract price, and in procurement not in cash (C56, G40)."""
    if bond.form not in FORMS or (bond.form == "none") != (bond.amount == 0):
        raise Invalid(
            "bond.form",
            "请选择履约保证金的形式。",
            "Say in which form the bond is given.",
            fields={"bond_form": "form"},
        )
    for rule in pack.find(Kind.MAX_PERCENT, "performance_bond"):
        _check_share(rule, price, bond.amount, _BOND)
        if bond.form == "cash" and pack.trade == "procurement":
            raise Invalid(
                "bond.cash",
                "政府采购的履约保证金须以非现金形式提交。",
                "In procurement a performance bond is not given in cash.",
                rule=rule.cited,
                fields={"bond_form": "cash"},
            )


@holds("contract_additions")
def check_addition(pack: Pack, price: Fen, earlier: Sequence[Fen], addition: Fen) -> None:
    """All additions together stay within the law's share of the contract as first signed (G40)."""
    for rule in pack.find(Kind.MAX_PERCENT, "contract_additions"):
        _check_share(rule, price, Fen(sum(earlier) + addition), _ADDITIONS)


_BOND = ("bond.too_much", Words("履约保证金", "The performance bond"))
_ADDITIONS = ("contract.addition", Words("追加金额合计", "All additions together"))


def _check_share(rule: Rule, whole: Fen, part: Fen, what: tuple[str, Words]) -> None:
    if part * 100 <= whole * rule.value:
        return
    limit = money.figures(Fen(whole * rule.value // 100))
    raise Conflict(
        what[0],
        f"{what[1].zh}{money.figures(part)} 元，超过合同金额的 {rule.value}%（{limit} 元）。",
        f"{what[1].en} would be CNY {money.figures(part)}, more than {rule.value} % of the contract (CNY {limit}).",
        rule=rule.cited,
        fields={"amount": "limit"},
    )


@holds("archive")
def retain_until(pack: Pack, ended: dt.datetime) -> tuple[dt.datetime, str]:
    """Until when a file closed at `ended` is kept, and the clause: the longest that the pack asks for, whole years (1.12)."""
    longest = max(pack.find(Kind.MIN_YEARS, "archive"), key=lambda rule: rule.value)
    return dt.datetime(ended.year + longest.value + 1, 1, 1, tzinfo=dt.UTC), longest.cited


def _cited(pack: Pack, kind: Kind, subject: str, otherwise: str) -> str:
    return next((rule.cited for rule in pack.find(kind, subject)), otherwise)


@holds("T24")
def standing(ranked: Sequence[str], given_up: Sequence[str]) -> Iterator[str]:
    """The candidates who may still be chosen, best first (C51)."""
    return (bid_id for bid_id in ranked if bid_id not in given_up)
