"""Submission, withdrawal and receipts: a bidder's own, and nobody else's."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from accounts.access import current_actor
from bidding import board, lots, receipting, schemas, submission, withdrawal
from bidding.entering import Handed
from bidding.receipting import Standing
from kernel import clock
from kernel.statements import Signed
from sealing.succession import Warrant

bp = Blueprint("bidding_api", __name__, url_prefix="/api/v1", description="Sealed bids and their receipts")

Body = dict[str, Any]


@bp.route("/lots/<string:lot>/bids")
class Bids(MethodView):
    @bp.arguments(schemas.BidIn)
    @bp.response(201, schemas.ReceiptOut)
    def post(self, body: Body, lot: str) -> Standing:
        """Hand in a sealed bid whose files are uploaded. Late, unsealed, copied or broken ones are refused and recorded."""
        warrant = Signed(**body["warrant"]) if body["warrant"] else None
        bid = submission.submit(current_actor(), lot, Handed(**{**body, "warrant": warrant}), clock.now())
        return receipting.of_bid(bid)


@bp.route("/lots/<string:lot>/my-bids")
class OwnBids(MethodView):
    @bp.response(200, schemas.OwnBidsOut)
    def get(self, lot: str) -> Body:
        """The own organization's bids on the lot."""
        actor = current_actor()
        return {"lot": lots.find(lot).code, "bids": board.own(actor, lot)}


@bp.route("/lots/<string:lot>/withdrawals")
class Withdrawals(MethodView):
    @bp.arguments(schemas.WithdrawIn)
    @bp.response(201, schemas.ReceiptOut)
    def post(self, body: Body, lot: str) -> Standing:
        """Withdraw the live bid by a statement of the key that sealed it; only before the deadline."""
        statement = Signed(body["raw"], body["sig"])
        withdrawn, bid = withdrawal.withdraw(current_actor(), lot, statement, clock.now(), _warrant(body))
        return receipting.of_withdrawal(withdrawn, bid)


def _warrant(body: Body) -> Warrant | None:
    if body["warrant"] is None or not body["cert_chain"]:
        return None
    return Warrant(Signed(**body["warrant"]), tuple(body["cert_chain"]))


@bp.route("/receipts/<string:receipt_id>")
class Receipts(MethodView):
    @bp.response(200, schemas.ReceiptOut)
    def get(self, receipt_id: str) -> Standing:
        """How far the own receipt has come: received, integrated into the log, witnessed."""
        return receipting.standing(current_actor(), receipt_id)
