"""The method object of a lot: frozen, hashed and printed with the notice (evaluation.md, 1.0 to 1.2).

`parse` reads the exact bytes the notice published and says everything that is wrong with them at once.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from evaluation import decimals
from evaluation.rounding import RoundingPolicy
from kernel import canonical, money
from kernel.errors import Invalid
from kernel.money import Fen

TYPE = "kaibiao-method/1"
FULL_MARKS = Fraction(100)


class MethodId(enum.StrEnum):
    """The statutory methods that can be chosen."""

    LOWEST = "cn_lowest"
    COMPREHENSIVE = "cn_comprehensive"
    HIGHEST = "highest_price"


class Subject(enum.StrEnum):
    """What is bought; the law pack's bounds differ by it (checked before the notice, by tendering)."""

    GOODS = "goods"
    SERVICES = "services"
    WORKS = "works"
    LAND = "land"
    EQUITY = "equity"
    INCREASE = "increase"
    ASSETS = "assets"
    RIGHTS = "rights"


class TieRule(enum.StrEnum):
    """What may part bids with equal totals, in the declared order; bids still equal are tied."""

    PRICE = "price"
    EVALUATED_PRICE = "evaluated_price"


@dataclass(frozen=True)
class Criterion:
    """One scored factor: 0 to `maximum` in steps of `step`; an objective one has a single right answer."""

    id: str
    name: str
    name_en: str
    maximum: Fraction
    step: Fraction
    objective: bool


@dataclass(frozen=True)
class MethodSpec:
    """A method object, read and checked; `raw` are the exact bytes of the notice."""

    raw: bytes
    id: MethodId
    subject: Subject | None
    price_weight: Fraction
    criteria: tuple[Criterion, ...]
    rounding: RoundingPolicy
    deduction: Mapping[str, Fraction]
    tie: tuple[TieRule, ...]
    minimum_valid: int
    max_price: Fen | None

    @property
    def sha256(self) -> str:
        return canonical.sha(self.raw)

    def criterion(self, criterion_id: str) -> Criterion | None:
        return next((one for one in self.criteria if one.id == criterion_id), None)


def parse(raw: bytes) -> MethodSpec:
    """Read a method object; Invalid names every field that is missing, unknown or out of its range."""
    try:
        value = canonical.decode(raw)
    except (ValueError, TypeError) as error:
        raise _invalid({"": str(error)}) from error
    return from_json(value, raw)


def from_json(value: Any, raw: bytes | None = None) -> MethodSpec:
    """Read a parsed method object; without `raw` its canonical bytes are taken."""
    reader = _Reader(value if isinstance(value, dict) else {})
    found = {name: reader.take(name, read) for name, read in _FIELDS.items()}
    reader.refuse_unknown()
    if reader.faults:
        raise _invalid(reader.faults)
    spec = _made(found, canonical.encode(value) if raw is None else raw)
    _refuse_incoherent(spec)
    return spec


def to_json(spec: MethodSpec) -> dict[str, Any]:
    """The method object as published."""
    value: dict[str, Any] = canonical.decode(spec.raw)
    return value


def _refuse_incoherent(spec: MethodSpec) -> None:
    faults: dict[str, str] = {}
    marks = spec.price_weight + sum((one.maximum for one in spec.criteria), Fraction(0))
    if marks != FULL_MARKS:
        faults["price_weight"] = f"price weight and criteria sum to {decimals.shown(marks)}, not 100"
    if spec.id is MethodId.LOWEST and spec.criteria:
        faults["criteria"] = "the lowest-price method scores nothing but the price"
    if len({one.id for one in spec.criteria}) != len(spec.criteria):
        faults["criteria"] = "two criteria have the same id"
    if faults:
        raise _invalid(faults)


def _invalid(faults: dict[str, str]) -> Invalid:
    words = "; ".join(f"{name}: {fault}" if name else fault for name, fault in faults.items())
    return Invalid(
        "method.invalid",
        f"评标办法不成立：{words}",
        f"The evaluation method does not stand: {words}",
        rule="evaluation.md 1.0",
        fields=faults,
    )


def _made(found: dict[str, Any], raw: bytes) -> MethodSpec:
    kept = {name: part for name, part in found.items() if name not in ("type", "goods_or_services")}
    return MethodSpec(raw=raw, subject=found["goods_or_services"], **kept)


class _Reader:
    """Takes named fields out of an object and remembers what was wrong with each."""

    def __init__(self, value: dict[str, Any]) -> None:
        self.value = value
        self.faults: dict[str, str] = {}

    def take(self, name: str, read: Callable[[Any], Any]) -> Any:
        if name not in self.value and name not in _OPTIONAL:
            self.faults[name] = "missing"
            return None
        try:
            return read(self.value.get(name))
        except (ValueError, TypeError) as error:
            self.faults[name] = str(error)
            return None

    def refuse_unknown(self) -> None:
        for name in self.value.keys() - _FIELDS.keys():
            self.faults[name] = "no such parameter"


def _type(value: Any) -> None:
    if value != TYPE:
        raise ValueError(f"not {TYPE}")


def _marks(value: Any) -> Fraction:
    marks = decimals.parse(value)
    if marks > FULL_MARKS:
        raise ValueError("more than 100")
    return marks


def _criteria(value: Any) -> tuple[Criterion, ...]:
    if not isinstance(value, list):
        raise TypeError("a list of criteria")
    return tuple(_criterion(one) for one in value)


def _criterion(value: Any) -> Criterion:
    if not isinstance(value, dict) or value.keys() != {"id", "name", "name_en", "max", "step", "objective"}:
        raise ValueError("a criterion is {id, name, name_en, max, step, objective}")
    maximum, step = _marks(value["max"]), _marks(value["step"])
    if not step or not maximum or (maximum / step).denominator != 1:
        raise ValueError(f"{value['id']}: the maximum is not a multiple of the step")
    names = (_name(value["id"]), _name(value["name"]), _name(value["name_en"]))
    return Criterion(*names, maximum, step, _flag(value["objective"]))


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a name that is not empty")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("true or false")
    return value


def _rounding(value: Any) -> RoundingPolicy:
    if not isinstance(value, dict) or value.keys() != {"price_score", "criterion_mean", "total"}:
        raise ValueError("rounding is {price_score, criterion_mean, total}")
    quanta = {name: decimals.parse(text) for name, text in value.items()}
    for quantum in quanta.values():
        decimals.places(quantum)
    return RoundingPolicy(**quanta)


def _deduction(value: Any) -> dict[str, Fraction]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeError("an object of enterprise class and rate, or null")
    rates = {_name(name): decimals.parse(rate) for name, rate in value.items()}
    if any(rate >= 1 for rate in rates.values()):
        raise ValueError("a deduction is below 1")
    return rates


def _ties(value: Any) -> tuple[TieRule, ...]:
    if not isinstance(value, list):
        raise TypeError("a list of tie rules, possibly empty")
    return tuple(TieRule(one) for one in value)


def _minimum(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError("a whole number from 1")
    return value


def _ceiling(value: Any) -> Fen | None:
    return None if value is None else money.parse(value)


_OPTIONAL = frozenset({"goods_or_services"})
_FIELDS: dict[str, Callable[[Any], Any]] = {
    "type": _type,
    "id": MethodId,
    "goods_or_services": lambda value: None if value is None else Subject(value),
    "price_weight": _marks,
    "criteria": _criteria,
    "rounding": _rounding,
    "deduction": _deduction,
    "tie": _ties,
    "minimum_valid": _minimum,
    "max_price": _ceiling,
}
