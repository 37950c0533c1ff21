"""Pages of late changes and site visits: laid down, read in words, signed; and the receipt of whoever was told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import current_actor
from accounts.forms import Form, answered, attempted, page, say
from kernel import clock, keys
from kernel.db import own_transaction, transaction
from kernel.errors import Refusal
from tendering import changes, entryform, packs, service, signedform, timetable
from tendering.amendments import service as amendments
from tendering.amendments import telling
from tendering.amendments.models import Amendment

pages = Blueprint("amendments", __name__)

Page = str | tuple[str, int] | AnyResponse
CHUNK = 1 << 18


@pages.post("/owner/tenders/<code>/amendments/answer")
@own_transaction
def answer(code: str) -> Page:
    token, text = request.form.get("token", ""), request.form.get("answer", "")
    outcome = attempted(
        lambda: amendments.propose_answer(current_actor(), service.tender_of(code), token, text, clock.now()).id
    )
    return _to_sign(code, outcome)


@pages.post("/owner/tenders/<code>/amendments/document")
@own_transaction
def document(code: str) -> Page:
    """One file, streamed on from where the form's parser put it."""
    with transaction(write=False):
        actor = current_actor()
    given = request.files.get("document")
    chunks = iter(partial(given.stream.read, CHUNK), b"") if given else iter(())
    name = (given.filename if given else "") or ""
    try:
        return _to_sign(code, amendments.propose_document(actor, code, name, chunks, clock.now()).id)
    except Refusal as refusal:
        return _to_sign(code, refusal)


def _to_sign(code: str, outcome: int | Refusal) -> Page:
    if isinstance(outcome, Refusal):
        return answered("tendering/refused.html", Form({}, outcome), lambda: {"code": code})
    return redirect(url_for("amendments.sheet", code=code, number=outcome), 303)


@pages.get("/owner/tenders/<code>/amendments/<int:number>")
def sheet(code: str, number: int) -> Page:
    return page("amendments/sign.html", form=Form(), **_sheet(code, number))


def _sheet(code: str, number: int) -> dict[str, Any]:
    change = amendments.proposed(current_actor(), code, number)
    pack = packs.load(change.tender.pack_id)
    return {
        "tender": change.tender,
        "change": change,
        "moved": changes.moved_deadlines(change.tender, clock.now()),
        "earliest": timetable.earliest_after_change(pack, clock.now()),
    }


@pages.post("/owner/tenders/<code>/amendments/<int:number>/prepare")
def prepare(code: str, number: int) -> AnyResponse:
    """The statements as they are to be signed now, for reading first."""
    items = amendments.sheet(amendments.proposed(current_actor(), code, number), clock.now())
    return jsonify(statements=[keys.b64(item.raw) for item in items], words=[say(item.words) for item in items])


@pages.post("/owner/tenders/<code>/amendments/<int:number>")
@own_transaction
def publish(code: str, number: int) -> Page:
    outcome = attempted(lambda: _publish(code, number))
    if isinstance(outcome, Refusal):
        return answered("amendments/sign.html", Form({}, outcome), lambda: _sheet(code, number))
    return redirect(url_for("tendering.tender", code=code, _anchor="amendments"), 303)


def _publish(code: str, number: int) -> Amendment:
    actor = current_actor()
    return amendments.publish(actor, amendments.proposed(actor, code, number), signedform.every(), clock.now())


@pages.post("/owner/tenders/<code>/visits")
@own_transaction
def visit(code: str) -> Page:
    place, at = request.form.get("place", ""), entryform.instant(request.form.get("visit_at", "")) or ""
    return _done(
        code,
        "tendering.owner.draft",
        lambda: amendments.announce_visit(current_actor(), service.tender_of(code), place, at, clock.now()),
    )


@pages.post("/tenders/<code>/amendments/read")
@own_transaction
def read(code: str) -> Page:
    return _done(code, "tendering.tender", lambda: telling.read(current_actor(), service.tender_of(code), clock.now()))


def _done(code: str, where: str, act: Callable[[], object]) -> Page:
    outcome = attempted(act)
    if isinstance(outcome, Refusal):
        return answered("tendering/refused.html", Form({}, outcome), lambda: {"code": code})
    return redirect(url_for(where, code=code, _anchor="amendments"), 303)
