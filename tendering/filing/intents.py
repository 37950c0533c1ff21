"""Making public what one means to buy, before the procedure begins (G50): a step of its own, since a draft is nobody else's."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict
from kernel.law import holds
from supervision import facts, log
from tendering import drafts, packs, timetable, visibility
from tendering.filing import plan as plans
from tendering.filing import service
from tendering.filing.models import Intent
from tendering.models import Tender
from tendering.packs import Kind, Rule

PAGE = 50


def rule_of(tender: Tender) -> Rule | None:
    """The rule that asks for the intent to be public first; None where the tender's law knows none."""
    found = packs.load(tender.pack_id).find(Kind.MIN_INTERVAL, "notice_published")
    begins = "predisclosed" if tender.draft.get("control_passes") else "intent_published"
    return next((rule for rule in found if rule.begins == begins), None)


def publish_intent(actor: Actor, tender: Tender, now: dt.datetime) -> Intent:
    """Show everybody item and budget of a plan; refused before the plan could be filed, and twice."""
    visibility.check_project(tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    db.session.refresh(tender, with_for_update=True)
    drafts.check_draft(tender)
    rule = rule_of(tender)
    if rule is None or of(tender) is not None:
        raise Conflict(
            "intent.once",
            "采购意向已公开，或者本类项目不需公开。",
            "The intent is public already, or this law asks for none.",
            rule=rule.cited if rule else plans.LAW,
        )
    service.check_may_file(tender)
    given = service.source(tender)
    row = Intent(tender_id=tender.id, title=tender.title, item=given.item, budget=plans.budget(given), published_at=now)
    db.session.add(row)
    db.session.flush()
    fact = facts.IntentPublished(
        tender=tender.code, title=row.title, owner=given.owner.name, item=row.item, budget=row.budget, at=rfc3339(now)
    )
    log.append(fact, lot=tender.code)
    records.acted(actor, "intent.published", now)
    return row


def of(tender: Tender) -> Intent | None:
    found: Intent | None = db.session.scalar(select(Intent).where(Intent.tender_id == tender.id))
    return found


def public() -> list[Intent]:
    """The newest intents, for everybody."""
    return list(db.session.scalars(select(Intent).order_by(Intent.published_at.desc(), Intent.id.desc()).limit(PAGE)))


@holds("intent_published:notice_published")
def check_early(tender: Tender, now: dt.datetime) -> None:
    """A notice whose intent was not public long enough goes out (the law says 原则上), and raises an alert."""
    rule, row = rule_of(tender), of(tender)
    if rule is None or rule.begins != "intent_published":
        return  # a pre-disclosure that is too short keeps the notice back (`offers.rules`)
    if row is not None and now >= timetable.calendar().reaches(rule, row.published_at):
        return
    since = rfc3339(row.published_at) if row else None
    evidence = {"tender": tender.code, "rule": rule.cited, "intent_at": since}
    service.alert("G50", "yellow", "process", evidence)
