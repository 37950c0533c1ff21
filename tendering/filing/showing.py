"""A filed plan for reading, by those who may."""

from __future__ import annotations

from typing import Any

from kernel import canonical
from tendering import drafts
from tendering.filing.models import Plan, Review


def plan(found: Plan) -> dict[str, Any]:
    return {
        "id": found.id,
        "tender": found.tender.code,
        "round": found.round,
        "content": canonical.decode(found.content),
        "sha256": found.sha256,
        "filed_at": found.filed_at,
        "current": found.current,
        "returned_at": found.returned_at,
        "return_ground": found.return_ground,
        "return_reason": found.return_reason,
        "reviews": [review(row) for row in found.reviews],
    }


def review(row: Review) -> dict[str, Any]:
    return {
        "department": drafts.organization(row.organization_id).name,
        "approves": row.approves,
        "basis": row.basis,
        "due_at": row.due_at,
        "act": row.act,
        "text": row.text,
        "acted_at": row.acted_at,
        "overdue_at": row.overdue_at,
    }
