"""Pages about who is invited: the owner's list, the invited party's desk, and single sources for everybody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import current_actor, current_actor_or_none
from accounts.forms import Form, answered, attempted, page
from kernel import clock
from kernel.db import own_transaction
from kernel.errors import Invalid, Refusal
from tendering.invitations import service, showing, source
from tendering.invitations.rules import INVITING, Ground, List, Listed
from tendering.invitations.source import Findings
from tendering.lifecycle import tender_of

pages = Blueprint("invitations", __name__)

Page = str | tuple[str, int] | AnyResponse
SPARE = 4
"""Empty rows of the form, so that it works without script."""


@pages.app_context_processor
def _shown() -> dict[str, Any]:
    """For the pages of tender, draft and desk, which show a part of this."""
    return {
        "inviting": INVITING,
        "invitation_list": lambda tender: showing.of_project(tender, current_actor_or_none()),
        "by_invitation": lambda tender: showing.to_public(tender, current_actor_or_none()),
        "my_invitations": lambda: showing.received(current_actor_or_none()),
        "spare_rows": SPARE,
    }


@pages.post("/owner/tenders/<code>/invitations")
@own_transaction
def put(code: str) -> Page:
    return _owners(code, lambda: service.put(current_actor(), tender_of(code), _given(request.form), clock.now()))


def _given(form: Mapping[str, str]) -> List:
    """The form's rows in order; a row without a code is left out."""
    numbers = sorted(int(name[5:]) for name in form if name.startswith("uscc.") and name[5:].isdigit())
    rows = [_listed(form, number) for number in numbers if form[f"uscc.{number}"].strip()]
    draw = form.get("draw", "").strip()
    names = tuple(filter(None, (one.strip()[:60] for one in form.get("witnesses", "").splitlines())))
    return List(rows, int(draw) if draw.isascii() and draw.isdigit() and len(draw) < 4 else None, names)


def _listed(form: Mapping[str, str], number: int) -> Listed:
    ground = form.get(f"ground.{number}", "")
    if ground not in list(Ground):
        raise Invalid(
            "invitation.ground", "请选择产生方式。", "Say how each came onto the list.", fields={"ground": str(number)}
        )
    return Listed(form[f"uscc.{number}"].strip().upper(), Ground(ground))


@pages.post("/owner/tenders/<code>/invitations/fix")
@own_transaction
def fix(code: str) -> Page:
    return _owners(code, lambda: service.fix(current_actor(), tender_of(code), clock.now()))


@pages.post("/owner/tenders/<code>/source")
@own_transaction
def publish_source(code: str) -> Page:
    reasons = request.form.get("reasons", "")
    return _owners(code, lambda: source.publish(current_actor(), tender_of(code), reasons, clock.now()))


@pages.post("/owner/tenders/<code>/source/<int:number>")
@own_transaction
def argue(code: str, number: int) -> Page:
    given = Findings(request.form.get("findings", ""), upheld=request.form.get("upheld") == "yes")
    return _owners(code, lambda: source.argue(current_actor(), tender_of(code), number, given, clock.now()))


def _owners(code: str, act: Callable[[], object]) -> Page:
    outcome = attempted(act)
    if isinstance(outcome, Refusal):
        return answered("tendering/refused.html", Form({}, outcome), lambda: {"code": code})
    return redirect(url_for("tendering.owner.draft", code=code, _anchor="invitations"), 303)


@pages.get("/invitations")
def mine() -> Page:
    current_actor()
    return page("invitations/mine.html", form=Form())


@pages.post("/invitations/<code>")
@own_transaction
def answer(code: str) -> Page:
    accepts = request.form.get("accepts") == "yes"
    outcome = attempted(lambda: service.answer(current_actor(), tender_of(code), accepts=accepts, now=clock.now()))
    if isinstance(outcome, Refusal):
        return answered("invitations/mine.html", Form({}, outcome), dict)
    return redirect(url_for("invitations.mine"), 303)


@pages.get("/single-sources")
def sources() -> Page:
    """Single sources before their procedures begin, for everybody."""
    return page("invitations/sources.html", form=Form(), **_sources())


def _sources() -> dict[str, Any]:
    return {"rows": [showing.published(one) for one in source.public()], "now": clock.now()}


@pages.post("/single-sources/<int:number>")
@own_transaction
def object_to(number: int) -> Page:
    text = request.form.get("text", "")
    outcome = attempted(lambda: source.object_to(current_actor(), source.one(number), text, clock.now()))
    if isinstance(outcome, Refusal):
        return answered("invitations/sources.html", Form({"text": text}, outcome), _sources)
    return redirect(url_for("invitations.sources", objected=1), 303)
