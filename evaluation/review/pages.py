"""Pages of the review: the members' requests and arguments, and the page of a bidder that was asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from accounts.access import current_actor
from accounts.forms import Form, answered, attempted, page
from accounts.roles import Role
from evaluation import award_pages, reading
from evaluation.review import capacity, chamber, clarification, competition, rules
from evaluation.review.clarification import Request
from evaluation.review.rules import About
from kernel import clock
from kernel.db import own_transaction
from kernel.errors import Invalid, Refusal
from tendering import lifecycle
from tendering.states import LotState

pages = Blueprint("review", __name__, template_folder="../templates")

Page = str | tuple[str, int] | Response
MINUTE = 60


@pages.get("/evaluate/<lot>/review")
def review(lot: str) -> Page:
    """What the committee asks and argues."""
    return page("evaluation/review.html", form=Form(), **_review(lot))


@pages.post("/evaluate/<lot>/clarifications")
@own_transaction
def propose(lot: str) -> Page:
    return _done(lot, lambda: clarification.propose(current_actor(), lot, _asked(), clock.now()))


@pages.post("/evaluate/<lot>/clarifications/<int:number>/support")
@own_transaction
def support(lot: str, number: int) -> Page:
    return _done(lot, lambda: clarification.support(current_actor(), lot, number, clock.now()))


@pages.post("/evaluate/<lot>/competition")
@own_transaction
def argue(lot: str) -> Page:
    return _done(lot, lambda: _argue(lot))


@pages.post("/evaluate/<lot>/competition/<int:number>/support")
@own_transaction
def carry(lot: str, number: int) -> Page:
    return _done(lot, lambda: competition.support(current_actor(), lot, number, clock.now()))


@pages.post("/evaluate/<lot>/capacity/<int:number>")
@own_transaction
def confirm(lot: str, number: int) -> Page:
    return _done(lot, lambda: _confirm(lot, number))


@pages.post("/owner/lots/<lot>/capacity")
@own_transaction
def question(lot: str) -> Page:
    """The owner puts a candidate before the committee again; a refusal stands on the page of the award."""
    asked = request.form.get("bid_id", ""), request.form.get("reason", "")
    outcome = attempted(lambda: capacity.question(current_actor(), lot, *asked, clock.now()))
    if isinstance(outcome, Refusal):
        return answered("evaluation/award.html", Form(dict(request.form), outcome), lambda: award_pages.shown(lot))
    return redirect(url_for("evaluation.awarding.overview", lot=lot), 303)


@pages.get("/desk/<lot>/clarifications")
def asked(lot: str) -> Page:
    """What the committee asked of the bidder that looks, and its own answers: nobody else's."""
    return page("evaluation/asked.html", form=Form(), **_of_bidder(lot))


@pages.post("/desk/<lot>/clarifications")
@own_transaction
def answer(lot: str) -> Page:
    typed = {"answer": request.form.get("answer", "")}
    outcome = attempted(lambda: clarification.answer(current_actor(), lot, typed["answer"], clock.now()))
    if isinstance(outcome, Refusal):
        return answered("evaluation/asked.html", Form(typed, outcome), lambda: _of_bidder(lot))
    return redirect(url_for("evaluation.review.asked", lot=lot), 303)


def _done(lot: str, act: Callable[[], object]) -> Page:
    outcome = attempted(act)
    if isinstance(outcome, Refusal):
        return answered("evaluation/review.html", Form(dict(request.form), outcome), lambda: _review(lot))
    return redirect(url_for("evaluation.review.review", lot=lot), 303)


def _asked() -> Request:
    minutes = request.form.get("minutes", "")
    if not minutes.isascii() or not minutes.isdigit() or len(minutes) > len("1440"):
        raise Invalid("clarification.within", "请填写分钟数", "Say how many minutes", fields={"minutes": "number"})
    try:
        about = About(request.form.get("about", ""))
    except ValueError as error:
        raise Invalid(
            "clarification.about", "请选择事由", "Choose what it is about", fields={"about": "none"}
        ) from error
    return Request(request.form.get("bid_id", ""), about, request.form.get("text", ""), int(minutes) * MINUTE)


def _confirm(lot: str, number: int) -> None:
    choice = request.form.get("capable", "")
    if choice not in ("yes", "no"):
        raise Invalid("capacity.choice", "请选择结论", "Choose a conclusion", fields={"capable": "none"})
    capacity.vote(current_actor(), lot, number, clock.now(), capable=choice == "yes")


def _argue(lot: str) -> None:
    choice = request.form.get("reject_all", "")
    if choice not in ("yes", "no"):
        raise Invalid("competition.choice", "请选择结论", "Choose a conclusion", fields={"reject_all": "none"})
    text = request.form.get("argument", "")
    competition.propose(current_actor(), lot, text, clock.now(), reject_all=choice == "yes")


def _review(code: str) -> dict[str, Any]:
    lot, seat = lifecycle.lot_of(code), reading.own_seat(current_actor(), code)
    working = lot.state == LotState.EVALUATING
    return {
        "lot": lot,
        "seat": seat,
        "working": working,
        "names": {bid.bid_id: sheet.header.bidder for bid, sheet in reading.assessed(code)},
        "requests": clarification.of_lot(code),
        "sitting": len(chamber.aliases(code)),
        "argue": working and competition.carried(code) is None and competition.due(lot),
        "arguments": competition.proposed(code),
        "capacities": capacity.of_lot(code),
        "usual": rules.USUAL_S // MINUTE,
        "law": clarification.clause(lot),
    }


def _of_bidder(code: str) -> dict[str, Any]:
    actor, lot = current_actor(), lifecycle.lot_of(code)
    actor.act_as(Role.BIDDER)
    found = clarification.of_bidder(actor, code)
    open_ = [one for one in found if one.answered_at is None and one.lapsed_at is None]
    in_words = [one for one in open_ if one.about != About.ARITHMETIC]
    return {"lot": lot, "requests": found, "open": in_words, "law": clarification.clause(lot)}
