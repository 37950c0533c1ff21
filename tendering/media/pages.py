"""The notice as plain text for other media, and what they made of it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import current_actor, current_actor_or_none
from accounts.forms import Form, answered, attempted, page
from kernel import clock
from kernel.db import own_transaction
from kernel.errors import Invalid, Refusal
from tendering import entryform, notices, service, visibility
from tendering.media import rules
from tendering.media import service as media
from tendering.media.service import Publication
from tendering.models import Tender

pages = Blueprint("media", __name__)

Page = str | tuple[str, int] | AnyResponse


@pages.app_context_processor
def _shown() -> dict[str, Any]:
    return {"notice_elsewhere": media.of}


@pages.get("/tenders/<code>/notice.txt")
def text(code: str) -> Response:
    """The one text that every medium carries."""
    return Response(rules.plain(notices.content(_seen(code))), mimetype="text/plain")


@pages.get("/owner/tenders/<code>/media")
def entry(code: str) -> Page:
    return page("media/enter.html", form=Form(), **_shown_for(code))


@pages.post("/owner/tenders/<code>/media")
@own_transaction
def enter(code: str) -> Page:
    values = {name: request.form.get(name, "") for name in ("medium", "url", "published_at", "text")}
    outcome = attempted(
        lambda: media.enter(current_actor(), service.tender_of(code), _publication(values), clock.now()).id
    )
    if isinstance(outcome, Refusal):
        return answered("media/enter.html", Form(values, outcome), lambda: _shown_for(code))
    return redirect(url_for("media.entry", code=code), 303)


def _publication(values: dict[str, str]) -> Publication:
    try:
        moment = clock.parse_rfc3339(entryform.instant(values["published_at"]) or "")
    except ValueError as error:
        raise Invalid(
            "media.time",
            "请填写发布时间。",
            "Say when it appeared.",
            rule=rules.LAW,
            fields={"published_at": "missing"},
        ) from error
    return Publication(values["medium"], values["url"], moment, values["text"])


def _shown_for(code: str) -> dict[str, Any]:
    tender = _seen(code)
    visibility.check_project(tender, current_actor())
    return {"tender": tender, "rows": media.of(tender), "law": rules.LAW}


def _seen(code: str) -> Tender:
    tender = service.tender_of(code)
    visibility.check_seen(tender, current_actor_or_none())
    return tender
