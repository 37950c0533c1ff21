"""Pages that belong to no slice: the front page, the nodes, the API's contract."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template
from sqlalchemy import select

from kernel import clock
from kernel.db import db, own_transaction
from kernel.errors import NotFound
from kernel.site import site
from supervision import answers
from supervision.checkpoints import newest
from tendering import listing
from tendering.models import Lot, Tender
from tendering.rules import LotState

pages = Blueprint("portal", __name__, template_folder="templates")

LATEST = 8
METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


@pages.app_context_processor
def _shell() -> dict[str, Any]:
    return {"node_states": node_states, "practice": site().settings.practice}


def node_states() -> list[answers.NodeState]:
    """The nodes of the policy; none before genesis."""
    return answers.states(clock.now()) if site().settings.policy.exists() else []


@pages.get("/")
def front() -> str:
    found = listing.public(listing.Query(), size=LATEST)
    coming = db.session.execute(
        select(Lot, Tender)
        .join(Tender, Lot.tender_id == Tender.id)
        .where(Lot.state == LotState.COLLECTING, Lot.opens_at > clock.now())
        .order_by(Lot.opens_at)
    ).first()
    opening = select(Lot).where(Lot.state.in_([LotState.SEALED, LotState.OPENING])).order_by(Lot.opens_at)
    return render_template(
        "front.html",
        latest=found.rows,
        total=found.total,
        coming=coming,
        opening=db.session.scalars(opening).all(),
    )


@pages.get("/nodes")
def nodes() -> str:
    return render_template("nodes.html", nodes=node_states(), newest=newest())


@pages.get("/log/policy")
@own_transaction
def policy() -> Response:
    """The pinned policy, exactly as its hash in the genesis fact."""
    path = site().settings.policy
    if not path.exists():
        raise NotFound(
            "policy.unpinned", "监督节点尚未登记", "the nodes are not pinned yet", rule="log-and-nodes.md 3"
        )
    return Response(path.read_bytes(), mimetype="text/plain")


@pages.get("/api/v1/clock")
@own_transaction
def server_clock() -> Response:
    response = jsonify({"now": clock.wall().isoformat(timespec="milliseconds").replace("+00:00", "Z")})
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/api/")
def api() -> str:
    """The contract for people; /api/openapi.json is the same for programs."""
    spec: dict[str, Any] = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
    calls = [
        (path, method, call)
        for path, entry in spec["paths"].items()
        for method, call in entry.items()
        if method in METHODS
    ]
    return render_template("api.html", spec=spec, calls=calls)
