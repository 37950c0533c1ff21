"""The JSON API of tendering."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint

from accounts.access import current_actor, current_actor_or_none
from kernel import clock
from kernel.db import own_transaction, transaction
from kernel.site import site
from tendering import draft_schemas, listing, packs, presentation, schemas, service, visibility
from tendering.listing import Query
from tendering.models import Document, Tender
from tendering.visibility import Viewer

bp = Blueprint("tendering_api", __name__, url_prefix="/api/v1", description="Tenders and their lots")

Body = dict[str, Any]
CHUNK = 1 << 18


def seen_tender(code: str) -> Tender:
    """The tender, if whoever asks may see it."""
    found = service.tender_of(code)
    visibility.check_seen(found, current_actor_or_none())
    return found


def body_chunks() -> Iterator[bytes]:
    """The request's body as it arrives; nothing holds it whole."""
    while chunk := request.stream.read(CHUNK):
        yield chunk


@bp.route("/tenders")
class Tenders(MethodView):
    @bp.arguments(schemas.TenderQuery, location="query")
    @bp.response(200, schemas.TenderListOut)
    def get(self, query: Body) -> Body:
        """Published tenders, filtered and sorted."""
        found = listing.public(Query(**query))
        rows = [presentation.row(tender) for tender in found.rows]
        return {"items": rows, "total": found.total, "page": query["page"], "pages": found.pages}

    @bp.arguments(draft_schemas.DraftIn)
    @bp.response(201, schemas.TenderOut)
    def post(self, body: Body) -> Body:
        """Draft a tender, as its owner or agency."""
        actor = current_actor()
        return presentation.tender(service.create_draft(actor, body, clock.now()), actor)


@bp.route("/tenders/mine")
class MyTenders(MethodView):
    @bp.response(200, schemas.TenderRowOut(many=True))
    def get(self) -> list[Body]:
        """All tenders of one's own projects, drafts included."""
        return [presentation.row(tender) for tender in listing.mine(current_actor())]


@bp.route("/tenders/<code>")
class OneTender(MethodView):
    @bp.response(200, schemas.TenderOut)
    def get(self, code: str) -> Body:
        """A tender as the asker may see it."""
        return presentation.tender(service.tender_of(code), current_actor_or_none())

    @bp.arguments(draft_schemas.ChangesIn)
    @bp.response(200, schemas.TenderOut)
    def patch(self, body: Body, code: str) -> Body:
        """Replace parts of a draft."""
        actor = current_actor()
        changed = service.update_draft(actor, service.tender_of(code), body, clock.now())
        return presentation.tender(changed, actor)


@bp.route("/tenders/<code>/documents/<path:name>")
class Documents(MethodView):
    decorators = [own_transaction]  # noqa: RUF012  Flask's own protocol

    @bp.response(201, schemas.DocumentOut)
    def put(self, code: str, name: str) -> Body:
        """Stream a document in; its SHA-256 comes back."""
        with transaction(write=False):
            actor = current_actor()
        added: Document = service.add_document(actor, code, name, body_chunks(), clock.now())
        return presentation.document(added)

    @bp.response(204)
    def delete(self, code: str, name: str) -> None:
        """Take a document, named by its SHA-256, out of a draft."""
        with transaction():
            key = service.remove_document(current_actor(), service.tender_of(code), name, clock.now())
        site().blobs.delete(key)


@bp.route("/tenders/<code>/obstacles")
class Obstacles(MethodView):
    @bp.response(200, schemas.ObstacleOut(many=True))
    def get(self, code: str) -> list[Body]:
        """All that is still missing before a draft can be published, each with its rule."""
        found = service.tender_of(code)
        visibility.check_project(found, current_actor())
        return [presentation.obstacle(one) for one in service.obstacles(found, clock.now())]


@bp.route("/tenders/<code>/keys")
class Keys(MethodView):
    @bp.arguments(schemas.KeysIn)
    @bp.response(202, schemas.KeysOut(many=True))
    def post(self, body: Body, code: str) -> list[Body]:
        """Ask the nodes for the keys of every lot; the certificate is the one that will sign the notice."""
        found = service.tender_of(code)
        service.request_keysets(current_actor(), found, body["cert"], clock.now())
        return [presentation.keys_of(lot) for lot in found.lots]

    @bp.response(200, schemas.KeysOut(many=True))
    def get(self, code: str) -> list[Body]:
        """How far the keys are."""
        found = service.tender_of(code)
        visibility.check_project(found, current_actor())
        return [presentation.keys_of(lot) for lot in found.lots]


@bp.route("/tenders/<code>/signing-sheet")
class SigningSheet(MethodView):
    @bp.response(200, schemas.SheetItemOut(many=True))
    def get(self, code: str) -> list[Body]:
        """The exact statements that the owner signs to publish."""
        found = service.tender_of(code)
        visibility.check_project(found, current_actor())
        return presentation.sheet(found)


@bp.route("/tenders/<code>/publish")
class Publication(MethodView):
    @bp.arguments(schemas.PublishIn)
    @bp.response(200, schemas.TenderOut)
    def post(self, body: Body, code: str) -> Body:
        """Publish the notice with the owner's signatures over the signing sheet."""
        actor = current_actor()
        signatures = {item["statement_sha256"]: item["sig"] for item in body["signatures"]}
        done = service.publish(actor, service.tender_of(code), signatures, body["cert"], clock.now())
        return presentation.tender(done, actor)


@bp.route("/tenders/<code>/cancel")
class Cancellation(MethodView):
    @bp.arguments(schemas.CancelIn)
    @bp.response(200, schemas.TenderOut)
    def post(self, body: Body, code: str) -> Body:
        """Propose to end a tender, or carry out what another organization proposed."""
        actor = current_actor()
        done = service.cancel(actor, service.tender_of(code), body["reason"], clock.now())
        return presentation.tender(done, actor)

    @bp.response(204)
    def delete(self, code: str) -> None:
        """Take a proposal back."""
        service.withdraw_proposal(current_actor(), service.tender_of(code), clock.now())


@bp.route("/tenders/<code>/questions")
class Questions(MethodView):
    @bp.arguments(schemas.QuestionIn)
    @bp.response(201, schemas.AskedOut)
    def post(self, body: Body, code: str) -> Any:
        """Ask, as a bidder; the owner never learns who asked."""
        return service.ask(current_actor(), service.tender_of(code), body["text"], clock.now())


@bp.route("/tenders/<code>/answers")
class Answers(MethodView):
    @bp.arguments(schemas.AnswerIn)
    @bp.response(201, schemas.QuestionOut)
    def post(self, body: Body, code: str) -> Body:
        """Answer a question, to everybody."""
        reply = service.Reply(body["answer"], bears_on_bids=body["bears_on_bids"])
        found = service.answer(current_actor(), service.tender_of(code), body["token"], reply, clock.now())
        return presentation.question(found, Viewer.PUBLIC)


@bp.route("/law")
class Law(MethodView):
    @bp.response(200, schemas.PackOut(many=True))
    def get(self) -> list[packs.Pack]:
        """The law packs that this installation runs."""
        return packs.offered(practice=site().settings.practice)


@bp.route("/law/<pack_id>")
class OnePack(MethodView):
    @bp.response(200)
    def get(self, pack_id: str) -> Response:
        """A law pack's exact file, as its hash in the notice covers it."""
        return Response(packs.load(pack_id).raw, mimetype="application/json")
