"""Public pages of tendering: the list, a tender, its notice for printing, its documents, the law behind it."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, request, url_for
from marshmallow import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import current_actor, current_actor_or_none
from accounts.forms import Form, answered, attempted, page
from accounts.roles import Role
from kernel import clock
from kernel.db import own_transaction, transaction
from kernel.errors import Refusal
from kernel.law import holds
from kernel.site import site
from tendering import (
    desk,
    documents,
    draft_schemas,
    listing,
    milestones,
    packs,
    power_pages,
    presentation,
    publishing,
    record,
    schemas,
    service,
    timeline_pages,
    transfers,
    visibility,
)
from tendering.amendments import telling
from tendering.codes import Trade
from tendering.invitations.door import check_documents
from tendering.listing import Query
from tendering.models import Document, Lot, Tender
from tendering.pack_changes import changes
from tendering.packs import holidays
from tendering.states import LotState

pages = Blueprint("tendering", __name__, template_folder="templates")
pages.register_blueprint(desk.pages)
pages.register_blueprint(power_pages.pages)

Page = str | tuple[str, int] | AnyResponse
EXPORTED = 5000


@pages.app_context_processor
def _law() -> dict[str, Any]:
    """For every page: `clause(tender, "read_out")` cites the law of the tender's own pack, never another trade's."""
    return {"clause": presentation.clause}


@pages.get("/tenders")
def tender_list() -> Page:
    query = _query()
    if request.args.get("format") in ("csv", "json"):
        return _export(query)
    found = listing.public(query)
    return page(
        "tendering/list.html",
        query=query,
        found=found,
        rows=[presentation.row(tender) for tender in found.rows],
        trades=list(Trade),
        states=[state for state in LotState if state is not LotState.DRAFT],
    )


def _query() -> Query:
    """What the address asks for; a value that makes no sense falls back to the neutral one."""
    given = {name: value for name, value in request.args.items() if name in Query.__dataclass_fields__}
    try:
        return Query(**schemas.TenderQuery().load(given))
    except ValidationError as error:
        bad = draft_schemas.messages_of(error)
        return Query(**schemas.TenderQuery().load({k: v for k, v in given.items() if k not in bad}))


def _export(query: Query) -> AnyResponse:
    found = listing.public(Query(**{**asdict(query), "page": 1}), size=EXPORTED)
    rows = schemas.TenderRowOut(many=True).dump([presentation.row(tender) for tender in found.rows])
    if request.args["format"] == "json":
        return jsonify(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(schemas.TenderRowOut().fields))
    writer.writeheader()
    writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
    answer = Response("\ufeff" + text.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="tenders.csv"'
    return answer


def _harmless(value: Any) -> Any:
    """A spreadsheet runs a cell that begins with one of these; a leading quote keeps it text."""
    return "'" + value if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value


@pages.get("/tenders/<code>")
def tender(code: str) -> Page:
    return page("tendering/tender.html", form=Form(), **_tender(code))


def _tender(code: str) -> dict[str, Any]:
    found, actor = service.tender_of(code), current_actor_or_none()
    visibility.check_seen(found, actor)
    return {
        "tender": found,
        "notice": presentation.tender(found, actor)["notice"],
        "lots": [(lot, _milestones(found, lot)) for lot in found.shown_lots],
        "answered": service.answered(found),
        "alterations": publishing.alterations(found),
        "facts": record.open_facts(found),
        "project": visibility.of_project(found, actor) if actor else False,
        "asking": any(lot.state in (LotState.PREQUAL, LotState.COLLECTING) for lot in found.lots),
        "methods": {lot.code: presentation.method(lot) for lot in found.shown_lots},
        "proposal": service.approval(found) if actor and Role.MGR in actor.roles else None,
        "amendments": telling.shown(telling.published(found)),
        "unread": [one for one in telling.unread(actor) if one.tender_id == found.id],
        "timelines": {lot.code: timeline_pages.of_lot(found, lot) for lot in found.shown_lots},
        "recheck": f"{site().settings.url.rstrip('/')}/tenders/{code}",
    }


def _milestones(found: Tender, lot: Lot) -> list[milestones.Milestone]:
    if found.published_at is None or lot.closes_at is None:
        return []
    course = milestones.Course(
        LotState(lot.state),
        found.published_at,
        lot.closes_at,
        lot.publicity_from,
        lot.publicity_until,
        lot.awarded_at,
        lot.qualified_at,
        lot.applications_due,
    )
    return milestones.milestones(packs.load(found.pack_id), course, clock.now())


@pages.post("/tenders/<code>/questions")
@own_transaction
def ask(code: str) -> Page:
    text = request.form.get("text", "")
    outcome = attempted(lambda: service.ask(current_actor(), service.tender_of(code), text, clock.now()))
    if isinstance(outcome, Refusal):
        return answered("tendering/tender.html", Form({"text": text}, outcome), lambda: _tender(code))
    return redirect(url_for("tendering.tender", code=code, asked=1, _anchor="questions"), 303)


@pages.post("/tenders/<code>/cancel")
@own_transaction
def confirm_cancel(code: str) -> Page:
    """The management office as the second to approve, where the owner works without an agency."""
    outcome = attempted(lambda: service.cancel(current_actor(), service.tender_of(code), "", clock.now()))
    if isinstance(outcome, Refusal):
        return answered("tendering/tender.html", Form({}, outcome), lambda: _tender(code))
    return redirect(url_for("tendering.tender", code=code), 303)


@pages.get("/tenders/<code>/notice")
def notice(code: str) -> Page:
    """The notice as a sheet of paper, from exactly what was signed."""
    found, actor = service.tender_of(code), current_actor_or_none()
    seen = presentation.tender(found, actor)
    lots = {lot.code: lot for lot in found.lots}
    pack = packs.load(found.pack_id)
    return page("tendering/notice.html", tender=found, notice=seen["notice"], lots=lots, pack=pack)


@pages.get("/tenders/<code>/documents/<sha256>")
@own_transaction
def document(code: str, sha256: str) -> AnyResponse:
    """A document, streamed. Nobody has to ask for it first (20号令 art. 20)."""
    whole = request.method == "GET" and "Range" not in request.headers and not request.if_none_match
    with transaction(write=whole):
        found, actor = service.tender_of(code), current_actor_or_none()
        visibility.check_seen(found, actor)
        check_documents(found, actor)
        taken, file = documents.opened(found, sha256)
        if whole:
            documents.note_taken(actor, found, sha256, clock.now())
        draft = found.unpublished
    return _download(taken, file, draft=draft)


def _download(taken: Document, file: Any, *, draft: bool) -> AnyResponse:
    answer = transfers.download(file, taken.name, taken.size, taken.media_type)
    answer.headers["Cache-Control"] = "private, no-store" if draft else "no-cache"
    answer.set_etag(taken.sha256)
    answer.last_modified = taken.added_at
    answer.make_conditional(request, accept_ranges=True, complete_length=taken.size)
    return answer


@pages.get("/law")
def law() -> Page:
    practice, every = site().settings.practice, [packs.load(name) for name in packs.names()]
    used = {pack.id for pack in packs.offered(practice=practice)}
    return page("tendering/law.html", packs=every, practice=practice, used=used, years=holidays())


@pages.get("/law/changes")
def pack_compare() -> AnyResponse:
    """The form's way to a stable address."""
    return redirect(url_for(".pack_changes", old=request.args.get("old", ""), new=request.args.get("new", "")), 303)


@pages.get("/law/<old>/changes/<new>")
def pack_changes(old: str, new: str) -> Page:
    was, now = packs.load(old), packs.load(new)
    return page("tendering/pack_changes.html", old=was, new=now, changes=changes(was, now))


@pages.get("/law/<pack_id>")
@holds("N15", "P14")
def pack(pack_id: str) -> Page:
    found = packs.load(pack_id)
    others = [one for one in map(packs.load, packs.names()) if one.trade is found.trade and one.id != found.id]
    return page("tendering/pack.html", pack=found, others=others)
