"""Deposits as pages: the bidder's own, and the project's after the opening. The centre's desk is in `finance_pages`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import current_actor, current_actor_or_none
from accounts.forms import Form, answered, attempted, page
from accounts.roles import Role
from escrow import asking, desk, finance_pages, keeping, lots, standing
from escrow import visibility as seen
from escrow.visibility import Viewer
from kernel import canonical, clock
from kernel.db import own_transaction
from kernel.errors import NotFound, Refusal
from kernel.law import holds
from tendering import visibility
from tendering.lifecycle import lot_of
from tendering.models import Lot

pages = Blueprint("deposits", __name__, template_folder="templates")
pages.register_blueprint(finance_pages.pages)

Page = str | tuple[str, int] | AnyResponse


@pages.app_context_processor
def _shown() -> dict[str, Any]:
    """What other slices' pages say of a lot's deposit, as far as everybody or the reader may know."""
    return {
        "deposit_terms": _terms,
        "deposits_stated": standing.shown,
        "deposit_totals": desk.totals,
        "deposit_project": _project,
        "own_deposits": _own_deposits,
        "deposit_cut_off": lambda lot: lots.cut_off(lot, clock.now()),
    }


def _terms(lot: Lot) -> lots.Terms | None:
    return None if lot.tender.unpublished else lots.terms(lot)


def _project(lot: Lot) -> bool:
    actor = current_actor_or_none()
    return actor is not None and seen.shows(Viewer.PROJECT, lot, "stated") and visibility.of_project(lot.tender, actor)


def _own_deposits(lot: Lot) -> list[desk.Own]:
    """The reader's own, on the page where it applies; nobody else's."""
    actor = current_actor_or_none()
    found = actor is not None and Role.BIDDER in actor.roles
    return desk.own(actor, lot.code, clock.now()) if actor is not None and found else []


@pages.get("/desk/<lot>/deposit")
def own(lot: str) -> Page:
    """Choose a form, register the account, see what arrived, when it goes back and what it earns."""
    return page("escrow/own.html", form=Form(), **_own(lot))


def _own(code: str) -> dict[str, Any]:
    actor, lot, now = current_actor(), lot_of(code), clock.now()
    actor.act_as(Role.BIDDER)
    found = lots.needed(lot)
    return {
        "lot": lot,
        "tender": lot.tender,
        "terms": found,
        "cut_off": lots.cut_off(lot, now),
        "deposits": desk.own(actor, code, now),
        "account": asking.account_of(actor.organization_id),
        "taking": lot.state in ("collecting", "listing") and now <= lots.cut_off(lot, now),
    }


@pages.post("/desk/<lot>/deposit/<act>")
@own_transaction
def act(lot: str, act: str) -> Page:
    outcome = attempted(lambda: _acted(lot, act))
    if isinstance(outcome, Refusal):
        return answered("escrow/own.html", Form(request.form, outcome), lambda: _own(lot))
    return redirect(url_for("deposits.own", lot=lot), 303)


def _acted(code: str, act: str) -> object:
    actor, now, typed = current_actor(), clock.now(), request.form
    acts: dict[str, Callable[[], object]] = {
        "account": lambda: asking.register_account(actor, typed.get("bank", ""), typed.get("number", ""), now),
        "form": lambda: asking.issue(actor, code, typed.get("form", ""), now),
        "bond": lambda: keeping.to_bond(actor, code, now),
    }
    if act not in acts:
        raise NotFound("deposit.act", "没有这项操作。", "There is no such act.", rule=asking.RULE)
    return acts[act]()


@pages.get("/desk/deposits/<ref>.json")
def receipt(ref: str) -> Response:
    """The signed receipt of a return, to keep."""
    row = desk.receipt(current_actor(), ref)
    body = canonical.encode({"file": (row.receipt or b"").decode(), "sig": row.receipt_sig})
    headers = {"Content-Disposition": f'attachment; filename="deposit-{ref}.json"', "Cache-Control": "no-store"}
    return Response(body, mimetype="application/json", headers=headers)


@pages.get("/owner/lots/<lot>/deposits")
@holds("deposit_paid")
def project(lot: str) -> Page:
    """Who was in order, and the owner's decision to keep one."""
    return page("escrow/project.html", form=Form(), **desk.project(current_actor(), lot))


@pages.post("/owner/lots/<lot>/deposits")
@own_transaction
def keep(lot: str) -> Page:
    typed = request.form
    decided = (typed.get("ref", ""), typed.get("ground", ""), typed.get("reason", ""))
    outcome = attempted(lambda: keeping.decide(current_actor(), *decided, clock.now()))
    if isinstance(outcome, Refusal):
        return answered("escrow/project.html", Form(typed, outcome), lambda: desk.project(current_actor(), lot))
    return redirect(url_for("deposits.project", lot=lot), 303)
