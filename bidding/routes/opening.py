"""The opening over HTTP: the host starts it, bidders confirm and object, everybody looks on."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from accounts.access import current_actor
from bidding import board, exceptions, opening, readout, record, schemas
from bidding.models import Opened, Opening, OpeningObjection
from kernel import clock
from kernel.statements import Signed
from tendering.models import Approval

bp = Blueprint("opening_api", __name__, url_prefix="/api/v1", description="The opening of a lot")

Body = dict[str, Any]


@bp.route("/lots/<string:lot>/opening")
class Openings(MethodView):
    @bp.response(200, schemas.OpeningOut)
    def get(self, lot: str) -> Body:
        """The opening as everybody may see it now."""
        return board.of_lot(lot)

    @bp.arguments(schemas.HostSignedIn)
    @bp.response(201, schemas.StartedOut)
    def post(self, body: Body, lot: str) -> Opening:
        """Start the opening: the statement kaibiao-opening-started/1, signed by the key of owner or agency."""
        return opening.start(current_actor(), lot, Signed(**body), clock.now())


@bp.route("/lots/<string:lot>/opening/exception")
class Exceptions(MethodView):
    @bp.arguments(schemas.WordsIn)
    @bp.response(201, schemas.ExceptionOut)
    def post(self, body: Body, lot: str) -> Approval:
        """Say why the opening will not be recorded, as the law asks (OPS); it waits for another organization."""
        return exceptions.propose(current_actor(), lot, body["words"], clock.now())

    @bp.response(204)
    def delete(self, lot: str) -> None:
        """Take back what nobody seconded yet (OPS)."""
        exceptions.take_back(current_actor(), lot, clock.now())


@bp.route("/lots/<string:lot>/opening/exception/second")
class ExceptionSeconds(MethodView):
    @bp.response(201, schemas.ExceptionOut)
    def post(self, lot: str) -> Approval:
        """Let the opening begin unrecorded (SUP or MGR); the reason is public from then on."""
        return exceptions.second(current_actor(), lot, clock.now())


@bp.route("/lots/<string:lot>/confirmations")
class Confirmations(MethodView):
    @bp.response(201, schemas.ConfirmationOut)
    def post(self, lot: str) -> Opened:
        """Accept the own line as it was read out; silence until the window closes accepts it too."""
        return readout.confirm(current_actor(), lot, clock.now())


@bp.route("/lots/<string:lot>/opening/objections")
class Objections(MethodView):
    @bp.response(200, schemas.ObjectionOut(many=True))
    def get(self, lot: str) -> list[OpeningObjection]:
        """Objections raised on the spot, with their answers."""
        return readout.objections(lot)

    @bp.arguments(schemas.WordsIn)
    @bp.response(201, schemas.ObjectionOut)
    def post(self, body: Body, lot: str) -> OpeningObjection:
        """Object to the opening on the spot, as a bidder whose line was read out."""
        return readout.object_to(current_actor(), lot, body["words"], clock.now())


@bp.route("/lots/<string:lot>/opening/objections/<string:token>/answer")
class Answers(MethodView):
    @bp.arguments(schemas.WordsIn)
    @bp.response(201, schemas.ObjectionOut)
    def post(self, body: Body, lot: str, token: str) -> OpeningObjection:
        """Answer an objection on the spot, as owner or agency; the opening ends only then."""
        return readout.answer(current_actor(), lot, token, body["words"], clock.now())


@bp.route("/lots/<string:lot>/opening/record/signatures")
class RecordSignatures(MethodView):
    @bp.arguments(schemas.RecordSignatureIn)
    @bp.response(201, schemas.StartedOut)
    def post(self, body: Body, lot: str) -> Opening:
        """Add the owner's or the supervising authority's signature to the opening record."""
        return record.sign(current_actor(), lot, body["sig"], body["cert"], clock.now())
