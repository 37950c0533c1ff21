"""A list of those invited as owner and agency see it, an invitation as the invited party sees it."""

from __future__ import annotations

from typing import Any

from accounts.actor import Actor
from tendering import drafts, packs
from tendering.invitations import rules, service, source, visibility
from tendering.invitations.models import Invitation, InvitationList, SourcePublicity
from tendering.models import Tender


def of_project(tender: Tender, actor: Actor | None) -> dict[str, Any] | None:
    """The list with all that can be done to it; None for everybody outside the project and where all may bid."""
    pack = packs.load(tender.pack_id)
    seen = visibility.fields(tender, actor)
    if "names" not in seen or not rules.by_invitation(pack, tender.draft):
        return None
    found, publicity = service.of(tender), source.of(tender)
    return {
        **_list(found, seen),
        "grounds": [(one, rules.WORDS[one]) for one in rules.grounds(pack)],
        "clause": pack.clause("invitees"),
        "missing": rules.obstacles(pack, service.read(found)) if found is not None else [],
        "asks_publicity": source.rule_of(tender),
        "publicity": published(publicity) if publicity is not None else None,
    }


def _list(found: InvitationList | None, seen: frozenset[str]) -> dict[str, Any]:
    return {
        "draw": found.draw if found else None,
        "witnesses": found.witnesses.split("\n") if found else [],
        "fixed_at": found.fixed_at if found else None,
        "sha256": found.sha256 if found else None,
        "size": found.size if found else None,
        "seed": found.seed if found else None,
        "rows": [_row(row, seen) for row in found.rows] if found else [],
    }


def _row(row: Invitation, seen: frozenset[str]) -> dict[str, Any]:
    """Who accepted stands here only once all is open."""
    party = drafts.organization(row.organization_id)
    return {
        "uscc": party.uscc,
        "name": party.name,
        "ground": row.ground,
        "invited": row.invited_at is not None,
        "accepts": row.accepts if "accepts" in seen else None,
    }


def to_public(tender: Tender, actor: Actor | None) -> dict[str, Any] | None:
    """What anybody learns: that it goes by invitation and by which clause; and whether oneself is invited."""
    pack = packs.load(tender.pack_id)
    if not rules.by_invitation(pack, tender.draft):
        return None
    return {
        "clause": pack.clause("invitees"),
        "invited": "own" in visibility.fields(tender, actor),
        "source": pack.procedure == "single_source",
    }


def received(actor: Actor | None) -> list[dict[str, Any]]:
    return [_received(row) for row in service.received(actor)] if actor is not None else []


def _received(row: Invitation) -> dict[str, Any]:
    tender = row.of.tender
    return {
        "tender": tender.code,
        "title": tender.title,
        "method": tender.method,
        "owner": drafts.organization(tender.owner_org).name,
        "closes_at": min(lot.closes_at for lot in tender.lots if lot.closes_at is not None),
        "accepts": row.accepts,
        "open": service.open_to_answers(tender),
    }


def published(found: SourcePublicity) -> dict[str, Any]:
    """A single source as everybody sees it: objections with their findings, never by whom."""
    return {
        "id": found.id,
        "title": found.title,
        "owner": drafts.organization(found.tender.owner_org).name,
        "supplier": drafts.organization(found.organization_id).name,
        "uscc": drafts.organization(found.organization_id).uscc,
        "reasons": found.reasons,
        "published_at": found.published_at,
        "ends_at": found.ends_at,
        "rule": source.rule_of(found.tender),
        "objections": [
            {"id": row.id, "text": row.text, "argue_by": row.argue_by, "findings": row.findings, "upheld": row.upheld}
            for row in found.objections
        ],
    }
