"""Who may bid on a lot: strangers to owner, agency and centre, each organization in one bid only (C23, C24; rules.md 5.1).

An organization's part in a lot is one row, unique and locked while its party hands in, so that of two bids in which it
takes part at one instant one is refused. A consortium's members are those who confirmed its declaration; they never change.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from accounts import ties
from accounts.models import Consortium, ConsortiumMember, Organization
from accounts.roles import OrgKind
from bidding import lots
from bidding.entering import live_head
from bidding.models import Participation
from kernel.db import db
from kernel.errors import Conflict, Forbidden
from kernel.law import holds
from tendering.invitations.door import check_invited
from tendering.models import Lot
from tendering.offers.door import check_confirmed
from tendering.prequal.door import check_qualified
from tendering.quotes.door import check_stays

OFFICES = (OrgKind.CENTRE, OrgKind.SUPERVISOR, OrgKind.MANAGER)
"""Whose own organization, under whatever kind it stands here, never bids: 电子招标投标办法 art. 23."""


def check_party(organization: int, party: str, lot: Lot) -> None:
    """Forbidden when the notice admits no consortia, or when a member is one that does not bid here."""
    _check_admitted(party, lot)
    check_invited(lot.tender, organization)
    check_confirmed(lot, organization)
    check_qualified(lot, party)
    check_stays(lot, organization)
    members = members_of(organization, party)
    _check_strangers(members, lot)
    _check_offices(members)


@holds("C24.once", "consortium_members")
def take_part(organization: int, party: str, lot: Lot) -> None:
    """Enter every member's part in this party; Conflict while a member takes part in another live bid of the lot."""
    members = {member.id: member for member in members_of(organization, party)}
    known = {row.organization: row for row in _locked(lot.code, sorted(members))}
    for found in known.values():
        if found.party != party and live_head(lot.code, found.party) is not None:
            raise _twice(members[found.organization], lot)
        found.party = party
    missing = [one for one in sorted(members) if one not in known]
    if missing:
        _enter(
            [Participation(lot=lot.code, organization=one, party=party) for one in missing],
            _twice(members[missing[0]], lot),
        )


def _enter(parts: Sequence[Participation], raced: Conflict) -> None:
    """Another party of the same organization may enter at the same instant; `raced` is made while the row can be read."""
    try:
        db.session.add_all(parts)
        db.session.flush()
    except IntegrityError as error:
        raise raced from error


def members_of(organization: int, party: str) -> Sequence[Organization]:
    """The organizations behind a bidding party: the one, or every member of the consortium."""
    kind, _, code = party.partition(":")
    wanted = [organization]
    if kind == "consortium":
        member = select(ConsortiumMember.organization_id).join(
            Consortium, Consortium.id == ConsortiumMember.consortium_id
        )
        wanted = list(db.session.scalars(member.where(Consortium.code == code)))
    found = select(Organization).where(Organization.id.in_(wanted)).order_by(Organization.id)
    return db.session.scalars(found).all()


@holds("consortium_allowed")
def _check_admitted(party: str, lot: Lot) -> None:
    """A consortium bids only where the notice admits consortia (C24)."""
    if party.startswith("consortium:") and not lot.tender.draft.get("consortium_allowed"):
        raise Forbidden(
            "consortium.not_admitted",
            "本项目不接受联合体投标。",
            "This tender admits no consortia.",
            rule=lots.pack(lot).clause("consortium_allowed"),
        )


@holds("P13.related", "C23")
def _check_strangers(members: Sequence[Organization], lot: Lot) -> None:
    """Owner and agency do not bid in their own tender, under no kind and in no consortium, nor do those they hold (条例 第34条)."""
    involved = [one for one in (lot.tender.owner_org, lot.tender.agency_org) if one is not None]
    codes = set(db.session.scalars(select(Organization.uscc).where(Organization.id.in_(involved))))
    held = frozenset(holder for code in codes for holder in ties.holders_of(code))
    if any(member.uscc in codes for member in members):
        raise Forbidden(
            "bid.own_tender",
            "招标人和代理机构不得参加本项目投标。",
            "Owner and agency do not bid in their own tender.",
            rule=ties.LAW,
        )
    if any(member.uscc in held or codes & ties.holders_of(member.uscc) for member in members):
        raise Forbidden(
            "bid.holding",
            "与招标人（采购人）或者代理机构存在申报的控股、管理关系，不得参加本项目投标。",
            "An organization that holds owner or agency, or is held by them, does not bid in their tender.",
            rule=ties.LAW,
        )


def _check_offices(members: Sequence[Organization]) -> None:
    codes = [member.uscc for member in members]
    offices = select(Organization.id).where(Organization.uscc.in_(codes), Organization.kind.in_(OFFICES))
    if db.session.scalars(offices.limit(1)).first() is not None:
        raise Forbidden(
            "bid.operator",
            "交易中心及其所属单位、监督和管理机构不得在本平台投标。",
            "The trading centre, its supervisors and its management office do not bid on their own platform.",
            rule="《电子招标投标办法》第二十三条；《招标投标法实施条例》第五条",
        )


def _locked(lot: str, organizations: Sequence[int]) -> Sequence[Participation]:
    """In one order for all, so that two consortia that share two members cannot wait for each other."""
    wanted = select(Participation).where(Participation.lot == lot, Participation.organization.in_(organizations))
    locked = wanted.order_by(Participation.organization).with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(locked).all()


def _twice(member: Organization, lot: Lot) -> Conflict:
    return Conflict(
        "bid.twice",
        f"{member.name} 已在本标段投标，不得另行单独投标或者参加其他联合体投标。",
        f"{member.name} takes part in another bid on this lot: alone, or in one consortium, never both.",
        rule=lots.pack(lot).clause("consortium_members") or lots.pack(lot).clause("consortium_allowed"),
    )
