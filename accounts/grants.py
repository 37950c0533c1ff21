"""Roles given and taken back (rules.md 5.1): by the management office, with effect at once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select, update

from accounts import records, rules
from accounts.actor import Actor
from accounts.directory import membership_of, roles_of
from accounts.models import Organization, Person, RoleGrant
from accounts.roles import PLANE_OF, OrgKind, Plane, Role
from kernel.db import db
from kernel.errors import Forbidden, NotFound
from kernel.law import holds


@dataclass(frozen=True)
class Expertise:
    """What the management office checked before it admitted an expert: the field, years of work in it, the title."""

    field: str
    years: int
    title: str


@holds("C37")
def grant_role(actor: Actor, login: str, role: Role, now: dt.datetime, expertise: Expertise | None = None) -> RoleGrant:
    """Give a role, as MGR; Forbidden where roles, planes or the kind of organization exclude it (rules.md 5.1).

    An expert is admitted with the record that a committee is later checked by.
    """
    actor.act_as(Role.MGR)
    if role is Role.EXPERT:
        rules.check_expertise(vars(expertise) if expertise else {})
    person = db.session.scalar(select(Person).where(Person.login == rules.login(login)).with_for_update())
    membership = membership_of(person.id) if person else None
    if person is None or membership is None:
        raise NotFound("person.unknown", "没有此人", "There is no such person")
    if person.id == actor.person_id:
        raise Forbidden("grant.self", "不能给自己授予角色", "Nobody grants a role to oneself", rule="rules.md 5.1")
    organization = db.session.get_one(Organization, membership.organization_id)
    grant = add_grant(person, organization, role, actor.person_id, now)
    grant.expertise = vars(expertise) if expertise else None
    records.acted(actor, f"role.granted {role}", now)
    return grant


def add_grant(
    person: Person, organization: Organization, role: Role, granted_by: int | None, now: dt.datetime
) -> RoleGrant:
    """Write the grant once the rules allow it; the caller holds the person's row."""
    plane = Plane(person.plane) if person.plane else None
    rules.check_grant(OrgKind(organization.kind), roles_of(person.id), plane, role)
    person.plane = PLANE_OF[role].value
    db.session.flush()
    grant = RoleGrant(
        person_id=person.id,
        organization_id=organization.id,
        role=role.value,
        live_plane=person.plane,
        granted_by=granted_by,
        granted_at=now,
    )
    db.session.add(grant)
    db.session.flush()
    return grant


def role_named(text: str) -> Role:
    """The role of this name; NotFound when there is none."""
    try:
        return Role(text)
    except ValueError as error:
        raise NotFound("role.unknown", "没有此角色", "There is no such role") from error


def end_grant(actor: Actor, login: str, role: Role, now: dt.datetime) -> None:
    """Take a role back, as MGR; its effect is immediate."""
    actor.act_as(Role.MGR)
    person = db.session.scalar(select(Person).where(Person.login == rules.login(login)).with_for_update())
    ended = person is not None and _end(person.id, role, now)
    if person is None or not ended:
        raise NotFound("grant.unknown", "此人没有该角色", "The person does not hold this role")
    if person.id == actor.person_id:
        raise Forbidden("grant.self", "不能收回自己的角色", "Nobody takes back the own role", rule="rules.md 5.1")
    if not roles_of(person.id):
        person.plane = None
    records.acted(actor, f"role.ended {role}", now)


def _end(person_id: int, role: Role, now: dt.datetime) -> bool:
    live = (RoleGrant.person_id == person_id, RoleGrant.role == role.value, RoleGrant.ended_at.is_(None))
    changed = db.session.execute(update(RoleGrant).where(*live).values(ended_at=now, live_plane=None))
    return bool(changed.rowcount)  # type: ignore[attr-defined]
