"""The JSON API of directives: read by everybody once in force, given and seconded by the authorities."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from accounts.access import current_actor, current_actor_or_none
from accounts.actor import Actor
from accounts.roles import Role
from kernel import clock
from kernel.statements import Signed
from oversight import directive_visibility, directives, schemas
from oversight.directive_models import DirectiveOrder
from tendering import approvals, statements, visibility
from tendering.approvals import Act
from tendering.lifecycle import lot_of
from tendering.schemas import StatementIn

bp = Blueprint("directives_api", __name__, url_prefix="/api/v1", description="Directives of the supervising authority")

Body = dict[str, Any]


def _seen(order: DirectiveOrder, actor: Actor | None) -> Body:
    """What the table shows of it."""
    said = directives.content_of(order)
    values = {"act": order.act, "reasons": said["reasons"], "law": said["law"], "signed_at": order.signed_at}
    values |= {"in_force_at": order.in_force_at, "file": order.file, "sig": order.sig}
    seen = directive_visibility.fields(order, actor)
    return {name: value for name, value in values.items() if name in seen}


def _every(code: str) -> list[Body]:
    lot, actor = lot_of(code), current_actor_or_none()
    visibility.check_seen(lot.tender, actor)
    return [seen for order in directives.of_lot(lot) if (seen := _seen(order, actor))]


def _act(name: str) -> Act:
    if name not in directives.EVENTS:
        raise statements.unsigned()
    return Act(name)


@bp.route("/lots/<code>/directives")
class Directives(MethodView):
    @bp.response(200, schemas.DirectiveOut(many=True))
    def get(self, code: str) -> list[Body]:
        """The lot's directives: those in force for everybody, those that wait for the authorities."""
        return _every(code)

    @bp.arguments(StatementIn)
    @bp.response(201, schemas.DirectiveOut(many=True))
    def post(self, body: Body, code: str) -> list[Body]:
        """Hand in a signed directive; it waits for its second."""
        directives.propose(current_actor(), code, Signed(body["file"], body["sig"]), clock.now())
        return _every(code)


@bp.route("/lots/<code>/directives/statement")
class DirectiveStatement(MethodView):
    @bp.arguments(schemas.DirectiveIn)
    @bp.response(200, schemas.DirectiveStatementOut)
    def post(self, body: Body, code: str) -> Body:
        """The bytes that the authority signs for this directive; nothing is recorded yet."""
        current_actor().act_as(Role.SUP)
        act = Act(body["act"])
        directives.check_possible(lot_of(code), act)
        approvals.check_reason(act, body["reasons"])
        item = directives.statement(code, act, body["reasons"].strip(), body["law"].strip(), clock.now())
        return {"file": item.raw, "words": item.words}


@bp.route("/lots/<code>/directives/<act>/second")
class DirectiveSecond(MethodView):
    @bp.response(200, schemas.DirectiveOut(many=True))
    def post(self, code: str, act: str) -> list[Body]:
        """Put the waiting directive into force: a person of inspection or the management office."""
        directives.second(current_actor(), code, _act(act), clock.now())
        return _every(code)


@bp.route("/lots/<code>/directives/<act>/take-back")
class DirectiveTakenBack(MethodView):
    @bp.response(200, schemas.DirectiveOut(many=True))
    def post(self, code: str, act: str) -> list[Body]:
        """The authority takes its directive back before it is in force."""
        directives.take_back(current_actor(), code, _act(act), clock.now())
        return _every(code)
