"""The hall's board as it stands after some events: folded from the public events alone, so anybody gets the same. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kernel import money
from kernel.errors import Words
from livestream.rules import STEPS

STEP_WORDS: Mapping[str, Words] = {
    "sealed": Words("截止封箱", "Box sealed"),
    "closed": Words("名册各方签认", "Roll signed"),
    "released": Words("释放份额", "Shares released"),
    "unsealing": Words("逐份解封", "Unsealing"),
    "readout": Words("唱标", "Read-out"),
    "confirming": Words("投标人确认", "Confirmation"),
    "record": Words("开标记录", "Opening record"),
}


@dataclass(frozen=True)
class Line:
    """One line of the read-out: a bid with its price, or why it was not opened."""

    line: int
    bidder: str = ""
    price: str | None = None
    price_words: str = ""
    period_days: int | None = None
    log_index: int | None = None
    reason: Words | None = None
    confirmed: bool = False

    @property
    def figures(self) -> str | None:
        """The price with separators."""
        return None if self.price is None else money.figures(money.parse(self.price))

    @property
    def state(self) -> str:
        return "void" if self.reason is not None else "opened"


@dataclass(frozen=True)
class Entry:
    """One line of the course of events; `log_index` where the log has it."""

    seq: int
    at: str
    words: Words
    log_index: int | None = None


@dataclass
class Board:
    """Everything the hall shows that came as an event."""

    last: int = 0
    step: str | None = None
    nodes: dict[str, str] = field(default_factory=dict)
    unsealed: int = 0
    unsealing: int | None = None
    of: int | None = None
    lines: dict[int, Line] = field(default_factory=dict)
    feed: list[Entry] = field(default_factory=list)
    confirm_until: str | None = None
    ended: bool = False
    base_price: Line | None = None
    """Its price is the base price; its reason, why that could not be opened."""

    @classmethod
    def of_events(cls, events: Iterable[Mapping[str, Any]], names: Mapping[str, str] | None = None) -> Board:
        """Fold the events in their order; `names` are the organizations behind the nodes."""
        board = cls()
        for event in events:
            if event["seq"] > board.last:
                board.take(event, names or {})
        return board

    def take(self, event: Mapping[str, Any], names: Mapping[str, str]) -> None:
        """One more event."""
        self.last = event["seq"]
        about, _, what = event["kind"].partition(".")
        match about:
            case "opening":
                words = self._opening(event)
            case "node":
                words = self._node(event, what, names)
            case "base_price":
                words = self._base_price(event)
            case _:
                words = self._bid(event, what)
        if words is not None:
            self.feed.insert(0, Entry(self.last, event["at"], words, event.get("log_index")))

    def steps(self) -> list[tuple[str, Words, str]]:
        """Every step with its words and whether it is `done`, `now` or still to come (``)."""
        at = STEPS.index(self.step) if self.step in STEPS else -1
        states = [
            "done" if number < at or self.ended else "now" if number == at else "" for number in range(len(STEPS))
        ]
        return [(step, STEP_WORDS[step], state) for step, state in zip(STEPS, states, strict=True)]

    def _opening(self, event: Mapping[str, Any]) -> Words | None:
        match event["kind"]:
            case "opening.step":
                self.step, self.confirm_until = event.get("step", self.step), event.get("until")
                return STEP_WORDS.get(str(self.step))
            case "opening.objection":
                text = event.get("text", "")
                return Words(f"第 {event.get('line')} 行提出异议：{text}", f"Line {event.get('line')} objects: {text}")
            case _:
                self.ended = True
                return Words("开标结束", "The opening has ended")

    def _node(self, event: Mapping[str, Any], what: str, names: Mapping[str, str]) -> Words:
        node = str(event.get("node"))
        name = names.get(node, node)
        self.nodes[node] = what
        return {
            "closed": Words(f"{name}签认封箱", f"{name} signed the close"),
            "committed": Words(f"{name}承诺释放份额", f"{name} committed to its share"),
            "released": Words(f"{name}已释放份额", f"{name} released its share"),
            "missing": Words(f"{name}未响应", f"{name} does not answer"),
        }[what]

    def _bid(self, event: Mapping[str, Any], what: str) -> Words | None:
        match what:
            case "unsealing" | "unsealed":
                return self._progress(event, done=what == "unsealed")
            case "confirmed":
                return self._confirmed(event["line"])
            case "judged":
                return self._judged(event)
            case _:
                return self._read_out(event)

    def _progress(self, event: Mapping[str, Any], *, done: bool) -> Words | None:
        number, self.of = event.get("n", 0), event.get("of", self.of)
        if not done:
            self.unsealing = number
            return None
        self.unsealed, self.unsealing = number, None
        return Words(f"第 {number} 份解封完成", f"Bid {number} of {self.of} is unsealed")

    def _read_out(self, event: Mapping[str, Any]) -> Words:
        known = {name: event[name] for name in Line.__dataclass_fields__ if name in event}
        line = self.lines[event["line"]] = Line(**known)
        shown = f" {line.figures}" if line.figures else ""
        return Words(f"{line.bidder}{shown} 元" if shown else line.bidder, f"{line.bidder}{shown}")

    def _judged(self, event: Mapping[str, Any]) -> Words:
        reason = Words(event.get("reason", ""), event.get("reason_en", ""))
        number = event.get("line", 0)
        self.lines[number] = Line(number, event.get("bidder", ""), reason=reason)
        return Words(f"第 {number} 份未能开启：{reason.zh}", f"Bid {number} was not opened: {reason.en}")

    def _base_price(self, event: Mapping[str, Any]) -> Words:
        index = event.get("log_index")
        if "amount" in event:
            words = event.get("amount_words", "")
            found = self.base_price = Line(0, price=event["amount"], price_words=words, log_index=index)
            return Words(f"公布标底 {found.figures} 元", f"The base price: CNY {found.figures}")
        reason = Words(event.get("reason", ""), event.get("reason_en", ""))
        self.base_price = Line(0, reason=reason, log_index=index)
        return Words(f"标底未能开启：{reason.zh}", f"The base price could not be opened: {reason.en}")

    def _confirmed(self, number: int) -> Words:
        if number in self.lines:
            self.lines[number] = replace(self.lines[number], confirmed=True)
        return Words(f"第 {number} 行已由投标人确认", f"Line {number} is confirmed by its bidder")
