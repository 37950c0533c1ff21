"""The sheet of a bid: what is read out at the opening, as JSON padded with blanks (1.2, step 1).

`{"type":"kaibiao-sheet/1", lot, bid_id, bidder_ref, bidder, price, price_words, period_days, quality, project_leader, items}`:
all keys always there, null for what the stage does not ask; `price` in yuan with two decimals; `items` maps further
public names to texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from kernel import canonical, money
from sealing import padding, wire
from sealing.faults import Fault

TYPE = "kaibiao-sheet/1"
MAX_SHEET = 1024 * 1024
MAX_DAYS = 36_500
HEADER = ("lot", "bid_id", "bidder_ref", "bidder")
CONTENT = ("price", "price_words", "period_days", "quality", "project_leader", "items")
_RULE = "1.2"


def is_sheet(stage: str) -> bool:
    """Whether a stage's payload is a sheet: `sheet` itself, or a later one such as `price-sheet`; others are documents."""
    return stage == "sheet" or stage.endswith("-sheet")


@dataclass(frozen=True)
class Header:
    """What every payload begins with, so that it cannot serve another bid than its manifest's."""

    lot: str
    bid_id: str
    bidder_ref: str
    bidder: str

    @classmethod
    def of(cls, fields: wire.Fields) -> Self:
        return cls(
            lot=fields.text("lot", wire.LOT),
            bid_id=fields.text("bid_id", wire.BID_ID),
            bidder_ref=fields.text("bidder_ref", wire.SHA256),
            bidder=fields.text("bidder"),
        )


@dataclass(frozen=True, kw_only=True)
class Sheet:
    header: Header
    price: money.Fen | None = None
    price_words: str | None = None
    period_days: int | None = None
    quality: str | None = None
    project_leader: str | None = None
    items: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read a sheet, padded or not; WireError otherwise."""
        if len(raw) > MAX_SHEET:
            raise wire.WireError("sheet: larger than 1 MiB")
        fields = wire.parse(raw, TYPE, (*HEADER, *CONTENT))
        days = fields.value["period_days"]
        return cls(
            header=Header.of(fields),
            price=_price(fields),
            price_words=fields.optional("price_words"),
            period_days=None if days is None else fields.integer("period_days", 1, MAX_DAYS),
            quality=fields.optional("quality"),
            project_leader=fields.optional("project_leader"),
            items=_items(fields),
        )

    def encode(self) -> bytes:
        """The canonical JSON, not padded."""
        content = asdict(self) | {"items": dict(self.items)}
        header = content.pop("header")
        price = None if self.price is None else money.wire(self.price)
        return canonical.encode({"type": TYPE, **header, **content, "price": price})

    def padded(self) -> bytes:
        return padding.pad_sheet(self.encode())


def of_content(header: Header, content: Mapping[str, Any]) -> Sheet:
    """A sheet from what a bidder filled in (the keys of CONTENT; absent ones are null); WireError otherwise."""
    if unknown := set(content) - set(CONTENT):
        raise wire.WireError(f"sheet: unknown fields {', '.join(sorted(unknown))}")
    filled = {name: content.get(name) for name in CONTENT} | {"items": dict(content.get("items") or {})}
    return Sheet.parse(canonical.encode({"type": TYPE, **asdict(header), **filled}))


def obstacles(sheet: Sheet, *, holds_price: bool) -> list[Fault]:
    """All that would make this sheet invalid at the opening, to be shown before sealing."""
    return [*_price_obstacles(sheet, holds_price=holds_price), *_word_obstacles(sheet)]


def _price_obstacles(sheet: Sheet, *, holds_price: bool) -> Iterator[Fault]:
    if holds_price and not sheet.price:
        yield Fault("price_missing", "没有填写投标报价", "the price is missing", _RULE)
    if not holds_price and sheet.price is not None:
        yield Fault("price_in_wrong_stage", "此阶段不得出现报价", "this stage must not show a price", _RULE)


def _word_obstacles(sheet: Sheet) -> Iterator[Fault]:
    if sheet.price_words is not None and (sheet.price is None or money.words(sheet.price) != sheet.price_words):
        yield Fault(
            "price_words_differ",
            "报价的大写金额与小写金额不一致",
            "the price in words is not the price in figures",
            _RULE,
        )


def _price(fields: wire.Fields) -> money.Fen | None:
    text = fields.optional("price")
    if text is None:
        return None
    try:
        return money.parse(text)
    except ValueError as error:
        raise wire.WireError(f"sheet.price: {error}") from error


def _items(fields: wire.Fields) -> dict[str, str]:
    items = fields.mapping("items", wire.TEXT)
    if len(items) > 100 or not all(wire.REASON.fullmatch(text) for text in items.values()):
        raise wire.WireError("sheet.items: at most 100 texts of at most 2000 characters")
    return items
