"""Pages of complaints for those concerned: making one and following it, the respondents' copy, what everybody may read."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import current_actor, current_actor_or_none
from accounts.forms import Form, answered, attempted, page
from kernel import clock
from kernel.db import own_transaction, transaction
from kernel.errors import Forbidden, Invalid, Refusal
from oversight import making, rules, service, visibility
from oversight.models import Complaint
from oversight.rules import Matter
from oversight.visibility import Viewer
from tendering import entryform, packs
from tendering import visibility as tenders
from tendering.lifecycle import lot_of, tender_of
from tendering.models import Tender
from tendering.objections import evidence
from tendering.objections import service as objections
from tendering.objections import visibility as sight

pages = Blueprint("complaints", __name__)

Page = str | tuple[str, int] | AnyResponse
TYPED = ("about", "known_at", "text", "demand")


@pages.get("/complaints/of/<code>")
def of_tender(code: str) -> Page:
    """For everybody the states and decisions; for the tender's owner and agency also the copies to answer."""
    return page("oversight/tender.html", form=Form(), **_tender(code))


def _tender(code: str) -> dict[str, Any]:
    found, actor = tender_of(code), current_actor_or_none()
    tenders.check_seen(found, actor)
    project = tenders.of_project(found, actor) if actor else False
    who = Viewer.RESPONDENT if project else Viewer.PUBLIC
    return {
        "tender": found,
        "project": project,
        "rows": [(visibility.seen(row, who), row.lot) for row in service.of_tender(found)],
    }


@pages.post("/owner/lots/<code>/complaints/<int:number>/reply")
@own_transaction
def reply(code: str, number: int) -> Page:
    words = request.form.get("words", "")
    outcome = attempted(lambda: service.reply(current_actor(), code, number, words, clock.now()))
    if isinstance(outcome, Refusal):
        typed = {"words": words, "key": f"{code[20:]}-{number}"}
        return answered("oversight/tender.html", Form(typed, outcome), lambda: _tender(code[:20]))
    return redirect(url_for("oversight.complaints.of_tender", code=code[:20]), 303)


@pages.get("/owner/lots/<code>/complaints/<int:number>/evidence")
@own_transaction
def copy(code: str, number: int) -> AnyResponse:
    """The respondent's copy of the file, once the complaint was taken."""
    with transaction(write=False):
        lot = lot_of(code)
        tenders.check_project(lot.tender, current_actor())
        row = service.numbered(lot, number)
        if "evidence" not in visibility.fields(row, Viewer.RESPONDENT):
            raise Forbidden(
                "complaint.not_taken", "投诉受理后才送达副本。", "The copy comes when it is taken.", rule=rules.RULE
            )
        return evidence.download(row)


@pages.get("/lots/<code>/complaints/new")
def new(code: str) -> Page:
    number = request.args.get("objection", "")
    about = f"objection.{number}" if number.isdigit() else ""
    return page("oversight/new.html", form=Form({"about": about}), **_form(code))


def _form(code: str) -> dict[str, Any]:
    lot, actor = lot_of(code), current_actor()
    objections.check_may_raise(actor, lot)
    mine = [row for row in objections.of_lot(lot) if row.organization_id == actor.organization_id]
    return {
        "lot": lot,
        "tender": lot.tender,
        "raised": [sight.seen(row, sight.Viewer.OWN) for row in mine if row.withdrawn_at is None],
        "alone": rules.counts_from_knowing(packs.load(lot.tender.pack_id)),
    }


@pages.post("/lots/<code>/complaints/new")
@own_transaction
def make(code: str) -> Page:
    typed = {name: request.form.get(name, "") for name in TYPED}
    outcome = _made(code, typed)
    if isinstance(outcome, Refusal):
        return answered("oversight/new.html", Form(typed, outcome), lambda: _form(code))
    return redirect(url_for("oversight.complaints.trace", token=outcome.token, made=1), 303)


def _made(code: str, typed: dict[str, str]) -> Complaint | Refusal:
    try:
        with transaction(write=False):
            actor = current_actor()
            objections.check_may_raise(actor, lot_of(code))
        matter, number = _about(typed["about"])
        known_at = _known(typed["known_at"])
        file = evidence.posted()
    except Invalid as refusal:
        refusal.detail.setdefault("fields", {"evidence": "file"})
        return refusal
    said = making.Statement(matter, number, known_at, typed["text"], typed["demand"], file)
    outcome = attempted(lambda: making.make(actor, code, said, clock.now()))
    if isinstance(outcome, Refusal):
        evidence.drop(file)
    return outcome


def _about(text: str) -> tuple[Matter, int | None]:
    matter, _, number = text.partition(".")
    try:
        return Matter(matter), int(number) if number else None
    except ValueError as error:
        raise Invalid(
            "complaint.about",
            "请选择投诉的事项。",
            "Choose what you complain of.",
            rule=rules.RULE,
            fields={"about": "missing"},
        ) from error


def _known(text: str) -> dt.datetime:
    """When the complainant came to know; left empty, now."""
    if not text.strip():
        return clock.now()
    try:
        return clock.parse_rfc3339(entryform.instant(text) or "")
    except ValueError as error:
        raise Invalid(
            "complaint.known",
            "请填写日期和时间。",
            "Enter a date and a time.",
            rule=rules.RULE,
            fields={"known_at": "form"},
        ) from error


@pages.get("/complaints")
def mine() -> Page:
    rows = service.mine(current_actor())
    return page("oversight/mine.html", rows=[(visibility.seen(row, Viewer.OWN), row.lot) for row in rows])


@pages.get("/complaints/<token>")
def trace(token: str) -> Page:
    return page("oversight/trace.html", form=Form(), **_trace(token))


def _trace(token: str) -> dict[str, Any]:
    row = service.own(current_actor(), token)
    tender: Tender = row.lot.tender
    return {"one": visibility.seen(row, Viewer.OWN), "lot": row.lot, "tender": tender}


@pages.post("/complaints/<token>/<name>")
@own_transaction
def act(token: str, name: str) -> Page:
    """Withdraw it, or put right what the authority asked for."""
    words = request.form.get("words", "")
    outcome = attempted(lambda: _done(token, name, words))
    if isinstance(outcome, Refusal):
        return answered("oversight/trace.html", Form({"words": words}, outcome), lambda: _trace(token))
    return redirect(url_for("oversight.complaints.trace", token=token), 303)


def _done(token: str, name: str, words: str) -> Complaint:
    if name == "withdraw":
        return service.withdraw(current_actor(), token, clock.now())
    return service.correct(current_actor(), token, words, clock.now())


@pages.get("/complaints/<token>/evidence")
@own_transaction
def own_evidence(token: str) -> AnyResponse:
    with transaction(write=False):
        return evidence.download(service.own(current_actor(), token))
