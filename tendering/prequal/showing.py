"""What pages show of a pre-qualification: the public its terms, an applicant its own, the reviewers all, and only after the deadline."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from accounts.actor import Actor
from accounts.models import Person
from accounts.roles import Role
from kernel.db import db
from tendering import drafts, packs, visibility
from tendering.models import Lot, Tender
from tendering.prequal import applying, committee, result, reviewing, rules
from tendering.prequal import visibility as secrets
from tendering.prequal.models import PrequalApplication
from tendering.prequal.visibility import Viewer
from tendering.states import LotState


def terms(tender: Tender) -> dict[str, Any] | None:
    """For everybody: what is asked and by which clause; None where all may bid."""
    pack = packs.load(tender.pack_id)
    if not rules.by_prequal(pack):
        return None
    plan = rules.read(tender.draft)
    return {
        "documents_end": plan.documents_end if plan else None,
        "criteria": rules.criteria_of(tender.draft),
        "least": rules.least(pack),
        "clause": pack.clause("applications_due"),
    }


def own(actor: Actor, lot: Lot) -> dict[str, Any] | None:
    """The applicant's own application, and its own result once it was given; None without one."""
    row = next((one for one in applying.mine(actor) if one.lot_id == lot.id), None)
    return None if row is None else _own(row)


def _own(row: PrequalApplication) -> dict[str, Any]:
    found = {one["criterion"]: one for one in row.told or []}
    rows = [(one, row.answers.get(one.id, ""), found.get(one.id)) for one in rules.criteria_of(row.lot.tender.draft)]
    return {
        "name": row.name,
        "party": row.party,
        "rows": rows,
        "files": row.files,
        "sha256": row.sha256,
        "at": row.handed_in_at,
        "withdrawn_at": row.withdrawn_at,
        "passed": row.passed,
    }


def mine(actor: Actor) -> dict[str, Any]:
    """What waits for the actor: own applications, reviews, and for the centre's staff committees to be seated."""
    applications = applying.mine(actor) if Role.BIDDER in actor.roles else []
    return {
        "applications": [(row.lot, _own(row)) for row in applications],
        "reviews": committee.seats_of(actor),
        "seating": [lot for lot in under_review() if committee.takes_committee(lot.tender)]
        if Role.OPS in actor.roles
        else [],
    }


def under_review() -> list[Lot]:
    wanted = select(Lot).where(Lot.state == LotState.PREQUAL_REVIEW).order_by(Lot.code)
    return list(db.session.scalars(wanted))


def desk(actor: Actor, lot: Lot) -> dict[str, Any]:
    """The page of those who work on it. Before the deadline it holds no application, nor how many there are."""
    seated, project = committee.members_of(lot), visibility.of_project(lot.tender, actor)
    reviewer = secrets.viewer(actor, lot) is Viewer.REVIEWER
    shown = secrets.may_see(actor, lot, "answers")
    return {
        "takes_committee": committee.takes_committee(lot.tender),
        "staff": Role.OPS in actor.roles,
        "owner": project and Role.OWNER in actor.roles,
        "project": project,
        "reviewer": reviewer and lot.state == LotState.PREQUAL_REVIEW,
        "seated": len(seated),
        "names": _names(seated) if secrets.may_see(actor, lot, "members") else [],
        "applications": [_reviewed(actor, one, mine=reviewer) for one in reviewing.of_lot(lot)] if shown else [],
        **(_outcome(lot) if shown else {"complete": False, "enough": False}),
    }


def _outcome(lot: Lot) -> dict[str, bool]:
    reviewed = reviewing.of_lot(lot)
    return {"complete": not any(one.missing for one in reviewed), "enough": result.enough(lot, reviewed)}


def _names(persons: list[int]) -> list[str]:
    return list(db.session.scalars(select(Person.name).where(Person.id.in_(persons)).order_by(Person.name)))


def _reviewed(actor: Actor, one: reviewing.Reviewed, *, mine: bool) -> dict[str, Any]:
    row = one.application
    said = reviewing.own(actor, row) if mine else {}
    criteria = rules.criteria_of(row.lot.tender.draft)
    return {
        "token": row.token,
        "name": row.name,
        "codes": [drafts.organization(member).uscc for member in row.members],
        "files": row.files,
        "rows": [(found, row.answers.get(found.id, ""), said.get(found.id)) for found in criteria],
        "missing": one.missing,
        "findings": one.findings if not one.missing else [],
        "passed": one.passed,
    }


def may_see(actor: Actor, lot: Lot) -> bool:
    """Who has anything to do on the page: owner, agency, the centre's staff, seated members."""
    inside = visibility.of_project(lot.tender, actor) or (Role.OPS in actor.roles and not lot.tender.unpublished)
    return inside or actor.person_id in committee.members_of(lot)
