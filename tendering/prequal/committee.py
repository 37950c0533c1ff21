"""Who reviews applications: a committee where state funds lead a construction tender, otherwise owner or agency (条例 18; 87号令 44)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import delete, select

from accounts import directory, records
from accounts.actor import Actor
from accounts.models import Organization, Person
from accounts.roles import Role
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid
from kernel.law import holds
from tendering import drafts, packs, visibility
from tendering.codes import Trade
from tendering.lifecycle import lot_of
from tendering.models import Lot, Tender
from tendering.prequal import applying, judging, rules
from tendering.prequal.judging import Member
from tendering.prequal.models import PrequalReview, PrequalReviewer
from tendering.states import LotState


def takes_committee(tender: Tender) -> bool:
    """条例 第18条: state funds lead and the tender is one of construction."""
    return tender.trade == Trade.CONSTRUCTION and bool(tender.draft.get("state_funded", True))


def seat(actor: Actor, lot_code: str, logins: Sequence[str], now: dt.datetime) -> list[PrequalReviewer]:
    """The centre's staff seats the committee once the applications are in, and never changes it after the first review."""
    actor.act_as(Role.OPS)
    lot = lot_of(lot_code, lock=True)
    check_reviewing(lot)
    if not takes_committee(lot.tender) or _reviewed(lot):
        raise Conflict(
            "prequal.committee_fixed",
            "本标段不设资格审查委员会，或者已经开始审查。",
            "No committee reviews this lot, or it has begun.",
            rule=rules.LAW,
        )
    people = [_person(login) for login in dict.fromkeys(logins)]
    pack, members = packs.load(lot.tender.pack_id), [_member(lot, person) for person in people]
    judging.check_committee(pack, members, _applicants(lot))
    db.session.execute(delete(PrequalReviewer).where(PrequalReviewer.lot_id == lot.id))
    rows = [
        PrequalReviewer(lot_id=lot.id, person_id=person.id, expert=member.expert, seated_at=now)
        for person, member in zip(people, members, strict=True)
    ]
    db.session.add_all(rows)
    db.session.flush()
    records.acted(actor, "prequal.committee", now, lot=lot.code)
    return rows


@holds("T05")
def check_reviewer(actor: Actor, lot: Lot) -> None:
    """Forbidden to everybody but the seated members, or where there is no committee the owner's and agency's people."""
    if not takes_committee(lot.tender):
        visibility.check_project(lot.tender, actor)
        return
    actor.act_as_any(Role.EXPERT, Role.OWNER)
    if actor.person_id not in members_of(lot):
        raise Forbidden(
            "prequal.no_reviewer",
            "您不是本标段资格审查委员会的成员。",
            "You do not sit on this lot's review committee.",
            rule=rules.LAW,
        )


def members_of(lot: Lot) -> list[int]:
    """The persons who sit."""
    return list(
        db.session.scalars(
            select(PrequalReviewer.person_id).where(PrequalReviewer.lot_id == lot.id).order_by(PrequalReviewer.id)
        )
    )


def seats_of(actor: Actor) -> list[Lot]:
    """The lots whose applications the actor reviews as a member now."""
    wanted = (
        select(Lot)
        .join(PrequalReviewer, PrequalReviewer.lot_id == Lot.id)
        .where(PrequalReviewer.person_id == actor.person_id)
    )
    return list(db.session.scalars(wanted.where(Lot.state == LotState.PREQUAL_REVIEW).order_by(Lot.code)))


def check_reviewing(lot: Lot) -> None:
    """Conflict unless applications are under review now."""
    if lot.state != LotState.PREQUAL_REVIEW:
        raise Conflict(
            "prequal.not_reviewing",
            "资格预审申请截止后、结果公布前才能审查。",
            "Applications are reviewed after their deadline and before the result.",
            rule=rules.LAW,
            state=lot.state,
        )


def _reviewed(lot: Lot) -> bool:
    applications = [row.id for row in applying.live(lot)]
    return (
        db.session.scalar(select(PrequalReview.id).where(PrequalReview.application_id.in_(applications)).limit(1))
        is not None
    )


def _person(login: str) -> Person:
    found = directory.person_of(login)
    if found is None:
        raise Invalid(
            "committee.unknown", f"没有此人：{login}", f"There is nobody called {login}", fields={"members": login}
        )
    return found


def _member(lot: Lot, person: Person) -> Member:
    membership, roles = directory.membership_of(person.id), directory.roles_of(person.id)
    organization = db.session.get(Organization, membership.organization_id) if membership else None
    owner = Role.OWNER in roles and organization is not None and organization.id == lot.tender.owner_org
    return Member(person.login, Role.EXPERT in roles, organization.uscc if organization else "", owner=owner)


def _applicants(lot: Lot) -> set[str]:
    return {drafts.organization(one).uscc for row in applying.live(lot) for one in row.members}
