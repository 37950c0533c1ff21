"""When sealed entries go in, and how many: a published timetable that says nothing about what happened.

While any lot is collecting, each slot carries a fixed number of sealed entries, filled up with cover; what is more
waits for the next slot. In a lot's last hour the slots are four times as dense.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

LAST_HOUR = dt.timedelta(hours=1)
DENSER = 4


@dataclass(frozen=True)
class Schedule:
    """`slot_s` seconds a slot, `entries` sealed entries in each; both are published settings."""

    slot_s: int
    entries: int

    def __post_init__(self) -> None:
        if self.slot_s < 1 or self.entries < 1:
            raise ValueError("a slot lasts a second and holds an entry at least")

    def slot_of(self, now: dt.datetime, closings: Iterable[dt.datetime]) -> int:
        """The start, in Unix seconds, of the slot `now` lies in. It depends on the clock and public deadlines only."""
        length = self.slot_s
        if any(now >= closes_at - LAST_HOUR for closes_at in closings):
            length = max(1, self.slot_s // DENSER)
        seconds = int(now.timestamp())
        return seconds - seconds % length
