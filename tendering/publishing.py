"""What a stranger needs to recheck a tender, as public files: `<public>/tenders/<code>/tender.json` and `<public>/law/<pack>.json`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from kernel import canonical, keys, outbox
from kernel.clock import rfc3339
from kernel.db import db, transaction
from kernel.site import site
from supervision import shelf
from tendering import packs
from tendering.models import Document, Lot, Question, Tender, TermsChange
from tendering.objections import published
from tendering.quotes import boxes

KIND = "tender.public"
TYPE = "kaibiao-tender/1"


def queue(code: str) -> None:
    """Have the tender's public file written anew after the commit."""
    outbox.send(KIND, {"tender": code})


def write(payload: dict[str, Any]) -> None:
    """The outbox's handler: derive the file from the rows as they are now, so that writing it twice does no harm."""
    with transaction(write=False):
        tender = db.session.scalar(select(Tender).where(Tender.code == payload["tender"]))
        if tender is None or tender.unpublished:
            return
        pack = packs.load(tender.pack_id)
        raw = canonical.encode(content(tender))
    shelf.put(site().public / "law" / f"{pack.id}.json", pack.raw)
    shelf.put(site().public / "tenders" / payload["tender"] / "tender.json", raw)


def content(tender: Tender) -> dict[str, Any]:
    """Everything of the tender that is public now. Signed files stand as base64 of their exact bytes."""
    assert tender.published_at is not None
    altered = alterations(tender)
    return {
        "type": TYPE,
        "tender": tender.code,
        "state": tender.state,
        "practice": tender.practice,
        "published_at": rfc3339(tender.published_at),
        "pack": {"id": tender.pack_id, "sha256": tender.pack_sha256, "path": f"law/{tender.pack_id}.json"},
        "notice": _signed(tender.notice, tender.notice_sig),
        "notice_sha256": tender.notice_sha256,
        "cert": keys.b64(tender.cert or b""),
        "agency_cert": keys.b64(tender.agency_cert) if tender.agency_cert else None,
        "documents": [_document(found, tender.code) for found in tender.documents],
        "questions": [_question(found) for found in _answered(tender)],
        "objections": published.rows(tender),
        "lots": [_lot(found, altered[found.code]) for found in tender.shown_lots],
    }


def _document(found: Document, code: str) -> dict[str, Any]:
    return {
        "name": found.name,
        "size": found.size,
        "sha256": found.sha256,
        "media_type": found.media_type,
        "added_at": rfc3339(found.added_at),
        "after_notice": found.after_notice,
        "url": f"/tenders/{code}/documents/{found.sha256}",
    }


def _answered(tender: Tender) -> list[Question]:
    wanted = select(Question).where(Question.tender_id == tender.id, Question.answered_at.is_not(None))
    return list(db.session.scalars(wanted.order_by(Question.answered_at, Question.id)))


def _question(found: Question) -> dict[str, Any]:
    """Never who asked, nor when: the moment alone could tell."""
    assert found.answered_at is not None
    return {
        "question": found.text,
        "answer": found.answer,
        "bears_on_bids": found.bears_on_bids,
        "answered_at": rfc3339(found.answered_at),
    }


def _lot(lot: Lot, altered: list[TermsChange]) -> dict[str, Any]:
    return {
        "lot": lot.code,
        "first": boxes.first_of(lot),
        "number": lot.number,
        "name": lot.name,
        "state": lot.state,
        "closes_at": rfc3339(lot.closes_at) if lot.closes_at else None,
        "opens_at": rfc3339(lot.opens_at) if lot.opens_at else None,
        "applications_due": rfc3339(lot.applications_due) if lot.applications_due else None,
        "suspended_at": rfc3339(lot.suspended_at) if lot.suspended_at else None,
        "method": keys.b64(lot.method or b""),
        "method_sha256": lot.method_sha256,
        "keyset": keys.b64(lot.keyset or b""),
        "keyset_sha256": lot.keyset_sha256,
        "keyset_sigs": {"owner": lot.keyset_owner_sig, "supervisor": lot.keyset_supervisor_sig},
        "timetable": _signed(lot.timetable, lot.timetable_sig),
        "alterations": [_signed(found.alteration, found.alteration_sig) for found in altered],
        **_outcome(lot),
    }


def alterations(tender: Tender) -> dict[str, list[TermsChange]]:
    """The owner's signed notices of changed terms by lot, each lot's in the order of their versions; one query for all."""
    lots = {lot.id: lot.code for lot in tender.shown_lots}
    issued = select(TermsChange).where(TermsChange.lot_id.in_(lots), TermsChange.issued_at.is_not(None))
    found: dict[str, list[TermsChange]] = {code: [] for code in lots.values()}
    for change in db.session.scalars(issued.order_by(TermsChange.keyset_version)):
        found[lots[change.lot_id]].append(change)
    return found


def _outcome(lot: Lot) -> dict[str, Any]:
    return {
        "publicity_until": rfc3339(lot.publicity_until) if lot.publicity_until else None,
        "candidates": lot.ranking,
        "given_up": lot.given_up,
        "awarded_bid": lot.awarded_bid,
        "awarded_at": rfc3339(lot.awarded_at) if lot.awarded_at else None,
        "award": _signed(lot.award, lot.award_sig),
    }


def _signed(raw: bytes | None, sig: str | None) -> dict[str, str] | None:
    return {"file": keys.b64(raw), "sig": sig} if raw is not None and sig is not None else None


handlers: dict[str, outbox.Handler] = {KIND: write}
"""For the worker's table of outbox handlers."""
