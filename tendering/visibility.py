"""Who sees what of a tender, and when: allow-lists by viewer and state (architecture.md 5, no. 18)."""

from __future__ import annotations

from enum import StrEnum

from accounts.actor import Actor
from accounts.roles import Role
from kernel.errors import Forbidden
from tendering.lifecycle import unknown_tender
from tendering.models import Tender
from tendering.states import TenderState


class Viewer(StrEnum):
    PUBLIC = "public"
    PROJECT = "project"
    """People of the tender's owner, or of its agency, in that role."""


PROJECT_ROLES = (Role.OWNER, Role.AGENCY)

FIELDS: dict[tuple[Viewer, TenderState], frozenset[str]] = {}
_PUBLIC = frozenset(
    {
        "code", "project", "trade", "method", "title", "region", "pack", "pack_sha256", "practice", "state",
        "published_at", "owner", "agency", "notice", "notice_sha256", "documents", "lots", "questions",
    }
)  # fmt: skip
_PROJECT = frozenset({"draft", "created_at", "keysets", "pending_questions", "approvals"})
for _state in (TenderState.DRAFT, TenderState.FILED):
    FIELDS[Viewer.PUBLIC, _state] = frozenset()
    FIELDS[Viewer.PROJECT, _state] = _PUBLIC | _PROJECT
for _state in (TenderState.PUBLISHED, TenderState.CANCELLED):
    FIELDS[Viewer.PUBLIC, _state] = _PUBLIC
    FIELDS[Viewer.PROJECT, _state] = _PUBLIC | _PROJECT


def viewer(tender: Tender, actor: Actor | None) -> Viewer:
    return Viewer.PROJECT if actor is not None and of_project(tender, actor) else Viewer.PUBLIC


def of_project(tender: Tender, actor: Actor) -> bool:
    """Whether the actor acts for the tender's owner or its agency."""
    if Role.OWNER in actor.roles and actor.organization_id == tender.owner_org:
        return True
    return Role.AGENCY in actor.roles and actor.organization_id == tender.agency_org


def fields(tender: Tender, actor: Actor | None) -> frozenset[str]:
    return FIELDS[viewer(tender, actor), TenderState(tender.state)]


def check_seen(tender: Tender, actor: Actor | None) -> None:
    """A draft does not exist for anybody outside its project: NotFound, not Forbidden."""
    if not fields(tender, actor):
        raise unknown_tender()


def check_project(tender: Tender, actor: Actor, *roles: Role) -> Role:
    """The role in which the actor works on this tender; refused to anybody else."""
    check_seen(tender, actor)
    role = actor.act_as_any(*(roles or PROJECT_ROLES))
    if not of_project(tender, actor):
        raise Forbidden(
            "tender.not_yours",
            "您不是本项目的招标人或代理机构人员。",
            "You do not belong to this tender's owner or agency.",
            rule="rules.md 5.1",
        )
    return role
