"""The routes and pages of evaluation behind a small door: one transaction a request, the actor named by a header."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from flask import Flask, current_app, g, jsonify, request
from flask.testing import FlaskClient
from flask_babel import Babel
from flask_smorest import Api
from jinja2 import ChoiceLoader, DictLoader

from evaluation import routes
from evaluation.desk import routes as desk_routes
from evaluation.draw import routes as draw_routes
from evaluation.pages import pages
from evaluation.report import routes as report_routes
from kernel import clock
from kernel.db import transaction
from kernel.errors import Conflict, Forbidden, NotFound, Refusal, Unauthenticated
from portal.language import mark, said
from tendering.states import STATE_WORDS
from tests.evaluation_stage import EvaluationStage

BASE = (
    "<!doctype html><html lang=zh><title>{% block title %}{% endblock %}</title>{% block head %}{% endblock %}"
    '<main class="{% block main_class %}page{% endblock %}" id=main>{% block main %}{% endblock %}</main>'
    "{% block scripts %}{% endblock %}</html>"
)
STATUS = {Unauthenticated: 401, Forbidden: 403, NotFound: 404, Conflict: 409}


def opened_door(stage: EvaluationStage) -> FlaskClient:
    """A client whose requests carry `X-Test-Actor: <name>`."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    app.config |= {"API_TITLE": "t", "API_VERSION": "1", "OPENAPI_VERSION": "3.0.3", "TESTING": True}
    app.jinja_loader = ChoiceLoader([DictLoader({"base.html": BASE})])
    app.jinja_env.globals.update(
        csrf_token=lambda: "token",
        mark=mark,
        script=lambda name: f"<!--{name}-->",
        language=lambda: request.headers.get("X-Test-Language", "zh"),
    )
    app.jinja_env.filters["beijing"] = lambda instant: clock.beijing(instant).strftime("%Y-%m-%d %H:%M:%S")
    app.jinja_env.filters |= {"said": said, "state_words": STATE_WORDS.__getitem__}
    Babel(app, locale_selector=lambda: request.headers.get("X-Test-Language", "zh"))
    api = Api(app)
    api.register_blueprint(routes.bp)
    api.register_blueprint(draw_routes.bp)
    api.register_blueprint(desk_routes.bp)
    api.register_blueprint(report_routes.bp)
    app.register_blueprint(pages)
    app.register_error_handler(Refusal, _refused)
    _one_transaction(app, stage)
    return app.test_client()


def _refused(refusal: Refusal) -> Any:
    status = next((code for kind, code in STATUS.items() if isinstance(refusal, kind)), 422)
    return jsonify(code=refusal.code, message=refusal.words.en, rule=refusal.rule, detail=refusal.detail), status


def _one_transaction(app: Flask, stage: EvaluationStage) -> None:
    plain = app.dispatch_request

    def dispatch() -> Any:
        name = request.headers.get("X-Test-Actor")
        g.actor = stage.stage.actors[name] if name else None
        view = app.view_functions.get(request.endpoint or "")
        with clock.at(stage.stage.now):
            if getattr(view, "own_transaction", False):
                return plain()
            with transaction(write=request.method not in ("GET", "HEAD", "OPTIONS")):
                return plain()

    app.dispatch_request = dispatch  # type: ignore[method-assign]


class _Wellformed(HTMLParser):
    """Every element that is opened is closed, in order."""

    void = frozenset({"meta", "input", "br", "link", "img", "hr"})
    loose = frozenset({"html", "title", "li", "td", "th", "tr", "p", "option"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in self.void | {"html", "!doctype"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "html":
            return
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another element"


def checked(html: str) -> str:
    """The page, well formed, with ids that are unique and nothing left untranslated by mistake."""
    reader = _Wellformed()
    reader.feed(html)
    assert reader.open == [], reader.open
    assert len(set(reader.ids)) == len(reader.ids), "an id stands twice"
    assert not re.search(r"\{\{|\{%|Undefined", html)
    return html
