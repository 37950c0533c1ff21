"""Seconds since 1970, as nodes sign them, and the moments of statements."""

from __future__ import annotations

import datetime as dt

from kernel import clock


def spelled(seconds: int) -> str:
    """`2026-11-23T01:30:00Z`."""
    return clock.rfc3339(instant(seconds))


def instant(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def seconds(text: str) -> int:
    """ValueError unless it is a moment of our form."""
    return int(clock.parse_rfc3339(text).timestamp())
