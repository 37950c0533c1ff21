"""What the opening tells the hall, as neutral events in the outbox; livestream projects them through its allow-list."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bidding.states import OpeningStep
from kernel import outbox
from kernel.clock import rfc3339

LIVE = "live"
PUBLISH = "bidding.publish"


def tell(lot: str, kind: str, now: datetime, **data: Any) -> None:
    """Queue an event in the caller's transaction: it is told if, and only if, what it tells was committed."""
    outbox.send(LIVE, {"lot": lot, "kind": kind, "data": data, "at": rfc3339(now)})


def step(lot: str, reached: OpeningStep, now: datetime, until: datetime | None = None) -> None:
    """`until`: when the step ends by itself, if it does."""
    ends = {} if until is None else {"until": rfc3339(until)}
    tell(lot, "opening.step", now, step=reached.value, **ends)


def published_anew(lot: str) -> None:
    """Have the lot's public files written after the commit; before its opening record exists there are none."""
    outbox.send(PUBLISH, {"lot": lot})
