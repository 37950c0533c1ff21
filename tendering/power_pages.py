"""Pages of powers: who may do what now with a tender, what waits for a second, and what follows a failed lot."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import current_actor, current_actor_or_none
from accounts.forms import Form, answered, attempted, page
from accounts.roles import Role
from kernel import clock
from kernel.db import db, own_transaction
from kernel.errors import Refusal
from tendering import approvals, power_rules, powers, rounds, visibility
from tendering.lifecycle import lot_of, tender_of
from tendering.models import Tender
from tendering.round_rules import Choice
from tendering.rounds import Consent, Reconsidered
from tendering.states import LotState

pages = Blueprint("powers", __name__)

Page = str | tuple[str, int] | AnyResponse
TYPED = ("reasons", "changes", "choice", "authority", "document")


@pages.app_context_processor
def _rounds() -> dict[str, Any]:
    """For the pages of a tender: why a lot failed, and the rounds before and after."""
    return {"failure_of": rounds.failure, "next_round": rounds.next_of, "earlier_rounds": rounds.earlier_of}


@pages.get("/tenders/<code>/powers")
def of_tender(code: str) -> Page:
    """For everybody; who is signed in sees which acts are open to them now."""
    found, actor, now = tender_of(code), current_actor_or_none(), clock.now()
    visibility.check_seen(found, actor)
    lots = [(lot, powers.of_lot(lot, now), powers.roles_in(lot, actor)) for lot in found.lots]
    words = {"role_words": power_rules.ROLE_WORDS, "lot_words": power_rules.LOT_WORDS}
    return page("tendering/powers.html", tender=found, lots=lots, at=now, **words)


@pages.get("/approvals")
def waiting() -> Page:
    """What waits for this person's second."""
    actor = current_actor()
    rows = [
        (found, db.session.get_one(Tender, found.tender_id), approvals.CONTROLS[approvals.act_of(found.act)])
        for found in approvals.for_second(actor)
    ]
    return page("tendering/approvals.html", rows=rows, words=power_rules.ROLE_WORDS)


@pages.get("/owner/lots/<code>/next")
def after_failure(code: str) -> Page:
    return page("tendering/next_round.html", form=Form(), **_failed(code))


def _failed(code: str) -> dict[str, Any]:
    lot = lot_of(code)
    visibility.check_project(lot.tender, current_actor(), Role.OWNER)
    others = [one for one in lot.tender.lots if one.id != lot.id and one.state == LotState.FAILED]
    return {
        "lot": lot,
        "tender": lot.tender,
        "options": rounds.options(lot),
        "decision": rounds.decision_of(lot),
        "others": [one for one in others if rounds.options(one)],
    }


@pages.post("/owner/lots/<code>/next")
@own_transaction
def follow(code: str) -> Page:
    values = {name: request.form.get(name, "").strip() for name in TYPED}
    outcome = attempted(lambda: _followed(code, values))
    if isinstance(outcome, Refusal):
        return answered("tendering/next_round.html", Form(values, outcome), lambda: _failed(code))
    return redirect(outcome, 303)


def _followed(code: str, values: dict[str, str]) -> str:
    """Where to go on."""
    actor, now = current_actor(), clock.now()
    if values["choice"] in (Choice.NO_MORE, Choice.OTHER_METHOD):
        consent = Consent(values["authority"], values["document"])
        rounds.decide(actor, code, Choice(values["choice"]), (values["reasons"], consent), now)
        return url_for("tendering.powers.after_failure", code=code)
    said = Reconsidered(values["reasons"], values["changes"], changed=request.form.get("changed") != "no")
    draft = rounds.prepare(actor, [code, *request.form.getlist("also")], said, now)
    return url_for("tendering.owner.draft", code=draft.code)
