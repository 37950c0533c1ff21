"""The JSON API of lots: their keysets, and the signed statements that move them."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint

from accounts.access import current_actor, current_actor_or_none
from kernel import clock
from kernel.errors import NotFound
from kernel.statements import Signed
from tendering import presentation, schemas, service, visibility
from tendering.models import Lot

bp = Blueprint("lots_api", __name__, url_prefix="/api/v1", description="Lots, their keysets and moments")

Body = dict[str, Any]


def seen_lot(code: str) -> Lot:
    found = service.lot_of(code)
    visibility.check_seen(found.tender, current_actor_or_none())
    return found


@bp.route("/lots/<code>")
class OneLot(MethodView):
    @bp.response(200, schemas.LotOut)
    def get(self, code: str) -> Body:
        """A lot: its state, moments, method and the hash of its keyset."""
        return presentation.lot(seen_lot(code))


@bp.route("/lots/<code>/keyset")
class KeysetFile(MethodView):
    @bp.response(200)
    def get(self, code: str) -> Response:
        """The keyset's exact bytes; the signatures stand in the headers and at `keyset.sigs`."""
        found = _keyed(code)
        response = Response(found.keyset or b"", mimetype="application/json")
        response.headers["X-Keyset-Owner-Signature"] = found.keyset_owner_sig or ""
        response.headers["X-Keyset-Supervisor-Signature"] = found.keyset_supervisor_sig or ""
        response.set_etag(found.keyset_sha256 or "")
        response.make_conditional(request)
        return response


@bp.route("/lots/<code>/keyset.sigs")
class KeysetSignatures(MethodView):
    @bp.response(200, schemas.SigsOut)
    def get(self, code: str) -> Body:
        """The signatures of the owner and the supervising authority over the keyset."""
        found = _keyed(code)
        return {"owner": found.keyset_owner_sig, "supervisor": found.keyset_supervisor_sig}


def _keyed(code: str) -> Lot:
    found = seen_lot(code)
    if found.keyset is None:
        raise NotFound("keyset.none", "密钥组尚未生成。", "There is no keyset yet.", rule="sealing.md 1.1")
    return found


@bp.route("/lots/<code>/timetable")
class Timetable(MethodView):
    @bp.arguments(schemas.StatementIn)
    @bp.response(200, schemas.LotOut)
    def post(self, body: Body, code: str) -> Body:
        """Move the deadline later, by a signed timetable."""
        signed = Signed(body["file"], body["sig"])
        return presentation.lot(service.extend_deadline(current_actor(), service.lot_of(code), signed, clock.now()))


@bp.route("/lots/<code>/suspend")
class Suspension(MethodView):
    @bp.arguments(schemas.StatementIn)
    @bp.response(200, schemas.LotOut)
    def post(self, body: Body, code: str) -> Body:
        """Stop the clock of a collecting lot, by a signed statement of owner or supervising authority."""
        signed = Signed(body["file"], body["sig"])
        return presentation.lot(service.suspend(current_actor(), service.lot_of(code), signed, clock.now()))


@bp.route("/lots/<code>/resume")
class Resumption(MethodView):
    @bp.arguments(schemas.StatementIn)
    @bp.response(200, schemas.LotOut)
    def post(self, body: Body, code: str) -> Body:
        """Let a suspended lot go on, with the time that was left."""
        signed = Signed(body["file"], body["sig"])
        return presentation.lot(service.resume(current_actor(), service.lot_of(code), signed, clock.now()))


@bp.route("/lots/<code>/outage-order")
class OutageOrder(MethodView):
    @bp.arguments(schemas.StatementIn)
    @bp.response(200, schemas.LotOut)
    def post(self, body: Body, code: str) -> Body:
        """Set a new deadline after an outage, by order of the supervising authority."""
        signed = Signed(body["file"], body["sig"])
        return presentation.lot(service.collect_again(current_actor(), service.lot_of(code), signed, clock.now()))


@bp.route("/lots/<code>/given-up")
class GivenUp(MethodView):
    @bp.arguments(schemas.GiveUpIn)
    @bp.response(200, schemas.LotOut)
    def post(self, body: Body, code: str) -> Body:
        """Record that a candidate gave up, so that the next in rank may be chosen."""
        return presentation.lot(
            service.give_up(current_actor(), service.lot_of(code), body["bid_id"], body["reason"], clock.now())
        )
