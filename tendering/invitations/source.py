"""A single source made public before the procedure begins, and what is said against it (N12)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import CursorResult, select, update

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel import canonical
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Invalid, NotFound
from kernel.law import holds
from supervision import invitation_facts, log
from tendering import drafts, packs, timetable, visibility
from tendering.checklist import Obstacle
from tendering.filing import plan as plans
from tendering.invitations import service
from tendering.invitations.models import InvitationList, SourceObjection, SourcePublicity
from tendering.invitations.rules import FIELD
from tendering.models import Tender
from tendering.packs import Kind, Rule

PAGE = 50
ONLY_ONE = "only_one"
"""The ground that has to be published; an emergency and an addition to an earlier contract have not."""


@dataclass(frozen=True)
class Findings:
    text: str
    upheld: bool


def rule_of(tender: Tender) -> Rule | None:
    """The rule that asks for the publicity; None where it asks for none of this tender."""
    found = packs.load(tender.pack_id).find(Kind.MIN_INTERVAL, "notice_published")
    rule = next((one for one in found if one.begins == "source_published"), None)
    return rule if tender.draft.get("method_ground") == ONLY_ONE else None


def of(tender: Tender) -> SourcePublicity | None:
    found: SourcePublicity | None = db.session.scalar(
        select(SourcePublicity).where(SourcePublicity.tender_id == tender.id)
    )
    return found


def publish(actor: Actor, tender: Tender, reasons: str, now: dt.datetime) -> SourcePublicity:
    """Show everybody who is to be the single source, and why. Once, and only when the supplier is fixed."""
    visibility.check_project(tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    db.session.refresh(tender, with_for_update=True)
    drafts.check_draft(tender)
    rule, listed = rule_of(tender), service.of(tender)
    if rule is None or of(tender) is not None:
        raise _refused(
            "once", "已公示，或者所选情形不需公示。", "It is published already, or this ground asks for none."
        )
    if listed is None or listed.fixed_at is None:
        raise _refused("unfixed", "请先确定供应商。", "Fix the supplier first.")
    row = SourcePublicity(
        tender_id=tender.id,
        organization_id=listed.rows[0].organization_id,
        title=tender.title,
        ground=ONLY_ONE,
        reasons=_written(reasons),
        published_at=now,
        ends_at=timetable.calendar().reaches(rule, now),
    )
    db.session.add(row)
    db.session.flush()
    log.append(_fact(tender, row), lot=tender.code)
    records.acted(actor, "source.published", now)
    return row


def _fact(tender: Tender, row: SourcePublicity) -> invitation_facts.SourcePublished:
    supplier = drafts.organization(row.organization_id)
    return invitation_facts.SourcePublished(
        tender=tender.code,
        title=row.title,
        owner=drafts.organization(tender.owner_org).name,
        supplier=supplier.name,
        uscc=supplier.uscc,
        ground=row.ground,
        reasons_sha256=canonical.sha(row.reasons.encode()),
        at=rfc3339(row.published_at),
    )


def public() -> list[SourcePublicity]:
    """The newest, for everybody."""
    newest = select(SourcePublicity).order_by(SourcePublicity.published_at.desc(), SourcePublicity.id.desc())
    return list(db.session.scalars(newest.limit(PAGE)))


def one(number: int) -> SourcePublicity:
    found = db.session.get(SourcePublicity, number)
    if found is None:
        raise NotFound("source.unknown", "没有这项公示。", "There is no such publicity.", rule="N12")
    return found


def object_to(actor: Actor, found: SourcePublicity, text: str, now: dt.datetime) -> SourceObjection:
    """A supplier's objection while the publicity runs; who raised it is sealed and never told to the owner."""
    actor.act_as(Role.BIDDER)
    if now >= found.ends_at:
        raise _refused("over", "公示期已满，不再受理对公示的异议。", "The publicity is over.")
    said = _written(text)
    rule = packs.load(found.tender.pack_id).the(Kind.MAX_INTERVAL, "source_argued")
    row = SourceObjection(
        publicity_id=found.id,
        organization_id=actor.organization_id,
        text=said,
        raised_at=now,
        argue_by=timetable.calendar().reaches(rule, now),
    )
    db.session.add(row)
    db.session.flush()
    fact = invitation_facts.SourceObjected(
        tender=found.tender.code, text_sha256=canonical.sha(said.encode()), at=rfc3339(now)
    )
    log.append(fact, lot=found.tender.code, subject=actor.subject)
    return row


def argue(actor: Actor, tender: Tender, number: int, given: Findings, now: dt.datetime) -> SourceObjection:
    """What the experts found of an objection, published. Upheld, it ends this procedure before it begins."""
    visibility.check_project(tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    row = db.session.get(SourceObjection, number)
    if row is None or row.of.tender_id != tender.id:
        raise NotFound("source.unknown", "没有这项异议。", "There is no such objection.", rule="N12.argued")
    said = _written(given.text)
    as_read = (SourceObjection.id == row.id, SourceObjection.findings.is_(None))
    done = db.session.execute(update(SourceObjection).where(*as_read).values(findings=said, upheld=given.upheld))
    assert isinstance(done, CursorResult)
    if done.rowcount != 1:
        raise _refused("argued", "此项异议已有论证结论。", "This objection was argued already.")
    fact = invitation_facts.SourceArgued(
        tender=tender.code,
        objection_sha256=canonical.sha(row.text.encode()),
        findings_sha256=canonical.sha(said.encode()),
        upheld=given.upheld,
        at=rfc3339(now),
    )
    log.append(fact, lot=tender.code)
    records.acted(actor, "source.argued", now)
    return row


@holds("source_published:notice_published", "source_objection:source_argued")
def obstacles(tender: Tender, now: dt.datetime) -> list[Obstacle]:
    """What keeps a single source's procedure from beginning: no publicity, a running one, an objection not argued or upheld."""
    rule, found = rule_of(tender), of(tender)
    if rule is None:
        return []
    if found is None:
        return [_obstacle("unpublished", "单一来源尚未公示。", "The single source is not published yet.", rule.cited)]
    if found.organization_id not in _invited(tender):
        return [_obstacle("other", "公示的供应商与名单不同。", "Another supplier was published.", rule.cited)]
    argued = packs.load(tender.pack_id).the(Kind.MAX_INTERVAL, "source_argued").cited
    if any(row.upheld for row in found.objections):
        return [
            _obstacle(
                "upheld", "异议成立，不得采用单一来源方式。", "An objection was upheld: no single source.", argued
            )
        ]
    if any(row.findings is None for row in found.objections):
        return [_obstacle("unargued", "公示的异议尚未补充论证。", "An objection is not argued yet.", argued)]
    return [] if now >= found.ends_at else [_running(rule)]


def _running(rule: Rule) -> Obstacle:
    return _obstacle(
        "running", "单一来源公示期未满。", "The publicity of the single source is still running.", rule.cited
    )


def _invited(tender: Tender) -> set[int]:
    listed: InvitationList | None = service.of(tender)
    return {row.organization_id for row in listed.rows} if listed else set()


def _obstacle(name: str, zh: str, en: str, cited: str) -> Obstacle:
    return Obstacle(f"source.{name}", zh, en, cited, FIELD)


def _refused(name: str, zh: str, en: str) -> Conflict:
    return Conflict(f"source.{name}", zh, en, rule="N12 《政府采购法实施条例》第三十八条")


def _written(text: str) -> str:
    found = text.strip()
    if not 4 <= len(found) <= 2000:
        raise Invalid(
            "source.words",
            "请用 4 至 2000 字写明。",
            "Write 4 to 2000 characters.",
            rule=plans.LAW,
            fields={"text": "length"},
        )
    return found
