"""The form of an evaluation method: what a law pack lets a notice fix. The arithmetic lives in `evaluation`, above us.

A slice above may register a deeper check in `VALIDATORS`; its sentences become obstacles of the same list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from kernel.law import holds
from tendering.packs import Kind, Pack, Rule

TYPE = "kaibiao-method/1"
STAGES = ("price_score", "criterion_mean", "total")
LOWEST = "cn_lowest"
FORBIDDEN = ("min_price", "floor", "drop_extreme_prices", "drop_highest", "drop_lowest")
VALIDATORS: list[Callable[[dict[str, Any]], list[str]]] = []
"""Further checks of a method object; each returns sentences (in English) of what is wrong."""


def highest_price(subject: str) -> dict[str, Any]:
    """The method object of a sealed contest: nothing is weighed but the price, and of equals the first stands."""
    return {
        "type": TYPE,
        "id": "highest_price",
        "goods_or_services": subject,
        "price_weight": "100",
        "criteria": [],
        "rounding": dict.fromkeys(STAGES, "0.01"),
        "deduction": None,
        "tie": [],
        "minimum_valid": 1,
        "max_price": None,
    }


_NUMBER = re.compile(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?")
_LAW = "《招标投标法实施条例》第四十九条；财政部令第87号第五十五条"


@dataclass(frozen=True)
class Fault:
    code: str
    zh: str
    en: str
    rule: str


@holds(
    "method",
    "price_score",
    "price_weight.goods",
    "price_weight.services",
    "deduction.goods_services",
    "deduction.works",
)
def faults(method: Any, pack: Pack, ceiling: str | None) -> list[Fault]:
    """All that keeps a method object from being published under `pack`; empty when its form is lawful."""
    if not isinstance(method, Mapping) or method.get("type") != TYPE:
        return [_fault("missing", "缺少评标办法。", "The evaluation method is missing.")]
    found = [*_identity(method, pack), *_forbidden(method, pack), *_base_price(method, pack), *_money(method, ceiling)]
    found += [*_weights(method, pack), *_rounding(method), *_deduction(method, pack), *_minimum(method, pack)]
    if not found:
        found += [_fault("invalid", f"评标办法不合规：{text}", text) for text in _deeper(dict(method))]
    return found


def number(text: object) -> Fraction | None:
    """An exact non-negative decimal string; None for anything else (floats and signs included)."""
    return Fraction(text) if isinstance(text, str) and _NUMBER.fullmatch(text) else None


def _deeper(method: dict[str, Any]) -> list[str]:
    return [text for validate in VALIDATORS for text in validate(method)]


def _identity(method: Mapping[str, Any], pack: Pack) -> Iterator[Fault]:
    if method.get("id") not in pack.methods:
        yield _fault("unknown", "规则包不允许此评标办法。", "The law pack does not allow this method.")
    subject = method.get("goods_or_services")
    # Without a subject the floors of G27 and G49 would hang on nothing.
    needed = pack.trade == "procurement"
    if (needed or subject is not None) and subject not in pack.subjects:
        yield _fault("subject", "采购对象应为货物、服务或工程。", "The subject is goods, services or works.")
    if not isinstance(method.get("tie", []), list):
        yield _fault("tie", "并列处理应为一个列表。", "The rule for ties is a list.")


def _forbidden(method: Mapping[str, Any], pack: Pack) -> Iterator[Fault]:
    price = pack.find(Kind.FORBIDDEN, "min_price")
    formula = pack.find(Kind.FORMULA, "price_score")
    for name in FORBIDDEN:
        if name not in method:
            continue
        if name in ("min_price", "floor") and price:
            yield Fault(
                "price.minimum_forbidden", "不得设定最低投标限价。", "A minimum price is forbidden.", price[0].cited
            )
        elif formula:
            yield Fault(
                "method.drops_prices",
                "不得去掉最高报价或最低报价。",
                "No highest or lowest price may be dropped.",
                formula[0].cited,
            )


@holds("C20.base")
def _base_price(method: Mapping[str, Any], pack: Pack) -> Iterator[Fault]:
    """It limits no price, and nobody scores how near a price comes to it (条例 art. 50)."""
    rows = method.get("criteria")
    names = [str(row.get("name")) for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    for rule in pack.find(Kind.MAX_COUNT, "base_price"):
        if "base_price" in method or any("标底" in name for name in names):
            zh = "标底只作评标参考，不得作为否决投标的条件，也不得按报价是否接近标底评分。"
            en = "The base price is a reference: it limits no price, and being near to it earns no points."
            yield Fault("method.base_price", zh, en, rule.cited)


def _money(method: Mapping[str, Any], ceiling: str | None) -> Iterator[Fault]:
    if method.get("max_price") != ceiling:
        yield _fault(
            "max_price", "评标办法中的最高限价与标段限价不一致。", "The maximum price in the method is not the lot's."
        )


def _weights(method: Mapping[str, Any], pack: Pack) -> Iterator[Fault]:
    if method.get("id") != "cn_comprehensive":
        return
    weight = number(method.get("price_weight"))
    rows = method.get("criteria")
    if weight is None or not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        yield _fault("weights", "须列出价格权重和评分项。", "Price weight and criteria must be listed.")
        return
    yield from _criteria(rows, weight)
    yield from _price_weight(weight, str(method.get("goods_or_services", "")), pack)


def _criteria(rows: Sequence[Mapping[str, Any]], weight: Fraction) -> Iterator[Fault]:
    names = [row.get("id") for row in rows]
    if len(set(names)) != len(names) or not all(isinstance(name, str) and name for name in names):
        yield _fault("criteria.id", "评分项编号须填写且不得重复。", "Each criterion has an id of its own.")
    tops = [number(row.get("max")) for row in rows]
    if any(top is None or top == 0 for top in tops):
        yield _fault("criteria.max", "每个评分项须有分值。", "Each criterion carries points.")
    elif sum((top for top in tops if top is not None), weight) != 100:
        yield _fault("weights", "价格权重与各评分项分值之和须为100。", "Price weight and criteria must sum to 100.")
    if any(not _banded(row) for row in rows):
        yield _fault("criteria.step", "评分项须量化：分值应为打分步长的整数倍。", "Points are a multiple of the step.")


def _banded(row: Mapping[str, Any]) -> bool:
    """87号令 art. 55: scores of factors are quantified; a step that does not divide the maximum leaves it unreachable."""
    step, top = number(row.get("step")), number(row.get("max"))
    return bool(step) and top is not None and (top / (step or 1)).denominator == 1


def _price_weight(weight: Fraction, subject: str, pack: Pack) -> Iterator[Fault]:
    for rule in pack.find(Kind.MIN_PERCENT, f"price_weight.{subject}"):
        if weight < rule.value:
            yield Fault(
                "method.price_weight",
                f"价格权重不得低于 {rule.value}%。",
                f"The price carries at least {rule.value} %.",
                rule.cited,
            )


def _rounding(method: Mapping[str, Any]) -> Iterator[Fault]:
    rounding = method.get("rounding")
    stages = rounding if isinstance(rounding, Mapping) else {}
    if set(stages) - set(STAGES) or not all(number(quantum) for quantum in stages.values()):
        yield _fault("rounding", "修约位数不合规。", "The rounding stages are not of their form.")
    elif method.get("id") == "cn_comprehensive" and set(stages) != set(STAGES):
        yield _fault("rounding", "须写明各阶段的修约位数。", "Each rounding stage must be stated.")


def _deduction(method: Mapping[str, Any], pack: Pack) -> Iterator[Fault]:
    deduction = method.get("deduction")
    if deduction is None:
        return
    share = number(deduction.get("small")) if isinstance(deduction, Mapping) else None
    family = "works" if method.get("goods_or_services") == "works" else "goods_services"
    low = pack.find(Kind.MIN_PERCENT, f"deduction.{family}")
    high = pack.find(Kind.MAX_PERCENT, f"deduction.{family}")
    if not low or not high:
        yield _fault("deduction", "本规则包不设价格扣除。", "This law pack knows no price deduction.")
    elif share is None or not low[0].value <= share * 100 <= high[0].value:
        yield _out_of_range(low[0], high[0])


def _out_of_range(low: Rule, high: Rule) -> Fault:
    return Fault(
        "method.deduction",
        f"小微企业价格扣除比例应为 {low.value}%–{high.value}%。",
        f"The deduction for small firms is {low.value} % to {high.value} %.",
        f"{low.id.partition('.')[0]} {low.clause}",
    )


def _minimum(method: Mapping[str, Any], pack: Pack) -> Iterator[Fault]:
    least = method.get("minimum_valid")
    fewer = pack.find(Kind.ALLOWED, "two_quotes")
    floor = fewer[0].value if fewer else pack.min_bids.value
    if not isinstance(least, int) or isinstance(least, bool) or least < floor:
        yield Fault(
            "method.minimum_valid",
            f"有效投标不得少于 {floor} 个。",
            f"At least {floor} valid bids are needed.",
            pack.min_bids.cited,
        )


def _fault(code: str, zh: str, en: str) -> Fault:
    return Fault(f"method.{code}", zh, en, _LAW)
