"""The order in which a price that disagrees with itself is corrected (order 87, art. 59). Pure, exact to the fen.

1 the opening list beats what stands inside the bid; 2 words beat figures; 3 where a unit price has its point evidently
misplaced the total stands and the unit price is mended; 4 otherwise unit prices times quantities beat the total.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from evaluation import decimals
from evaluation.arithmetic import figures
from kernel import canonical, money
from kernel.errors import Invalid, Words
from kernel.law import holds
from kernel.money import Fen
from tendering.packs import Kind, Pack, Rule

LAW = "财政部令第87号第五十九条"
MOST_ITEMS, LONGEST_NAME, FARTHEST = 500, 200, 6
_ITEM = {"name", "quantity", "unit_price", "amount", "slipped"}


@dataclass(frozen=True)
class Item:
    """A line of the bid's prices; `slipped`: the committee finds the point of its unit price evidently misplaced."""

    name: str
    quantity: Fraction
    unit_price: Fraction
    amount: Fen | None = None
    slipped: bool = False

    @property
    def total(self) -> Fen:
        """Quantity times unit price, rounded half up to the fen."""
        return Fen(int(self.quantity * self.unit_price * 100 + Fraction(1, 2)))

    def to_json(self) -> dict[str, Any]:
        amount = None if self.amount is None else money.wire(self.amount)
        prices = {"quantity": decimals.plain(self.quantity), "unit_price": decimals.plain(self.unit_price)}
        return {"name": self.name, **prices, "amount": amount, "slipped": self.slipped}


@dataclass(frozen=True)
class Reading:
    """What the bid's documents say beside the sealed price, as the committee reads them; nothing where they say nothing."""

    inside: Fen | None = None
    words: str | None = None
    items: tuple[Item, ...] = ()

    def to_json(self) -> dict[str, Any]:
        inside = None if self.inside is None else money.wire(self.inside)
        return {"inside": inside, "words": self.words, "items": [one.to_json() for one in self.items]}

    @property
    def sha256(self) -> str:
        return canonical.sha(canonical.encode(self.to_json()))


@dataclass(frozen=True)
class Step:
    """One correction: which number of the article, what was compared, and the price after it."""

    number: int
    words: Words
    price: Fen

    @property
    def formula(self) -> str:
        """As the working of an evaluation spells it."""
        return self.words.en

    @property
    def rule(self) -> str:
        return f"cn.59({self.number})"


@dataclass(frozen=True)
class Corrected:
    """The price after every step; no steps where nothing disagrees. `reading` has the mended unit prices."""

    price: Fen
    steps: tuple[Step, ...]
    reading: Reading


def rule_of(pack: Pack) -> Rule | None:
    return next(iter(pack.find(Kind.ORDER, "price_correction")), None)


@holds("G31")
def correct(opening: Fen, reading: Reading) -> Corrected:
    """The law's order, step by step; Invalid for words that are no amount, or a slip that no point explains."""
    price, steps = opening, list[Step]()
    if reading.inside is not None and reading.inside != price:
        steps.append(_step(1, (money.wire(reading.inside), money.wire(price)), price))
    if reading.words is not None and (said := _said(reading.words)) != price:
        steps.append(_step(2, (money.wire(price), reading.words), said))
        price = said
    items = reading.items
    for at, one in enumerate(items):
        if one.slipped:
            mended = _mended(one, price, items)
            steps.append(_step(3, (one.name, _plain(one), _plain(mended)), price))
            items = (*items[:at], mended, *items[at + 1 :])
    total = Fen(sum(one.total for one in items))
    if items and total != price:
        steps.append(_step(4, (money.wire(price), money.wire(total)), total))
        price = total
    return Corrected(price, tuple(steps), replace(reading, items=items))


_WORDS = {
    1: Words("投标文件内 {}，开标一览表 {}", "{} inside, {} in the opening list"),
    2: Words("小写 {}，大写 {}", "{} in figures, {} in words"),
    3: Words("{} 的单价 {} 改为 {}，总价不变", "unit price of {}: {} -> {}, the total stands"),
    4: Words("总价 {}，单价汇总 {}", "total {}, sum of unit prices {}"),
}


def _step(number: int, parts: tuple[str, ...], price: Fen) -> Step:
    words = _WORDS[number]
    return Step(number, Words(words.zh.format(*parts), words.en.format(*parts)), price)


def _plain(one: Item) -> str:
    return decimals.plain(one.unit_price)


def settled(found: Corrected) -> Reading:
    """The documents as they read once every correction is made in them: correcting these changes nothing."""
    items = tuple(replace(one, amount=one.total, slipped=False) for one in found.reading.items)
    return Reading(found.price, money.words(found.price), items)


def _said(text: str) -> Fen:
    try:
        return figures.read(text)
    except ValueError as error:
        raise Invalid(
            "arithmetic.words", "大写金额不能识别", "These words are no amount", rule=LAW, fields={"words": "form"}
        ) from error


def _mended(one: Item, price: Fen, items: tuple[Item, ...]) -> Item:
    """With the point where the line's own amount, or without one the total, comes out exactly."""
    others = sum(other.total for other in items if other is not one)
    wanted = one.amount if one.amount is not None else price - others
    for places in range(-FARTHEST, FARTHEST + 1):
        moved = replace(one, unit_price=one.unit_price * Fraction(10) ** places, slipped=False)
        if places and moved.total == wanted and (moved.unit_price * 10**FARTHEST).denominator == 1:
            return moved
    raise Invalid(
        "arithmetic.no_slip",
        f"“{one.name}”的单价移动小数点后仍与总价不符，不是小数点明显错位",
        f"No place of the point brings the unit price of {one.name} to the total: this is no evident slip",
        rule=LAW,
        fields={"items": "slip"},
    )


def read(value: Any) -> Reading:
    """ValueError or TypeError when this is no reading."""
    if (
        not isinstance(value, dict)
        or set(value) != {"inside", "words", "items"}
        or not isinstance(value["items"], list)
    ):
        raise ValueError("a reading has inside, words and items")
    if not isinstance(value["words"], str | None) or len(value["items"]) > MOST_ITEMS:
        raise ValueError("words are a text, and items are not too many")
    inside = None if value["inside"] is None else money.parse(value["inside"])
    return Reading(inside, value["words"], tuple(map(_item, value["items"])))


def _item(value: Any) -> Item:
    if not isinstance(value, dict) or set(value) != _ITEM or not isinstance(value["slipped"], bool):
        raise ValueError("an item has name, quantity, unit_price, amount and slipped")
    if not isinstance(value["name"], str) or not 0 < len(value["name"]) <= LONGEST_NAME:
        raise ValueError("an item has a name")
    amount = None if value["amount"] is None else money.parse(value["amount"])
    prices = decimals.parse(value["quantity"]), decimals.parse(value["unit_price"])
    return Item(value["name"], *prices, amount, value["slipped"])


def typed(form: Mapping[str, str]) -> Reading:
    """A reading from the fields of a page; each line of `items`: name, quantity, unit price, amount, a mark for a slip."""
    lines = [line for line in form.get("items", "").splitlines() if line.strip()]
    try:
        rows = [_row([part.strip() for part in line.replace("|", "\t").split("\t")]) for line in lines]
        inside = form.get("inside", "").strip().replace(",", "")
        return read({"inside": _amount(inside), "words": form.get("words", "").strip() or None, "items": rows})
    except (ValueError, TypeError) as error:
        raise Invalid(
            "arithmetic.malformed",
            f"不能识别：{error}",
            f"This cannot be read: {error}",
            rule=LAW,
            fields={"items": "form"},
        ) from error


def _row(parts: list[str]) -> dict[str, Any]:
    name, quantity, unit_price, amount, slip = [*parts, "", "", "", ""][:5]
    plain = quantity.replace(",", ""), unit_price.replace(",", "")
    return {
        "name": name,
        "quantity": plain[0],
        "unit_price": plain[1],
        "amount": _amount(amount),
        "slipped": bool(slip),
    }


def _amount(text: str) -> str | None:
    """`1,234.5` and `1234` as the wire spells them."""
    bare = text.replace(",", "").strip()
    whole, _, rest = bare.partition(".")
    return f"{whole}.{rest.ljust(2, '0')}" if bare else None


def question(opening: Fen, reading: Reading) -> str:
    """What the bidder is asked, in the exact words whose hash stands in the log."""
    return "\n".join(_lines(opening, reading))


def _lines(opening: Fen, reading: Reading) -> Iterator[str]:
    found = correct(opening, reading)
    yield f"贵单位报价前后不一致，依照{LAW}修正如下，请书面确认修正后的报价；不确认的，投标无效。"
    for step in found.steps:
        yield f"（{step.number}）{step.words.zh}：{money.wire(step.price)} 元"
    yield f"开标一览表 {money.wire(opening)} 元，修正后 {money.wire(found.price)} 元（{money.words(found.price)}）。"
    yield f"依据 SHA-256 {reading.sha256}"
