"""What each department does with a plan: receipt, comments, approval where a law gives it one; silence when its time is over."""

from __future__ import annotations

import datetime as dt
import secrets

from sqlalchemy import ColumnElement, CursorResult, or_, select, update

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel.clock import rfc3339
from kernel.db import db, transaction
from kernel.errors import Conflict, Forbidden, Invalid, NotFound
from supervision import facts, log
from tendering import drafts
from tendering.filing import service, visibility
from tendering.filing.models import Plan, Review
from tendering.models import Tender

READERS = (Role.SUP, Role.INSP, Role.MGR)
AFTER: dict[str | None, frozenset[str]] = {
    None: frozenset({"received", "comments", "approved"}),
    "silent": frozenset({"received", "comments", "approved"}),
    "received": frozenset({"comments", "approved"}),
    "comments": frozenset({"comments", "approved"}),
    "approved": frozenset(),
}
"""Which word may follow which; returning a plan is `service.return_plan`."""


def of(actor: Actor) -> list[Plan]:
    """The plans that lie with the actor's organization; for the management office all of them. Newest first."""
    actor.act_as_any(*READERS)
    wanted = select(Plan).order_by(Plan.filed_at.desc(), Plan.id.desc())
    if Role.MGR not in actor.roles:
        wanted = wanted.join(Review).where(Review.organization_id == actor.organization_id)
    return list(db.session.scalars(wanted.limit(200)))


def one(actor: Actor, plan_id: int) -> Plan:
    """A plan that lies with the actor's organization; for everybody else it does not exist."""
    actor.act_as_any(*READERS)
    found = db.session.get(Plan, plan_id)
    if found is None or "signs" not in visibility.fields(found, actor):
        raise NotFound("filing.unknown", "没有这份备案。", "There is no such filing.", rule="rules.md 5.3 T01")
    return found


def mine(actor: Actor, plan: Plan) -> Review | None:
    """The plan as it lies with the actor's organization."""
    return next((row for row in plan.reviews if row.organization_id == actor.organization_id), None)


def review(actor: Actor, plan: Plan, act: str, text: str, now: dt.datetime) -> Review:
    """Record a department's word: received, comments, or approved where a law gives it that power."""
    actor.act_as_any(Role.SUP, Role.MGR)
    actor.take_part(Part.SIGN)
    row = mine(actor, plan)
    if row is not None and not plan.current:
        raise service.superseded()
    if row is None:
        raise Forbidden(
            "filing.not_yours",
            "备案没有送您的单位。",
            "The plan was not filed with your organization.",
            rule="rules.md 5.3 T01",
        )
    said = service.written(text) if act == "comments" else text.strip()[:2000]
    _check(row, act)
    _enter(row, act, said, now)
    records.acted(actor, f"plan.{act}", now)
    return row


def _check(row: Review, act: str) -> None:
    if act not in AFTER[row.act]:
        raise Invalid(
            "filing.act",
            "现在不能这样办理。",
            "That cannot be done with the plan now.",
            rule=service.RETURN_LAW,
            fields={"act": "choice"},
        )
    if act == "approved" and not row.approves:
        raise Forbidden(
            "filing.no_basis",
            "没有法律依据的备案不是审批，只作接收。",
            "Without a basis in law there is nothing to approve: the plan is only received.",
            rule=service.RETURN_LAW,
        )


def _enter(row: Review, act: str, text: str, now: dt.datetime) -> None:
    """Compare-and-swap on the word that stood, so that of two words at once one is the first."""
    stood = Review.act.is_(None) if row.act is None else Review.act == row.act
    change = update(Review).where(Review.id == row.id, stood).values(act=act, text=text, acted_at=now)
    done = db.session.execute(change)
    assert isinstance(done, CursorResult)
    if done.rowcount != 1:
        raise Conflict(
            "filing.moved", "办理状态已变化，请刷新。", "The filing has moved on: reload.", rule="rules.md 5.3 T01"
        )
    _say(row, act, now)


def _say(row: Review, act: str, now: dt.datetime) -> None:
    tender = row.plan.tender
    fact = facts.PlanReviewed(
        tender=tender.code,
        plan_sha256=row.plan.sha256,
        department=drafts.organization(row.organization_id).name,
        act=act,
        basis=row.basis or None,
        at=rfc3339(now),
    )
    log.append(fact, lot=tender.code)


def step_reviews(now: dt.datetime) -> bool:
    """Record the silence of departments whose time is over, each with an alert; whether there were any."""
    with transaction(write=False):
        found = list(db.session.scalars(select(Review.id).where(*_late(now)).order_by(Review.id)))
    return any([_silent(number, now) for number in found])  # noqa: C419  every one of them has its own transaction


def _late(now: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    waiting = or_(Review.act.is_(None), (Review.act != "approved") & Review.approves)
    stands = Review.plan.has(Plan.returned_at.is_(None) & Plan.replaced_at.is_(None))
    return Review.due_at <= now, Review.overdue_at.is_(None), waiting, stands


def _silent(number: int, now: dt.datetime) -> bool:
    with transaction():
        row = db.session.scalar(select(Review).where(Review.id == number, *_late(now)).with_for_update())
        if row is None:
            return False
        row.overdue_at = now
        if row.act is None:
            _enter(row, "silent", "", now)
        row.evidence = {"plan_sha256": row.plan.sha256, "due_at": rfc3339(row.due_at), "nonce": secrets.token_hex(16)}
        service.alert("S27", "red", "timeliness", row.evidence)
    return True


def published(tender: Tender) -> Plan | None:
    """The filing under a published notice, as the tender's page shows it."""
    return None if tender.unpublished else service.latest(tender)
