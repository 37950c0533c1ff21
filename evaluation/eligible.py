"""Who may be seated: experts and the owner's people with what bars them, and each as the rules of a committee see them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import or_, select

from accounts import certificates, directory
from accounts.actor import Actor
from accounts.models import Certificate, Membership, Organization, Person, RoleGrant
from accounts.roles import PLANE_OF, Role
from evaluation import reading, rules
from evaluation.rules import Candidate
from kernel.db import db
from kernel.errors import Refusal, Words
from tendering import lifecycle, packs
from tendering.models import Lot
from tendering.packs import Pack


@dataclass(frozen=True)
class Eligible:
    """An expert or somebody of the owner's, as the desk sees them: with what bars them, if anything does."""

    login: str
    name: str
    organization: str
    represents: bool
    sits: bool
    barred: Words | None


def experts(actor: Actor, lot_code: str, now: dt.datetime) -> list[Eligible]:
    """Everybody with the expert's role and the owner's own people, by name, for the centre's staff to choose from."""
    actor.act_as(Role.OPS)
    lot = lifecycle.lot_of(lot_code)
    parties, sitting = reading.parties(lot), {seat.person_id for seat in reading.seats(lot_code)}
    held = select(RoleGrant.person_id).where(RoleGrant.role == Role.EXPERT, RoleGrant.ended_at.is_(None))
    own = select(Membership.person_id).where(
        Membership.organization_id == lot.tender.owner_org, Membership.ended_at.is_(None)
    )
    wanted = select(Person).where(or_(Person.id.in_(held), Person.id.in_(own)))
    found = [candidate(lot, person, now) for person in db.session.scalars(wanted.order_by(Person.name, Person.id))]
    pack = packs.load(lot.tender.pack_id)
    return [_eligible(pack, one, parties, sits=one.person_id in sitting) for one in found]


def _eligible(pack: Pack, one: Candidate, parties: frozenset[str], *, sits: bool) -> Eligible:
    person = db.session.get_one(Person, one.person_id)
    organization = db.session.scalar(select(Organization).where(Organization.uscc == one.uscc))
    barred = None
    try:
        rules.check_candidate(one, parties)
        rules.check_experience(pack, one)
    except Refusal as refusal:
        barred = refusal.words
    name = organization.name if organization else ""
    return Eligible(person.login, person.name, name, one.represents, sits, barred)


def candidate(lot: Lot, person: Person, now: dt.datetime) -> Candidate:
    """The person as the rules see them."""
    membership = directory.membership_of(person.id)
    organization = db.session.get(Organization, membership.organization_id) if membership else None
    roles = directory.roles_of(person.id)
    return Candidate(
        person.id,
        person.login,
        organization.uscc if organization else "",
        roles,
        next((PLANE_OF[role] for role in roles), None),
        certificate(person, now) is not None,
        membership is not None and Role.OWNER in roles and membership.organization_id == lot.tender.owner_org,
        _years(person),
    )


def _years(person: Person) -> int | None:
    held = (RoleGrant.person_id == person.id, RoleGrant.role == Role.EXPERT, RoleGrant.ended_at.is_(None))
    found = db.session.scalar(select(RoleGrant.expertise).where(*held))
    return int(found["years"]) if found else None


def certificate(person: Person, now: dt.datetime) -> Certificate | None:
    """The newest of the person's certificates that may sign now."""
    wanted = select(Certificate).where(Certificate.person_id == person.id).order_by(Certificate.id.desc())
    for found in db.session.scalars(wanted):
        try:
            return certificates.standing(found.der, now)
        except Refusal:
            continue
    return None
