"""The node's own clock: never set by the platform, and distrusted by the node itself when it jumps.

A node that closes or releases by a clock which somebody stepped forward would open bids early; so a step of more
than `TOLERANCE` seconds against the machine's steady counter, either way, stops every act that needs the time until the two agree
again (or the operator restarts the node). Across a restart only a step backward shows: the last instant is kept.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from kernel import clock
from supervision.node.state import State

TOLERANCE = 5
_LAST = "clock_last"


class ClockError(Exception):
    """The clock stepped; nothing that depends on the time is signed."""


class Hands(Protocol):
    """Where the time comes from."""

    def now(self) -> dt.datetime: ...

    def steady(self) -> dt.timedelta:
        """A counter that nobody sets."""
        ...


@dataclass(frozen=True)
class MachineHands:
    """The host's clock, kept by several NTP sources (docs of the node say how to set them up)."""

    def now(self) -> dt.datetime:
        return clock.wall()

    def steady(self) -> dt.timedelta:
        return dt.timedelta(seconds=clock.monotonic())


@dataclass(frozen=True)
class OutsideHands:
    """A practice clock: the machine's, moved by the whole seconds that stand in a file."""

    path: Path

    def now(self) -> dt.datetime:
        return clock.wall() + self._offset()

    def steady(self) -> dt.timedelta:
        """Moves with the file: a practice clock is meant to be set forward."""
        return dt.timedelta(seconds=clock.monotonic()) + self._offset()

    def _offset(self) -> dt.timedelta:
        try:
            return dt.timedelta(seconds=int(self.path.read_text("ascii")))
        except FileNotFoundError:
            return dt.timedelta(0)


@dataclass
class NodeClock:
    """Reads `hands`; `now` raises ClockError after a step."""

    state: State
    hands: Hands
    _base: tuple[dt.datetime, dt.timedelta] = field(init=False)

    def __post_init__(self) -> None:
        self._base = (self.hands.now(), self.hands.steady())

    def now(self) -> dt.datetime:
        """The instant, in whole seconds cut; ClockError while the clock disagrees with itself or with what it said before."""
        instant = self.hands.now()
        drift = (instant - self._base[0]) - (self.hands.steady() - self._base[1])
        if abs(drift) > dt.timedelta(seconds=TOLERANCE):
            raise ClockError(f"the clock stepped by {drift // dt.timedelta(seconds=1)} s")
        seconds = int(instant.timestamp())
        if seconds + TOLERANCE < self.last():
            raise ClockError(f"the clock fell back by {self.last() - seconds} s")
        return dt.datetime.fromtimestamp(seconds, dt.UTC)

    def read(self) -> dt.datetime:
        """What the hands show, believed or not: for pages and time-outs, never for a decision."""
        return self.hands.now()

    def last(self) -> int:
        """The latest instant (Unix seconds) that was written down."""
        return int(self.state.setting(_LAST) or 0)

    def remember(self) -> None:
        """Write the instant down, so that a step backward shows after a restart."""
        seconds = int(self.now().timestamp())
        if seconds > self.last():
            self.state.set(_LAST, str(seconds))


def hands_for(practice: bool, outside: Path | None) -> Hands:  # noqa: FBT001  one fact about the policy
    """The clock to use; ClockError if an outside clock is asked for in earnest."""
    if outside is None:
        return MachineHands()
    if not practice:
        raise ClockError("an outside clock is for practice logs only")
    return OutsideHands(outside)
