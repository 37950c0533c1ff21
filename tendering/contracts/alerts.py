"""Alerts that the platform itself raises after the evaluation, each once; the evidence is kept under its hash."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from kernel import canonical
from kernel.db import db
from supervision import facts, log
from tendering.contracts.models import Raised


@dataclass(frozen=True)
class Point:
    """A monitoring point of rules.md 6 with the rule it watches (`S24.C55`)."""

    name: str
    color: str
    category: str


def once(lot: str, point: Point, evidence: dict[str, Any], now: dt.datetime) -> bool:
    """Raise the alert unless this evidence was shown under this point and color before; whether it was raised."""
    if known(lot, point, evidence):
        return False
    raw = _evidence(lot, point, evidence)
    key = _key(point, raw)
    db.session.add(Raised(lot=lot, point=key, evidence=raw, at=now))
    db.session.flush()
    value = {
        "node": "platform",
        "point": point.name,
        "lot": lot,
        "color": point.color,
        "category": point.category,
        "evidence_sha256": canonical.sha(raw),
    }
    log.append(facts.Alert.read(value), lot=lot)
    return True


def known(lot: str, point: Point, evidence: dict[str, Any]) -> bool:
    """Whether this very alert was raised before."""
    key = _key(point, _evidence(lot, point, evidence))
    return db.session.scalar(select(Raised.id).where(Raised.lot == lot, Raised.point == key)) is not None


def _evidence(lot: str, point: Point, evidence: dict[str, Any]) -> bytes:
    return canonical.encode({**evidence, "lot": lot, "point": point.name, "color": point.color})


def _key(point: Point, raw: bytes) -> str:
    return f"{point.name}:{point.color}:{canonical.sha(raw)[:8]}"


def raised(lot: str) -> list[Raised]:
    """What was raised about the lot, newest first."""
    return list(db.session.scalars(select(Raised).where(Raised.lot == lot).order_by(Raised.id.desc())))
