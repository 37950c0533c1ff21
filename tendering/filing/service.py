"""Filing a draft's plan with all its departments at once (T01), its return (T02), and what publishing asks of it (T03)."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

from sqlalchemy import select

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel import canonical, money
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid, Words
from supervision import alerts, facts, log
from tendering import drafts, packs, visibility
from tendering.checklist import Obstacle
from tendering.filing import plan as plans
from tendering.filing.clocks import due_at
from tendering.filing.models import Department, Plan, Review
from tendering.filing.plan import Earlier, Party, Sign, Source
from tendering.lifecycle import move_tender
from tendering.models import Tender
from tendering.states import TenderEvent, TenderState

RETURN_LAW = "T02 发改法规规〔2022〕1117号（一）"
BY_LAW = "law"
FORMAL: dict[str, Words] = {
    "missing_paper": Words("材料不齐全", "A paper is missing"),
    "unreadable": Words("材料无法辨认或者打开", "A paper cannot be read or opened"),
    "wrong_form": Words("填写不符合规定格式", "Filled in against the form"),
    "wrong_place": Words("不属于本交易场所受理范围", "Not for this trading place"),
}
"""All for which the management office may return a plan: form, never substance."""


def source(tender: Tender) -> Source:
    owner = drafts.organization(tender.owner_org)
    agency = drafts.organization(tender.agency_org) if tender.agency_org else None
    return Source(
        tender.code,
        packs.load(tender.pack_id),
        tender.draft,
        Party(owner.name, owner.uscc),
        Party(agency.name, agency.uscc) if agency else None,
    )


def latest(tender: Tender) -> Plan | None:
    """The last filing of the tender, returned or not."""
    found: Plan | None = db.session.scalar(
        select(Plan).where(Plan.tender_id == tender.id).order_by(Plan.round.desc()).limit(1)
    )
    return found


def unfiled(tender: Tender) -> list[Obstacle]:
    """What keeps the draft's plan from being filed now; empty for a plan that stands as it was filed, too."""
    return plans.obstacles(source(tender))


def stands(tender: Tender) -> bool:
    """Whether the draft still says what was filed last."""
    last = latest(tender)
    return tender.state == TenderState.FILED and last is not None and last.content == plans.content(source(tender))


def obstacles(tender: Tender) -> list[Obstacle]:
    """What keeps a notice from being published on account of its filing: none, another one, an approval that is due."""
    last = latest(tender)
    if tender.state != TenderState.FILED or last is None:
        return [_again("filing.missing", "招标计划尚未备案。", "The plan is not filed yet.")]
    if not stands(tender):
        return [
            _again(
                "filing.changed", "草稿与备案的计划不一致，请重新备案。", "The draft differs from the plan: file again."
            )
        ]
    return [_awaited(review) for review in last.reviews if review.approves and review.act != "approved"]


def _again(code: str, zh: str, en: str) -> Obstacle:
    return Obstacle(code, zh, en, plans.LAW, "filing")


def _awaited(review: Review) -> Obstacle:
    name = drafts.organization(review.organization_id).name
    return Obstacle(
        "filing.approval", f"等待{name}批准。", f"Waiting for approval by {name}.", f"T02 {review.basis}", "filing"
    )


def file_plan(actor: Actor, tender: Tender, now: dt.datetime) -> Plan:
    """T01: the plan goes to every department of its trade in one act. A receipt, not a permission."""
    role = visibility.check_project(tender, actor)
    actor.take_part(Part.SIGN)
    db.session.refresh(tender, with_for_update=True)
    drafts.check_draft(tender)
    check_may_file(tender)
    given, last = source(tender), latest(tender)
    move_tender(tender, TenderEvent.FILE, actor, now)
    signs = plans.splitting(given, _history(tender), now)
    raw = plans.content(given)
    filed = Plan(
        tender_id=tender.id,
        owner_org=tender.owner_org,
        round=1 + (last.round if last else 0),
        content=raw,
        sha256=canonical.sha(raw),
        item=given.item,
        filed_at=now,
        signs=[_evidence(sign, canonical.sha(raw)) for sign in signs],
    )
    if last is not None and last.current:
        last.replaced_at = now
    db.session.add(filed)
    _send_round(filed, tender, now)
    db.session.flush()
    _record(filed, tender, now)
    records.acted(actor, f"plan.filed as {role}", now)
    return filed


def check_may_file(tender: Tender) -> None:
    """Conflict naming everything that keeps the plan from being filed, or that it stands filed as it is."""
    if missing := unfiled(tender):
        raise Conflict(
            "filing.obstacles",
            "还不能备案：" + "".join(one.zh for one in missing),
            "Not ready to be filed: " + " ".join(one.en for one in missing),
            rule=missing[0].rule,
            obstacles=[vars(one) for one in missing],
        )
    if stands(tender):
        raise Conflict(
            "filing.already", "计划已备案，没有变化。", "The plan is filed and has not changed.", rule=plans.LAW
        )


def departments(trade: str) -> list[Department]:
    """To whom plans of a trade go."""
    return list(db.session.scalars(select(Department).where(Department.trade == trade).order_by(Department.id)))


def _send_round(filed: Plan, tender: Tender, now: dt.datetime) -> None:
    pack = packs.load(tender.pack_id)
    for one in departments(tender.trade):
        filed.reviews.append(
            Review(
                organization_id=one.organization_id,
                approves=one.approves,
                basis=one.basis,
                due_at=due_at(pack, now, one.days),
                text="",
            )
        )


def _record(filed: Plan, tender: Tender, now: dt.datetime) -> None:
    """Sealed: outsiders do not know the draft. An alert is open, yet names no tender; its evidence stays here."""
    names = tuple(drafts.organization(review.organization_id).name for review in filed.reviews)
    fact = facts.PlanFiled(
        tender=tender.code, round=filed.round, plan_sha256=filed.sha256, departments=names, at=rfc3339(now)
    )
    log.append(fact, lot=tender.code)
    for one in filed.signs:
        alert(one["point"], one["color"], "content", one)


def alert(point: str, color: str, category: str, evidence: dict[str, Any], lot: str | None = None) -> None:
    """Raise an open alert of the platform's own; evidence about a draft carries a nonce, so that its hash tells nothing."""
    log.append(alerts.fact(alerts.Point(point, color, category), evidence, lot))


def _evidence(sign: Sign, plan_sha256: str) -> dict[str, Any]:
    return {
        "point": sign.point,
        "color": sign.color,
        "plan_sha256": plan_sha256,
        "total": money.wire(money.Fen(sign.total)),
        "limit": money.wire(money.Fen(sign.limit)),
        "rule": sign.rule.cited,
        "nonce": secrets.token_hex(16),
    }


def _history(tender: Tender) -> list[Earlier]:
    """The owner's other filings that stand for the same item."""
    wanted = select(Plan).where(
        Plan.owner_org == tender.owner_org,
        Plan.tender_id != tender.id,
        Plan.item == source(tender).item,
        Plan.returned_at.is_(None),
        Plan.replaced_at.is_(None),
    )
    return [_earlier(plan) for plan in db.session.scalars(wanted.order_by(Plan.id))]


def _earlier(plan: Plan) -> Earlier:
    said = canonical.decode(plan.content)
    return Earlier(said["procedure"], money.parse(said["budget"]), plan.filed_at)


def return_plan(actor: Actor, plan: Plan, ground: str, reason: str, now: dt.datetime) -> Plan:
    """T02: the management office returns for form alone; a supervisor only where a law lets it approve. Both give the reason."""
    role = _returning(actor, plan, ground)
    actor.take_part(Part.SIGN)
    said = written(reason)
    tender = plan.tender
    db.session.refresh(tender, with_for_update=True)
    if not plan.current:
        raise superseded()
    move_tender(tender, TenderEvent.RETURN, actor, now)
    plan.returned_at, plan.returned_by = now, actor.organization_id
    plan.return_ground, plan.return_reason = ground, said
    fact = facts.PlanReturned(
        tender=tender.code,
        plan_sha256=plan.sha256,
        ground=ground,
        reason=said,
        role=role,
        law=_basis(actor, plan) if ground == BY_LAW else RETURN_LAW,
        at=rfc3339(now),
    )
    log.append(fact, lot=tender.code)
    records.acted(actor, "plan.returned", now)
    return plan


def superseded() -> Conflict:
    return Conflict(
        "filing.superseded", "这次备案已被退回或者替换。", "This filing was returned or replaced.", rule=RETURN_LAW
    )


def _returning(actor: Actor, plan: Plan, ground: str) -> Role:
    if ground != BY_LAW:
        actor.act_as(Role.MGR)
        if ground not in FORMAL:
            raise Invalid(
                "filing.ground",
                "只能因形式问题退回，请选择情形。",
                "A plan is returned for form alone: choose what is wrong.",
                rule=RETURN_LAW,
                fields={"ground": "choice"},
            )
        return Role.MGR
    role = actor.act_as_any(Role.SUP, Role.MGR)
    if not _basis(actor, plan):
        raise Forbidden(
            "filing.no_basis",
            "没有法律依据的备案只是告知，不得退回。",
            "Without a basis in law filing is mere notice: it cannot be sent back.",
            rule=RETURN_LAW,
        )
    return role


def _basis(actor: Actor, plan: Plan) -> str:
    """The clause by which the actor's department approves such plans; empty where it may only take note."""
    return next(
        (one.basis for one in plan.reviews if one.organization_id == actor.organization_id and one.approves), ""
    )


def written(text: str) -> str:
    """A reason or comment in words that somebody can act on."""
    found = text.strip()
    if not 4 <= len(found) <= 2000:
        raise Invalid(
            "filing.words",
            "请用 4 至 2000 字写明。",
            "Write 4 to 2000 characters.",
            rule=RETURN_LAW,
            fields={"text": "length"},
        )
    return found
