"""The centre's desk: which opened lots wait for a committee, and who may sit on it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from accounts.access import current_actor
from accounts.forms import Form, answered, attempted, page
from accounts.roles import Role
from evaluation import committee, composition, eligible, reading, views
from kernel import clock
from kernel.db import db, own_transaction
from kernel.errors import Refusal
from tendering import lifecycle, packs, visibility
from tendering.models import Lot
from tendering.states import LotState

pages = Blueprint("committees", __name__, template_folder="templates")

Page = str | tuple[str, int] | Response


@pages.get("/ops/committees")
def overview() -> Page:
    """Lots whose bids are opened, with how far their committee has come."""
    current_actor().act_as(Role.OPS)
    wanted = select(Lot).where(Lot.state.in_([LotState.OPENED, LotState.EVALUATING])).order_by(Lot.opens_at, Lot.id)
    lots = [(lot, views.committee(current_actor(), lot.code)) for lot in db.session.scalars(wanted)]
    return page("evaluation/committees.html", lots=lots)


@pages.get("/ops/committees/<lot>")
def one(lot: str) -> Page:
    return page("evaluation/committee.html", form=Form(), **_committee(lot))


@pages.post("/ops/committees/<lot>")
@own_transaction
def form_committee(lot: str) -> Page:
    chosen = request.form.getlist("persons")
    outcome = attempted(lambda: committee.form(current_actor(), lot, chosen, clock.now()))
    if isinstance(outcome, Refusal):
        return answered("evaluation/committee.html", Form({}, outcome), lambda: _committee(lot, chosen))
    return redirect(url_for("evaluation.committees.one", lot=lot), 303)


def _committee(code: str, chosen: list[str] | None = None) -> dict[str, Any]:
    actor, lot = current_actor(), lifecycle.lot_of(code)
    visibility.check_seen(lot.tender, actor)
    experts = eligible.experts(actor, code, clock.now())
    return {
        "lot": lot,
        "size": composition.size(packs.load(lot.tender.pack_id), reading.budget(lot)),
        "committee": views.committee(actor, code),
        "experts": experts,
        "chosen": chosen if chosen is not None else [one.login for one in experts if one.sits],
        "documents": reading.documents(code),
    }
