"""The JSON API of evaluation: committee, seats, sheets, result, publicity and award."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from accounts.access import current_actor, current_actor_or_none
from evaluation import committee, notices, passes, results, schemas, scoring, views
from kernel import canonical, clock
from kernel.errors import NotFound
from kernel.statements import Signed
from tendering import awards, lifecycle

bp = Blueprint("evaluation_api", __name__, url_prefix="/api/v1", description="Committee, score sheets, result, award")
bp.record_once(lambda _state: notices.register())

Body = dict[str, Any]
SignedFile = tuple[Signed, bytes]


@bp.route("/lots/<lot>/committee")
class Committee(MethodView):
    @bp.response(200, schemas.CommitteeOut)
    def get(self, lot: str) -> Body:
        """The committee under its aliases; names only for those who may know them."""
        return views.committee(current_actor_or_none(), lot)

    @bp.arguments(schemas.CommitteeIn)
    @bp.response(201, schemas.CommitteeOut)
    def post(self, body: Body, lot: str) -> Body:
        """Form the committee by naming its members, or replace some before the result stands (OPS)."""
        actor = current_actor()
        committee.form(actor, lot, body["persons"], clock.now(), body["appointed"])
        return views.committee(actor, lot)


@bp.route("/seats")
class Seats(MethodView):
    @bp.response(200, schemas.SeatOut(many=True))
    def get(self) -> list[Body]:
        """The own seats."""
        return views.own_seats(current_actor())


@bp.route("/lots/<lot>/seat/declaration")
class Declaration(MethodView):
    @bp.arguments(schemas.DeclarationIn)
    @bp.response(204)
    def post(self, body: Body, lot: str) -> None:
        """Declare a conflict of interest, or (null) that there is none."""
        committee.declare(current_actor(), lot, body["conflict"], clock.now())


@bp.route("/lots/<lot>/seat/admission")
class Admission(MethodView):
    @bp.response(200, schemas.StatementOut)
    def get(self, lot: str) -> Body:
        """The statement that every member signs so that the documents are released."""
        return _statement(committee.admission(current_actor(), lot))

    @bp.arguments(schemas.SignedIn)
    @bp.response(204)
    def post(self, body: SignedFile, lot: str) -> None:
        """Hand in the signed statement."""
        committee.admit(current_actor(), lot, *body, clock.now())


@bp.route("/lots/<lot>/room")
class Room(MethodView):
    @bp.response(200, schemas.RoomOut)
    def get(self, lot: str) -> Body:
        """The bids to judge and the own draft."""
        return views.room(current_actor(), lot)


@bp.route("/lots/<lot>/tickets")
class Tickets(MethodView):
    @bp.arguments(schemas.TicketIn)
    @bp.response(201, schemas.TicketOut)
    def post(self, body: Body, lot: str) -> Body:
        """An address at the evaluator that opens one document for a minute."""
        return {"url": passes.address(current_actor(), lot, body["bid_id"], body["path"], clock.now())}


@bp.route("/lots/<lot>/sheet")
class OwnSheet(MethodView):
    @bp.arguments(schemas.DraftIn)
    @bp.response(204)
    def put(self, body: Body, lot: str) -> None:
        """Keep the own draft as it is."""
        scoring.save(current_actor(), lot, body["bids"], clock.now())

    @bp.arguments(schemas.SignedIn)
    @bp.response(204)
    def post(self, body: SignedFile, lot: str) -> None:
        """Hand in the own signed sheet."""
        scoring.sign(current_actor(), lot, *body, clock.now())


@bp.route("/lots/<lot>/sheet/statement")
class SheetStatement(MethodView):
    @bp.response(200, schemas.StatementOut)
    def get(self, lot: str) -> Body:
        """The own draft as the exact bytes to sign; every fault is named while it is not whole."""
        return _statement(scoring.statement(current_actor(), lot))


@bp.route("/lots/<lot>/sheets")
class Sheets(MethodView):
    @bp.response(200, schemas.SheetOut(many=True))
    def get(self, lot: str) -> list[Body]:
        """The signed sheets the asker may see: only the own one until all are signed."""
        return views.sheets(current_actor_or_none(), lot)


@bp.route("/lots/<lot>/result")
class ResultOf(MethodView):
    @bp.response(200)
    def get(self, lot: str) -> Body:
        """The result as published, byte for byte what its hash in the log is of when encoded canonically."""
        return results.published(lot)


@bp.route("/lots/<lot>/publicity")
class Publicity(MethodView):
    @bp.arguments(schemas.PublicityIn)
    @bp.response(201, schemas.PublicityOut)
    def post(self, body: Body, lot: str) -> Body:
        """Put the candidates on public view (owner); `tied` orders bids that share the first place."""
        return {"ends_at": results.start_publicity(current_actor(), lot, body["tied"], clock.now())}


@bp.route("/lots/<lot>/award/statement")
class AwardStatement(MethodView):
    @bp.arguments(schemas.ChoiceIn, location="query")
    @bp.response(200, schemas.StatementOut)
    def get(self, query: Body, lot: str) -> Body:
        """What the owner signs to choose this candidate."""
        found = lifecycle.lot_of(lot)
        if not found.ranking:
            raise NotFound("award.no_candidates", "尚无中标候选人", "There are no candidates yet")
        return _statement(awards.award_statement(found, query["bid_id"]).raw)


@bp.route("/lots/<lot>/award")
class Award(MethodView):
    @bp.arguments(schemas.AwardIn)
    @bp.response(201, schemas.AwardedOut)
    def post(self, signed: Signed, lot: str) -> Any:
        """The owner's signed award."""
        return results.award(current_actor(), lot, signed, clock.now())


def _statement(raw: bytes) -> Body:
    return {"statement": raw, "sha256": canonical.sha(raw)}
