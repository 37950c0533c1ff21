"""The JSON API of a tender's keys beside the owner's own: which key the agency signs with."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from accounts.access import current_actor
from kernel import clock
from tendering import presentation, schemas, service

bp = Blueprint("tender_keys_api", __name__, url_prefix="/api/v1", description="Keys and terms of a tender's lots")

Body = dict[str, Any]


@bp.route("/tenders/<code>/agency-key")
class AgencyKey(MethodView):
    @bp.arguments(schemas.KeysIn)
    @bp.response(200, schemas.TenderOut)
    def post(self, body: Body, code: str) -> Body:
        """As the agency's officer, name the certificate with which the agency will sign; the keysets then name its key."""
        actor = current_actor()
        done = service.confirm_key(actor, service.tender_of(code), body["cert"], clock.now())
        return presentation.tender(done, actor)
