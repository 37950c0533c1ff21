"""The JSON API from the award to the archive; documents themselves are uploaded in the forms on the pages."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from accounts.access import current_actor, current_actor_or_none
from accounts.actor import Actor
from kernel import clock
from kernel.statements import Signed
from tendering import visibility as tenders
from tendering.contracts import after, messages, papers, schemas, succession, visibility
from tendering.contracts.models import Message
from tendering.lifecycle import lot_of
from tendering.models import Lot
from tendering.schemas import StatementIn

bp = Blueprint("contracts_api", __name__, url_prefix="/api/v1", description="From the award to the archive")

Body = dict[str, Any]


def _contract(lot: Lot, actor: Actor | None) -> Body:
    tenders.check_seen(lot.tender, actor)
    every = [paper for kind in visibility.FIELD for paper in papers.every(lot, kind)]
    kept = after.archive(lot)
    return {
        "lot": lot.code,
        "state": lot.state,
        "duties": after.steps(lot, clock.now()),
        "papers": [paper for paper in every if visibility.may_read(lot, paper, actor)],
        "archive_sha256": kept.sha256 if kept else None,
    }


def _signed(body: Body) -> Signed:
    return Signed(body["file"], body["sig"])


@bp.route("/lots/<code>/contract")
class Contract(MethodView):
    @bp.response(200, schemas.ContractOut)
    def get(self, code: str) -> Body:
        """The duties after the award with their clocks, and the papers that the caller may read."""
        return _contract(lot_of(code), current_actor_or_none())


@bp.route("/lots/<code>/contract/signature")
class ContractSignature(MethodView):
    @bp.arguments(StatementIn)
    @bp.response(200, schemas.ContractOut)
    def post(self, body: Body, code: str) -> Body:
        """The owner's signature under the contract that the winner signed."""
        lot, actor = lot_of(code, lock=True), current_actor()
        papers.sign_contract(actor, lot, _signed(body), clock.now())
        return _contract(lot, actor)


@bp.route("/lots/<code>/contract/confirmation")
class ContractConfirmation(MethodView):
    @bp.arguments(schemas.ContractConfirmationIn)
    @bp.response(200, schemas.ContractOut)
    def post(self, body: Body, code: str) -> Body:
        """The winner's signature under the contract, with its certificate."""
        lot, actor = lot_of(code, lock=True), current_actor()
        papers.confirm_contract(actor, lot, _signed(body), body["cert"], clock.now())
        return _contract(lot, actor)


@bp.route("/lots/<code>/report/signature")
class ReportSignature(MethodView):
    @bp.arguments(StatementIn)
    @bp.response(200, schemas.ContractOut)
    def post(self, body: Body, code: str) -> Body:
        """The owner's signed written report to the supervising authority."""
        lot, actor = lot_of(code, lock=True), current_actor()
        papers.sign_report(actor, lot, _signed(body), clock.now())
        return _contract(lot, actor)


@bp.route("/lots/<code>/acceptance/signature")
class AcceptanceSignature(MethodView):
    @bp.arguments(StatementIn)
    @bp.response(200, schemas.ContractOut)
    def post(self, body: Body, code: str) -> Body:
        """The owner's signature that the contract was fulfilled."""
        lot, actor = lot_of(code, lock=True), current_actor()
        papers.sign_acceptance(actor, lot, _signed(body), clock.now())
        return _contract(lot, actor)


@bp.route("/lots/<code>/winner/dropped")
class WinnerDropped(MethodView):
    @bp.arguments(schemas.DroppedIn)
    @bp.response(200, schemas.ContractOut)
    def post(self, body: Body, code: str) -> Body:
        """The winner gave up or cannot perform: the next candidate goes on public view, or the lot fails."""
        lot, actor = lot_of(code, lock=True), current_actor()
        succession.drop_winner(actor, lot, body["ground"], body["reason"], clock.now())
        return _contract(lot, actor)


@bp.route("/lots/<code>/outcome")
class Outcome(MethodView):
    @bp.response(200, schemas.MessageOut(many=True))
    def post(self, code: str) -> list[Message]:
        """Read what one's own organization was told of the result; the first reading is its receipt."""
        actor = current_actor()
        found = messages.own(actor, code)
        messages.read(actor, found[0], clock.now())
        return found
