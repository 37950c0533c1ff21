"""What leaves for the public, field by field: an allow-list, so that a field added upstream never appears by itself.

Pure. Nothing that names a bidder or a price is told before the read-out has begun (20号令 第30条).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from tendering.states import PREQUALIFYING, LotState

STEPS: Final = ("sealed", "closed", "released", "unsealing", "readout", "confirming", "record")
LOT = re.compile(r"[A-Z][0-9]{22}")

_NODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_STAGE = re.compile(r"[a-z][a-z0-9_]{0,31}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_PRICE = re.compile(r"(0|[1-9][0-9]{0,14})\.[0-9]{2}")

Check = Callable[[Any], bool]


class NotYetError(Exception):
    """The event may not be told yet: the lot or its read-out is not so far."""


def _text(longest: int) -> Check:
    return lambda value: isinstance(value, str) and len(value) <= longest


def _like(pattern: re.Pattern[str]) -> Check:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _step(value: Any) -> bool:
    return value in STEPS


_PROGRESS: Final[Mapping[str, Check]] = {"n": _number, "of": _number}
_OF_NODE: Final[Mapping[str, Check]] = {"node": _like(_NODE), "stage": _like(_STAGE)}

FIELDS: Final[Mapping[str, Mapping[str, Check]]] = {
    "opening.step": {"step": _step, "until": _like(_MOMENT)},
    "node.closed": {"node": _like(_NODE)},
    "node.committed": _OF_NODE,
    "node.released": _OF_NODE,
    "node.missing": {"node": _like(_NODE)},
    "bid.unsealing": _PROGRESS,
    "bid.unsealed": _PROGRESS,
    "bid.judged": {"line": _number, "bidder": _text(120), "reason": _text(400), "reason_en": _text(400)},
    "bid.readout": {
        "line": _number,
        "bidder": _text(120),
        "price": _like(_PRICE),
        "price_words": _text(80),
        "period_days": _number,
        "log_index": _number,
    },
    "bid.confirmed": {"line": _number},
    "base_price.readout": {"amount": _like(_PRICE), "amount_words": _text(80), "log_index": _number},
    "base_price.unread": {"reason": _text(400), "reason_en": _text(400), "log_index": _number},
    "opening.objection": {"line": _number, "text": _text(2000)},
    "opening.ended": {},
}
"""Every kind of public event and its public fields."""

NAMING: Final = frozenset(
    {"bid.judged", "bid.readout", "bid.confirmed", "base_price.readout", "base_price.unread", "opening.objection"}
)
"""Kinds that speak of a single bid, or of the base price."""

CLOSED_STATES: Final = frozenset(LotState) - PREQUALIFYING - {LotState.DRAFT, LotState.COLLECTING, LotState.CANCELLED}
"""States of a lot in which it has a public board at all."""
OPENED_STATES: Final = CLOSED_STATES - {LotState.SEALED}


def project(kind: str, data: Mapping[str, Any]) -> dict[str, Any] | None:
    """The public form of an event: known fields of the right form, nothing else; None for a kind that is not public."""
    allowed = FIELDS.get(kind)
    if allowed is None:
        return None
    return {name: data[name] for name, fits in allowed.items() if name in data and fits(data[name])}


def check_time(kind: str, state: LotState, told_steps: Collection[str]) -> None:
    """NotYetError before the lot has closed, and for what names a bid before the read-out has begun."""
    if state not in CLOSED_STATES:
        raise NotYetError(f"{kind} while the lot is {state}")
    if kind in NAMING and (state not in OPENED_STATES or "readout" not in told_steps):
        raise NotYetError(f"{kind} before the read-out")
