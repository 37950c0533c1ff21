"""The desk's forms for the draw: fix the list, replace a member by the next of the order."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from accounts.access import current_actor
from accounts.forms import Form, answered, attempted
from evaluation import committee_desk
from evaluation.draw import service
from evaluation.draw.rules import Departure, Need, Why
from kernel import clock
from kernel.db import own_transaction
from kernel.errors import Refusal

pages = Blueprint("draw", __name__, template_folder="../templates")

Page = str | tuple[str, int] | Response


@pages.post("/ops/committees/<lot>/draw")
@own_transaction
def fix(lot: str) -> Page:
    typed = request.form
    seats = typed.get("seats", "")
    need = Need(
        typed.getlist("fields"), int(seats) if seats.isascii() and seats.isdecimal() else 0, typed.getlist("beside")
    )
    outcome = attempted(lambda: service.fix(current_actor(), lot, need, clock.now()))
    return _back(lot, outcome)


@pages.post("/ops/committees/<lot>/replacement")
@own_transaction
def replace(lot: str) -> Page:
    typed = request.form
    why = next((one for one in Why if one == typed.get("why")), Why.BARRED)
    said = Departure(why, typed.get("text", ""), typed.get("substitute", ""))
    alias = typed.get("alias", "")
    outcome = attempted(lambda: service.replace(current_actor(), lot, alias, said, clock.now()))
    return _back(lot, outcome)


def _back(lot: str, outcome: object) -> Page:
    if isinstance(outcome, Refusal):
        form = Form(dict(request.form.items()), outcome)
        return answered("evaluation/committee.html", form, lambda: committee_desk.load(lot))
    return redirect(url_for("evaluation.committees.one", lot=lot), 303)
