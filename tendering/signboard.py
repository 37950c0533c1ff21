"""Pages where an owner signs: publishing, moving a deadline, standing still and going on. Words first, then the key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from flask import Blueprint, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import current_actor
from accounts.forms import Form, answered, attempted, page, say
from kernel import clock, keys
from kernel.db import own_transaction
from kernel.errors import Invalid, Refusal
from tendering import entryform, rules, service, signedform, statements, visibility
from tendering.models import Lot, Tender
from tendering.offers import moving
from tendering.statements import ToSign

pages = Blueprint("sign", __name__)

Page = str | tuple[str, int] | AnyResponse


@pages.get("/tenders/<code>/publish")
def sheet(code: str) -> Page:
    return page("tendering/sign.html", form=Form(), **_sheet(code))


def _sheet(code: str) -> dict[str, Any]:
    found = _of_project(code)
    missing = service.obstacles(found, clock.now())
    return {"tender": found, "obstacles": missing, "sheet": [] if missing else _shown(found)}


def _of_project(code: str) -> Tender:
    found = service.tender_of(code)
    visibility.check_project(found, current_actor())
    return found


def _shown(found: Tender) -> list[dict[str, Any]]:
    return [_line(item) for item in service.signing_sheet(found)]


def _line(item: ToSign) -> dict[str, Any]:
    return {"words": item.words, "statement": keys.b64(item.raw), "sha256": item.sha256, "type": item.type}


@pages.post("/tenders/<code>/publish")
@own_transaction
def publish(code: str) -> Page:
    outcome = attempted(lambda: _publish(code))
    if isinstance(outcome, Refusal):
        return answered("tendering/sign.html", Form({}, outcome), lambda: _sheet(code))
    return redirect(url_for("tendering.tender", code=code, published=1), 303)


def _publish(code: str) -> Tender:
    signatures = signedform.by_hash(signedform.every())
    return service.publish(current_actor(), service.tender_of(code), signatures, signedform.certificate(), clock.now())


@pages.post("/lots/<code>/<act>/prepare")
def prepare(code: str, act: str) -> AnyResponse:
    """The statement that the form's inputs make, for reading before it is signed."""
    lot = service.lot_of(code)
    visibility.check_project(lot.tender, current_actor())
    item = _statement(lot, act, clock.now())
    return jsonify(statements=[keys.b64(item.raw)], words=[say(item.words)])


def _statement(lot: Lot, act: str, now: dt.datetime) -> ToSign:
    match act:
        case "timetable":
            return statements.timetable(lot.code, lot.keyset_sha256 or "", _typed("closes_at"))
        case "suspend":
            return statements.suspended(lot.code, now, request.form.get("cause", "").strip())
        case "resume":
            return statements.resumed(lot.code, now, _resumed_until(lot, now))
        case _:
            raise statements.unsigned()


def _typed(name: str) -> dt.datetime:
    text = entryform.instant(request.form.get(name, "")) or ""
    try:
        return clock.parse_rfc3339(text)
    except ValueError as error:
        raise Invalid(
            "notice.invalid",
            "请填写日期和时间。",
            "Enter a date and a time.",
            rule="log-and-nodes.md 3 Deadline",
            fields={name: "form"},
        ) from error


def _resumed_until(lot: Lot, now: dt.datetime) -> dt.datetime:
    """The typed deadline, or without one the earliest that gives back the time that was left, up to a whole second."""
    if request.form.get("closes_at", "").strip() or lot.suspended_at is None or lot.closes_at is None:
        return _typed("closes_at")
    least = rules.resumed_at_least(lot.closes_at, lot.suspended_at, now)
    least = max(least, moving.earliest_close(lot, now) or least)
    return least.replace(microsecond=0) + dt.timedelta(seconds=1)


_ACTS: dict[str, Callable[..., Lot]] = {
    "timetable": service.extend_deadline,
    "suspend": service.suspend,
    "resume": service.resume,
}


@pages.post("/lots/<code>/<act>")
@own_transaction
def signed(code: str, act: str) -> Page:
    outcome = attempted(lambda: _carry_out(code, act))
    if isinstance(outcome, Refusal):
        return answered("tendering/refused.html", Form({}, outcome), lambda: {"code": code[:20]})
    return redirect(url_for("tendering.owner.draft", code=code[:20], _anchor=code), 303)


def _carry_out(code: str, act: str) -> Lot:
    if act not in _ACTS:
        raise statements.unsigned()
    return _ACTS[act](current_actor(), service.lot_of(code), signedform.one(), clock.now())
