"""Throwing a draft away: a page that says what goes, and the act."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import current_actor
from accounts.forms import Form, answered, attempted, page
from kernel import clock
from kernel.db import own_transaction
from kernel.errors import Refusal
from kernel.site import site
from tendering import drafts, service, visibility
from tendering.models import Tender

pages = Blueprint("discard", __name__)

Page = str | tuple[str, int] | AnyResponse


@pages.get("/tenders/<code>/discard")
def ask(code: str) -> Page:
    """Asks before anything goes; a published tender has no such page."""
    return page("tendering/discard.html", form=Form(), tender=_draft(code))


@pages.post("/tenders/<code>/discard")
@own_transaction
def discard(code: str) -> Page:
    outcome = attempted(lambda: service.discard_draft(current_actor(), service.tender_of(code), clock.now()))
    if isinstance(outcome, Refusal):
        return answered("tendering/discard.html", Form({}, outcome), lambda: {"tender": _mine(code)})
    for blob_key in outcome:
        site().blobs.delete(blob_key)
    return redirect(url_for("tendering.owner.overview", discarded=code), 303)


def _draft(code: str) -> Tender:
    found = _mine(code)
    drafts.check_draft(found)
    return found


def _mine(code: str) -> Tender:
    found = service.tender_of(code)
    visibility.check_project(found, current_actor())
    return found
