"""The JSON API of invitations: the owner's list, one's own invitations, single sources for everybody."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from accounts.access import current_actor
from kernel import clock
from tendering import visibility
from tendering.invitations import schemas, service, showing, source
from tendering.invitations.rules import Ground, List, Listed
from tendering.invitations.source import Findings
from tendering.lifecycle import tender_of
from tendering.models import Tender

bp = Blueprint("invitations_api", __name__, url_prefix="/api/v1", description="Invitations and single sources")

Body = dict[str, Any]


def _listed(tender: Tender) -> Body:
    """The list as its project sees it; refused to everybody else, and where all may bid."""
    actor = current_actor()
    visibility.check_project(tender, actor)
    found = showing.of_project(tender, actor)
    if found is None:
        raise service.everybody_may_bid()
    return found


@bp.route("/tenders/<code>/invitations")
class Invitations(MethodView):
    @bp.response(200, schemas.ListOut)
    def get(self, code: str) -> Body:
        """Whom the owner invites, for owner and agency."""
        return _listed(tender_of(code))

    @bp.arguments(schemas.ListIn)
    @bp.response(200, schemas.ListOut)
    def put(self, body: Body, code: str) -> Body:
        """Write the list anew, until it is fixed."""
        rows = [Listed(row["uscc"], Ground(row["ground"])) for row in body["rows"]]
        given = List(rows, body["draw"], tuple(body["witnesses"]))
        return _listed(service.put(current_actor(), tender_of(code), given, clock.now()).tender)


@bp.route("/tenders/<code>/invitations/fix")
class InvitationsFixed(MethodView):
    @bp.response(200, schemas.ListOut)
    def post(self, code: str) -> Body:
        """Fix the list: it stands sealed in the log, and whoever is drawn is drawn by the log's root."""
        return _listed(service.fix(current_actor(), tender_of(code), clock.now()).tender)


@bp.route("/invitations")
class OwnInvitations(MethodView):
    @bp.response(200, schemas.ReceivedOut(many=True))
    def get(self) -> list[Body]:
        """The invitations of one's own organization."""
        return showing.received(current_actor())


@bp.route("/invitations/<code>")
class InvitationAnswer(MethodView):
    @bp.arguments(schemas.InvitationAnswerIn)
    @bp.response(200, schemas.ReceivedOut)
    def post(self, body: Body, code: str) -> Body:
        """Say whether one means to bid; nobody else sees it before the opening."""
        actor = current_actor()
        service.answer(actor, tender_of(code), accepts=body["accepts"], now=clock.now())
        return next(row for row in showing.received(actor) if row["tender"] == code)


@bp.route("/single-sources")
class SingleSources(MethodView):
    @bp.response(200, schemas.SourceOut(many=True))
    def get(self) -> list[Body]:
        """Single sources on public view, newest first, with the objections and what was found of them."""
        return [showing.published(one) for one in source.public()]


@bp.route("/tenders/<code>/single-source")
class SingleSource(MethodView):
    @bp.arguments(schemas.SourceIn)
    @bp.response(201, schemas.SourceOut)
    def post(self, body: Body, code: str) -> Body:
        """Put the only supplier on public view before the procedure begins."""
        return showing.published(source.publish(current_actor(), tender_of(code), body["reasons"], clock.now()))


@bp.route("/single-sources/<int:number>/objections")
class SourceObjections(MethodView):
    @bp.arguments(schemas.SourceObjectionIn)
    @bp.response(201, schemas.SourceOut)
    def post(self, body: Body, number: int) -> Body:
        """Object to a single source while it is on view."""
        found = source.one(number)
        source.object_to(current_actor(), found, body["text"], clock.now())
        return showing.published(found)


@bp.route("/tenders/<code>/single-source/objections/<int:number>")
class SourceFindings(MethodView):
    @bp.arguments(schemas.FindingsIn)
    @bp.response(200, schemas.SourceOut)
    def post(self, body: Body, code: str, number: int) -> Body:
        """What the experts found of an objection."""
        given = Findings(body["findings"], upheld=body["upheld"])
        return showing.published(source.argue(current_actor(), tender_of(code), number, given, clock.now()).of)
