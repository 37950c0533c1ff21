"""Pages of a corrected price: the member's entry with its working, and the bidder's signed word on its desk."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from accounts.access import current_actor
from accounts.forms import Form, answered, attempted, page
from accounts.roles import Role
from evaluation import reading
from evaluation.arithmetic import rules, service
from evaluation.arithmetic.service import Entry
from evaluation.review import chamber
from evaluation.review import rules as review
from kernel import clock, keys
from kernel.db import own_transaction
from kernel.errors import Invalid, Refusal
from kernel.statements import Signed
from tendering import lifecycle, presentation, statements
from tendering.states import LotState

pages = Blueprint("arithmetic", __name__, template_folder="../templates")

Page = str | tuple[str, int] | Response
MINUTE = 60


@pages.context_processor
def _law() -> dict[str, Any]:
    return {"clause": presentation.clause}


@pages.get("/evaluate/<lot>/arithmetic")
def overview(lot: str) -> Page:
    return page("evaluation/arithmetic.html", form=Form(), found=None, **_shown(lot))


@pages.post("/evaluate/<lot>/arithmetic")
@own_transaction
def enter(lot: str) -> Page:
    """`act` says whether the working is only shown, or goes to the committee as a proposal."""
    typed = dict(request.form)
    if typed.get("act") != "propose":
        computed = attempted(lambda: _computed(lot, typed))
        found = None if isinstance(computed, Refusal) else computed
        form = Form(typed, computed if isinstance(computed, Refusal) else None)
        return answered("evaluation/arithmetic.html", form, lambda: {**_shown(lot), "found": found})
    outcome = attempted(lambda: service.propose(current_actor(), lot, _entry(typed), clock.now()))
    if isinstance(outcome, Refusal):
        return answered("evaluation/arithmetic.html", Form(typed, outcome), lambda: {**_shown(lot), "found": None})
    return redirect(url_for("evaluation.review.review", lot=lot), 303)


@pages.get("/desk/<lot>/price")
def asked(lot: str) -> Page:
    """The corrected price that the actor's organization is asked to confirm."""
    return page("evaluation/price.html", form=Form(), **_of_bidder(lot))


@pages.post("/desk/<lot>/price")
@own_transaction
def confirm(lot: str) -> Page:
    outcome = attempted(lambda: service.answer(current_actor(), lot, *_posted(), clock.now()))
    if isinstance(outcome, Refusal):
        return answered("evaluation/price.html", Form({}, outcome), lambda: _of_bidder(lot))
    return redirect(url_for("evaluation.review.asked", lot=lot), 303)


def _posted() -> tuple[Signed, bytes]:
    try:
        raw, sig, cert = (keys.unb64(request.form[name]) for name in ("statement", "signature", "cert"))
    except (KeyError, ValueError) as error:
        raise statements.unsigned() from error
    return Signed(raw, sig), cert


def _entry(typed: dict[str, str]) -> Entry:
    minutes = typed.get("minutes", "")
    if not minutes.isascii() or not minutes.isdigit() or len(minutes) > len("1440"):
        raise Invalid("clarification.within", "请填写分钟数", "Say how many minutes", fields={"minutes": "number"})
    return Entry(typed.get("bid_id", ""), rules.typed(typed), int(minutes) * MINUTE)


def _computed(lot: str, typed: dict[str, str]) -> rules.Corrected:
    chamber.working(current_actor(), lot)
    return rules.correct(service.read_out(lot, typed.get("bid_id", "")), rules.typed(typed))


def _shown(code: str) -> dict[str, Any]:
    lot, seat = lifecycle.lot_of(code), reading.own_seat(current_actor(), code)
    service.check_here(lot)
    return {
        "lot": lot,
        "seat": seat,
        "working": lot.state == LotState.EVALUATING,
        "bids": [(bid.bid_id, sheet.header.bidder, sheet.price) for bid, sheet in reading.assessed(code)],
        "usual": review.USUAL_S // MINUTE,
        "law": rules.LAW,
    }


def _of_bidder(code: str) -> dict[str, Any]:
    actor, lot = current_actor(), lifecycle.lot_of(code)
    actor.act_as(Role.BIDDER)
    found = service.waiting(actor, code)
    return {
        "lot": lot,
        "asked": found[1] if found else None,
        "choices": {said: keys.b64(service.statement(actor, code, confirms=said)) for said in (True, False)}
        if found
        else {},
        "law": rules.LAW,
    }
