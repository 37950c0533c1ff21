"""Lists of tenders: filtered, sorted, cut into pages; drafts only for the people of their project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, UnaryExpression, false, func, or_, select

from accounts.actor import Actor
from accounts.models import Organization
from accounts.roles import Role
from kernel.db import db
from tendering.models import Lot, Tender

PAGE = 50
_CLOSES = select(func.min(Lot.closes_at)).where(Lot.tender_id == Tender.id).scalar_subquery()
SORTS: dict[str, Any] = {
    "published_at": Tender.published_at,
    "closes_at": _CLOSES,
    "title": Tender.title,
    "code": Tender.code,
}


@dataclass(frozen=True)
class Query:
    """What a reader asked for; every field has a neutral value."""

    q: str = ""
    trade: str = ""
    state: str = ""
    region: str = ""
    sort: str = "published_at"
    order: str = "desc"
    page: int = 1


@dataclass(frozen=True)
class Found:
    rows: Sequence[Tender]
    total: int
    pages: int


def public(query: Query, *, size: int = PAGE) -> Found:
    """Published tenders; nothing of a draft is ever among them."""
    wanted = _filtered(select(Tender).where(Tender.published_at.is_not(None)), query)
    total = db.session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    ordered = wanted.order_by(_direction(query), Tender.id.desc())
    rows = db.session.scalars(ordered.limit(size).offset((query.page - 1) * size)).all()
    return Found(rows, total, max(1, -(-total // size)))


def mine(actor: Actor) -> list[Tender]:
    """All tenders of the actor's projects, drafts included, newest first."""
    sides: list[ColumnElement[bool]] = [false()]
    if Role.OWNER in actor.roles:
        sides.append(Tender.owner_org == actor.organization_id)
    if Role.AGENCY in actor.roles:
        sides.append(Tender.agency_org == actor.organization_id)
    return list(db.session.scalars(select(Tender).where(or_(*sides)).order_by(Tender.id.desc())))


def _filtered(wanted: Select[Tender], query: Query) -> Select[Tender]:
    if query.trade:
        wanted = wanted.where(Tender.trade == query.trade)
    if query.region:
        wanted = wanted.where(Tender.region.startswith(query.region, autoescape=True))
    if query.state:
        wanted = wanted.where(Tender.lots.any(Lot.state == query.state))
    if query.q:
        owners = select(Organization.id).where(Organization.name.contains(query.q, autoescape=True))
        wanted = wanted.where(
            or_(
                Tender.title.contains(query.q, autoescape=True),
                Tender.code.startswith(query.q, autoescape=True),
                Tender.owner_org.in_(owners),
            )
        )
    return wanted


def _direction(query: Query) -> UnaryExpression[Any]:
    column = SORTS[query.sort]
    found: UnaryExpression[Any] = column.asc() if query.order == "asc" else column.desc()
    return found
