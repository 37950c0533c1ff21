"""Consortia (联合体): declared by the lead, confirmed by every member's signature over one statement."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select

from accounts import certificates, records, rules
from accounts.actor import Actor
from accounts.directory import organization_of
from accounts.models import Consortium, ConsortiumMember, Organization
from accounts.roles import OrgKind, Part, Role
from kernel import canonical, keys
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid, NotFound


@dataclass(frozen=True)
class Declaration:
    """Members by their codes, the lead among them, and the hash of the joint agreement (共同投标协议)."""

    name: str
    members: Sequence[str]
    agreement_sha256: str


@dataclass(frozen=True)
class Confirmation:
    """A member's signature over the consortium's statement, with the signing certificate."""

    sig: bytes
    cert_der: bytes


def declare(actor: Actor, declared: Declaration, now: dt.datetime) -> Consortium:
    """Declare one as its lead; it bids once every member confirmed. Invalid when a member is no registered bidder."""
    actor.act_as(Role.BIDDER)
    actor.take_part(Part.SIGN)
    codes = sorted(rules.uscc(code) for code in declared.members)
    rules.check_consortium(actor.uscc, codes, declared.agreement_sha256)
    members = [_bidder(code) for code in codes]
    code = secrets.token_hex(8)
    consortium = Consortium(
        code=code,
        name=rules.name(declared.name),
        lead_id=actor.organization_id,
        agreement_sha256=declared.agreement_sha256,
        statement=rules.consortium_statement(code, actor.uscc, codes, declared.agreement_sha256).decode(),
        declared_at=now,
    )
    db.session.add(consortium)
    db.session.flush()
    db.session.add_all(ConsortiumMember(consortium_id=consortium.id, organization_id=found.id) for found in members)
    db.session.flush()
    records.acted(actor, f"consortium.declared {canonical.sha(consortium.statement.encode())}", now)
    return consortium


def _bidder(code: str) -> Organization:
    found = organization_of(code, OrgKind.BIDDER)
    if found is None:
        raise Invalid(
            "consortium.member",
            f"成员单位 {code} 未登记为投标人",
            f"The member {code} is not registered as a bidder",
            fields={"members": code},
        )
    return found


def confirm(actor: Actor, code: str, confirmation: Confirmation, now: dt.datetime) -> Consortium:
    """Confirm for the actor's organization; the last member's confirmation completes the consortium."""
    actor.act_as(Role.BIDDER)
    consortium = seen_by(actor, code)
    key = certificates.signer(actor, confirmation.cert_der, now)
    if not keys.verified(confirmation.sig, consortium.statement.encode(), key):
        raise Invalid("consortium.signature", "签名不成立", "The signature does not verify", fields={"sig": "wrong"})
    # The consortium's row is locked, so that of two last confirmations one sees the other.
    db.session.execute(select(Consortium.id).where(Consortium.id == consortium.id).with_for_update())
    member = db.session.scalars(_membership(consortium, actor.organization_id)).one()
    if member.confirmed_at is not None or consortium.dissolved_at is not None:
        raise Conflict("consortium.confirmed", "本单位已确认或联合体已解散", "Confirmed already, or dissolved")
    member.confirmed_at, member.confirmed_by = now, actor.person_id
    member.signature, member.cert_sha256 = keys.b64(confirmation.sig), canonical.sha(confirmation.cert_der)
    db.session.flush()
    if not _unconfirmed(consortium):
        consortium.confirmed_at = now
    records.acted(actor, "consortium.confirmed", now, cert_sha256=member.cert_sha256)
    return consortium


def dissolve(actor: Actor, code: str, now: dt.datetime) -> None:
    """End it, as its lead. What it bid stays bid."""
    consortium = seen_by(actor, code)
    if consortium.lead_id != actor.organization_id:
        raise Forbidden("consortium.lead", "仅牵头人可解散联合体", "Only the lead may dissolve it")
    actor.take_part(Part.SIGN)
    consortium.dissolved_at = consortium.dissolved_at or now
    records.acted(actor, "consortium.dissolved", now)


def seen_by(actor: Actor, code: str) -> Consortium:
    """A consortium the actor's organization is in; NotFound otherwise, for who joins whom is nobody else's business."""
    found = db.session.scalars(select(Consortium).where(Consortium.code == code)).first()
    if found is None or db.session.scalars(_membership(found, actor.organization_id)).first() is None:
        raise NotFound("consortium.unknown", "没有此联合体", "There is no such consortium")
    return found


def consortia_of(actor: Actor) -> list[Consortium]:
    """Those the actor's organization is in, newest first."""
    mine = select(ConsortiumMember.consortium_id).where(ConsortiumMember.organization_id == actor.organization_id)
    return list(db.session.scalars(select(Consortium).where(Consortium.id.in_(mine)).order_by(Consortium.id.desc())))


def members_of(consortium: Consortium) -> list[tuple[Organization, ConsortiumMember]]:
    """Every member organization with its confirmation, the lead first."""
    rows = db.session.execute(
        select(Organization, ConsortiumMember)
        .join(ConsortiumMember, ConsortiumMember.organization_id == Organization.id)
        .where(ConsortiumMember.consortium_id == consortium.id)
        .order_by(Organization.id != consortium.lead_id, Organization.uscc)
    )
    return [(organization, member) for organization, member in rows]


def bidding_for(actor: Actor, party: str | None) -> tuple[str, str]:
    """The bidding party and its name: the own organization, or a complete consortium whose lead it is.

    `party` is None, "org:<uscc>" or "consortium:<id>"; Forbidden for anybody else's.
    """
    actor.act_as(Role.BIDDER)
    if party in (None, "", f"org:{actor.uscc}"):
        return f"org:{actor.uscc}", actor.organization
    kind, _, code = str(party).partition(":")
    if kind != "consortium":
        raise Forbidden("party.other", "不能代表其他单位投标", "You cannot bid for another organization")
    consortium = seen_by(actor, code)
    if consortium.lead_id != actor.organization_id or consortium.dissolved_at is not None:
        raise Forbidden("consortium.lead", "仅牵头人可代表联合体投标", "Only the lead bids for a consortium")
    if consortium.confirmed_at is None:
        raise Conflict(
            "consortium.incomplete",
            "联合体成员尚未全部确认",
            "Not every member confirmed yet",
            rule="《招标投标法》第三十一条",
        )
    return f"consortium:{consortium.code}", consortium.name


def _membership(consortium: Consortium, organization_id: int) -> Select[ConsortiumMember]:
    return select(ConsortiumMember).where(
        ConsortiumMember.consortium_id == consortium.id, ConsortiumMember.organization_id == organization_id
    )


def _unconfirmed(consortium: Consortium) -> int:
    open_ones = (ConsortiumMember.consortium_id == consortium.id, ConsortiumMember.confirmed_at.is_(None))
    return db.session.scalar(select(func.count()).select_from(ConsortiumMember).where(*open_ones)) or 0
