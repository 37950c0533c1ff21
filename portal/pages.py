"""Pages that belong to no slice: the front page, the nodes, the API's contract."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template
from sqlalchemy import func, select

from kernel import clock
from kernel.db import db, own_transaction
from kernel.errors import NotFound
from kernel.site import site
from portal import fields
from supervision import answers, log
from supervision.checkpoints import newest
from supervision.models import LogEntry
from tendering import listing, presentation
from tendering.models import Lot, Tender
from tendering.states import LotState

pages = Blueprint("portal", __name__, template_folder="templates")

LATEST = 8
GOING = (
    LotState.PREQUAL, LotState.PREQUAL_REVIEW, LotState.COLLECTING, LotState.SEALED, LotState.OPENING, LotState.OPENED, LotState.EVALUATING, LotState.PUBLICITY,
)  # fmt: skip
METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


@pages.app_context_processor
def _shell() -> dict[str, Any]:
    return {"node_states": node_states, "practice": site().settings.practice}


def node_states() -> list[answers.NodeState]:
    """The nodes of the policy; none before genesis."""
    return answers.states(clock.now()) if site().settings.policy.exists() else []


@pages.get("/")
def front() -> str:
    found, head = listing.public(listing.Query(), size=LATEST), newest()
    coming = db.session.execute(
        select(Lot, Tender)
        .join(Tender, Lot.tender_id == Tender.id)
        .where(Lot.state == LotState.COLLECTING, Lot.opens_at > clock.now())
        .order_by(Lot.opens_at)
    ).first()
    opening = select(Lot).where(Lot.state.in_([LotState.SEALED, LotState.OPENING])).order_by(Lot.opens_at)
    return render_template(
        "front.html",
        latest=[(tender, presentation.row(tender), _ceiling(tender)) for tender in found.rows],
        total=found.total,
        going=db.session.scalar(select(func.count()).select_from(Lot).where(Lot.state.in_(GOING))),
        entries=head.size if head else 0,
        coming=coming,
        opening=db.session.scalars(opening).all(),
    )


def _ceiling(tender: Tender) -> int:
    """All lots together, in fen; 0 when no lot has a ceiling."""
    return sum(lot.ceiling_fen or 0 for lot in tender.lots)


@pages.get("/nodes")
def nodes() -> str:
    return render_template("nodes.html", nodes=node_states(), newest=newest())


@pages.get("/log/entry/<int:index>")
def entry(index: int) -> str:
    """One entry of the public log, and the proof that the newest checkpoint holds it."""
    row, size = db.session.get(LogEntry, index), log.published_size()
    if row is None or index >= size:
        raise NotFound("log.no-entry", "公开日志中还没有这一条", "the public log holds no such entry yet")
    proof = log.proof_of(index, size)
    return render_template("entry.html", entry=row, said=row.entry.decode(), size=size, proof=proof)


@pages.get("/fields")
def fields_seen() -> str:
    """Who sees what from when: the table that every page asks, for reading."""
    return render_template("fields.html", tables=fields.TABLES, grouped=fields.grouped, sentences=fields.sentences)


@pages.get("/api/v1/clock")
@own_transaction
def server_clock() -> Response:
    response = jsonify({"now": clock.wall().isoformat(timespec="milliseconds").replace("+00:00", "Z")})
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/api/")
def api() -> str:
    """The contract for people, in both languages; /api/openapi.json is the same for programs."""
    spec: dict[str, Any] = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
    calls: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, entry in spec["paths"].items():
        for method, call in entry.items():
            if method in METHODS:
                calls.setdefault(call["tags"][0], []).append((path, method, call))
    return render_template("api.html", spec=spec, calls=calls, words=operations())


@cache
def operations() -> dict[str, dict[str, str]]:
    """The contract's English tags and summaries in Chinese; whatever has no twin is shown as it is."""
    found: dict[str, dict[str, str]] = json.loads(
        (Path(__file__).parent / "translations" / "operations.json").read_text()
    )
    return found
