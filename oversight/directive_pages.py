"""The page of a lot's directives: what is in force for everybody, the form for the authority, the second for who may give it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import current_actor, current_actor_or_none
from accounts.forms import Form, answered, attempted, page, say
from accounts.roles import Role
from kernel import clock, keys
from kernel.db import own_transaction
from kernel.errors import Refusal
from oversight import directive_visibility, directives
from tendering import approvals, signedform, statements, visibility
from tendering.approvals import Act
from tendering.lifecycle import lot_of

pages = Blueprint("directives", __name__, template_folder="templates")

Page = str | tuple[str, int] | AnyResponse


@pages.get("/lots/<code>/directives")
def of_lot(code: str) -> Page:
    return page("oversight/directives.html", form=Form(), **_shown(code))


def _shown(code: str) -> dict[str, Any]:
    lot, actor = lot_of(code), current_actor_or_none()
    visibility.check_seen(lot.tender, actor)
    roles = actor.roles if actor else frozenset()
    seen = [order for order in directives.of_lot(lot) if directive_visibility.fields(order, actor)]
    return {
        "lot": lot,
        "tender": lot.tender,
        "orders": [(order, directives.content_of(order), approvals.CONTROLS[Act(order.act)]) for order in seen],
        "possible": [(act, approvals.CONTROLS[act]) for act in _open(code)] if Role.SUP in roles else [],
        "seconds": Role.INSP in roles or Role.MGR in roles,
        "gives": Role.SUP in roles,
    }


def _open(code: str) -> list[Act]:
    """Acts that the lot admits and that do not wait already."""
    lot = lot_of(code)
    return [act for act in directives.possible(lot) if directives.waiting(lot, act) is None]


@pages.post("/lots/<code>/directives/prepare")
def prepare(code: str) -> AnyResponse:
    """The statement that the form makes, for reading before it is signed."""
    current_actor().act_as(Role.SUP)
    typed = {name: request.form.get(name, "").strip() for name in ("act", "reasons", "law")}
    if typed["act"] not in directives.EVENTS:
        raise statements.unsigned()
    act = Act(typed["act"])
    directives.check_possible(lot_of(code), act)
    approvals.check_reason(act, typed["reasons"])
    item = directives.statement(code, act, typed["reasons"], typed["law"], clock.now())
    return jsonify(statements=[keys.b64(item.raw)], words=[say(item.words)])


@pages.post("/lots/<code>/directives")
@own_transaction
def propose(code: str) -> Page:
    return _done(code, attempted(lambda: directives.propose(current_actor(), code, signedform.one(), clock.now())))


@pages.post("/lots/<code>/directives/<act>/second")
@own_transaction
def second(code: str, act: str) -> Page:
    return _done(code, attempted(lambda: directives.second(current_actor(), code, _named(act), clock.now())))


@pages.post("/lots/<code>/directives/<act>/take-back")
@own_transaction
def take_back(code: str, act: str) -> Page:
    return _done(code, attempted(lambda: directives.take_back(current_actor(), code, _named(act), clock.now())))


def _named(act: str) -> Act:
    if act not in directives.EVENTS:
        raise statements.unsigned()
    return Act(act)


def _done(code: str, outcome: object) -> Page:
    if isinstance(outcome, Refusal):
        return answered("oversight/directives.html", Form({}, outcome), lambda: _shown(code))
    return redirect(url_for("directives.of_lot", code=code), 303)
