"""A tender as the API and the pages show it: every part is on the viewer's allow-list or it is not there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from accounts.actor import Actor
from kernel import canonical
from tendering import cancellation, codes, drafts, keysets, notices, packs, questions, signing, terms, visibility
from tendering.checklist import Obstacle
from tendering.codes import TenderCode
from tendering.models import Document, Lot, Question, Tender
from tendering.statements import ToSign
from tendering.states import ENDED, LotState, TenderState
from tendering.visibility import Asking, Viewer


def tender(found: Tender, actor: Actor | None) -> dict[str, Any]:
    """What `actor` may see of it now; NotFound when that is nothing."""
    visibility.check_seen(found, actor)
    return {name: PARTS[name](found) for name in sorted(visibility.fields(found, actor))}


def row(found: Tender) -> dict[str, Any]:
    """One line of the list of tenders."""
    closing = [lot.closes_at for lot in found.lots if lot.closes_at is not None]
    return {
        "code": found.code,
        "title": found.title,
        "trade": found.trade,
        "region": found.region,
        "state": summary(found),
        "owner": drafts.organization(found.owner_org).name,
        "lots": len(found.lots),
        "published_at": found.published_at,
        "closes_at": min(closing, default=None),
        "practice": found.practice,
    }


def summary(found: Tender) -> str:
    """One word for a tender of several lots: the state of the lot that is furthest behind and still going."""
    order = [str(state) for state in LotState]
    states = sorted((lot.state for lot in found.lots), key=order.index)
    going = [state for state in states if state not in ENDED]
    return (going or states or [found.state])[0]


def clause(tender: Tender, subject: str) -> str:
    """Where the law of the tender's own pack speaks of a subject."""
    return packs.load(tender.pack_id).clause(subject)


def lot(found: Lot) -> dict[str, Any]:
    return {
        "lot": found.code,
        "tender": found.code[:20],
        "number": found.number,
        "name": found.name,
        "state": LotState(found.state),
        "ceiling": notices.ceiling(found),
        "closes_at": found.closes_at,
        "opens_at": found.opens_at,
        "suspended_at": found.suspended_at,
        "suspended_cause": found.suspended_cause,
        "keyset_sha256": found.keyset_sha256,
        "keyset_version": found.keyset_version,
        "method": method(found),
        "method_sha256": found.method_sha256,
        "timings": found.timings,
        "publicity_until": found.publicity_until,
        "candidates": found.ranking,
        "awarded_bid": found.awarded_bid,
        "awarded_at": found.awarded_at,
    }


def method(found: Lot) -> dict[str, Any] | None:
    value: dict[str, Any] | None = canonical.decode(found.method) if found.method else None
    return value


def document(found: Document) -> dict[str, Any]:
    return {**notices.document(found), "added_at": found.added_at, "after_notice": found.after_notice}


def question(found: Question, who: Viewer) -> dict[str, Any]:
    """What the table shows of it: to nobody who asked, nor when."""
    values = {
        "token": found.token,
        "question": found.text,
        "answer": found.answer,
        "bears_on_bids": found.bears_on_bids,
        "answered_at": found.answered_at,
    }
    stage = Asking.WAITING if found.answered_at is None else Asking.ANSWERED
    return visibility.QUESTION.shown(who, stage, values)


def obstacle(found: Obstacle) -> dict[str, str]:
    return dict(vars(found))


def keys_of(found: Lot) -> dict[str, Any]:
    """How far a lot's keyset is, for its owner."""
    return {
        "lot": found.code,
        "version": found.keyset_version,
        "keyset_sha256": found.keyset_sha256,
        "waiting_for": keysets.waiting_for(found) if found.fact_keys and not found.keyset else [],
        "supervisor_signed": found.keyset_supervisor_sig is not None,
        "ready": found.keyset_supervisor_sig is not None,
    }


def terms_of(found: Lot) -> dict[str, Any]:
    """How far a change of the lot's terms is, for its owner."""
    change = terms.latest(found)
    if change is None:
        unknown = dict.fromkeys(("version", "changes", "keyset_sha256", "issued_at"))
        return {"lot": found.code, **unknown, "waiting_for": [], "ready": False}
    return {
        "lot": found.code,
        "version": change.keyset_version,
        "changes": change.changes,
        "keyset_sha256": change.keyset_sha256,
        "waiting_for": [] if change.keyset else keysets.waiting_for(found, change.keyset_version),
        "ready": change.keyset_supervisor_sig is not None and change.issued_at is None,
        "issued_at": change.issued_at,
    }


def sheet(found: Tender) -> list[dict[str, Any]]:
    return [sheet_item(item) for item in signing.signing_sheet(found)]


def sheet_item(item: ToSign) -> dict[str, Any]:
    return {
        "type": item.type,
        "lot": item.lot,
        "statement_sha256": item.sha256,
        "file": item.raw,
        "words": {"zh": item.words.zh, "en": item.words.en},
    }


def _approvals(found: Tender) -> list[dict[str, Any]]:
    first = cancellation.approval(found)
    return [{"act": first.act, "reason": first.reason, "role": first.role, "at": first.at}] if first else []


def _party(organization: int | None) -> dict[str, str] | None:
    return notices.party(drafts.organization(organization)) if organization else None


PARTS: dict[str, Callable[[Tender], Any]] = {
    "code": lambda found: found.code,
    "project": lambda found: codes.project_of(TenderCode(found.code)),
    "trade": lambda found: found.trade,
    "method": lambda found: found.method,
    "title": lambda found: found.title,
    "region": lambda found: found.region,
    "pack": lambda found: found.pack_id,
    "pack_sha256": lambda found: found.pack_sha256,
    "practice": lambda found: found.practice,
    "state": lambda found: TenderState(found.state),
    "created_at": lambda found: found.created_at,
    "published_at": lambda found: found.published_at,
    "owner": lambda found: _party(found.owner_org),
    "agency": lambda found: _party(found.agency_org),
    "notice": notices.content,
    "notice_sha256": lambda found: found.notice_sha256,
    "documents": lambda found: [document(one) for one in found.documents],
    "lots": lambda found: [lot(one) for one in found.lots],
    "keysets": lambda found: [keys_of(one) for one in found.lots],
    "questions": lambda found: [question(one, Viewer.PUBLIC) for one in questions.answered(found)],
    "pending_questions": lambda found: [question(one, Viewer.PROJECT) for one in questions.pending(found)],
    "draft": lambda found: found.draft,
    "approvals": _approvals,
}
"""Each name on the allow-lists of `visibility`, and where it comes from."""
