"""The JSON API of the base price: sealed by its owner, and what may be said of it."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from accounts.access import current_actor
from kernel import clock
from kernel.statements import Signed
from tendering import schemas
from tendering.baseprice import service
from tendering.lot_routes import seen_lot

bp = Blueprint("base_price_api", __name__, url_prefix="/api/v1", description="The base price")

Body = dict[str, Any]


class BasePriceOut(Schema):
    sealed = fields.String(metadata={"description": "when it was sealed; absent where there is none"})
    sha256 = fields.String()
    amount = fields.String(allow_none=True, metadata={"description": "not before it was read out at the opening"})
    unread = fields.Dict(allow_none=True, metadata={"description": "why it could not be opened"})


@bp.route("/lots/<code>/base-price")
class OneBasePrice(MethodView):
    @bp.response(200, BasePriceOut)
    def get(self, code: str) -> Body:
        """Whether the lot has a base price; its amount once it was read out at the opening."""
        return service.shown(seen_lot(code))

    @bp.arguments(schemas.StatementIn)
    @bp.response(201, BasePriceOut)
    def post(self, body: Body, code: str) -> Body:
        """Seal the lot's one base price, by a statement that its owner signed."""
        row = service.record(current_actor(), code, Signed(body["file"], body["sig"]), clock.now())
        return service.shown(row.lot)
