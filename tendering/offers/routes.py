"""The JSON API of applications to buy: one's own, and the desks of centre and seller."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from accounts.access import current_actor
from accounts.actor import Actor
from kernel import clock, keys, money
from kernel.errors import NotFound
from kernel.money import Fen
from tendering import visibility
from tendering.lifecycle import lot_of
from tendering.models import Lot
from tendering.offers import applications, deposits, schemas, showing
from tendering.offers import terms as sale
from tendering.offers.applications import Said

bp = Blueprint("offers_api", __name__, url_prefix="/api/v1", description="Applications to buy land and property")

Body = dict[str, Any]


def _sale(code: str, actor: Actor) -> Lot:
    """The lot, as far as the caller sees it; NotFound where nothing is sold by application."""
    lot = lot_of(code)
    visibility.check_seen(lot.tender, actor)
    if not sale.is_offer(applications.pack_of(lot)):
        raise NotFound(
            "application.none", "本项目不需申请。", "There is nothing to apply for here.", rule="rules.md 5.3 A1"
        )
    return lot


def _own(actor: Actor, lot: Lot) -> Body:
    row = applications.own(actor, lot)
    signed = {
        "receipt": keys.b64(row.receipt),
        "receipt_sig": row.receipt_sig,
        "decision": keys.b64(row.decision) if row.decision else None,
        "decision_sig": row.decision_sig,
    }
    return {
        "lot": lot.code,
        "state": row.state,
        "sha256": row.sha256,
        "made_at": row.made_at,
        "offer": None if row.offer_fen is None else money.wire(Fen(row.offer_fen)),
        "remark": row.remark,
        "deposit": deposits.problem(lot, row.organization_id),
        **signed,
    }


@bp.route("/lots/<code>/purchase-application")
class OwnApplication(MethodView):
    @bp.response(200, schemas.PurchaseOut)
    def get(self, code: str) -> Body:
        """One's own application, with receipt, decision and what the register says of the deposit."""
        actor = current_actor()
        return _own(actor, _sale(code, actor))

    @bp.arguments(schemas.PurchaseIn)
    @bp.response(201, schemas.PurchaseOut)
    def post(self, body: Body, code: str) -> Body:
        """Apply to take part, or anew what was returned; papers are handed in on the page."""
        actor = current_actor()
        lot = _sale(code, actor)
        offer = money.parse(body["offer"]) if body["offer"] else None
        texts = {name: body[name] for name in applications.TEXTS}
        applications.apply(actor, lot.code, Said(texts, frozenset(body["flags"]), offer), clock.now())
        return _own(actor, lot)

    @bp.response(200, schemas.PurchaseOut)
    def delete(self, code: str) -> Body:
        """Take it back while applications are taken; the deposit goes back with it."""
        actor = current_actor()
        lot = _sale(code, actor)
        applications.take_back(actor, lot.code, clock.now())
        return _own(actor, lot)


@bp.route("/purchase-applications")
class Desk(MethodView):
    @bp.response(200, schemas.PurchaseWaitingOut(many=True))
    def get(self) -> list[Body]:
        """What waits for the centre's check or this seller's decision; to nobody else anything."""
        return [{**one, "lot": one["lot"].code} for one in showing.on_desk(current_actor())]


@bp.route("/purchase-applications/<token>")
class Handled(MethodView):
    @bp.arguments(schemas.PurchaseActIn)
    @bp.response(204)
    def post(self, body: Body, token: str) -> None:
        """The centre's check or the seller's decision, told to the applicant alone."""
        actor, act, now = current_actor(), str(body["act"]), clock.now()
        if act in ("complete", "return"):
            applications.check(actor, token, complete=act == "complete", remark=body["reason"], now=now)
        else:
            applications.decide(actor, token, confirmed=act == "confirm", reason=body["reason"], now=now)
