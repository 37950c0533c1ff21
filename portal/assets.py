"""The client's built files, by logical name, with the hash the browser checks; and the words templates share."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from markupsafe import Markup

from accounts.access import current_actor_or_none
from kernel import clock, money
from kernel.site import site

DIST = Path(__file__).parent / "static" / "dist"


@cache
def manifest() -> dict[str, dict[str, Any]]:
    """What `npm run build` wrote; FileNotFoundError tells to run `make client`."""
    found: dict[str, dict[str, Any]] = json.loads((DIST / "manifest.json").read_text())
    return found


def script(name: str) -> Markup:
    item = manifest()[name]
    return Markup('<script type="module" src="/static/dist/{}" integrity="{}"></script>').format(
        item["file"], item["integrity"]
    )


def stylesheet(name: str) -> Markup:
    item = manifest()[name]
    return Markup('<link rel="stylesheet" href="/static/dist/{}" integrity="{}">').format(
        item["file"], item["integrity"]
    )


def beijing(instant: dt.datetime | str, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """A legal moment as people read it; pages name the zone beside it."""
    moment = clock.parse_rfc3339(instant) if isinstance(instant, str) else instant
    return clock.beijing(moment).strftime(form)


def install(app: Flask) -> None:
    app.jinja_env.globals.update(
        script=script, stylesheet=stylesheet, clock_now=clock.now, signed_in=current_actor_or_none, site=site
    )
    app.jinja_env.filters.update(
        beijing=beijing, rfc3339=clock.rfc3339, yuan=money.figures, yuan_words=money.words, yuan_wire=money.wire
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.after_request(_cache)


def _cache(response: Response) -> Response:
    if request.path.startswith("/static/dist/") and not request.path.endswith(".html"):
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
