"""The purchaser's page on which the box for final quotes is opened."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import current_actor
from accounts.forms import Form, answered, attempted, page
from accounts.roles import Role
from kernel import clock, keys
from kernel.db import own_transaction
from kernel.errors import Conflict, Refusal
from kernel.site import site
from tendering import keysets, packs, signedform, statements, visibility
from tendering.lifecycle import lot_of
from tendering.models import Lot
from tendering.quotes import boxes, rules, service
from tendering.states import LotState

pages = Blueprint("quotes", __name__)

Page = str | tuple[str, int] | AnyResponse


@pages.app_context_processor
def _offered() -> dict[str, Any]:
    """For the draft's form: the reasons for which two suppliers suffice; None where the question does not arise."""
    return {"fewer_grounds": lambda tender: rules.FEWER.get(packs.load(tender.pack_id).procedure)}


@pages.get("/owner/lots/<lot>/quotes")
def overview(lot: str) -> Page:
    return page("quotes/call.html", form=Form(), **_shown(lot))


def _shown(code: str) -> dict[str, Any]:
    lot = lot_of(code)
    visibility.check_project(lot.tender, current_actor(), Role.OWNER)
    box, law = boxes.of(lot), packs.load(lot.tender.pack_id).clause("final_quotes")
    if box is None:
        raise Conflict("quotes.none", "本标段不是最后报价箱。", "This lot is no box for final quotes.", rule=law)
    waiting = keysets.obstacles(lot) if lot.state == LotState.DRAFT else []
    closes_at = service.earliest(lot, clock.now()) + _slack()
    draft = lot.state == LotState.DRAFT
    sheet = service.sheet(lot, closes_at) if draft and not waiting else []
    shown = [{"words": item.words, "statement": keys.b64(item.raw)} for item in sheet]
    return {"lot": lot, "box": box, "waiting": waiting, "sheet": shown, "closes_at": closes_at, "law": law}


def _slack() -> dt.timedelta:
    """Time to read and sign, so that suppliers have at least what the team gave them."""
    return dt.timedelta(seconds=30) if site().settings.practice else dt.timedelta(minutes=10)


@pages.post("/owner/lots/<lot>/quotes")
@own_transaction
def call(lot: str) -> Page:
    outcome = attempted(lambda: _called(lot))
    if isinstance(outcome, Refusal):
        return answered("quotes/call.html", Form({}, outcome), lambda: _shown(lot))
    return redirect(url_for("tendering.tender", code=lot[:20], _anchor=lot), 303)


def _called(code: str) -> Lot:
    """The signed timetable itself says when the box closes."""
    signed = signedform.every()
    closes_at = signedform.closes_at(signed)
    if closes_at is None:
        raise statements.unsigned()
    return service.call(current_actor(), code, closes_at, signedform.by_hash(signed), clock.now())
