"""The cast of a play: organizations registered and admitted by the services that people use, each with a certified key."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from accounts import certificates, directory, grants
from accounts import people as register
from accounts.actor import Actor
from accounts.certificates import Possession
from accounts.models import Organization
from accounts.people import Founder, Registration
from accounts.roles import OrgKind, Part, Role
from kernel import keys
from kernel.db import db
from kernel.statements import Signed
from portal.demo.people import uscc

OFFICES: dict[str, tuple[OrgKind, Role, str]] = {
    "supervisor": (OrgKind.SUPERVISOR, Role.SUP, "青山县住房和城乡建设局"),
    "inspector": (OrgKind.SUPERVISOR, Role.INSP, "青山县监察委员会"),
    "centre": (OrgKind.CENTRE, Role.OPS, "青山县公共资源交易中心"),
    "finance": (OrgKind.CENTRE, Role.FIN, "青山县公共资源交易中心财务室"),
}
MANAGER, MANAGER_NAME = "manager", "青山县公共资源交易管理办公室"
EXPERTISE = grants.Expertise("市政工程", 12, "高级工程师")
NO_PASSWORD = "nobody signs in"  # noqa: S105  a hash that fits no password: actors are handed to the services


@dataclass(frozen=True)
class Person:
    """Somebody who acts: `part` is how a scenario calls them, `name` their organization's."""

    part: str
    name: str
    actor: Actor
    key: keys.PrivateKey
    cert: bytes

    def sign(self, raw: bytes) -> Signed:
        return Signed(raw, keys.sign(raw, self.key))


@dataclass(frozen=True)
class Wanted:
    """Who is to be registered."""

    part: str
    name: str
    kind: OrgKind
    role: Role
    number: int


def wanted(people: dict[str, object]) -> list[Wanted]:
    """The offices that every play has, and the people its file names."""
    found = [Wanted(part, name, kind, role, 10 + at) for at, (part, (kind, role, name)) in enumerate(OFFICES.items())]
    found += _listed("owner", [people.get("owner", "青山县交通运输局")], (OrgKind.OWNER, Role.OWNER, 30))
    found += _listed("agency", [people["agency"]] if "agency" in people else [], (OrgKind.AGENCY, Role.AGENCY, 40))
    found += _listed("bidder", people.get("bidders", []), (OrgKind.BIDDER, Role.BIDDER, 100))
    experts = people.get("experts", [f"评标专家库第{at}组" for at in range(1, 8)])
    return found + _listed("expert", experts, (OrgKind.EXPERT_POOL, Role.EXPERT, 200))


def _listed(part: str, names: object, as_what: tuple[OrgKind, Role, int]) -> list[Wanted]:
    """One has the part's name; several are numbered from 1."""
    kind, role, first = as_what
    assert isinstance(names, list)
    alone = part in ("owner", "agency")
    parts = [part if alone else f"{part}{at}" for at in range(1, len(names) + 1)]
    return [
        Wanted(part, str(name), kind, role, first + at)
        for at, (part, name) in enumerate(zip(parts, names, strict=True))
    ]


def found_office(now: dt.datetime) -> Person:
    """The management office, which admits the others."""
    founder = Founder(uscc(1), MANAGER_NAME, "管理员", MANAGER, NO_PASSWORD)
    person = register.found(founder, now)
    return _certified(MANAGER, MANAGER_NAME, _actor(person.id, person.name), now)


def admit(office: Person, who: Wanted, now: dt.datetime) -> Person:
    """Register an organization with its first person, who gets the role and a certified key."""
    form = Registration(uscc(who.number), who.name, who.kind, f"{who.part} 经办人", who.part, NO_PASSWORD)
    own_door = who.kind in (OrgKind.OWNER, OrgKind.AGENCY, OrgKind.BIDDER)
    person = register.register_organization(form, None if own_door else office.actor, now).person
    if who.role not in directory.roles_of(person.id):
        expertise = EXPERTISE if who.role is Role.EXPERT else None
        grants.grant_role(office.actor, who.part, who.role, now, expertise)
    return _certified(who.part, who.name, _actor(person.id, person.name), now)


def _actor(person_id: int, name: str) -> Actor:
    """As a session with a one-time code would give it."""
    member = directory.membership_of(person_id)
    assert member is not None
    organization = db.session.get_one(Organization, member.organization_id)
    return Actor(
        person_id, name, organization.id, organization.name, organization.uscc, directory.roles_of(person_id),
        frozenset(Part), address="192.0.2.7", user_agent="scenario",
    )  # fmt: skip


def _certified(part: str, name: str, actor: Actor, now: dt.datetime) -> Person:
    key = keys.generate()
    unproved = Possession(keys.spell(key.public_key()), "", certificates.challenge(actor, now))
    proof = keys.b64(keys.sign(certificates.statement(unproved), key))
    issued = certificates.issue(actor, replace(unproved, proof=proof), now)
    certificates.confirm(actor, issued.serial, now)
    return Person(part, name, actor, key, issued.der)
