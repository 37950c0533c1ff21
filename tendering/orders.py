"""Orders of the supervising authority, given at its own node: signed there, posted as an answer, done here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from accounts.actor import Actor
from kernel import canonical
from kernel.errors import Invalid
from kernel.statements import Signed
from supervision import log
from tendering import deadlines
from tendering.lifecycle import lot_of
from tendering.models import Lot

Order = Callable[[Actor | None, Lot, Signed, dt.datetime], Lot]

ORDERS: dict[str, Order] = {"suspend": deadlines.suspend, "resume": deadlines.resume, "outage": deadlines.collect_again}


def take_order(node: str, body: dict[str, Any], now: dt.datetime) -> None:  # noqa: ARG001  the statement's key decides
    """Carry out {kind, file, sig}; a statement that is in force already is taken once more without effect."""
    kind = body.get("kind")
    if kind not in ORDERS:
        raise Invalid("order.kind", "没有这种指令。", "There is no such order.", rule="log-and-nodes.md 3 Deadline")
    try:
        signed = Signed.from_json({"file": body.get("file"), "sig": body.get("sig")})
        code = str(canonical.decode(signed.raw)["lot"])
    except (ValueError, TypeError, KeyError) as error:
        raise Invalid(
            "order.malformed", "指令格式不正确。", "The order is malformed.", rule="sealing.md Notation"
        ) from error
    lot = lot_of(code, lock=True)
    if not _done(lot, kind, signed):
        ORDERS[kind](None, lot, signed, now)


def _done(lot: Lot, kind: str, signed: Signed) -> bool:
    """Whether the log holds this very order: a node repeats an answer until it is taken."""
    name = {"suspend": "suspended", "resume": "resumed", "outage": "outage.order"}[kind]
    latest = log.latest(name, lot.code)
    return latest is not None and signed.to_json()["file"] in latest.fact.decode()
