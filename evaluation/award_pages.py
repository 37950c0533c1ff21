"""The owner's last acts on a lot: put the candidates on public view, and sign the award."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from accounts.access import current_actor
from accounts.forms import Form, answered, attempted, page
from accounts.roles import Role
from evaluation import results, views
from evaluation.review import capacity
from kernel import clock, keys
from kernel.db import own_transaction
from kernel.errors import Invalid, Refusal
from kernel.statements import Signed
from tendering import awards, lifecycle, visibility
from tendering.models import Lot
from tendering.states import LotState

pages = Blueprint("awarding", __name__, template_folder="templates")

Page = str | tuple[str, int] | Response


@pages.get("/owner/lots/<lot>/award")
def overview(lot: str) -> Page:
    return page("evaluation/award.html", form=Form(), **shown(lot))


@pages.post("/owner/lots/<lot>/publicity")
@own_transaction
def publicity(lot: str) -> Page:
    tied = request.form.getlist("tied")
    return _done(lot, attempted(lambda: results.start_publicity(current_actor(), lot, tied, clock.now())))


@pages.post("/owner/lots/<lot>/deal")
@own_transaction
def deal(lot: str) -> Page:
    """Land by tender: struck by the ranking, without a publicity of candidates."""
    tied = request.form.getlist("tied")
    outcome = attempted(lambda: results.deal(current_actor(), lot, tied, clock.now()))
    if isinstance(outcome, Refusal):
        return answered("evaluation/award.html", Form({}, outcome), lambda: shown(lot))
    return redirect(url_for("offers.room", code=lot), 303)


@pages.post("/owner/lots/<lot>/award")
@own_transaction
def award(lot: str) -> Page:
    return _done(lot, attempted(lambda: results.award(current_actor(), lot, _posted(), clock.now())))


def _posted() -> Signed:
    try:
        return Signed(keys.unb64(request.form["statement"]), keys.unb64(request.form["signature"]))
    except (KeyError, ValueError) as error:
        raise Invalid("signature.missing", "没有收到签名", "No signature arrived", rule="sealing.md 1") from error


def _done(lot: str, outcome: object) -> Page:
    if isinstance(outcome, Refusal):
        return answered("evaluation/award.html", Form({}, outcome), lambda: shown(lot))
    return redirect(url_for("evaluation.awarding.overview", lot=lot), 303)


def shown(code: str) -> dict[str, Any]:
    lot = lifecycle.lot_of(code)
    visibility.check_project(lot.tender, current_actor(), Role.OWNER)
    over = lot.publicity_until is not None and clock.now() >= lot.publicity_until
    choice = _choice(lot) if lot.state == LotState.PUBLICITY and over else None
    return {
        "lot": lot,
        "found": views.result(code),
        "choice": choice,
        "over": over,
        "capacities": capacity.of_lot(code),
    }


def _choice(lot: Lot) -> dict[str, Any] | None:
    """The first candidate who has not given up, and what choosing it signs."""
    standing = awards.first_standing(lot)
    first = next((row for row in lot.ranking or [] if row["bid_id"] == standing), None)
    if first is None:
        return None
    item = awards.award_statement(lot, first["bid_id"])
    return {"candidate": first, "words": item.words, "statement": keys.b64(item.raw)}
