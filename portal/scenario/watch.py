"""The one clock of a play: portal, worker, evaluator and nodes all read it; nothing sleeps."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from kernel import clock
from kernel.clock import BEIJING

SECOND = dt.timedelta(seconds=1)
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_PERIOD = re.compile(r"([0-9]{1,6}) (second|minute|hour|day)s?")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}(:[0-9]{2})?")


@dataclass
class Watch:
    """Where the play stands; as the hands of a node's clock it never disagrees with itself."""

    start: dt.datetime
    instant: dt.datetime

    @classmethod
    def at(cls, start: dt.datetime) -> Watch:
        return cls(start, start)

    def now(self) -> dt.datetime:
        return self.instant

    def steady(self) -> dt.timedelta:
        return self.instant - self.start


def period(text: str) -> dt.timedelta | None:
    """`20 days`, `90 seconds`; None for anything else."""
    found = _PERIOD.fullmatch(text)
    return None if found is None else dt.timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def moment(text: str, now: dt.datetime) -> dt.datetime:
    """A Beijing moment (`2026-03-23 09:30`), or a period from `now`; ValueError otherwise."""
    lasting = period(text)
    if lasting is not None:
        return now + lasting
    if not _MOMENT.fullmatch(text):
        raise ValueError(f"{text!r} is neither a moment (2026-03-23 09:30) nor a period (20 days)")
    return dt.datetime.fromisoformat(text).replace(tzinfo=BEIJING).astimezone(dt.UTC)


def shown(instant: dt.datetime) -> str:
    return clock.beijing(instant).strftime("%Y-%m-%d %H:%M:%S")
