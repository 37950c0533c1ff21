"""The owner's pages for changed terms: say what changes, wait for the nodes, read the three statements, sign them."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import current_actor
from accounts.forms import Form, answered, attempted, say
from kernel import clock, keys
from kernel.db import own_transaction
from kernel.errors import Refusal
from tendering import changes, entryform, packs, service, signedform, statements, terms, timetable, visibility
from tendering.models import Lot

pages = Blueprint("terms", __name__)

Page = str | tuple[str, int] | AnyResponse


@pages.post("/lots/<code>/terms/propose")
@own_transaction
def propose(code: str) -> Page:
    changes = request.form.get("changes", "")
    outcome = attempted(lambda: terms.propose(current_actor(), code, changes, clock.now()))
    return _back(code, outcome)


@pages.post("/lots/<code>/terms/prepare")
def prepare(code: str) -> AnyResponse:
    """The three statements that the form makes, for reading before they are signed."""
    lot = service.lot_of(code)
    visibility.check_project(lot.tender, current_actor())
    items = terms.sheet(lot, _closes_at(lot))
    return jsonify(statements=[keys.b64(item.raw) for item in items], words=[say(item.words) for item in items])


@pages.post("/lots/<code>/terms/issue")
@own_transaction
def issue(code: str) -> Page:
    return _back(code, attempted(lambda: _issued(code)))


def _issued(code: str) -> Lot:
    signed = signedform.every()
    closes_at = signedform.closes_at(signed)
    if closes_at is None:
        raise statements.unsigned()
    return terms.issue(current_actor(), code, closes_at, signedform.by_hash(signed), clock.now())


def _closes_at(lot: Lot) -> dt.datetime:
    """The typed deadline; left empty, the one that stands, or where the change comes late the first that is lawful."""
    text = entryform.instant(request.form.get("closes_at", ""))
    if not text and lot.closes_at is not None:
        now = clock.now()
        earliest = timetable.earliest_after_change(packs.load(lot.tender.pack_id), now)
        return lot.closes_at if lot.closes_at >= earliest.at else changes.moved(earliest, lot.closes_at)
    try:
        return clock.parse_rfc3339(text or "")
    except ValueError as error:
        raise statements.unsigned() from error


def _back(code: str, outcome: object) -> Page:
    if isinstance(outcome, Refusal):
        return answered("tendering/refused.html", Form({}, outcome), lambda: {"code": code[:20]})
    return redirect(url_for("tendering.owner.draft", code=code[:20], _anchor=code), 303)
