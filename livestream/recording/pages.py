"""The page of a lot's recordings, and the short line about them on other pages."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from accounts.access import current_actor, current_actor_or_none
from accounts.forms import Form, answered, attempted, page
from accounts.roles import Role
from kernel import clock
from kernel.db import own_transaction
from kernel.errors import Invalid, Refusal
from livestream.recording import reading, service
from livestream.recording.reading import Recorded
from tendering import recordings as rules
from tendering import visibility
from tendering.lifecycle import lot_of
from tendering.models import Lot
from tendering.recordings import Gap, Phase

pages = Blueprint("recording", __name__, template_folder="../templates")

Page = str | tuple[str, int] | Response


@pages.app_context_processor
def _offered() -> dict[str, Any]:
    return {"recorded_of": recorded_of, "recorded_phase": lambda phase: rules.PHASE_WORDS[Phase(phase)]}


def recorded_of(lot: Lot) -> Recorded | None:
    """For the tender's page; None where nothing was recorded and nothing had to be."""
    found = reading.of_lot(lot, clock.now())
    owed = reading.rule_of(lot) is not None and found.windows
    return found if owed or found.segments else None


@pages.get("/lots/<code>/recordings")
def of_lot(code: str) -> Page:
    return page("recording/lot.html", form=Form(), **_shown(code))


def _shown(code: str) -> dict[str, Any]:
    lot, actor = lot_of(code), current_actor_or_none()
    visibility.check_seen(lot.tender, actor)
    course, rule = reading.course_of(code), reading.rule_of(lot)
    listed = course is not None and course.listed_at is not None
    return {
        "lot": lot,
        "tender": lot.tender,
        "found": reading.of_lot(lot, clock.now()),
        "listed": listed,
        "law": rules.LAW if rule is None else rule.cited,
        "required": rule is not None,
        "bound_s": int(reading.bound().total_seconds()),
        "explains": actor is not None and Role.OPS in actor.roles and not listed,
    }


@pages.post("/lots/<code>/recordings/missing")
@own_transaction
def explain(code: str) -> Page:
    reason = request.form.get("reason", "")
    outcome = attempted(lambda: service.state_missing(current_actor(), code, _posted(), reason, clock.now()))
    if isinstance(outcome, Refusal):
        return answered("recording/lot.html", Form(dict(request.form), outcome), lambda: _shown(code))
    return redirect(url_for("recording.of_lot", code=code), 303)


def _posted() -> Gap:
    try:
        began, ended = (clock.parse_rfc3339(request.form.get(name, "")) for name in ("began_at", "ended_at"))
        return Gap(Phase(request.form.get("phase", "")), request.form.get("room", ""), began, ended)
    except ValueError as error:
        raise Invalid(
            "recording.which", "请选择一段缺失。", "Choose one of the gaps.", rule=rules.LAW, fields={"gap": "none"}
        ) from error
