"""With which departments the plans of a trade are filed: data of the county, kept by its management office."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select

from accounts import records
from accounts.actor import Actor
from accounts.models import Organization
from accounts.roles import OrgKind, Role
from kernel.db import db
from kernel.errors import Invalid, NotFound
from tendering.codes import Trade
from tendering.filing.models import Department
from tendering.filing.service import RETURN_LAW

KINDS = (OrgKind.MANAGER, OrgKind.SUPERVISOR)
LONGEST = 60
"""Working days; nothing is filed for longer than a season."""


@dataclass(frozen=True)
class Terms:
    """What a department is asked, and by which law it may do more than take note."""

    trade: Trade
    uscc: str
    days: int
    approves: bool
    basis: str


def every() -> list[Department]:
    return list(db.session.scalars(select(Department).order_by(Department.trade, Department.id)))


def choices() -> list[Organization]:
    """Organizations that can be named."""
    wanted = select(Organization).where(Organization.kind.in_([kind.value for kind in KINDS]))
    return list(db.session.scalars(wanted.order_by(Organization.name)))


def name(actor: Actor, terms: Terms, now: dt.datetime) -> Department:
    """Name a department for a trade, or change what it is asked. Plans filed before keep the terms of their day."""
    actor.act_as(Role.MGR)
    found = _organization(terms.uscc)
    _check(terms)
    row = db.session.scalar(
        select(Department).where(Department.trade == terms.trade, Department.organization_id == found.id)
    )
    if row is None:
        row = Department(trade=terms.trade, organization_id=found.id)
        db.session.add(row)
    row.days, row.approves, row.basis = terms.days, terms.approves, terms.basis.strip()
    db.session.flush()
    records.acted(actor, f"department.named {terms.trade} {found.uscc}", now)
    return row


def drop(actor: Actor, number: int, now: dt.datetime) -> None:
    actor.act_as(Role.MGR)
    row = db.session.get(Department, number)
    if row is None:
        raise NotFound("department.unknown", "没有这个部门。", "There is no such department.", rule=RETURN_LAW)
    db.session.delete(row)
    records.acted(actor, f"department.dropped {row.trade} {row.organization_id}", now)


def _organization(uscc: str) -> Organization:
    wanted = select(Organization).where(
        Organization.uscc == uscc, Organization.kind.in_([kind.value for kind in KINDS])
    )
    found = db.session.scalars(wanted).first()
    if found is None:
        raise _invalid("uscc", "请选择已登记的管理或者监督部门。", "Choose a department that is registered here.")
    return found


def _check(terms: Terms) -> None:
    if not 1 <= terms.days <= LONGEST:
        raise _invalid("days", f"办理时限为 1 至 {LONGEST} 个工作日。", f"The time is 1 to {LONGEST} working days.")
    if terms.approves and not terms.basis.strip():
        raise _invalid(
            "basis",
            "没有法律、行政法规依据的，不得设定审批，只作备案接收。",
            "Without a basis in law there is no approval: the department only receives the filing.",
        )


def _invalid(field: str, zh: str, en: str) -> Invalid:
    return Invalid("department.invalid", zh, en, rule=RETURN_LAW, fields={field: zh})
