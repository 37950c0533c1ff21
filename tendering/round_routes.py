"""The JSON API of what follows a failed lot, and of what waits for a second approval."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from accounts.access import current_actor
from accounts.roles import Role
from kernel import clock
from kernel.db import db
from tendering import approvals, round_schemas, rounds, visibility
from tendering.lifecycle import lot_of
from tendering.models import Approval, Lot, Tender
from tendering.round_rules import Choice
from tendering.rounds import Consent, Reconsidered

bp = Blueprint("rounds_api", __name__, url_prefix="/api/v1", description="After a failure; approvals that wait")

Body = dict[str, Any]


def _after(lot: Lot) -> Body:
    """For the owner alone."""
    visibility.check_project(lot.tender, current_actor(), Role.OWNER)
    following = rounds.next_of(lot)
    return {
        "lot": lot.code,
        "options": rounds.options(lot),
        "decision": rounds.decision_of(lot),
        "tender": following.tender.code if following else None,
        "round": following.number if following else None,
    }


@bp.route("/lots/<code>/next")
class AfterFailure(MethodView):
    @bp.response(200, round_schemas.NextOut)
    def get(self, code: str) -> Body:
        """What may follow a failed lot, and what was decided; for its owner."""
        return _after(lot_of(code))

    @bp.arguments(round_schemas.NextIn)
    @bp.response(201, round_schemas.NextOut)
    def post(self, body: Body, code: str) -> Body:
        """Prepare the next round: a draft with the reasons of the failure and what is changed."""
        said = Reconsidered(body["reasons"], body["changes"], changed=body["changed"])
        rounds.prepare(current_actor(), [code, *body["also"]], said, clock.now())
        return _after(lot_of(code))


@bp.route("/lots/<code>/next/decision")
class AfterFailureDecision(MethodView):
    @bp.arguments(round_schemas.DecisionIn)
    @bp.response(201, round_schemas.NextOut)
    def post(self, body: Body, code: str) -> Body:
        """Record that no further tender is held, or another method is used, with the consent the law asks for."""
        consent = Consent(body["authority"], body["document"])
        rounds.decide(current_actor(), code, Choice(body["choice"]), (body["reasons"], consent), clock.now())
        return _after(lot_of(code))


@bp.route("/approvals")
class Approvals(MethodView):
    @bp.response(200, round_schemas.WaitingOut(many=True))
    def get(self) -> list[Body]:
        """What waits for a second approval that the caller may give."""
        return [_waiting(found) for found in approvals.for_second(current_actor())]


def _waiting(found: Approval) -> Body:
    control = approvals.CONTROLS[approvals.act_of(found.act)]
    tender = db.session.get_one(Tender, found.tender_id)
    said = {"act": found.act, "reason": found.reason, "role": found.role, "at": found.at}
    return {**said, "tender": tender.code, "words": control.words, "law": control.law}
