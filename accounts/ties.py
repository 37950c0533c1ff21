"""Who heads and holds an organization, as it declares itself: what 条例 art. 34 asks of bidders in one lot (C23)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from accounts import records, rules
from accounts.actor import Actor
from accounts.models import Organization, Tie
from accounts.roles import Part
from kernel.db import db
from kernel.errors import Invalid

LAW = "《招标投标法实施条例》第三十四条"
MOST_HOLDERS = 30


@dataclass(frozen=True)
class Declared:
    """The responsible person (单位负责人), and the codes of organizations that hold or manage this one."""

    head: str
    holders: tuple[str, ...] = ()


def declare(actor: Actor, head: str, holders: Sequence[str], now: dt.datetime) -> Tie:
    """Say it anew for the own organization; earlier declarations stay. Invalid with the field at fault."""
    actor.take_part(Part.SIGN)
    codes = sorted({rules.uscc(code) for code in holders} - {actor.uscc})
    if len(codes) > MOST_HOLDERS:
        raise Invalid(
            "ties.many",
            f"最多申报 {MOST_HOLDERS} 家",
            f"Declare at most {MOST_HOLDERS}",
            rule=LAW,
            fields={"holders": "many"},
        )
    said = Tie(organization_id=actor.organization_id, head=rules.name(head, "head"), holders=codes, declared_at=now)
    db.session.add(said)
    db.session.flush()
    records.acted(actor, "ties.declared", now)
    return said


def of(organizations: Collection[int]) -> Mapping[int, Declared]:
    """The last declaration of each organization that made one."""
    last = select(func.max(Tie.id)).where(Tie.organization_id.in_(organizations)).group_by(Tie.organization_id)
    rows = db.session.scalars(select(Tie).where(Tie.id.in_(last)))
    return {row.organization_id: Declared(row.head, tuple(row.holders)) for row in rows}


def holders_of(uscc: str) -> frozenset[str]:
    """Who holds or manages the organization of this code, under whatever kind it stands here."""
    same = select(Organization.id).where(Organization.uscc == uscc)
    return frozenset(code for one in of(set(db.session.scalars(same))).values() for code in one.holders)
