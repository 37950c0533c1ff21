"""Pages of a negotiation: the team's desk and a thread, a supplier's own page, the purchaser's signatures."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import current_actor
from accounts.forms import Form, answered, attempted, page
from evaluation.negotiation import changes, closing, parties, rules, showing, threads
from evaluation.negotiation.closing import Proposal
from evaluation.negotiation.threads import Filed
from evaluation.pages import posted_signature as signature
from kernel import clock
from kernel.db import own_transaction, transaction
from kernel.errors import Refusal
from kernel.site import site
from tendering import documents, filenames, visibility
from tendering.models import Lot

pages = Blueprint("negotiation", __name__, template_folder="../templates")

Page = str | tuple[str, int] | AnyResponse
PART = 1 << 20


@pages.app_context_processor
def _offered() -> dict[str, Any]:
    """For the tender's page."""
    return {"negotiation_story": showing.story}


@pages.get("/negotiations/<lot>")
def overview(lot: str) -> Page:
    """The team's desk, a supplier's own page, or the purchaser's."""
    template, shown = _overview(lot)
    return page(template, form=Form(), **shown)


def _overview(code: str) -> tuple[str, dict[str, Any]]:
    actor, lot = current_actor(), parties.negotiated(code)
    if parties.sits(actor, lot):
        return "negotiation/team.html", showing.to_team(actor, lot)
    mine = parties.own(actor, lot)
    if mine is not None:
        return "negotiation/supplier.html", showing.to_supplier(actor, lot, mine)
    visibility.check_project(lot.tender, actor)
    return "negotiation/owner.html", showing.to_owner(actor, lot)


@pages.get("/negotiations/<lot>/<bid_id>")
def thread(lot: str, bid_id: str) -> Page:
    """A supplier's thread, for the team and for itself; an attempt by anybody else is refused and raises an alert (N04)."""
    return page("negotiation/thread.html", form=Form(), **_thread(lot, bid_id))


def _thread(code: str, bid_id: str) -> dict[str, Any]:
    actor, lot = current_actor(), parties.negotiated(code)
    found = threads.thread(actor, code, bid_id, clock.now())
    current = threads.current(code)
    return {
        "lot": lot,
        "supplier": parties.supplier_of(lot, bid_id),
        "messages": found,
        "words": rules.SORT_WORDS,
        "member": parties.sits(actor, lot),
        "meeting": current if current is not None and current.bid_id == bid_id else None,
        "law": parties.law(lot),
    }


@pages.get("/negotiations/<lot>/<bid_id>/files/<sha256>")
def revised(lot: str, bid_id: str, sha256: str) -> Response:
    """A revised response, as a download."""
    found = threads.revised(current_actor(), lot, bid_id, sha256, clock.now())
    name = urllib.parse.quote(found.file_name or "response", safe="")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}", "Cache-Control": "no-store"}
    return Response(
        _parts(site().blobs.open(found.blob_key or "")), mimetype="application/octet-stream", headers=headers
    )


def _parts(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while block := file.read(PART):
            yield block


@pages.post("/negotiations/<lot>/<bid_id>/call")
@own_transaction
def call(lot: str, bid_id: str) -> Page:
    return _done(lot, lambda: threads.call(current_actor(), lot, bid_id, clock.now()))


@pages.post("/negotiations/<lot>/join")
@own_transaction
def join(lot: str) -> Page:
    return _done(lot, lambda: threads.join(current_actor(), lot, clock.now()))


@pages.post("/negotiations/<lot>/end")
@own_transaction
def end(lot: str) -> Page:
    return _done(lot, lambda: threads.end(current_actor(), lot, clock.now()))


@pages.post("/negotiations/<lot>/<bid_id>/questions")
@own_transaction
def ask(lot: str, bid_id: str) -> Page:
    text = request.form.get("text", "")
    outcome = attempted(lambda: threads.ask(current_actor(), lot, bid_id, text, clock.now()))
    if isinstance(outcome, Refusal):
        return answered("negotiation/thread.html", Form({"text": text}, outcome), lambda: _thread(lot, bid_id))
    return redirect(url_for("negotiation.thread", lot=lot, bid_id=bid_id), 303)


@pages.post("/negotiations/<lot>/answers")
@own_transaction
def answer(lot: str) -> Page:
    text = request.form.get("text", "")
    return _done(lot, lambda: threads.answer(current_actor(), lot, text, clock.now()), {"text": text})


@pages.post("/negotiations/<lot>/responses")
@own_transaction
def respond(lot: str) -> Page:
    """A revised response with its file, stored before the row that names it."""
    given, text = request.files.get("file"), request.form.get("text", "")
    return _done(lot, lambda: threads.respond(current_actor(), lot, text, _stored(given), clock.now()), {"text": text})


def _stored(given: Any) -> Filed:
    name = PurePosixPath((given.filename if given is not None else "") or "").name[:200]
    filenames.media_type(name)
    stored = documents.store(name, iter(lambda: given.stream.read(PART), b""))
    return Filed(name, stored.sha256, stored.size, stored.blob_key)


@pages.post("/negotiations/<lot>/changes/<int:number>/receipt")
@own_transaction
def receive(lot: str, number: int) -> Page:
    return _done(lot, lambda: changes.receive(current_actor(), lot, number, clock.now()))


@pages.post("/negotiations/<lot>/leave")
@own_transaction
def leave(lot: str) -> Page:
    reason = request.form.get("reason", "")
    return _done(lot, lambda: closing.leave(current_actor(), lot, reason, clock.now()), {"reason": reason})


@pages.post("/negotiations/<lot>/changes")
@own_transaction
def write_change(lot: str) -> Page:
    text = request.form.get("text", "")
    return _done(lot, lambda: changes.write(current_actor(), lot, text, clock.now()), {"text": text})


@pages.post("/negotiations/<lot>/changes/issue")
@own_transaction
def issue_change(lot: str) -> Page:
    return _done(lot, lambda: changes.issue(current_actor(), lot, signature()[0], clock.now()))


@pages.post("/negotiations/<lot>/record")
@own_transaction
def propose(lot: str) -> Page:
    return _done(lot, lambda: closing.propose(current_actor(), lot, _proposal(lot), clock.now()))


def _proposal(code: str) -> Proposal:
    """The form's rows: a ground for whoever does not conform, a mark for each design recommended, minutes for quotes."""
    bids = [one.bid_id for one in parties.suppliers(parties.negotiated(code))]
    grounds = {bid_id: request.form.get(f"ground.{bid_id}", "") for bid_id in bids}
    minutes = request.form.get("minutes", "")
    seconds = int(minutes) * 60 if minutes.isascii() and minutes.isdigit() and len(minutes) < 6 else 0
    chosen = request.form.getlist("design")
    return Proposal(seconds, grounds, {bid_id: _voters(bid_id) for bid_id in bids} if chosen else None)


def _voters(bid_id: str) -> list[str]:
    """The members who recommend this design, as one of them writes down and all of them sign."""
    return request.form.getlist(f"votes.{bid_id}")


@pages.post("/negotiations/<lot>/record/sign")
@own_transaction
def sign(lot: str) -> Page:
    return _done(lot, lambda: closing.sign(current_actor(), lot, *signature(), clock.now()))


def _done(lot: str, act: Callable[[], object], typed: dict[str, str] | None = None) -> Page:
    """Back to the own page, or the same page with what was wrong."""
    outcome = attempted(act)
    if isinstance(outcome, Refusal):
        with transaction(write=False):
            template = _template(parties.negotiated(lot))
        return answered(template, Form(typed or {}, outcome), lambda: _overview(lot)[1])
    return redirect(url_for("negotiation.overview", lot=lot), 303)


def _template(lot: Lot) -> str:
    actor = current_actor()
    if parties.sits(actor, lot):
        return "negotiation/team.html"
    return "negotiation/supplier.html" if parties.own(actor, lot) is not None else "negotiation/owner.html"
