"""tus 1.0.0 at /api/v1/uploads: headers in, headers out; `bidding.uploads` does the work."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import Response, current_app, request, url_for
from flask.views import MethodView
from flask_smorest import Blueprint

from accounts.access import current_actor
from bidding import tus, uploads
from bidding.models import Upload
from bidding.states import UploadState
from bidding.writer import Arriving, Readable, Received, body
from kernel import clock
from kernel.db import own_transaction, transaction
from kernel.errors import Refusal
from kernel.site import site

bp = Blueprint("uploads_api", __name__, url_prefix="/api/v1", description="Resumable uploads, tus 1.0.0")

P = ParamSpec("P")
_STATUS = {
    "upload.version": 412,
    "upload.content_type": 415,
    "upload.checksum": 460,
    "upload.locked": 423,
    "upload.interrupted": 400,
}
"""What tus wants to see where the general table of refusals says something else."""


def speaks_tus(view: Callable[P, Response]) -> Callable[P, Response]:
    """Check the version first, and give refusals the status codes of tus."""

    @wraps(view)
    def answered(*args: P.args, **kwargs: P.kwargs) -> Response:
        try:
            if request.method != "OPTIONS":
                tus.check_version(request.headers.get("Tus-Resumable"))
            return view(*args, **kwargs)
        except Refusal as refusal:
            return _refused(refusal)

    return answered


@bp.after_request
def name_version(response: Response) -> Response:
    response.headers["Tus-Resumable"] = tus.VERSION
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.route("/uploads")
class Uploads(MethodView):
    """Creation."""

    decorators = [own_transaction]  # noqa: RUF012  Flask's own protocol

    @bp.doc(summary="What this server speaks of tus 1.0.0")
    @bp.response(204)
    @speaks_tus
    def options(self) -> Response:
        """The protocol's version, extensions and limits."""
        answer = Response(status=204)
        answer.headers["Tus-Version"] = tus.VERSION
        answer.headers["Tus-Extension"] = tus.EXTENSIONS
        answer.headers["Tus-Checksum-Algorithm"] = tus.ALGORITHMS
        answer.headers["Tus-Max-Size"] = str(site().settings.upload_max)
        return answer

    @bp.doc(summary="Reserve a place for a file; its bytes may come along")
    @bp.response(201)
    @speaks_tus
    def post(self) -> Response:
        """201 with `Location`; refuses above the size limit and the organization's quota."""
        length = tus.length(request.headers.get("Upload-Length"), site().settings.upload_max)
        said = tus.metadata(request.headers.get("Upload-Metadata"))
        with transaction():
            actor = current_actor()
            upload = uploads.create(actor, said.get("filename", "upload"), length, clock.now())
        if request.content_type == tus.BODY_TYPE:
            upload = uploads.receive(actor, upload.token, _arriving(upload.length, 0), clock.now())
        answer = _offset(upload, 201)
        answer.headers["Location"] = url_for("uploads_api.OneUpload", token=upload.token, _external=True)
        return answer


@bp.route("/uploads/<string:token>")
class OneUpload(MethodView):
    """Core, termination and expiration of one upload; only its own organization finds it."""

    decorators = [own_transaction]  # noqa: RUF012  Flask's own protocol

    @bp.doc(summary="How many bytes have arrived")
    @bp.response(200)
    @speaks_tus
    def head(self, token: str) -> Response:
        with transaction(write=False):
            return _offset(uploads.look(current_actor(), token), 200)

    @bp.doc(summary="Append bytes at the offset")
    @bp.response(204)
    @speaks_tus
    def patch(self, token: str) -> Response:
        """Streams the body to the blob store; 409 unless it begins where the stored bytes end."""
        tus.check_body_type(request.content_type)
        offset = tus.number(request.headers.get("Upload-Offset"), "Upload-Offset")
        with transaction(write=False):
            actor = current_actor()
            room = uploads.look(actor, token).length
        return _offset(uploads.receive(actor, token, _arriving(room, offset), clock.now()), 204)

    @bp.doc(summary="Drop an upload that no bid took")
    @bp.response(204)
    @speaks_tus
    def delete(self, token: str) -> Response:
        with transaction():
            blob_key = uploads.discard(current_actor(), token)
        site().blobs.delete(blob_key)
        return Response(status=204)


def _arriving(length: int, offset: int) -> Arriving:
    said = tus.checksum(request.headers.get("Upload-Checksum"))
    return Arriving(offset, body(_stream(), max(length - offset, 0)), said)


def _stream() -> Readable:
    """The request's body; a chunked one names no length and goes through the framework's guard."""
    if request.content_length is None:
        return request.stream
    return Received(request.environ["wsgi.input"], request.content_length)


def _offset(upload: Upload, status: int) -> Response:
    answer = Response(status=status)
    answer.headers["Upload-Offset"] = str(upload.size)
    answer.headers["Upload-Length"] = str(upload.length)
    if upload.state is not UploadState.TAKEN:
        answer.headers["Upload-Expires"] = tus.http_date(upload.expires_at)
    return answer


def _refused(refusal: Refusal) -> Response:
    answer: Any = current_app.make_response(current_app.handle_user_exception(refusal))
    answer.status_code = _STATUS.get(refusal.code, answer.status_code)
    offset = refusal.detail.get("offset")
    if offset is not None:
        answer.headers["Upload-Offset"] = str(offset)
    if "retry_after" in refusal.detail:
        answer.headers["Retry-After"] = str(refusal.detail["retry_after"])
    if refusal.code == "upload.version":
        answer.headers["Tus-Version"] = tus.VERSION
    found: Response = answer
    return found
