"""The timeline beside the draft, refreshed while its deadlines change; and a lot's, from what has happened."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, redirect, request, url_for
from marshmallow import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import current_actor
from accounts.forms import Form, answered, attempted, page
from kernel import clock
from kernel.clock import parse_rfc3339, rfc3339
from kernel.db import own_transaction
from kernel.errors import Invalid, Refusal
from tendering import draft_schemas, entryform, packs, service, timeline, visibility
from tendering.drafts import FORM_RULE
from tendering.models import Lot, Tender
from tendering.states import PREQUALIFYING
from tendering.timeline import Known, Moment

pages = Blueprint("timeline", __name__, url_prefix="/owner/tenders")

Page = str | tuple[str, int] | AnyResponse


@pages.get("/<code>/timeline")
def draft(code: str) -> Page:
    """All earliest and latest moments if the notice came out on the chosen day; alone a page, to htmx a part of one."""
    part = "tendering/_draft_timeline.html" if request.headers.get("HX-Request") else "tendering/draft_timeline.html"
    return page(part, form=Form(), **_drafted(code))


def _drafted(code: str) -> dict[str, Any]:
    found = _mine(code)
    day = _typed("publish_at") or clock.now()
    return {
        "tender": found,
        "publish_at": entryform.local(request.args.get("publish_at")) if _typed("publish_at") else "",
        "timelines": [(row, _of_row(found, number, row, day)) for number, row in _rows(found)],
    }


def _mine(code: str) -> Tender:
    found = service.tender_of(code)
    visibility.check_project(found, current_actor())
    return found


def _rows(found: Tender) -> list[tuple[int, dict[str, Any]]]:
    return list(enumerate(found.draft.get("lots") or [], 1))


def _of_row(found: Tender, number: int, row: dict[str, Any], day: dt.datetime) -> list[Moment]:
    """What is typed counts before what is saved: the form asks again at every change."""
    name = f"lots.{number}.closes_at"
    closes_at = _typed(name) if name in request.args else _instant(row.get("closes_at"))
    typed = request.args.get("bid_validity_days", str(found.draft.get("bid_validity_days") or ""))
    days = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 5 else None
    return timeline.timeline(packs.load(found.pack_id), Known(day, closes_at, days, **_prequal(found)))


def _prequal(found: Tender) -> dict[str, dt.datetime | None]:
    saved = found.draft.get("prequal") or {}
    return {
        name: _typed(f"prequal.{name}") or _instant(saved.get(name)) for name in ("documents_end", "applications_due")
    }


def _typed(name: str) -> dt.datetime | None:
    return _instant(entryform.instant(request.args.get(name, "")))


def _instant(text: str | None) -> dt.datetime | None:
    try:
        return parse_rfc3339(text) if text else None
    except ValueError:
        return None


@pages.post("/<code>/earliest/<int:number>")
@own_transaction
def earliest(code: str, number: int) -> Page:
    """Save the form with the earliest lawful deadline filled in for one lot."""
    outcome = attempted(lambda: _fill(code, number))
    if isinstance(outcome, Refusal):
        return answered("tendering/refused.html", Form({}, outcome), lambda: {"code": code})
    return redirect(url_for("tendering.owner.draft", code=code, _anchor=f"lots.{number}.closes_at"), 303)


def _fill(code: str, number: int) -> Tender:
    found, now = service.tender_of(code), clock.now()
    data = entryform.read(request.form)
    if number <= len(data["lots"]):
        data["lots"][number - 1]["closes_at"] = rfc3339(timeline.offered_deadline(packs.load(found.pack_id), now))
    return service.update_draft(current_actor(), found, _loaded(data), now)


def _loaded(data: dict[str, Any]) -> dict[str, Any]:
    try:
        read: dict[str, Any] = draft_schemas.ChangesIn().load(data)
    except ValidationError as error:
        raise Invalid(
            "notice.invalid",
            "有内容填写不合格式，请先保存草稿。",
            "Some fields are not of their form: save the draft first.",
            rule=FORM_RULE,
        ) from error
    return read


def of_lot(found: Tender, lot: Lot) -> list[Moment]:
    """A published lot's timeline, from its real moments as far as they are known."""
    timed = lot.closes_at is not None or lot.state in PREQUALIFYING
    if found.published_at is None or not timed or lot.suspended_at is not None:
        return []
    known = Known(
        found.published_at,
        lot.closes_at,
        found.draft.get("bid_validity_days"),
        publicity_from=lot.publicity_from,
        publicity_until=lot.publicity_until,
        awarded_at=lot.awarded_at,
        documents_end=_prequal(found)["documents_end"],
        applications_due=lot.applications_due,
        qualified_at=lot.qualified_at,
    )
    return timeline.timeline(packs.load(found.pack_id), known)
