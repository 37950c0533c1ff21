"""The JSON API of a tender's keys beside the owner's own: which key the agency signs with."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from accounts.access import current_actor
from kernel import clock
from tendering import presentation, schemas, service, terms, terms_schemas, visibility
from tendering.models import Lot

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


@bp.route("/lots/<code>/terms")
class Terms(MethodView):
    @bp.arguments(terms_schemas.TermsIn)
    @bp.response(202, terms_schemas.TermsOut)
    def post(self, body: Body, code: str) -> Body:
        """As the owner of a collecting lot, ask the nodes for the keys of changed terms. Nothing changes before `issue`."""
        terms.propose(current_actor(), code, body["changes"], clock.now())
        return presentation.terms_of(service.lot_of(code))

    @bp.response(200, terms_schemas.TermsOut)
    def get(self, code: str) -> Body:
        """How far the change of terms is."""
        return presentation.terms_of(_owned(code))


@bp.route("/lots/<code>/terms/signing-sheet")
class TermsSheet(MethodView):
    @bp.arguments(terms_schemas.MomentQuery, location="query")
    @bp.response(200, schemas.SheetItemOut(many=True))
    def get(self, query: Body, code: str) -> list[Body]:
        """The exact statements that the owner signs: keyset, notice of the change, timetable."""
        found = _owned(code)
        return [presentation.sheet_item(item) for item in terms.sheet(found, query["closes_at"])]


@bp.route("/lots/<code>/terms/issue")
class TermsIssue(MethodView):
    @bp.arguments(terms_schemas.IssueIn)
    @bp.response(200, schemas.LotOut)
    def post(self, body: Body, code: str) -> Body:
        """Put the changed terms in force; bids sealed before are void."""
        signatures = {item["statement_sha256"]: item["sig"] for item in body["signatures"]}
        return presentation.lot(terms.issue(current_actor(), code, body["closes_at"], signatures, clock.now()))


def _owned(code: str) -> Lot:
    found = service.lot_of(code)
    visibility.check_project(found.tender, current_actor())
    return found
