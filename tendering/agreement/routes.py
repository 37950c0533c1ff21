"""The JSON API of an agreement with a single source."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from accounts.access import current_actor, current_actor_or_none
from accounts.schemas import Bytes, Moment
from kernel import clock, money
from kernel.statements import Signed
from tendering import visibility as tenders
from tendering.agreement import reading, service, visibility
from tendering.agreement.rules import LONG, MOST_MEMBERS, SHORT, Agreed, Member
from tendering.contracts.schemas import ContractConfirmationIn
from tendering.draft_schemas import text
from tendering.lifecycle import lot_of
from tendering.models import Lot
from tendering.schemas import StatementIn

bp = Blueprint("agreement_api", __name__, url_prefix="/api/v1", description="The price agreed with a single source")

Body = dict[str, Any]


class MemberIn(Schema):
    name = text(SHORT, required=True)
    title = text(SHORT, required=True)
    unit = text(SHORT, required=True)
    expertise = text(SHORT, required=True)
    dissent = text(LONG, load_default="")


class AgreementIn(Schema):
    members = fields.List(fields.Nested(MemberIn), required=True, validate=validate.Length(1, MOST_MEMBERS))
    price = fields.String(required=True, validate=validate.Regexp(r"(0|[1-9][0-9]{0,14})\.[0-9]{2}\Z"))
    held = text(LONG, required=True)
    grounds = text(LONG, required=True)
    quality = text(LONG, required=True)
    terms = text(LONG, required=True)


class AgreementOut(Schema):
    """`seen` holds what the caller may see; `file` is what is signed, for its parties."""

    lot = fields.String()
    seen = fields.Dict()
    file = Bytes(allow_none=True)
    supplier_at = Moment(allow_none=True)
    owner_at = Moment(allow_none=True)


def _shown(lot: Lot) -> Body:
    actor, found = current_actor_or_none(), reading.of(lot)
    tenders.check_seen(lot.tender, actor)
    seen = visibility.shown(lot, actor)
    if found is None or not seen:
        return {"lot": lot.code, "seen": {}, "file": None, "supplier_at": None, "owner_at": None}
    file = found.file if "record" in seen else None
    return {
        "lot": lot.code, "seen": seen, "file": file, "supplier_at": found.supplier_at, "owner_at": found.owner_at,
    }  # fmt: skip


@bp.route("/lots/<code>/agreement")
class Agreement(MethodView):
    @bp.response(200, AgreementOut)
    def get(self, code: str) -> Body:
        """What the caller may see of it."""
        return _shown(lot_of(code))

    @bp.arguments(AgreementIn)
    @bp.response(201, AgreementOut)
    def post(self, body: Body, code: str) -> Body:
        """Write the record, as purchaser or agency; what was signed before is void."""
        members = [Member(**one) for one in body.pop("members")]
        agreed = Agreed(members=members, price=money.parse(body.pop("price")), **body)
        service.write(current_actor(), code, agreed, clock.now())
        return _shown(lot_of(code))


@bp.route("/lots/<code>/agreement/confirmation")
class Confirmation(MethodView):
    @bp.arguments(ContractConfirmationIn)
    @bp.response(200, AgreementOut)
    def post(self, body: Body, code: str) -> Body:
        """The supplier's signature, with its certificate."""
        service.confirm(current_actor(), code, Signed(body["file"], body["sig"]), body["cert"], clock.now())
        return _shown(lot_of(code))


@bp.route("/lots/<code>/agreement/signature")
class Signature(MethodView):
    @bp.arguments(StatementIn)
    @bp.response(200, AgreementOut)
    def post(self, body: Body, code: str) -> Body:
        """The purchaser's signature: the agreement stands."""
        service.sign(current_actor(), code, Signed(body["file"], body["sig"]), clock.now())
        return _shown(lot_of(code))
