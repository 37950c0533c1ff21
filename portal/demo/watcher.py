"""A watcher in the hall: a real SSE client that shows what happens as it happens, and lets scenes wait for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

from portal.demo.play import Play
from portal.demo.stage import DemoError, grouped, hold
from portal.run import NODES

Event = dict[str, Any]
STEPS = {
    "sealed": ("截止封箱", "deadline: the box is shut"),
    "closed": ("名册经监督节点签字定稿", "the roll is final"),
    "released": ("份额已够，可以开启", "enough shares are here"),
    "unsealing": ("逐份开启", "unsealing"),
    "readout": ("唱标", "read-out"),
    "confirming": ("投标人确认", "bidders confirm"),
    "record": ("开标记录已签署公布", "the record is signed and public"),
}


@dataclass
class Watcher:
    """Reads the lot's events in a thread of its own until `close`."""

    play: Play
    events: list[Event] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)
    _stream: httpx.Response | None = None
    _over: bool = False

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        if self._stream is not None:
            self._stream.close()

    def wait(self, what: str, found: Callable[[list[Event]], Any], seconds: float = 60) -> Any:
        """The first true value of `found` over the events so far; DemoError when the time is over."""
        with self._news:
            value = self._news.wait_for(lambda: found(self.events), seconds)
        if not value:
            raise DemoError(f"the live board did not show in {seconds:.0f} s: {what}")
        return value

    def step(self, name: str) -> None:
        def reached(events: list[Event]) -> bool:
            return any(event.get("step") == name for event in events)

        self.wait(f"step {name}", reached)

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.events if event["kind"] == kind]

    def whole(self) -> None:
        """Nothing was lost or doubled on the way."""
        numbers = [event["seq"] for event in self.events]
        hold("the live events are numbered without a gap", holds=numbers == list(range(1, len(numbers) + 1)))

    def _watch(self) -> None:
        """Connect again after a broken connection, from the last event seen, as a browser does."""
        url = f"{self.play.stage.fleet.settings.edge_url}/live/{self.play.lot}/events"
        while not self._over:
            last = {"Last-Event-ID": str(self.events[-1]["seq"])} if self.events else {}
            try:
                with httpx.stream("GET", url, headers=last, timeout=None, trust_env=False) as stream:  # noqa: S113  an event may be long in coming
                    self._stream = stream
                    for line in stream.iter_lines():
                        self._take(line)
            except (httpx.HTTPError, httpx.StreamError, OSError):
                threading.Event().wait(0.2)

    def _take(self, line: str) -> None:
        if not line.startswith("data:"):
            return
        event = json.loads(line.removeprefix("data:"))
        with self._news:
            self.events.append(event)
            self._news.notify_all()
        said = words(event)
        if said is not None:
            self.play.stage.say(*said)


Line = tuple[str, str] | tuple[str, str, str] | None


def released(event: Event) -> Line:
    """The sheets' shares; those of the documents go to the evaluator and are told by the evaluation."""
    if event["stage"] != "sheet":
        return None
    return f"{NODES[event['node']]} 交出份额", f"{event['node']} releases its shares"


TOLD: dict[str, Callable[[Event], Line]] = {
    "opening.step": lambda event: STEPS.get(event["step"]),
    "node.closed": lambda event: (f"{NODES[event['node']]} 封箱签字", f"{event['node']} signs the roll"),
    "node.released": released,
    "bid.unsealed": lambda event: (
        f"第 {event['n']} 份启封，共 {event['of']} 份",
        f"envelope {event['n']} of {event['of']} opened",
    ),
    "bid.readout": lambda event: (
        f"唱标 {event['line']}：{event['bidder']}",
        f"{grouped(event['price'])} 元",
        event["price_words"],
    ),
    "bid.confirmed": lambda event: (f"第 {event['line']} 行已确认", f"line {event['line']} confirmed by its bidder"),
}


def words(event: Event) -> Line:
    """How a terminal tells of an event; None for what would be noise."""
    told = TOLD.get(event["kind"])
    return None if told is None else told(event)
