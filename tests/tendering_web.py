"""Pages and routes of tendering behind a small door: one instant and one transaction a request, the actor named by a header."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from flask import Flask, current_app, g, jsonify, request
from flask.testing import FlaskClient
from flask_babel import Babel, get_locale
from flask_smorest import Api
from jinja2 import ChoiceLoader, DictLoader
from marshmallow import Schema

from kernel import clock, money
from kernel import site as sites
from kernel.db import transaction
from kernel.errors import Conflict, Forbidden, NotFound, Refusal, Unauthenticated
from kernel.site import site
from portal import assets
from portal.language import mark, said
from supervision import fact_words
from tendering import key_routes, lot_routes, routes
from tendering.amendments import pages as amendment_pages
from tendering.contracts import pages as contract_pages
from tendering.filing import pages as filing_pages
from tendering.filing import routes as filing_routes
from tendering.invitations import pages as invitation_pages
from tendering.invitations import routes as invitation_routes
from tendering.media import pages as media_pages
from tendering.objections import pages as objection_pages
from tendering.offers import pages as offer_pages
from tendering.pages import pages
from tendering.prequal import pages as prequal_pages
from tendering.states import STATE_WORDS
from tests.tendering_stage import Stage

BASE = (
    "<!doctype html><html lang=zh><title>{% block title %}{% endblock %}</title>"
    '<main class="{% block main_class %}page{% endblock %}" id=main>{% block main %}{% endblock %}</main>'
    "{% block scripts %}{% endblock %}</html>"
)
STATUS = {Unauthenticated: 401, Forbidden: 403, NotFound: 404, Conflict: 409}
CATALOGS = Path(__file__).parent.parent / "tendering" / "translations"


def opened_door(stage: Stage) -> FlaskClient:
    """A client whose requests carry `X-Test-Actor: <name>`."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    app.config |= {"API_TITLE": "t", "API_VERSION": "1", "OPENAPI_VERSION": "3.0.3", "TESTING": True}
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(CATALOGS)
    app.jinja_loader = ChoiceLoader([DictLoader({"base.html": BASE})])
    app.jinja_env.globals.update(
        mark=mark,
        csrf_token=lambda: "token",
        script=lambda name: f"<!--{name}-->",
        language=lambda: str(get_locale() or "zh")[:2],
    )
    app.jinja_env.filters |= {
        "beijing": assets.beijing,
        "yuan": money.figures,
        "yuan_words": money.words,
        "yuan_wire": money.wire,
    }
    app.jinja_env.filters |= {"said": said, "state_words": STATE_WORDS.__getitem__, "fact_words": fact_words.of}
    Babel(app, locale_selector=lambda: request.headers.get("X-Test-Language", "zh"))
    api = Api(app)
    api.ERROR_SCHEMA = Schema
    for door in (routes, lot_routes, key_routes, filing_routes, invitation_routes):
        api.register_blueprint(door.bp)
    app.register_blueprint(pages)
    app.register_blueprint(contract_pages.pages)
    app.register_blueprint(filing_pages.pages)
    app.register_blueprint(amendment_pages.pages)
    app.register_blueprint(media_pages.pages)
    app.register_blueprint(objection_pages.pages)
    app.register_blueprint(invitation_pages.pages)
    app.register_blueprint(prequal_pages.pages)
    app.register_blueprint(offer_pages.pages)
    app.register_error_handler(Refusal, _refused)
    _one_transaction(app, stage)
    return app.test_client()


def _refused(refusal: Refusal) -> Any:
    status = next((code for kind, code in STATUS.items() if isinstance(refusal, kind)), 422)
    return jsonify(code=refusal.code, rule=refusal.rule, detail=refusal.detail), status


def _one_transaction(app: Flask, stage: Stage) -> None:
    plain, here = app.dispatch_request, site()

    def dispatch() -> Any:
        with sites.used(here):
            return inside()

    def inside() -> Any:
        name = request.headers.get("X-Test-Actor") or request.headers.get("Authorization", "").removeprefix("Bearer ")
        g.actor = stage.actors[name] if name else None
        view = app.view_functions.get(request.endpoint or "")
        with clock.at(stage.now):
            if getattr(view, "own_transaction", False):
                return plain()
            with transaction(write=request.method not in ("GET", "HEAD", "OPTIONS")):
                return plain()

    app.dispatch_request = dispatch  # type: ignore[method-assign]


class _Wellformed(HTMLParser):
    """Every element that is opened is closed, in order; ids are unique; labels point at something."""

    void = frozenset({"meta", "input", "br", "link", "img", "hr", "html"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.labels: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.labels += [value or "" for name, value in attrs if name in ("for", "aria-describedby")]
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.void:
            return
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another element"


def checked(html: str) -> str:
    """The page, well formed."""
    reader = _Wellformed()
    reader.feed(html)
    assert reader.open == [], reader.open
    assert len(set(reader.ids)) == len(reader.ids), sorted({i for i in reader.ids if reader.ids.count(i) > 1})
    assert set(" ".join(reader.labels).split()) <= set(reader.ids), set(reader.labels) - set(reader.ids)
    assert not re.search(r"\{\{|\{%|Undefined", html)
    return html


def chinese(html: str) -> set[str]:
    """Chinese text left in an English page, citations of law aside."""
    plain = re.sub(r'<(script|[a-z]+ class="[^"]*\blaw\b[^"]*")[^>]*>.*?</', "</", html, flags=re.DOTALL)
    return set(re.findall(r"[一-鿿]+", re.sub(r"<[^>]+>", " ", plain)))
