"""The JSON API of objections, queries and inquiries."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from accounts.access import current_actor, current_actor_or_none
from kernel import clock
from tendering import visibility as tenders
from tendering.lifecycle import tender_of
from tendering.objections import schemas, service, visibility
from tendering.objections.rules import Effect
from tendering.objections.visibility import Viewer

bp = Blueprint("objections_api", __name__, url_prefix="/api/v1", description="Objections, queries and inquiries")

Body = dict[str, Any]


@bp.route("/tenders/<code>/objections")
class TenderObjections(MethodView):
    @bp.response(200, schemas.ObjectionOut(many=True))
    def get(self, code: str) -> list[Body]:
        """What was raised in the tender's lots, as far as the caller may see it now."""
        found, actor = tender_of(code), current_actor_or_none()
        tenders.check_seen(found, actor)
        return [visibility.seen(row, visibility.viewer(row, actor)) for row in service.of_tender(found)]


@bp.route("/lots/<code>/objections")
class LotObjections(MethodView):
    @bp.arguments(schemas.ObjectionIn)
    @bp.response(201, schemas.ObjectionOut)
    def post(self, body: Body, code: str) -> Body:
        """Raise an objection, query or inquiry; evidence is added in the form on the page."""
        said = service.Statement(body["sort"], body["subject"], body["text"], body["demand"])
        return visibility.seen(service.raise_objection(current_actor(), code, said, clock.now()), Viewer.OWN)


@bp.route("/objections/<token>/withdraw")
class ObjectionWithdrawal(MethodView):
    @bp.response(200, schemas.ObjectionOut)
    def post(self, token: str) -> Body:
        """Take back one's own, as long as nobody has answered it."""
        return visibility.seen(service.withdraw(current_actor(), token, clock.now()), Viewer.OWN)


@bp.route("/lots/<code>/objections/<int:number>/answer")
class ObjectionAnswer(MethodView):
    @bp.arguments(schemas.ReplyIn)
    @bp.response(200, schemas.ObjectionOut)
    def post(self, body: Body, code: str, number: int) -> Body:
        """The one reply of owner or agency, published to all."""
        reply = service.Reply(Effect(body["effect"]), body["text"])
        return visibility.seen(service.answer(current_actor(), code, number, reply, clock.now()), Viewer.PROJECT)
