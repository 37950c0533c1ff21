"""The authority's pages: what it has to act on, one complaint with its acts, and what is overdue for the inspectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import current_actor
from accounts.forms import Form, answered, attempted, page
from accounts.roles import Role
from kernel import clock
from kernel.db import own_transaction, transaction
from kernel.errors import NotFound, Refusal
from livestream.recording import reading as recording
from oversight import party_pages, rules, service, visibility
from oversight.models import Complaint
from oversight.rules import Effect, State
from oversight.visibility import Viewer
from tendering.lifecycle import lot_of
from tendering.objections import evidence, stays
from tendering.objections import rules as said_rules
from tendering.objections import service as objections
from tendering.objections import visibility as sight
from tendering.objections.models import Objection

pages = Blueprint("oversight", __name__, template_folder="templates")
pages.register_blueprint(party_pages.pages)

Page = str | tuple[str, int] | AnyResponse


@pages.get("/oversight")
def overview() -> Page:
    """Complaints to act on by urgency, and replies of owners that are late (S26, S27)."""
    actor, now = current_actor(), clock.now()
    service.check_overseer(actor)
    return page(
        "oversight/overview.html",
        pending=[(visibility.seen(row, Viewer.AUTHORITY), _color(row), row.lot) for row in service.pending()],
        late=[(sight.seen(row, sight.Viewer.AUTHORITY), row.lot) for row in objections.late(now)],
        settled=[(visibility.seen(row, Viewer.AUTHORITY), row.lot) for row in service.settled()],
        unrecorded=recording.unexplained(now),
        acts=Role.SUP in actor.roles,
    )


def _color(row: Complaint) -> str:
    if row.state not in (State.MADE, State.ACCEPTED):
        return "green"
    return said_rules.color(row.warn_at, row.due_at, clock.now())


@pages.get("/oversight/complaints/<code>/<int:number>")
def complaint(code: str, number: int) -> Page:
    return page("oversight/complaint.html", form=Form(), **_complaint(code, number))


def _complaint(code: str, number: int) -> dict[str, Any]:
    actor = current_actor()
    service.check_overseer(actor)
    row = service.numbered(lot_of(code), number)
    first: Objection | None = row.objection
    return {
        "one": visibility.seen(row, Viewer.AUTHORITY),
        "color": _color(row),
        "lot": row.lot,
        "tender": row.lot.tender,
        "first": sight.seen(first, sight.Viewer.AUTHORITY) if first else None,
        "acts": Role.SUP in actor.roles,
        "effects": list(Effect),
        "effect_words": rules.EFFECT_WORDS,
        "follows": rules.FOLLOWS,
        "stayed": any(
            stay.cause == service.cause_of(row) and stay.holds == stays.PROCEDURE for stay in stays.running(row.lot)
        ),
        "may_stay": row.state == State.ACCEPTED and row.lot.state in stays.AFTER_OPENING,
    }


def _act(code: str, number: int, name: str) -> Complaint:
    actor, now, words = current_actor(), clock.now(), request.form.get("words", "")
    match name:
        case "accept":
            return service.accept(actor, code, number, now)
        case "refuse":
            return service.refuse(actor, code, number, words, now)
        case "ask":
            return service.ask_correction(actor, code, number, words, now)
        case "decide":
            ruling = service.effect_of(request.form.get("effect", "")), words
            return service.decide(actor, code, number, ruling, now)
        case _:
            return _order(code, number, name)


def _order(code: str, number: int, name: str) -> Complaint:
    orders: dict[str, Callable[..., Complaint]] = {"stay": service.order_stay, "lift": service.lift_stay}
    if name not in orders:
        raise NotFound("complaint.act", "没有这项操作。", "There is no such act.", rule=rules.RULE)
    return orders[name](current_actor(), code, number, clock.now())


@pages.post("/oversight/complaints/<code>/<int:number>/<name>")
@own_transaction
def act(code: str, number: int, name: str) -> Page:
    outcome = attempted(lambda: _act(code, number, name))
    if isinstance(outcome, Refusal):
        typed = {**request.form, "act": name}
        return answered("oversight/complaint.html", Form(typed, outcome), lambda: _complaint(code, number))
    return redirect(url_for("oversight.complaint", code=code, number=number), 303)


@pages.get("/oversight/complaints/<code>/<int:number>/evidence")
@own_transaction
def complaint_evidence(code: str, number: int) -> AnyResponse:
    with transaction(write=False):
        service.check_overseer(current_actor())
        return evidence.download(service.numbered(lot_of(code), number))
