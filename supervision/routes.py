"""The log by GET: checkpoint, tiles, checkpoints with their quorum, and what was disclosed.

The same files lie in the public folder; the edge or any web server may serve them instead.
"""

from __future__ import annotations

import re
from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from kernel.db import own_transaction, transaction
from kernel.errors import NotFound
from kernel.site import site
from supervision import checkpoints, log
from supervision.checkpoint import CheckpointError, decimal
from supervision.schemas import DisclosuresOut, LotQuery
from supervision.shelf import COSIGNED, read
from supervision.tiles import CHECKPOINT

bp = Blueprint("log_api", __name__, url_prefix="/log", description="The public log (C2SP tlog-tiles)")

TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
FOREVER = "public, max-age=31536000, immutable"
FRESH = "no-store"

_TILE = re.compile(r"(entries|0|[1-9][0-9]?)/(x[0-9]{3}/){0,6}[0-9]{3}(\.p/[1-9][0-9]{0,2})?")


def _file(path: str, media_type: str, caching: str) -> Response:
    raw = read(site().public / "log" / path)
    if raw is None:
        raise NotFound("log_file_missing", "公开日志中没有这个文件。", "The public log has no such file.")
    return Response(raw, mimetype=media_type, headers={"Cache-Control": caching})


@bp.get("/checkpoint")
@own_transaction
@bp.response(200)
def checkpoint() -> Response:
    """The newest tree head with the lines of all nodes that have signed it so far."""
    return _file(CHECKPOINT, TEXT, FRESH)


@bp.get("/checkpoint.cosigned")
@own_transaction
@bp.response(200)
def checkpoint_cosigned() -> Response:
    """The newest tree head that a quorum of nodes has signed."""
    return _file(COSIGNED, TEXT, FRESH)


@bp.get("/policy")
@own_transaction
@bp.response(200)
def policy() -> Response:
    """The policy file pinned at genesis, to be compared by hash with what the authorities publish."""
    path = site().settings.policy
    if not path.exists():
        raise NotFound(
            "policy_not_pinned", "监督节点尚未登记。", "The nodes are not pinned yet.", rule="log-and-nodes.md 3"
        )
    return Response(path.read_bytes(), content_type=TEXT, headers={"Cache-Control": FRESH})


@bp.get("/tile/<path:name>")
@own_transaction
@bp.response(200)
def tile(name: str) -> Response:
    """A hash tile or an entry bundle; each never changes."""
    if not _TILE.fullmatch(name):
        raise NotFound("log_file_missing", "公开日志中没有这个文件。", "The public log has no such file.")
    return _file(f"tile/{name}", BYTES, FOREVER)


@bp.get("/cosigned/<size>")
@own_transaction
@bp.response(200)
def cosigned(size: str) -> Response:
    """The smallest tree head of at least `size` entries with its quorum, each node's first line: since when it vouches."""
    try:
        least = decimal(size)
    except CheckpointError as error:
        raise NotFound("log_size_malformed", "日志大小写法不正确。", "That is not a size of a log.") from error
    with transaction(write=False):
        found = checkpoints.quorum_checkpoint_at_least(least)
    if found is None:
        raise NotFound(
            "log_not_cosigned", "尚无达到法定见证数的检查点。", "No quorum has signed a tree of that size yet."
        )
    return Response(found.note.encode(), content_type=TEXT, headers={"Cache-Control": FRESH})


@bp.route("/disclosures")
class Disclosures(MethodView):
    @bp.arguments(LotQuery, location="query")
    @bp.response(200, DisclosuresOut)
    def get(self, query: dict[str, str]) -> dict[str, Any]:
        """The sealed facts of a lot that are public now; an unknown lot has none."""
        return {"lot": query["lot"], "disclosures": log.disclosures(query["lot"])}
