"""The JSON API of the report and of the time for it."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from accounts.access import current_actor, current_actor_or_none
from evaluation.report import duration, schemas, showing, signing
from evaluation.schemas import SignedIn
from kernel import clock
from kernel.errors import NotFound
from kernel.statements import Signed

bp = Blueprint("evaluation_report_api", __name__, url_prefix="/api/v1", description="Evaluation report and its time")

Body = dict[str, Any]


@bp.route("/lots/<lot>/report")
class ReportOf(MethodView):
    @bp.response(200, schemas.SignedReportOut)
    def get(self, lot: str) -> Body:
        """The evaluation report with who has signed it: for its members while they sign, for everybody with the result."""
        return showing.report(current_actor_or_none(), lot)


@bp.route("/lots/<lot>/report/signatures")
class Signatures(MethodView):
    @bp.arguments(SignedIn)
    @bp.response(204)
    def post(self, body: tuple[Signed, bytes], lot: str) -> None:
        """Hand in the own signed statement, with the dissent that stands in it."""
        signing.sign(current_actor(), lot, *body, clock.now())


@bp.route("/lots/<lot>/report/silences")
class Silences(MethodView):
    @bp.arguments(schemas.SilenceIn)
    @bp.response(204)
    def post(self, body: Body, lot: str) -> None:
        """Record that a member neither signs nor says why (OPS): it counts as agreeing."""
        signing.record_silence(current_actor(), lot, body["alias"], clock.now())


@bp.route("/lots/<lot>/evaluation-time")
class Time(MethodView):
    @bp.response(200, schemas.TimeOut)
    def get(self, lot: str) -> Body:
        """Until when the committee is to evaluate, and whether the owner is asked for more."""
        return _time(lot)

    @bp.arguments(schemas.EndIn)
    @bp.response(200, schemas.TimeOut)
    def put(self, body: Body, lot: str) -> Body:
        """Plan another end before the evaluation begins (OPS)."""
        duration.set_end(current_actor(), lot, body["ends_at"], clock.now())
        return _time(lot)


@bp.route("/lots/<lot>/evaluation-time/short")
class Short(MethodView):
    @bp.arguments(schemas.ShortIn)
    @bp.response(204)
    def post(self, body: Body, lot: str) -> None:
        """A member finds the time too short, and says why."""
        duration.press(current_actor(), lot, body["reason"], clock.now())


@bp.route("/lots/<lot>/evaluation-time/extension")
class Extension(MethodView):
    @bp.arguments(schemas.EndIn)
    @bp.response(200, schemas.TimeOut)
    def post(self, body: Body, lot: str) -> Body:
        """The owner, asked by more than a third of the members, sets a later end."""
        duration.extend(current_actor(), lot, body["ends_at"], clock.now())
        return _time(lot)


def _time(lot: str) -> Body:
    found = showing.time(current_actor_or_none(), lot)
    if found is None:
        raise NotFound("time.none", "没有计划评审时间", "No end of the evaluation was planned")
    return found
