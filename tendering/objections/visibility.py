"""Who sees what of an objection, and when: the allow-list by viewer and stage, and what each name on it shows."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from accounts.actor import Actor
from accounts.roles import Role
from tendering import drafts
from tendering.models import Lot
from tendering.objections.models import Objection
from tendering.objections.rules import EFFECT_WORDS, SORT_WORDS, SUBJECT_WORDS, Effect, Sort, Subject
from tendering.states import ENDED, STILL_SHUT
from tendering.visibility import of_project


class Viewer(StrEnum):
    PUBLIC = "public"
    PROJECT = "project"
    """People of the tender's owner or its agency."""
    AUTHORITY = "authority"
    """The supervising authority and the inspectors."""
    OWN = "own"
    """The organization that raised it."""


class Stage(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    MOOT = "moot"
    """The lot ended before a reply."""


_HEAD = frozenset({"number", "lot", "sort", "subject", "raised_at", "due_at", "warn_at", "stage", "suspends"})
_WORDS = frozenset({"text", "demand"})
_REPLY = frozenset({"answer", "effect", "answered_at"})
_INSIDE = _HEAD | _WORDS | _REPLY | {"evidence", "holds_contract", "withdrawn_at"}

FIELDS: dict[tuple[Viewer, Stage], frozenset[str]] = {}
for _stage in Stage:
    FIELDS[Viewer.PUBLIC, _stage] = _HEAD | (_WORDS | _REPLY if _stage is Stage.ANSWERED else frozenset())
    FIELDS[Viewer.PROJECT, _stage] = _INSIDE
    FIELDS[Viewer.AUTHORITY, _stage] = _INSIDE
    FIELDS[Viewer.OWN, _stage] = _INSIDE | {"token", "party"}

AFTER_OPENING = frozenset({Viewer.PROJECT, Viewer.AUTHORITY})
"""Who learns the name of the party, and only once the lot's bids are open (20号令 art. 21, C05)."""


def viewer(row: Objection, actor: Actor | None) -> Viewer:
    if actor is None:
        return Viewer.PUBLIC
    if row.organization_id == actor.organization_id:
        return Viewer.OWN
    if of_project(row.lot.tender, actor):
        return Viewer.PROJECT
    return Viewer.AUTHORITY if actor.roles & {Role.SUP, Role.INSP} else Viewer.PUBLIC


def stage(row: Objection) -> Stage:
    if row.answered_at is not None:
        return Stage.ANSWERED
    if row.withdrawn_at is not None:
        return Stage.WITHDRAWN
    return Stage.MOOT if row.lot.state in ENDED else Stage.OPEN


def fields(row: Objection, who: Viewer) -> frozenset[str]:
    named = who in AFTER_OPENING and _is_open_to_all(row.lot)
    return FIELDS[who, stage(row)] | ({"party"} if named else set())


def seen(row: Objection, who: Viewer) -> dict[str, Any]:
    """What this viewer may see of it now, and nothing else."""
    return {name: PARTS[name](row) for name in sorted(fields(row, who))}


def _is_open_to_all(lot: Lot) -> bool:
    return lot.state not in STILL_SHUT and lot.opened


def _evidence(row: Objection) -> dict[str, Any] | None:
    if row.evidence_name is None:
        return None
    return {"name": row.evidence_name, "size": row.evidence_size, "sha256": row.evidence_sha256}


PARTS: dict[str, Callable[[Objection], Any]] = {
    "number": lambda row: row.number,
    "token": lambda row: row.token,
    "lot": lambda row: row.lot.code,
    "sort": lambda row: SORT_WORDS[Sort(row.sort)],
    "subject": lambda row: SUBJECT_WORDS[Subject(row.subject)],
    "raised_at": lambda row: row.raised_at,
    "warn_at": lambda row: row.warn_at,
    "due_at": lambda row: row.due_at,
    "stage": stage,
    "suspends": lambda row: row.suspends,
    "text": lambda row: row.text,
    "demand": lambda row: row.demand,
    "evidence": _evidence,
    "holds_contract": lambda row: row.holds_contract,
    "party": lambda row: drafts.organization(row.organization_id).name,
    "answer": lambda row: row.answer,
    "effect": lambda row: EFFECT_WORDS[Effect(row.effect)] if row.effect else None,
    "answered_at": lambda row: row.answered_at,
    "withdrawn_at": lambda row: row.withdrawn_at,
}
