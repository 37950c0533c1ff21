"""The opening hall, and the released folder for as long as no edge serves it."""

from __future__ import annotations

from flask import Blueprint, Response, request, send_file

from accounts.access import current_actor_or_none
from accounts.forms import page
from kernel import clock
from kernel.db import own_transaction
from kernel.errors import NotFound
from kernel.site import site
from livestream import hall, released
from tendering import visibility

pages = Blueprint("livestream", __name__, template_folder="templates")

RETRY_AFTER = 5


@pages.get("/lots/<lot>/opening")
def opening(lot: str) -> str:
    """The hall: countdown before the opening, the board while it runs, the record after it. Works without scripts."""
    found = hall.of_lot(lot)
    actor = current_actor_or_none()
    return page(
        "livestream/hall.html",
        hall=found,
        lot=found.lot,
        board=found.board,
        mine=hall.own_line(actor, lot, clock.now()),
        hosting=actor is not None and visibility.of_project(found.lot.tender, actor),
        edge=site().settings.edge_url,
    )


@pages.get("/lots/<lot>/opening/mine")
def mine(lot: str) -> str:
    """The part of the hall that belongs to the signed-in bidder, asked for again while the page stands open."""
    found = hall.own_line(current_actor_or_none(), lot, clock.now())
    return page("livestream/_mine.html", mine=found, lot_code=lot)


@pages.get("/live/<lot>/events")
@own_transaction
def events(lot: str) -> Response:  # noqa: ARG001  whatever the lot
    """Streams are the edge's; the script falls back to the pages of events by itself."""
    headers = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
    return Response("event streams are served by the edge\n", 503, headers, mimetype="text/plain")


@pages.get("/public/<path:name>")
@own_transaction
def public(name: str) -> Response:
    """A file of the released folder, as the edge would serve it."""
    found = released.find(site().public, name)
    if found is None:
        raise NotFound("file.unknown", "没有这个公开文件。", "There is no such public file.")
    answer = send_file(found.path, mimetype=found.media_type, etag=found.etag.strip('"'), conditional=True)
    answer.headers["Cache-Control"] = found.caching
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    if request.method == "GET":
        answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
