"""The JSON API of filing: for owners and agencies, and for the departments with which plans lie."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from accounts.access import current_actor
from kernel import clock
from tendering import service
from tendering.filing import reviews, schemas, showing

bp = Blueprint("filing_api", __name__, url_prefix="/api/v1", description="Filing of plans")

Body = dict[str, Any]


@bp.route("/tenders/<code>/filing")
class Filing(MethodView):
    @bp.response(201, schemas.PlanOut)
    def post(self, code: str) -> Body:
        """File the plan of a draft with all its departments at once."""
        return showing.plan(service.file_plan(current_actor(), service.tender_of(code), clock.now()))


@bp.route("/tenders/<code>/intent")
class IntentPublication(MethodView):
    @bp.response(201, schemas.IntentOut)
    def post(self, code: str) -> Any:
        """Show everybody what is going to be bought, before the procedure begins."""
        return service.publish_intent(current_actor(), service.tender_of(code), clock.now())


@bp.route("/filings")
class Filings(MethodView):
    @bp.response(200, schemas.PlanOut(many=True))
    def get(self) -> list[Body]:
        """The plans that lie with one's own organization; for the management office all of them."""
        return [showing.plan(one) for one in reviews.of(current_actor())]


@bp.route("/filings/<int:number>/review")
class FilingReview(MethodView):
    @bp.arguments(schemas.ReviewIn)
    @bp.response(201, schemas.PlanOut)
    def post(self, body: Body, number: int) -> Body:
        """A department's word: received, comments, or approved where a law gives it that power."""
        actor = current_actor()
        row = reviews.review(actor, reviews.one(actor, number), body["act"], body["text"], clock.now())
        return showing.plan(row.plan)


@bp.route("/filings/<int:number>/return")
class FilingReturn(MethodView):
    @bp.arguments(schemas.ReturnIn)
    @bp.response(201, schemas.PlanOut)
    def post(self, body: Body, number: int) -> Body:
        """Send a plan back: for form alone, or by a law that is named."""
        actor = current_actor()
        found = reviews.one(actor, number)
        return showing.plan(service.return_plan(actor, found, body["ground"], body["reason"], clock.now()))
