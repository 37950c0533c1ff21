"""The centre's desk: which opened lots wait for a committee, and who may sit on it."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from accounts.access import current_actor
from accounts.forms import Form, answered, attempted, page
from accounts.roles import Role
from evaluation import committee, committee_desk, views
from evaluation.draw import pages as draw_pages
from evaluation.draw.rules import Appointment, Ground
from kernel import clock
from kernel.db import db, own_transaction, transaction
from kernel.errors import Refusal
from supervision import log
from tendering.models import Lot
from tendering.states import LotState

pages = Blueprint("committees", __name__, template_folder="templates")
pages.register_blueprint(draw_pages.pages)

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
    return page("evaluation/committee.html", form=Form(), **committee_desk.load(lot))


@pages.post("/ops/committees/<lot>")
@own_transaction
def form_committee(lot: str) -> Page:
    chosen, given = request.form.getlist("persons"), _appointment()
    outcome = attempted(lambda: committee.form(current_actor(), lot, chosen, clock.now(), given))
    if isinstance(outcome, Refusal):
        _keep(outcome)
        form = Form(dict(request.form), outcome)
        return answered("evaluation/committee.html", form, lambda: committee_desk.load(lot, chosen))
    return redirect(url_for("evaluation.committees.one", lot=lot), 303)


def _appointment() -> Appointment | None:
    """What was typed of why there is no draw; None where nothing was."""
    typed = {name: request.form.get(name, "") for name in ("ground", "reasons", "document", "consent")}
    if not any(value.strip() for value in typed.values()):
        return None
    ground = next((one for one in Ground if one == typed["ground"]), None)
    return Appointment(ground, typed["reasons"], typed["document"][:200], typed["consent"][:200])


def _keep(refusal: Refusal) -> None:
    """An attempt that raises an alert is a fact, written after the roll-back."""
    if refusal.record is not None:
        with transaction():
            log.append(refusal.record.fact, lot=refusal.record.lot, subject=refusal.record.subject)
