"""Organizations registered, their people invited, parts given."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import select

from accounts import records, rules
from accounts.actor import Actor
from accounts.directory import any_holder, membership_of, organization_of, person_of
from accounts.grants import add_grant
from accounts.models import Membership, Organization, Person
from accounts.roles import OrgKind, Part, Role
from kernel import canonical
from kernel.db import db
from kernel.errors import Conflict, Forbidden, NotFound, Words

USCC_WARNING = Words(
    "统一社会信用代码校验位不符：请核对营业执照。早期试点代码可能如此，登记不受影响。",
    "The code's check character does not match: compare it with the licence. Codes of the early pilot regions may do so; registration goes on.",
)


@dataclass(frozen=True)
class Registration:
    """An organization and its first person. Without `password_hash` the person gets an invitation."""

    uscc: str
    name: str
    kind: OrgKind
    person_name: str
    login: str
    password_hash: str | None = None


@dataclass(frozen=True)
class Registered:
    organization: Organization
    person: Person
    invitation: str | None = None
    warnings: list[Words] = field(default_factory=list)


@dataclass(frozen=True)
class NewPerson:
    """A further person of an organization, named by its code and kind when the management office adds one."""

    name: str
    login: str
    parts: Collection[str]
    uscc: str | None = None
    kind: OrgKind | None = None


@dataclass(frozen=True)
class Founder:
    """The management office and the person who admits everybody else."""

    uscc: str
    organization: str
    name: str
    login: str
    password_hash: str


def found(founder: Founder, now: dt.datetime) -> Person:
    """Register the management office and its first MGR; Conflict once there is one."""
    if any_holder(Role.MGR):
        raise Conflict(
            "office.founded", "管理办公室已建立", "The management office stands already", rule="rules.md 5.1"
        )
    code = rules.uscc(founder.uscc)
    organization = _add_organization(code, founder.organization, OrgKind.MANAGER, now)
    form = Registration(code, founder.organization, OrgKind.MANAGER, founder.name, founder.login, founder.password_hash)
    person, _ = _add_person(organization, form, frozenset(Part), now)
    add_grant(person, organization, Role.MGR, None, now)
    _record_registration(None, person, organization, now)
    return person


def _add_organization(code: str, name: str, kind: OrgKind, now: dt.datetime) -> Organization:
    organization = Organization(
        uscc=code, uscc_ok=rules.uscc_ok(code), name=rules.name(name), kind=kind.value, created_at=now
    )
    db.session.add(organization)
    db.session.flush()
    return organization


def register_organization(form: Registration, by: Actor | None, now: dt.datetime) -> Registered:
    """Open an organization with its first person, who gets every part; Conflict if code or sign-in name is taken."""
    code, kind = rules.uscc(form.uscc), form.kind
    if by is not None:
        by.act_as(Role.MGR)
    rules.check_registration(kind, by_manager=by is not None)
    if organization_of(code, kind) is not None:
        raise Conflict(
            "uscc.taken", "该单位已登记", "This organization is registered already", fields={"uscc": "taken"}
        )
    organization = _add_organization(code, form.name, kind, now)
    person, invitation = _add_person(organization, form, frozenset(Part), now)
    _record_registration(by, person, organization, now)
    return Registered(organization, person, invitation, [] if organization.uscc_ok else [USCC_WARNING])


def _record_registration(by: Actor | None, person: Person, organization: Organization, now: dt.datetime) -> None:
    registrar = by or Actor(
        person.id, person.name, organization.id, organization.name, organization.uscc, frozenset(), frozenset()
    )
    records.acted(registrar, "organization.registered", now)


def register_person(actor: Actor, new: NewPerson, now: dt.datetime) -> tuple[Person, str]:
    """Add a person to the own organization (who signs for it decides), or to any as MGR; returns the invitation."""
    organization = _organization_for(actor, new)
    person, invitation = _add_person(
        organization, Registration("", "", OrgKind(organization.kind), new.name, new.login), rules.parts(new.parts), now
    )
    records.acted(actor, "person.registered", now)
    if invitation is None:
        raise Conflict("person.invitation", "没有生成邀请", "No invitation was made")
    return person, invitation


def _organization_for(actor: Actor, new: NewPerson) -> Organization:
    if new.uscc is None:
        actor.take_part(Part.SIGN)
        return db.session.get_one(Organization, actor.organization_id)
    actor.act_as(Role.MGR)
    found = organization_of(rules.uscc(new.uscc), new.kind)
    if found is None:
        raise NotFound("organization.unknown", "没有此单位", "There is no such organization")
    return found


def _add_person(
    organization: Organization, form: Registration, parts: frozenset[Part], now: dt.datetime
) -> tuple[Person, str | None]:
    login = rules.login(form.login)
    if db.session.scalar(select(Person.id).where(Person.login == login)) is not None:
        raise Conflict("login.taken", "登录名已被使用", "The sign-in name is taken", fields={"login": "taken"})
    invitation = None if form.password_hash else secrets.token_urlsafe(24)
    person = Person(
        name=rules.name(form.person_name, "person_name"),
        login=login,
        password_hash=form.password_hash,
        invitation_sha256=canonical.sha(invitation.encode()) if invitation else None,
        invited_until=now + rules.INVITATION_LIFE if invitation else None,
        totp_step=0,
        created_at=now,
    )
    db.session.add(person)
    db.session.flush()
    db.session.add(
        Membership(
            person_id=person.id,
            organization_id=organization.id,
            since=now,
            **{part.value: part in parts for part in Part},
        )
    )
    if organization.kind == OrgKind.BIDDER:
        add_grant(person, organization, Role.BIDDER, None, now)
    db.session.flush()
    return person, invitation


def accept_invitation(invitation: str, login: str, password_hash: str, now: dt.datetime) -> Person:
    """Set the first password with a one-time invitation; NotFound when it is unknown, used, over or another's."""
    digest = canonical.sha(invitation.encode())
    person = db.session.scalar(select(Person).where(Person.invitation_sha256 == digest).with_for_update())
    valid = person is not None and person.login == rules.login(login)
    if person is None or not valid or person.invited_until is None or person.invited_until < now:
        raise NotFound("invitation.over", "邀请无效或已过期", "The invitation is unknown, used or over")
    person.password_hash = password_hash
    person.invitation_sha256 = person.invited_until = None
    return person


def set_parts(actor: Actor, login: str, given: Collection[str], now: dt.datetime) -> None:
    """Change what a person of the own organization may do; nobody changes the own parts."""
    actor.take_part(Part.SIGN)
    parts = rules.parts(given)
    person = person_of(login)
    membership = membership_of(person.id) if person else None
    if person is None or membership is None or membership.organization_id != actor.organization_id:
        raise NotFound("person.unknown", "本单位没有此人", "Your organization has no such person")
    if person.id == actor.person_id:
        raise Forbidden("part.self", "不能更改自己的分工", "Nobody changes the own parts")
    for part in Part:
        setattr(membership, part.value, part in parts)
    records.acted(actor, "parts.changed", now)
