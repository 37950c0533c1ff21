"""Pages of filing: the owner's buttons, the departments' desk, the county's table of departments, intents for everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import current_actor
from accounts.forms import Form, answered, attempted, page
from accounts.roles import Role
from kernel import clock
from kernel.db import own_transaction
from kernel.errors import Refusal
from tendering import service
from tendering.codes import Trade
from tendering.filing import departments, intents, reviews
from tendering.filing import service as filing
from tendering.filing.departments import Terms
from tendering.filing.showing import plan as shown
from tendering.packs import load
from tendering.timeline_pages import pages as timelines

pages = Blueprint("filing", __name__)
pages.register_blueprint(timelines)

Page = str | tuple[str, int] | AnyResponse


@pages.post("/owner/tenders/<code>/filing")
@own_transaction
def file_plan(code: str) -> Page:
    return _owners(code, lambda: service.file_plan(current_actor(), service.tender_of(code), clock.now()))


@pages.post("/owner/tenders/<code>/intent")
@own_transaction
def publish_intent(code: str) -> Page:
    return _owners(code, lambda: service.publish_intent(current_actor(), service.tender_of(code), clock.now()))


def _owners(code: str, act: Callable[[], object]) -> Page:
    outcome = attempted(act)
    if isinstance(outcome, Refusal):
        return answered("tendering/refused.html", Form({}, outcome), lambda: {"code": code})
    return redirect(url_for("tendering.owner.draft", code=code, _anchor="filing"), 303)


@pages.get("/filings")
def desk() -> Page:
    """What lies with one's own department, and its clock."""
    actor = current_actor()
    rows = [(shown(one), reviews.mine(actor, one)) for one in reviews.of(actor)]
    return page("filing/desk.html", rows=rows)


@pages.get("/filings/<int:number>")
def one(number: int) -> Page:
    return page("filing/plan.html", form=Form(), **_plan(number))


def _plan(number: int) -> dict[str, Any]:
    actor = current_actor()
    found = reviews.one(actor, number)
    return {
        "plan": shown(found),
        "mine": reviews.mine(actor, found),
        "pack": load(shown(found)["content"]["pack"]),
        "formal": filing.FORMAL,
        "by_law": filing.BY_LAW,
        "signs": found.signs,
        "manager": Role.MGR in actor.roles,
        "speaks": Role.MGR in actor.roles or Role.SUP in actor.roles,
    }


@pages.post("/filings/<int:number>/review")
@own_transaction
def review(number: int) -> Page:
    act, text = request.form.get("act", ""), request.form.get("text", "")
    return _departments(
        number, lambda: reviews.review(current_actor(), reviews.one(current_actor(), number), act, text, clock.now())
    )


@pages.post("/filings/<int:number>/return")
@own_transaction
def return_plan(number: int) -> Page:
    ground, reason = request.form.get("ground", ""), request.form.get("reason", "")
    return _departments(
        number,
        lambda: service.return_plan(current_actor(), reviews.one(current_actor(), number), ground, reason, clock.now()),
    )


def _departments(number: int, act: Callable[[], object]) -> Page:
    outcome = attempted(act)
    if isinstance(outcome, Refusal):
        return answered("filing/plan.html", Form(dict(request.form), outcome), lambda: _plan(number))
    return redirect(url_for("filing.one", number=number), 303)


@pages.get("/admin/departments")
def table() -> Page:
    return page("filing/departments.html", form=Form(), **_table())


def _table() -> dict[str, Any]:
    current_actor().act_as(Role.MGR)
    choices = departments.choices()
    return {
        "rows": departments.every(),
        "choices": choices,
        "names": {one.id: one.name for one in choices},
        "trades": list(Trade),
    }


@pages.post("/admin/departments")
@own_transaction
def name() -> Page:
    """Add a department to a trade, or change what it is asked."""
    return _settled(lambda: departments.name(current_actor(), _terms(), clock.now()))


def _terms() -> Terms:
    days, trade = request.form.get("days", ""), request.form.get("trade", "")
    return Terms(
        Trade(trade) if trade in list(Trade) else Trade.CONSTRUCTION,
        request.form.get("uscc", ""),
        int(days) if days.isascii() and days.isdigit() and len(days) < 4 else 0,
        "approves" in request.form,
        request.form.get("basis", "")[:300],
    )


@pages.post("/admin/departments/<int:number>/drop")
@own_transaction
def drop(number: int) -> Page:
    return _settled(lambda: departments.drop(current_actor(), number, clock.now()))


def _settled(act: Callable[[], object]) -> Page:
    outcome = attempted(act)
    if isinstance(outcome, Refusal):
        return answered("filing/departments.html", Form(dict(request.form), outcome), _table)
    return redirect(url_for("filing.table"), 303)


@pages.get("/intents")
def intent_list() -> Page:
    """What owners mean to buy, for everybody."""
    return page("filing/intents.html", rows=intents.public())
