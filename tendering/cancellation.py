"""Ending a tender for good takes two persons of different organizations, and reasons (rules.md 5.1, dual control)."""

from __future__ import annotations

import datetime as dt

from accounts import records
from accounts.actor import Actor
from accounts.roles import Role
from kernel.db import db
from kernel.errors import Conflict
from kernel.law import holds
from supervision import facts, log
from tendering import approvals, publishing, visibility
from tendering.approvals import Act, Step
from tendering.lifecycle import move, move_tender
from tendering.models import Approval, Tender
from tendering.states import LotEvent, TenderEvent, TenderState

LAW = approvals.CONTROLS[Act.CANCEL].law


def cancel(actor: Actor, tender: Tender, reason: str, now: dt.datetime) -> Tender:
    """The first call proposes, with the reason; a second by a person of another organization carries it out.

    The second is the tender's other side, or the management office where the owner works without an agency.
    """
    role = _role(actor, tender)
    db.session.refresh(tender, with_for_update=True)
    check_under_way(tender)
    if approvals.waiting(tender, Act.CANCEL) is None:
        approvals.propose(actor, tender, Step(Act.CANCEL, role, reason), now)
        return tender
    first = approvals.second(actor, tender, Step(Act.CANCEL, role), now)
    _carry_out(actor, tender, first.reason, now)
    return tender


def withdraw_proposal(actor: Actor, tender: Tender, now: dt.datetime) -> None:
    """Whoever proposed, or their side, takes the proposal back before the second approval."""
    _role(actor, tender)
    approvals.take_back(actor, tender, Act.CANCEL, now)


def approval(tender: Tender) -> Approval | None:
    """The first approval, while it waits for the second or after it was given."""
    return approvals.latest(tender, Act.CANCEL)


def _role(actor: Actor, tender: Tender) -> Role:
    visibility.check_seen(tender, actor)
    if Role.MGR in actor.roles and not visibility.of_project(tender, actor):
        actor.act_as(Role.MGR)
        return Role.MGR
    return visibility.check_project(tender, actor)


def check_under_way(tender: Tender) -> None:
    if tender.state != TenderState.PUBLISHED or not any(lot.under_way for lot in tender.lots):
        raise Conflict("cancel.over", "项目不在进行中，不能终止。", "The tender is not under way.", rule=LAW)


@holds("termination")
def _carry_out(actor: Actor, tender: Tender, reason: str, now: dt.datetime) -> None:
    """A lot that somebody has won stays won, and with it the tender; everything else ends."""
    for lot in filter(lambda each: each.under_way, tender.lots):
        move(lot, LotEvent.CANCEL, actor, now, ["two approvals of different organizations"])
    if not any(lot.decided for lot in tender.lots):
        move_tender(tender, TenderEvent.CANCEL, actor, now, ["two approvals of different organizations"])
    log.append(facts.TenderCancelled(tender=tender.code, reason=reason, law=LAW), lot=tender.code)
    records.acted(actor, "tender.cancelled", now)
    publishing.queue(tender.code)
