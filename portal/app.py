"""The web application, put together: reads like a table of contents."""

from __future__ import annotations

import importlib
from typing import Any

from flask import Flask, request
from flask.typing import ResponseReturnValue

from bidding import record, trustees
from escrow.applicants import Applicants
from kernel import clock, db
from kernel import site as installation
from kernel.settings import Settings
from portal import assets, contract, errors, health, idempotency, language, limits, logs, security
from supervision.answers import ANSWER_HANDLERS
from tendering import strictness
from tendering.offers import deposits
from tendering.service import answer_handlers as tendering_answers

API = (
    "accounts.routes",
    "accounts.certificate_routes",
    "tendering.routes",
    "tendering.filing.routes",
    "tendering.objections.routes",
    "tendering.invitations.routes",
    "tendering.offers.routes",
    "tendering.agreement.routes",
    "tendering.contracts.routes",
    "tendering.round_routes",
    "oversight.directive_routes",
    "tendering.lot_routes",
    "tendering.baseprice.routes",
    "tendering.key_routes",
    "bidding.routes.uploads",
    "bidding.routes.bids",
    "bidding.routes.opening",
    "evaluation.routes",
    "evaluation.draw.routes",
    "evaluation.report.routes",
    "evaluation.desk.routes",
    "livestream.routes",
    "livestream.recording.routes",
    "supervision.routes",
    "supervision.answers",
)
PAGES = (
    "accounts.pages", "tendering.pages", "tendering.filing.pages", "tendering.amendments.pages", "tendering.media.pages", "tendering.invitations.pages", "tendering.prequal.pages", "tendering.offers.pages", "tendering.objections.pages", "tendering.agreement.pages", "tendering.contracts.pages", "tendering.quotes.pages", "tendering.baseprice.pages", "bidding.pages", "evaluation.pages", "evaluation.negotiation.pages",
    "livestream.pages", "livestream.recording.pages", "escrow.pages", "oversight.pages", "oversight.directive_pages", "portal.pages",
)  # fmt: skip


class Platform(Flask):
    """A request is one instant and one transaction; an installation is what it runs on."""

    site: installation.Site

    def full_dispatch_request(self) -> Any:
        with installation.used(self.site):
            return super().full_dispatch_request()

    def dispatch_request(self) -> ResponseReturnValue:
        security.check_request(request)
        view = self.view_functions.get(request.endpoint or "")
        with clock.at(clock.now()):
            if security.is_file(request.endpoint) or getattr(view, "own_transaction", False):
                return super().dispatch_request()
            with db.transaction(write=request.method not in security.SAFE):
                return idempotency.once(request, super().dispatch_request)


def create_app(settings: Settings) -> Platform:
    app = Platform(__name__, static_folder="static")
    app.site = installation.make(settings)
    strictness.adopt(settings.var / "packs")
    app.secret_key = settings.secret_key
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.database,
        SQLALCHEMY_ENGINE_OPTIONS=db.engine_options(settings.database),
        MAX_CONTENT_LENGTH=None,  # each door sets its own limit; uploads stream
        MAX_FORM_MEMORY_SIZE=8 * 1024 * 1024,
    )
    db.db.init_app(app)
    with app.app_context():
        db.tune(db.db.engine)
    logs.install(settings)
    security.install(app)
    errors.install(app)
    limits.install(app)
    language.install(app)
    assets.install(app)
    _register(app)
    health.install(app)
    return app


def _register(app: Platform) -> None:
    ANSWER_HANDLERS.update(tendering_answers)
    ANSWER_HANDLERS.update(trustees.handlers)
    ANSWER_HANDLERS["record.signature"] = record.take_signature
    deposits.PORT[deposits.DEPOSITS] = Applicants()
    api = contract.install(app)
    for name in API:
        api.register_blueprint(importlib.import_module(name).bp)
    for name in PAGES:
        app.register_blueprint(importlib.import_module(name).pages)
