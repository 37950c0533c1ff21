"""The API that only the registered evaluator may call; every request carries its signature."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint
from werkzeug.wsgi import wrap_file

from evaluation import schemas
from evaluation.asking import Asked
from evaluation.desk import service as desk
from evaluation.desk.service import Report
from kernel import clock
from kernel.db import own_transaction, transaction

bp = Blueprint("evaluator_api", __name__, url_prefix="/api/v1/evaluator", description="For the evaluator process alone")

MAX_BODY = 4 * 1024 * 1024
P = ParamSpec("P")
R = TypeVar("R")


def evaluator_only(view: Callable[P, R]) -> Callable[P, R]:
    """Check the request's signature first, before anything of it is read."""

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        query = request.query_string.decode("ascii", "replace")
        path = f"{request.path}?{query}" if query else request.path
        request.max_content_length = MAX_BODY
        desk.check(Asked(request.method, path, request.get_data()), dict(request.headers), clock.now())
        return view(*args, **kwargs)

    return guarded


@bp.route("/work")
class Work(MethodView):
    decorators = [evaluator_only]  # noqa: RUF012  Flask's own protocol

    @bp.response(200)
    def get(self) -> Response:
        """The bids that wait to be opened."""
        return Response(desk.pending(), mimetype="application/json")


@bp.route("/lots/<lot>/releases/<stage>/<int:i>")
class ReleaseFile(MethodView):
    decorators = [evaluator_only]  # noqa: RUF012

    @bp.response(200)
    def get(self, lot: str, stage: str, i: int) -> Response:
        """A trustee's release, encrypted to the evaluator."""
        return Response(desk.release_file(lot, stage, i), mimetype="application/octet-stream")


@bp.route("/lots/<lot>/ciphertexts/<sha256>")
class Ciphertext(MethodView):
    decorators = [evaluator_only, own_transaction]  # noqa: RUF012

    @bp.response(200)
    def get(self, lot: str, sha256: str) -> Response:
        """An admitted bid's sealed documents."""
        with transaction(write=False):
            file, size = desk.ciphertext(lot, sha256)
        answer = Response(wrap_file(request.environ, file, 1024 * 1024), mimetype="application/octet-stream")
        answer.direct_passthrough = True
        answer.content_length = size
        return answer


@bp.route("/lots/<lot>/opened")
class OpenedReport(MethodView):
    decorators = [evaluator_only]  # noqa: RUF012

    @bp.arguments(schemas.ReportIn)
    @bp.response(204)
    def post(self, report: Report, lot: str) -> Any:
        """What the evaluator found in a bid."""
        desk.take(lot, report, clock.now())
