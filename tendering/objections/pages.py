"""Pages of objections: what may be raised until when, the form, one's own trace, and the desk of owner and agency."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import current_actor, current_actor_or_none
from accounts.forms import Form, answered, attempted, page
from kernel import clock
from kernel.db import own_transaction, transaction
from kernel.errors import Invalid, Refusal
from tendering import record, visibility
from tendering.lifecycle import lot_of, tender_of
from tendering.models import Lot, Tender
from tendering.objections import evidence, rules, service, stays
from tendering.objections import visibility as sight
from tendering.objections.models import Objection
from tendering.objections.rules import Effect
from tendering.objections.visibility import Viewer

pages = Blueprint("objections", __name__)

Page = str | tuple[str, int] | AnyResponse
TYPED = ("about", "text", "demand")


@pages.app_context_processor
def _words() -> dict[str, Any]:
    return {"sort_words": rules.SORT_WORDS, "subject_words": rules.SUBJECT_WORDS, "effect_words": rules.EFFECT_WORDS}


@pages.get("/tenders/<code>/objections")
def of_tender(code: str) -> Page:
    """For everybody: each lot's windows, and what was raised and answered."""
    found, actor, now = tender_of(code), current_actor_or_none(), clock.now()
    visibility.check_seen(found, actor)
    rows = service.of_tender(found)
    return page(
        "objections/tender.html",
        tender=found,
        lots=[(lot, service.windows(lot, now)) for lot in found.lots],
        raised=[(sight.seen(row, Viewer.PUBLIC), _color(row)) for row in rows],
        project=visibility.of_project(found, actor) if actor else False,
        at=now,
    )


def _color(row: Objection) -> str:
    return rules.color(row.warn_at, row.due_at, clock.now()) if row.is_open else "green"


@pages.get("/lots/<code>/objections/new")
def new(code: str) -> Page:
    form = Form({"about": request.args.get("about", "")})
    return page("objections/new.html", form=form, **_form(code))


def _form(code: str) -> dict[str, Any]:
    lot, now = lot_of(code), clock.now()
    service.check_may_raise(current_actor(), lot)
    found = service.windows(lot, now)
    return {
        "lot": lot,
        "tender": lot.tender,
        "windows": [window for window in found if window.is_open(now)],
        "shut": [window for window in found if not window.is_open(now)],
        "at": now,
    }


@pages.post("/lots/<code>/objections/new")
@own_transaction
def raise_(code: str) -> Page:
    typed = {name: request.form.get(name, "") for name in TYPED}
    outcome = _raised(code, typed)
    if isinstance(outcome, Refusal):
        return answered("objections/new.html", Form(typed, outcome), lambda: _form(code))
    return redirect(url_for("objections.trace", token=outcome.token, raised=1), 303)


def _raised(code: str, typed: dict[str, str]) -> Objection | Refusal:
    """The file is stored first; it goes again when the objection is refused."""
    sort, _, subject = typed["about"].partition(".")
    try:
        with transaction(write=False):
            actor = current_actor()
            service.check_may_raise(actor, lot_of(code))
        file = evidence.posted()
    except Invalid as refusal:
        refusal.detail["fields"] = {"evidence": "file"}
        return refusal
    said = service.Statement(sort, subject, typed["text"], typed["demand"], file)
    outcome = attempted(lambda: service.raise_objection(actor, code, said, clock.now()))
    if isinstance(outcome, Refusal):
        evidence.drop(file)
    return outcome


@pages.get("/objections")
def mine() -> Page:
    rows = service.mine(current_actor())
    return page("objections/mine.html", raised=[(sight.seen(row, Viewer.OWN), _color(row), row.lot) for row in rows])


@pages.get("/objections/<token>")
def trace(token: str) -> Page:
    return page("objections/trace.html", form=Form(), **_trace(token))


def _trace(token: str) -> dict[str, Any]:
    row = service.own(current_actor(), token)
    return {
        "one": sight.seen(row, Viewer.OWN),
        "color": _color(row),
        "lot": row.lot,
        "tender": row.lot.tender,
        "facts": _facts(row),
        "stays": stays.running(row.lot),
    }


def _facts(row: Objection) -> list[Any]:
    """The open facts about it, in the order they were recorded."""
    found = [fact for fact in record.open_facts(row.lot.tender) if fact.kind.startswith("objection.")]
    return [fact for fact in reversed(found) if fact.lot == row.lot.code and _number(fact) == row.number]


def _number(fact: Any) -> object:
    return getattr(fact.value, "number", None)


@pages.post("/objections/<token>/withdraw")
@own_transaction
def withdraw(token: str) -> Page:
    outcome = attempted(lambda: service.withdraw(current_actor(), token, clock.now()))
    if isinstance(outcome, Refusal):
        return answered("objections/trace.html", Form({}, outcome), lambda: _trace(token))
    return redirect(url_for("objections.trace", token=token), 303)


@pages.get("/objections/<token>/evidence")
@own_transaction
def own_evidence(token: str) -> AnyResponse:
    with transaction(write=False):
        return evidence.download(service.own(current_actor(), token))


@pages.get("/owner/tenders/<code>/objections")
def desk(code: str) -> Page:
    return page("objections/desk.html", form=Form(), **_desk(code))


def _desk(code: str) -> dict[str, Any]:
    found, actor = tender_of(code), current_actor()
    visibility.check_project(found, actor)
    rows = sorted(service.of_tender(found), key=lambda row: (not row.is_open, row.due_at))
    return {
        "tender": found,
        "rows": [(sight.seen(row, Viewer.PROJECT), _color(row), _may_hold(row)) for row in rows],
        "effects": list(Effect),
        "lots": {lot.code: lot for lot in found.lots},
    }


def _may_hold(row: Objection) -> bool:
    """Whether the owner may still say that it holds up the contract (G47)."""
    return row.is_open and row.sort == rules.Sort.QUERY and not row.holds_contract


@pages.post("/owner/lots/<code>/objections/<int:number>/answer")
@own_transaction
def answer(code: str, number: int) -> Page:
    def act() -> object:
        try:
            reply = service.Reply(Effect(request.form.get("effect", "")), request.form.get("answer", ""))
        except ValueError as error:
            raise Invalid(
                "objection.effect",
                "请选择是否成立。",
                "Say whether it is upheld.",
                rule=rules.RULE,
                fields={"effect": "missing"},
            ) from error
        return service.answer(current_actor(), code, number, reply, clock.now())

    return _done(code, number, act)


@pages.post("/owner/lots/<code>/objections/<int:number>/hold")
@own_transaction
def hold(code: str, number: int) -> Page:
    return _done(code, number, lambda: service.hold_contract(current_actor(), code, number, clock.now()))


def _done(code: str, number: int, act: Callable[[], object]) -> Page:
    outcome = attempted(act)
    if isinstance(outcome, Refusal):
        typed = {**request.form, "number": str(number)}
        return answered("objections/desk.html", Form(typed, outcome), lambda: _desk(code[:20]))
    return redirect(url_for("objections.desk", code=code[:20], _anchor=f"n{code[20:]}-{number}"), 303)


@pages.get("/owner/lots/<code>/objections/<int:number>/evidence")
@own_transaction
def project_evidence(code: str, number: int) -> AnyResponse:
    with transaction(write=False):
        lot: Lot = lot_of(code)
        tender: Tender = lot.tender
        visibility.check_project(tender, current_actor())
        return evidence.download(service.numbered(lot, number))
