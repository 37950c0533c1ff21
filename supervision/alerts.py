"""Alerts that the platform itself raises; those about a lot once each, with the evidence that its hash stands for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import LargeBinary, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from kernel import canonical
from kernel.db import Base, Instant, db
from supervision import facts, log


class Raised(Base):
    """An alert about a lot, raised once for each point and evidence."""

    __tablename__ = "platform_alert"
    __table_args__ = (UniqueConstraint("lot", "point"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(String(23))
    point: Mapped[str] = mapped_column(String(60))
    evidence: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[dt.datetime] = mapped_column(Instant)


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
    log.append(_fact(point, raw, lot), lot=lot)
    return True


def fact(point: Point, evidence: object, lot: str | None = None) -> facts.Alert:
    """An open alert that says of its evidence only the hash; without a lot where naming one would tell too much."""
    return _fact(point, canonical.encode(evidence), lot)


def _fact(point: Point, evidence: bytes, lot: str | None) -> facts.Alert:
    value = {
        "node": "platform",
        "point": point.name,
        "lot": lot,
        "color": point.color,
        "category": point.category,
        "evidence_sha256": canonical.sha(evidence),
    }
    return facts.Alert.read(value)


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
