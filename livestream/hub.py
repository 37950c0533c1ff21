"""What the edge's connections share: who watches which lot, which nodes wait, how many come from where.

Standard library only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from livestream import watching
from livestream.watching import Channel

PING_SECONDS = 20
TAIL_SECONDS = 0.05
INBOX_SECONDS = 0.1
MAX_CONNECTIONS = 15_000


@dataclass(frozen=True)
class Plan:
    """What is served, to whom, how many at once."""

    public: Path | None = None
    inbox: Path | None = None
    origin: str = "*"
    per_address: int = 50
    connections: int = MAX_CONNECTIONS


@dataclass(frozen=True)
class Waiting:
    """A node that waits for its next message; `settle(over)` answers it if that is possible now."""

    until: float
    settle: Callable[[bool], bool]


@dataclass
class Edge:
    """The state of the process: channels, waiting nodes, connections by address."""

    plan: Plan
    channels: dict[str, Channel] = field(default_factory=dict)
    waiting: list[Waiting] = field(default_factory=list)
    addresses: dict[str, int] = field(default_factory=dict)
    count: int = 0
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def admits(self, address: str) -> bool:
        """Whether one more connection may come from there."""
        crowded = 0 < self.plan.per_address <= self.addresses.get(address, 0)
        return not crowded and self.count < self.plan.connections

    def enter(self, address: str) -> None:
        self.count += 1
        self.addresses[address] = self.addresses.get(address, 0) + 1

    def leave(self, address: str) -> None:
        self.count -= 1
        self.addresses[address] -= 1
        if not self.addresses[address]:
            del self.addresses[address]

    def channel(self, lot: str) -> Channel:
        if lot not in self.channels:
            assert self.plan.public is not None
            self.channels[lot] = Channel(self.plan.public / "lots" / lot / "events" / "events.ndjson")
        return self.channels[lot]

    async def tail(self) -> None:
        """Pass on what the writers append; forget lots that nobody watches."""
        while True:
            await asyncio.sleep(TAIL_SECONDS)
            for lot, channel in list(self.channels.items()):
                channel.follow()
                channel.catch_up()
                if channel.empty:
                    del self.channels[lot]

    async def ping(self) -> None:
        """A comment now and then keeps proxies from closing a quiet stream."""
        while True:
            await asyncio.sleep(PING_SECONDS)
            for channel in self.channels.values():
                channel.send(watching.PING)

    async def hand_out(self) -> None:
        """Answer waiting nodes as soon as their file is there, or when they waited long enough."""
        while True:
            await asyncio.sleep(INBOX_SECONDS)
            clock = asyncio.get_running_loop().time()
            self.waiting = [each for each in self.waiting if not each.settle(clock >= each.until)]
