"""Who sees what of a complaint, and when: the allow-list by viewer and state, and what each name on it shows."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from accounts.actor import Actor
from accounts.roles import Role
from oversight.models import Complaint
from oversight.rules import EFFECT_WORDS, FOLLOWS, MATTER_WORDS, STATE_WORDS, Effect, Matter, State
from tendering import drafts
from tendering.states import STILL_SHUT
from tendering.visibility import of_project


class Viewer(StrEnum):
    PUBLIC = "public"
    RESPONDENT = "respondent"
    """Owner and agency of the tender: they get a copy once it is taken."""
    AUTHORITY = "authority"
    OWN = "own"


_HEAD = frozenset(
    {"number", "lot", "matter", "objection", "made_at", "state", "words", "due_at", "warn_at", "by_clock"}
)
_DECISION = frozenset({"effect", "follows", "reasons", "decided_at"})
_COPY = frozenset({"text", "demand", "evidence", "reply", "replied_at", "reply_due_at", "accepted_at"})
_ALL = _HEAD | _DECISION | _COPY | {"correction", "corrected_at", "stay_until", "party"}

FIELDS: dict[tuple[Viewer, State], frozenset[str]] = {}
for _state in State:
    FIELDS[Viewer.PUBLIC, _state] = _HEAD | (_DECISION if _state is State.DECIDED else frozenset())
    FIELDS[Viewer.RESPONDENT, _state] = FIELDS[Viewer.PUBLIC, _state] | (
        _COPY if _state in (State.ACCEPTED, State.DECIDED) else frozenset()
    )
    FIELDS[Viewer.AUTHORITY, _state] = _ALL
    FIELDS[Viewer.OWN, _state] = _ALL | {"token"}


def viewer(row: Complaint, actor: Actor | None) -> Viewer:
    if actor is None:
        return Viewer.PUBLIC
    if row.organization_id == actor.organization_id:
        return Viewer.OWN
    if of_project(row.lot.tender, actor):
        return Viewer.RESPONDENT
    return Viewer.AUTHORITY if actor.roles & {Role.SUP, Role.INSP} else Viewer.PUBLIC


def fields(row: Complaint, who: Viewer) -> frozenset[str]:
    """A respondent learns the name with the copy, and never before the lot's bids are open (20号令 art. 21)."""
    listed = FIELDS[who, State(row.state)]
    named = who is Viewer.RESPONDENT and "text" in listed and row.lot.opened and row.lot.state not in STILL_SHUT
    return listed | ({"party"} if named else frozenset())


def seen(row: Complaint, who: Viewer) -> dict[str, Any]:
    return {name: PARTS[name](row) for name in sorted(fields(row, who))}


def _evidence(row: Complaint) -> dict[str, Any] | None:
    if row.evidence_name is None:
        return None
    return {"name": row.evidence_name, "size": row.evidence_size, "sha256": row.evidence_sha256}


PARTS: dict[str, Callable[[Complaint], Any]] = {
    "number": lambda row: row.number,
    "token": lambda row: row.token,
    "lot": lambda row: row.lot.code,
    "matter": lambda row: MATTER_WORDS[Matter(row.matter)],
    "objection": lambda row: row.objection.number if row.objection else None,
    "made_at": lambda row: row.made_at,
    "state": lambda row: State(row.state),
    "words": lambda row: STATE_WORDS[State(row.state)],
    "due_at": lambda row: row.due_at,
    "warn_at": lambda row: row.warn_at,
    "by_clock": lambda row: row.by_clock,
    "effect": lambda row: EFFECT_WORDS[Effect(row.effect)] if row.effect else None,
    "follows": lambda row: FOLLOWS[Effect(row.effect)] if row.effect else None,
    "reasons": lambda row: row.reasons,
    "decided_at": lambda row: row.decided_at,
    "text": lambda row: row.text,
    "demand": lambda row: row.demand,
    "evidence": _evidence,
    "reply": lambda row: row.reply,
    "replied_at": lambda row: row.replied_at,
    "reply_due_at": lambda row: row.reply_due_at,
    "accepted_at": lambda row: row.accepted_at,
    "correction": lambda row: row.correction,
    "corrected_at": lambda row: row.corrected_at,
    "stay_until": lambda row: row.stay_until,
    "party": lambda row: drafts.organization(row.organization_id).name,
}
