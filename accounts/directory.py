"""Who is who: lookups of organizations, people, memberships and live roles."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select

from accounts.models import Certificate, Membership, Organization, Person, RoleGrant
from accounts.roles import OrgKind, Part, Role
from kernel.db import db


def organization_of(uscc: str, kind: OrgKind | None = None) -> Organization | None:
    """The organization with this code (as `kind`, when it stands here as several)."""
    wanted = select(Organization).where(Organization.uscc == uscc)
    if kind is not None:
        wanted = wanted.where(Organization.kind == kind.value)
    return db.session.scalars(wanted.order_by(Organization.id)).first()


def person_of(login: str) -> Person | None:
    return db.session.scalar(select(Person).where(Person.login == login))


def membership_of(person_id: int) -> Membership | None:
    """The live membership."""
    return db.session.scalar(select(Membership).where(Membership.person_id == person_id, Membership.ended_at.is_(None)))


def roles_of(person_id: int) -> frozenset[Role]:
    held = select(RoleGrant.role).where(RoleGrant.person_id == person_id, RoleGrant.ended_at.is_(None))
    return frozenset(Role(value) for value in db.session.scalars(held))


def any_holder(role: Role) -> bool:
    """Whether anybody holds the role."""
    held = select(RoleGrant.id).where(RoleGrant.role == role.value, RoleGrant.ended_at.is_(None))
    return db.session.scalars(held.limit(1)).first() is not None


@dataclass(frozen=True)
class Listed:
    """A person as the own organization and the management office see them: never address, session or secret."""

    name: str
    login: str
    organization: str
    uscc: str
    kind: OrgKind
    parts: frozenset[Part]
    roles: frozenset[Role]
    second_factor: bool
    invited: bool


def members_of(organization_id: int) -> list[Listed]:
    """The people of one organization."""
    return _listed(Membership.organization_id == organization_id)


def people_like(text: str, limit: int = 200) -> list[Listed]:
    """People of any organization whose names or codes hold `text`; for the management office alone."""
    like = f"%{text.strip()}%"
    columns = (Person.name, Person.login, Organization.name, Organization.uscc)
    return _listed(or_(*(column.ilike(like) for column in columns)), limit)


def _listed(chosen: ColumnElement[bool], limit: int = 1000) -> list[Listed]:
    rows = db.session.execute(
        select(Person, Membership, Organization)
        .join(Membership, Membership.person_id == Person.id)
        .join(Organization, Organization.id == Membership.organization_id)
        .where(chosen, Membership.ended_at.is_(None))
        .order_by(Organization.name, Person.id)
        .limit(limit)
    ).all()
    roles = _roles_of_all([person.id for person, _, _ in rows])
    return [_one(person, membership, organization, roles) for person, membership, organization in rows]


def _one(person: Person, membership: Membership, organization: Organization, roles: dict[int, set[Role]]) -> Listed:
    return Listed(
        name=person.name,
        login=person.login,
        organization=organization.name,
        uscc=organization.uscc,
        kind=OrgKind(organization.kind),
        parts=membership.parts,
        roles=frozenset(roles.get(person.id, ())),
        second_factor=person.totp_confirmed_at is not None,
        invited=person.password_hash is None,
    )


def _roles_of_all(person_ids: list[int]) -> dict[int, set[Role]]:
    found: dict[int, set[Role]] = {}
    live = select(RoleGrant.person_id, RoleGrant.role).where(
        RoleGrant.person_id.in_(person_ids), RoleGrant.ended_at.is_(None)
    )
    for person_id, role in db.session.execute(live):
        found.setdefault(person_id, set()).add(Role(role))
    return found


def organizations() -> list[Organization]:
    """Every organization, newest first."""
    return list(db.session.scalars(select(Organization).order_by(Organization.id.desc())))


def has_totp(person_id: int) -> bool:
    return db.session.get_one(Person, person_id).totp_confirmed_at is not None


def holder_of(certificate: Certificate) -> Listed:
    """The person a certificate names."""
    return _listed(Person.id == certificate.person_id)[0]
