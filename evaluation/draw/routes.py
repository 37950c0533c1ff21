"""The JSON API of the draw of experts: the list, the order for everybody, and who is replaced."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from accounts.access import current_actor
from evaluation import views
from evaluation.draw import schemas, service, showing
from evaluation.draw.rules import Departure, Need
from evaluation.schemas import CommitteeOut
from kernel import clock

bp = Blueprint("expert_draws_api", __name__, url_prefix="/api/v1", description="The draw of a committee's experts")

Body = dict[str, Any]


@bp.route("/lots/<lot>/committee/draw")
class Draw(MethodView):
    @bp.response(200, schemas.DrawOut)
    def get(self, lot: str) -> Body:
        """How the experts were found, by references and aliases: anybody can play the draw again."""
        return showing.of(lot)

    @bp.arguments(schemas.NeedIn)
    @bp.response(201, schemas.DrawOut)
    def post(self, need: Need, lot: str) -> Body:
        """Fix the list of all experts of these fields who may sit; the log draws from it (OPS)."""
        service.fix(current_actor(), lot, need, clock.now())
        return showing.of(lot)


@bp.route("/lots/<lot>/committee/replacement")
class Replacement(MethodView):
    @bp.arguments(schemas.DepartureIn)
    @bp.response(201, CommitteeOut)
    def post(self, said: tuple[str, Departure], lot: str) -> Body:
        """A drawn member leaves, the next of the order takes the seat (OPS)."""
        actor = current_actor()
        service.replace(actor, lot, *said, clock.now())
        return views.committee(actor, lot)
