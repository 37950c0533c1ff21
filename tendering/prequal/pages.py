"""Pages of pre-qualification: the applicant's own, the reviewers' and the owner's, and everybody's list of what waits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from accounts import consortia
from accounts.access import current_actor, current_actor_or_none
from accounts.actor import Actor
from accounts.forms import Form, answered, attempted, page, say
from accounts.roles import Role
from kernel import clock, keys
from kernel.db import own_transaction, transaction
from kernel.errors import Invalid, NotFound, Refusal
from kernel.site import site
from supervision import log
from tendering import entryform, signedform, statements, transfers, visibility
from tendering.attachments import Attachment
from tendering.lifecycle import lot_of
from tendering.models import Lot
from tendering.prequal import applying, committee, result, reviewing, rules, showing
from tendering.prequal.applying import Said
from tendering.prequal.judging import Verdict
from tendering.prequal.models import PrequalApplication, PrequalFile

pages = Blueprint("prequal", __name__)

Page = str | tuple[str, int] | AnyResponse


@pages.app_context_processor
def _shown() -> dict[str, Any]:
    """For the pages of tender, draft and project."""
    return {"prequal_terms": showing.terms, "prequal_own": _own, "prequal_waiting": _waiting}


def _waiting() -> int:
    """How much of it waits for whoever looks."""
    actor = current_actor_or_none()
    return 0 if actor is None else sum(map(len, showing.mine(actor).values()))


def _own(lot: Lot) -> dict[str, Any] | None:
    actor = current_actor_or_none()
    return showing.own(actor, lot) if actor is not None and Role.BIDDER in actor.roles else None


@pages.get("/prequal")
def mine() -> Page:
    return page("prequal/mine.html", form=Form(), **showing.mine(current_actor()))


@pages.get("/lots/<code>/application")
@own_transaction
def application(code: str) -> Page:
    with transaction():
        actor, lot = current_actor(), lot_of(code)
        if showing.own(actor, lot) is not None:
            result.told(actor, lot, clock.now())
    with transaction(write=False):
        return page("prequal/application.html", form=Form(), **_application(code))


def _application(code: str) -> dict[str, Any]:
    lot, actor = lot_of(code), current_actor()
    visibility.check_seen(lot.tender, actor)
    found = showing.terms(lot.tender)
    if found is None:
        raise NotFound("prequal.none", "本项目没有资格预审。", "There is no pre-qualification here.", rule=rules.LAW)
    closed = _refusal(lambda: applying.check_may_apply(actor, lot, clock.now()))
    return {
        "lot": lot,
        "tender": lot.tender,
        "terms": found,
        "own": showing.own(actor, lot) if Role.BIDDER in actor.roles else None,
        "closed": closed,
        "parties": [one for one in consortia.consortia_of(actor) if one.confirmed_at and not one.dissolved_at],
    }


def _refusal(act: Callable[[], object]) -> Refusal | None:
    try:
        act()
    except Refusal as refusal:
        return refusal
    return None


@pages.post("/lots/<code>/application")
@own_transaction
def hand_in(code: str) -> Page:
    typed = {name: value for name, value in request.form.items() if name != "csrf_token"}
    outcome = _handed_in(code, typed)
    if isinstance(outcome, Refusal):
        return answered("prequal/application.html", Form(typed, outcome), lambda: _application(code))
    return redirect(url_for("prequal.application", code=code, done=1), 303)


def _handed_in(code: str, typed: Mapping[str, str]) -> object:
    """The files are stored first; they go again when the application is refused, and old ones when it is replaced."""
    with transaction(write=False):
        actor = current_actor()
        refused = _refusal(lambda: applying.check_may_apply(actor, lot_of(code), clock.now()))
    files: list[Attachment] = []
    if refused is None:
        try:
            files = transfers.posted("files")
        except Refusal as refusal:
            return refusal
    said = Said(typed, files, typed.get("party") or None)
    outcome = attempted(lambda: applying.hand_in(actor, code, said, clock.now()))
    gone = [one.blob_key for one in files] if isinstance(outcome, Refusal) else outcome[1]
    for key in gone:
        site().blobs.delete(key)
    return _kept(outcome)


def _kept(outcome: object) -> object:
    """A refused attempt that matters is a fact, written after the roll-back."""
    if isinstance(outcome, Refusal) and outcome.record is not None:
        with transaction():
            log.append(outcome.record.fact, lot=outcome.record.lot, subject=outcome.record.subject)
    return outcome


@pages.post("/lots/<code>/application/withdraw")
@own_transaction
def withdraw(code: str) -> Page:
    outcome = attempted(lambda: applying.withdraw(current_actor(), code, clock.now()))
    if isinstance(outcome, Refusal):
        return answered("prequal/application.html", Form({}, outcome), lambda: _application(code))
    return redirect(url_for("prequal.application", code=code), 303)


@pages.get("/lots/<code>/application/files/<sha256>")
@own_transaction
def own_file(code: str, sha256: str) -> AnyResponse:
    with transaction(write=False):
        return _download(applying.own(current_actor(), lot_of(code)), sha256)


@pages.get("/lots/<code>/prequal")
def desk(code: str) -> Page:
    return page("prequal/desk.html", form=Form(), **_desk(code))


def _desk(code: str) -> dict[str, Any]:
    lot, actor = lot_of(code), current_actor()
    if not showing.may_see(actor, lot):
        raise NotFound("prequal.none", "没有需要您办理的资格预审。", "There is nothing for you here.", rule=rules.LAW)
    return {"lot": lot, "tender": lot.tender, "terms": showing.terms(lot.tender), "now": clock.now(), **showing.desk(actor, lot)}  # fmt: skip


@pages.post("/lots/<code>/prequal/committee")
@own_transaction
def seat(code: str) -> Page:
    logins = request.form.get("members", "").split()
    return _done(code, lambda: committee.seat(current_actor(), code, logins, clock.now()))


@pages.post("/lots/<code>/prequal/applications/<token>")
@own_transaction
def review(code: str, token: str) -> Page:
    return _done(code, lambda: reviewing.review(current_actor(), code, token, _verdicts(code), clock.now()), token)


def _verdicts(code: str) -> dict[str, Verdict]:
    given = request.form
    known = [one.id for one in rules.criteria_of(lot_of(code).tender.draft)]
    said = {name: given.get(f"{name}.passes") for name in known}
    return {name: Verdict(one == "yes", given.get(f"{name}.reason", "")) for name, one in said.items() if one}


@pages.get("/lots/<code>/prequal/applications/<token>/<sha256>")
@own_transaction
def file(code: str, token: str, sha256: str) -> AnyResponse:
    with transaction(write=False):
        lot, actor = lot_of(code), current_actor()
        _check_reader(actor, lot)
        return _download(reviewing.of_token(lot, token), sha256)


def _check_reader(actor: Actor, lot: Lot) -> None:
    """Those whose desk shows the applications, and only then."""
    if not showing.may_see(actor, lot) or not showing.desk(actor, lot)["applications"]:
        raise NotFound("prequal.none", "没有需要您办理的资格预审。", "There is nothing for you here.", rule=rules.LAW)


@pages.post("/lots/<code>/prequal/prepare")
def prepare(code: str) -> AnyResponse:
    """What the owner is about to sign: the result, and with it the deadline for bids."""
    lot = lot_of(code)
    visibility.check_project(lot.tender, current_actor(), Role.OWNER)
    text = entryform.instant(request.form.get("closes_at", ""))
    items = result.sheet(lot, _instant(text) if text else None)
    return jsonify(statements=[keys.b64(item.raw) for item in items], words=[say(item.words) for item in items])


def _instant(text: str) -> dt.datetime:
    try:
        return clock.parse_rfc3339(text)
    except ValueError as error:
        raise Invalid("prequal.closes_at", "请填写日期和时间。", "Enter a date and a time.", rule=rules.LAW, fields={"closes_at": "form"}) from error  # fmt: skip


@pages.post("/lots/<code>/prequal/result")
@own_transaction
def give(code: str) -> Page:
    return _done(code, lambda: _given(code))


def _given(code: str) -> Lot:
    signed = signedform.every()
    if not signed:
        raise statements.unsigned()
    moment = signedform.closes_at(signed)
    return result.give(current_actor(), code, moment, signedform.by_hash(signed), clock.now())


def _done(code: str, act: Callable[[], object], anchor: str = "") -> Page:
    outcome = attempted(act)
    if isinstance(outcome, Refusal):
        typed = {name: value for name, value in request.form.items() if name not in ("signature", "cert", "csrf_token")}
        return answered("prequal/desk.html", Form({**typed, "token": anchor}, outcome), lambda: _desk(code))
    return redirect(url_for("prequal.desk", code=code, done=1), 303)


def _download(row: PrequalApplication, sha256: str) -> AnyResponse:
    found: PrequalFile | None = next((one for one in row.files if one.sha256 == sha256), None)
    if found is None:
        raise NotFound("application.file", "没有这个文件。", "There is no such file.", rule=rules.LAW)
    return transfers.private(found.blob_key, found.name, found.size)
