"""The only source of the current instant.

A request, a worker step and a test each run inside `at(instant)`: everything within sees one instant. All
instants are aware UTC datetimes cut to whole microseconds; the wire form is RFC 3339 in UTC with whole seconds.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")
_stopped: ContextVar[dt.datetime | None] = ContextVar("stopped_clock", default=None)


def wall() -> dt.datetime:
    """The machine's clock, never stopped. Only process loops and `at` callers need it; rules get their instant."""
    return dt.datetime.now(dt.UTC)  # noqa: TID251  the one place


def now() -> dt.datetime:
    """The instant of the current request or step; the machine's clock outside of one."""
    return _stopped.get() or wall()


@contextmanager
def at(instant: dt.datetime) -> Iterator[dt.datetime]:
    """Stop the clock at `instant` (aware, any zone) for the body."""
    token = _stopped.set(instant.astimezone(dt.UTC))
    try:
        yield instant
    finally:
        _stopped.reset(token)


def monotonic() -> float:
    """Seconds since some start, for measuring how long something took; never for deciding what is late."""
    return time.monotonic()


def rfc3339(instant: dt.datetime) -> str:
    """`2026-11-23T01:30:00Z`: UTC, whole seconds, cut not rounded (a moment is never reported before it came)."""
    return instant.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_rfc3339(text: str) -> dt.datetime:
    """Read exactly what `rfc3339` writes; ValueError on anything else, so that one instant has one spelling."""
    instant = dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC)
    if rfc3339(instant) != text:
        raise ValueError(f"not an RFC 3339 UTC second: {text!r}")
    return instant


def beijing(instant: dt.datetime) -> dt.datetime:
    """The same instant on the clock of the law (Asia/Shanghai)."""
    return instant.astimezone(BEIJING)
