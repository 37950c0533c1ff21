"""The owner's and agency's desk: drafting, the checklist, documents, keys, signing, and everything after the notice."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, redirect, request, url_for
from marshmallow import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from accounts import certificates
from accounts.access import current_actor
from accounts.actor import Actor
from accounts.forms import Form, answered, attempted, page
from accounts.roles import Role
from kernel import clock
from kernel.db import own_transaction, transaction
from kernel.errors import Invalid, Refusal
from kernel.site import site
from tendering import discarding, draft_schemas, entryform, listing, packs, presentation, service, visibility, wording
from tendering.codes import Trade
from tendering.drafts import FORM_RULE
from tendering.filing import intents, showing
from tendering.filing import plan as plans
from tendering.filing import service as filing
from tendering.models import Tender
from tendering.objections import service as objections
from tendering.signboard import pages as signboard
from tendering.states import LotState
from tendering.terms_pages import pages as terms_pages

pages = Blueprint("owner", __name__, url_prefix="/owner")
pages.register_blueprint(signboard)
pages.register_blueprint(terms_pages)
pages.register_blueprint(discarding.pages)

Page = str | tuple[str, int] | AnyResponse
CHUNK = 1 << 18


@pages.get("/")
def overview() -> Page:
    actor = current_actor()
    actor.act_as_any(Role.OWNER, Role.AGENCY)
    mine = listing.mine(actor)
    todo = {found.code: _next_action(found) for found in mine}
    rows = {found.code: presentation.row(found) for found in mine}
    return page("tendering/desk.html", tenders=mine, rows=rows, todo=todo)


def _next_action(found: Tender) -> str:
    """The one thing that waits for this owner, as a word the page puts into a sentence."""
    if found.unpublished:
        return "publish" if not service.obstacles(found, clock.now()) else "draft"
    if any(lot.state in (LotState.SEALED, LotState.OPENING) for lot in found.lots):
        return "open"
    if objections.pending(found):
        return "object"
    if service.pending(found):
        return "answer"
    due = [lot for lot in found.lots if lot.publicity_until and lot.publicity_until <= clock.now()]
    return "award" if any(lot.state == "publicity" for lot in due) else ""


@pages.get("/tenders/new")
def new() -> Page:
    current_actor().act_as_any(Role.OWNER, Role.AGENCY)
    return page("tendering/new.html", form=Form(), **_choices())


def _choices() -> dict[str, Any]:
    return {"packs": packs.offered(practice=site().settings.practice), "region": "990101"}


@pages.post("/tenders/new")
@own_transaction
def create() -> Page:
    values = {name: request.form.get(name, "").strip() for name in ("pack", "title", "region", "owner_uscc")}
    outcome = attempted(lambda: _created(values))
    if isinstance(outcome, Refusal):
        return answered("tendering/new.html", Form(values, outcome), _choices)
    return redirect(url_for("tendering.owner.draft", code=outcome.code), 303)


def _created(values: dict[str, str]) -> Tender:
    trade = packs.load(values["pack"]).trade if values["pack"] else Trade.CONSTRUCTION
    given = {name: value for name, value in values.items() if value}
    data = _loaded(draft_schemas.DraftIn(), {**given, "trade": str(trade), "lots": [{"name": ""}]})
    return service.create_draft(current_actor(), data, clock.now())


def _loaded(schema: draft_schemas.DraftIn, data: dict[str, Any]) -> dict[str, Any]:
    """Read the form as the API reads JSON; Invalid names the form's fields."""
    try:
        found: dict[str, Any] = schema.load(data)
    except ValidationError as error:
        where = dict.fromkeys(_paths(draft_schemas.messages_of(error)), "form")
        raise Invalid(
            "notice.invalid",
            "有内容填写不合格式：" + "、".join(where),
            "Some fields are not of their form: " + ", ".join(where),
            rule=FORM_RULE,
            fields=where,
        ) from error
    return found


def _paths(messages: dict[Any, Any], prefix: str = "") -> list[str]:
    """Dotted names of the fields at fault, lots counted from 1 as the form does."""
    found: list[str] = []
    for name, inner in messages.items():
        step = str(name + 1) if isinstance(name, int) else str(name)
        path = f"{prefix}.{step}" if prefix else step
        found += _paths(inner, path) if isinstance(inner, dict) else [path]
    return found


@pages.get("/tenders/<code>")
def draft(code: str) -> Page:
    found = _mine(code)
    template = "tendering/draft.html" if found.unpublished else "tendering/manage.html"
    return page(template, form=Form(), **_desk(code))


def _mine(code: str) -> Tender:
    found = service.tender_of(code)
    visibility.check_project(found, current_actor())
    return found


def _desk(code: str) -> dict[str, Any]:
    found, actor, now = _mine(code), current_actor(), clock.now()
    draft_state = found.unpublished
    return {
        "tender": found,
        "draft": found.draft,
        "terms": found.draft.get("lots") or [],
        "local": entryform.local,
        "obstacles": service.obstacles(found, now) if draft_state else [],
        "findings": _findings(found) if draft_state else [],
        "packs": packs.offered(practice=found.practice),
        "pack": packs.load(found.pack_id),
        "certificates": _signing(actor),
        "waiting": {lot.code: presentation.keys_of(lot) for lot in found.lots},
        "altered": {lot.code: presentation.terms_of(lot) for lot in found.lots},
        "pending": service.pending(found),
        "objected": len(objections.pending(found)),
        "proposal": service.approval(found),
        "owner": Role.OWNER in actor.roles,
        "agency": Role.AGENCY in actor.roles and actor.organization_id == found.agency_org,
        "criteria_rows": entryform.CRITERIA,
        **(_filing(found) if draft_state else {}),
    }


def _findings(found: Tender) -> list[wording.Finding]:
    """Every doubtful word once, however often it stands in the notice."""
    hits = wording.findings(found.draft, packs.load(found.pack_id))
    return list({one.quote: one for one in reversed(hits)}.values())[::-1]


def _filing(found: Tender) -> dict[str, Any]:
    last = filing.latest(found)
    return {
        "filed": showing.plan(last) if last else None,
        "files_as_is": filing.stands(found),
        "unfiled": filing.unfiled(found),
        "grounds": plans.grounds(packs.load(found.pack_id)),
        "intent_rule": intents.rule_of(found),
        "intent": intents.of(found),
    }


def _signing(actor: Actor) -> list[Any]:
    return [one for one in certificates.certificates_of(actor) if one.confirmed_at and not one.revoked_at]


@pages.post("/tenders/<code>")
@own_transaction
def save(code: str) -> Page:
    """Save the form; the buttons that add or drop a lot save too, so that nothing typed is lost."""
    data = entryform.read(request.form)
    if "add_lot" in request.form:
        data["lots"].append({"name": ""})
    if "drop_lot" in request.form and data["lots"]:
        data["lots"].pop()
    outcome = attempted(
        lambda: service.update_draft(
            current_actor(), service.tender_of(code), _loaded(draft_schemas.ChangesIn(), data), clock.now()
        )
    )
    if isinstance(outcome, Refusal):
        typed = {"draft": data, "terms": data["lots"]}
        return answered("tendering/draft.html", Form({}, outcome), lambda: {**_desk(code), **typed})
    return redirect(url_for("tendering.owner.draft", code=code, saved=1), 303)


@pages.get("/tenders/<code>/checklist")
def checklist(code: str) -> Page:
    """The part of the draft page that htmx asks for again while nodes answer."""
    return page("tendering/_checklist.html", **_desk(code))


@pages.post("/tenders/<code>/documents")
@own_transaction
def upload(code: str) -> Page:
    """Take the files of a form one by one; each is streamed on from where the form's parser put it."""
    with transaction(write=False):
        actor = current_actor()
    for given in request.files.getlist("documents"):
        try:
            chunks = iter(partial(given.stream.read, CHUNK), b"")
            service.add_document(actor, code, given.filename or "", chunks, clock.now())
        except Refusal as refusal:
            return _again(code, refusal)
    return redirect(url_for("tendering.owner.draft", code=code, _anchor="documents"), 303)


@pages.post("/tenders/<code>/documents/<sha256>/remove")
@own_transaction
def remove(code: str, sha256: str) -> Page:
    outcome = attempted(lambda: service.remove_document(current_actor(), service.tender_of(code), sha256, clock.now()))
    if isinstance(outcome, Refusal):
        return _again(code, outcome)
    site().blobs.delete(outcome)
    return redirect(url_for("tendering.owner.draft", code=code, _anchor="documents"), 303)


@pages.post("/tenders/<code>/keys")
@own_transaction
def request_keys(code: str) -> Page:
    return _done(code, "keys", _request_keys)


def _request_keys(tender: Tender) -> None:
    found = certificates.seen_by(current_actor(), request.form.get("certificate", ""))
    service.request_keysets(current_actor(), tender, found.der, clock.now())


@pages.post("/tenders/<code>/agency-key")
@own_transaction
def agency_key(code: str) -> Page:
    return _done(code, "agency_key", _confirm_key)


def _confirm_key(tender: Tender) -> None:
    found = certificates.seen_by(current_actor(), request.form.get("certificate", ""))
    service.confirm_key(current_actor(), tender, found.der, clock.now())


@pages.post("/tenders/<code>/answers")
@own_transaction
def answer(code: str) -> Page:
    reply = service.Reply(request.form.get("answer", ""), bears_on_bids="bears_on_bids" in request.form)
    token = request.form.get("token", "")
    return _done(code, "questions", lambda tender: service.answer(current_actor(), tender, token, reply, clock.now()))


@pages.post("/tenders/<code>/cancel")
@own_transaction
def cancel(code: str) -> Page:
    reason = request.form.get("reason", "")
    return _done(code, "cancel", lambda tender: service.cancel(current_actor(), tender, reason, clock.now()))


@pages.post("/tenders/<code>/cancel/withdraw")
@own_transaction
def withdraw_proposal(code: str) -> Page:
    return _done(code, "cancel", lambda tender: service.withdraw_proposal(current_actor(), tender, clock.now()))


@pages.post("/lots/<code>/given-up")
@own_transaction
def given_up(code: str) -> Page:
    told = request.form.get("bid_id", ""), request.form.get("reason", "")
    return _done(
        code[:20], "award", lambda _: service.give_up(current_actor(), service.lot_of(code), *told, clock.now())
    )


def _done(code: str, anchor: str, act: Callable[[Tender], object]) -> Page:
    outcome = attempted(lambda: act(service.tender_of(code)))
    if isinstance(outcome, Refusal):
        return _again(code, outcome)
    return redirect(url_for("tendering.owner.draft", code=code, _anchor=anchor), 303)


def _again(code: str, refusal: Refusal) -> Page:
    with transaction(write=False):
        published = not service.tender_of(code).unpublished
    template = "tendering/manage.html" if published else "tendering/draft.html"
    return answered(template, Form({}, refusal), lambda: _desk(code))
