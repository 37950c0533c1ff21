"""Ending a tender for good takes two persons of different organizations, and reasons (rules.md 5.1, dual control)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select, update

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel.db import db
from kernel.errors import Conflict, Invalid
from supervision import facts, log
from tendering import publishing, rules, visibility
from tendering.lifecycle import move
from tendering.models import Approval, Tender
from tendering.rules import ENDED, LotEvent, LotState, TenderState

ACT = "cancel"
LAW = "《招标投标法实施条例》第三十一条；财政部令第87号第二十九条"


def cancel(actor: Actor, tender: Tender, reason: str, now: dt.datetime) -> Tender:
    """The first call proposes, with the reason; a second by a person of another organization carries it out.

    The second is the tender's other side, or the management office where the owner works without an agency.
    """
    role = _role(actor, tender)
    db.session.refresh(tender, with_for_update=True)
    _check_under_way(tender)
    first = approval(tender)
    if first is None:
        _propose(actor, tender, role, reason, now)
        return tender
    rules.second_approver(first.organization_id, actor.organization_id)
    _enter(actor, tender, role, first.reason, now)
    _carry_out(actor, tender, first.reason, now)
    return tender


def withdraw_proposal(actor: Actor, tender: Tender, now: dt.datetime) -> None:
    """Whoever proposed, or their side, takes the proposal back before the second approval."""
    _role(actor, tender)
    first = approval(tender)
    if first is None or tender.state != TenderState.PUBLISHED:
        raise Conflict("cancel.none", "没有待确认的终止申请。", "No cancellation is waiting.", rule=LAW)
    db.session.delete(first)
    records.acted(actor, "tender.cancel_taken_back", now)


def approval(tender: Tender) -> Approval | None:
    """The first approval, while it waits for the second or after it was given."""
    wanted = select(Approval).where(Approval.tender_id == tender.id, Approval.act == ACT)
    return db.session.scalars(wanted.order_by(Approval.id)).first()


def _role(actor: Actor, tender: Tender) -> Role:
    visibility.check_seen(tender, actor)
    if Role.MGR in actor.roles and not visibility.of_project(tender, actor):
        actor.act_as(Role.MGR)
        return Role.MGR
    return visibility.check_project(tender, actor)


def _check_under_way(tender: Tender) -> None:
    going = [lot for lot in tender.lots if lot.state not in ENDED and lot.state != LotState.DRAFT]
    if tender.state != TenderState.PUBLISHED or not going:
        raise Conflict("cancel.over", "项目不在进行中，不能终止。", "The tender is not under way.", rule=LAW)


def _propose(actor: Actor, tender: Tender, role: Role, reason: str, now: dt.datetime) -> None:
    if role is Role.MGR:
        raise Conflict(
            "cancel.not_proposed", "招标人尚未提出终止。", "The owner has not proposed a cancellation.", rule=LAW
        )
    actor.take_part(Part.SIGN)
    if not 4 <= len(reason.strip()) <= 2000:
        raise Invalid(
            "cancel.reason",
            "请写明终止原因（4 至 2000 字）。",
            "Give the reason in 4 to 2000 characters.",
            rule=LAW,
            fields={"reason": "length"},
        )
    _enter(actor, tender, role, reason.strip(), now)
    records.acted(actor, "tender.cancel_proposed", now)


def _enter(actor: Actor, tender: Tender, role: Role, reason: str, now: dt.datetime) -> None:
    db.session.add(
        Approval(
            tender_id=tender.id,
            act=ACT,
            reason=reason,
            person_id=actor.person_id,
            organization_id=actor.organization_id,
            role=role,
            at=now,
        )
    )
    db.session.flush()


def _carry_out(actor: Actor, tender: Tender, reason: str, now: dt.datetime) -> None:
    for lot in tender.lots:
        if lot.state not in ENDED:
            move(lot, LotEvent.CANCEL, actor, now, ["two approvals of different organizations"])
    db.session.execute(update(Tender).where(Tender.id == tender.id).values(state=TenderState.CANCELLED))
    log.append(facts.TenderCancelled(tender=tender.code, reason=reason, law=LAW), lot=tender.code)
    records.acted(actor, "tender.cancelled", now)
    publishing.queue(tender.code)
