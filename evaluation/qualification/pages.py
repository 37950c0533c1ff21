"""The page of the review: the reviewers' form, a bidder's own result, and in the end everybody's list."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response

from accounts.access import current_actor, current_actor_or_none
from accounts.forms import Form, answered, attempted, page, say
from evaluation import reading
from evaluation.qualification import rules, service, showing
from kernel import clock, keys
from kernel.db import own_transaction
from kernel.errors import NotFound, Refusal, Words
from tendering import lifecycle, packs, presentation, signedform, visibility

pages = Blueprint("qualification", __name__, template_folder="../templates")

Page = str | tuple[str, int] | Response


@pages.context_processor
def _law() -> dict[str, Any]:
    return {"clause": presentation.clause}


@pages.get("/lots/<lot>/qualification")
def overview(lot: str) -> Page:
    return page("evaluation/qualification.html", form=Form(), **_shown(lot))


@pages.get("/lots/<lot>/qualification/papers/<bid_id>/<path:name>")
def paper(lot: str, bid_id: str, name: str) -> Response:
    """Into the evaluator's room, with a ticket for the next minute."""
    return redirect(service.paper(current_actor(), lot, bid_id, name, clock.now()), 303)


@pages.post("/lots/<lot>/qualification/statement")
@own_transaction
def prepare(lot: str) -> tuple[Response, int]:
    """What was typed as the statement that the sign form shows and signs."""
    outcome = attempted(lambda: _prepared(lot))
    if isinstance(outcome, Refusal):
        return jsonify(code=outcome.code, message=say(outcome.words), detail=outcome.detail), 422
    return jsonify(outcome), 200


@pages.post("/lots/<lot>/qualification")
@own_transaction
def give(lot: str) -> Page:
    outcome = attempted(lambda: service.give(current_actor(), lot, signedform.one(), clock.now()))
    if isinstance(outcome, Refusal):
        typed = {name: value for name, value in request.form.items() if name.startswith(("qualified.", "ground."))}
        return answered("evaluation/qualification.html", Form(typed, outcome), lambda: _shown(lot))
    return redirect(url_for("evaluation.qualification.overview", lot=lot), 303)


def _prepared(lot: str) -> dict[str, list[str]]:
    bid_ids = {bid.bid_id for bid, _ in reading.assessed(lot)}
    raw = service.statement(current_actor(), lot, rules.typed(request.form, bid_ids))
    review = rules.read(raw)
    away = len(review.findings) - len(review.qualified)
    words = Words(
        f"标段 {lot} 的资格审查：{len(review.qualified)} 家合格，{away} 家不合格。",
        f"The review of qualification on lot {lot}: {len(review.qualified)} qualified, {away} not.",
    )
    return {"statements": [keys.b64(raw)], "words": [say(words)]}


def _shown(code: str) -> dict[str, Any]:
    lot, actor = lifecycle.lot_of(code), current_actor_or_none()
    visibility.check_seen(lot.tender, actor)
    rule = rules.rule_of(packs.load(lot.tender.pack_id))
    if rule is None:
        raise NotFound(
            "qualification.not_here",
            "本项目的资格由评标委员会审查。",
            "In this procedure the committee reviews qualification.",
            rule="财政部令第87号第四十四条",
        )
    return {"lot": lot, "rule": rule, **showing.of(actor, lot)}
