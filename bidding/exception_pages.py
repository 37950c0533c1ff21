"""The page of an exception: the centre says why an opening is not recorded, another organization lets it pass."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from accounts.access import current_actor, current_actor_or_none
from accounts.forms import Form, answered, attempted, page
from accounts.roles import Role
from bidding import exceptions
from kernel import clock
from kernel.db import own_transaction
from kernel.errors import Refusal
from tendering import visibility
from tendering.lifecycle import lot_of

pages = Blueprint("exceptions", __name__)

Page = str | tuple[str, int] | Response
READERS = frozenset({Role.OPS, Role.SUP, Role.MGR, Role.INSP})
"""Beside the project: who reads of one that still waits."""


@pages.get("/lots/<lot>/exception")
def of_lot(lot: str) -> Page:
    return page("bidding/exception.html", form=Form(), **_shown(lot))


@pages.post("/lots/<lot>/exception")
@own_transaction
def propose(lot: str) -> Page:
    reason = request.form.get("reason", "")
    return _done(lot, attempted(lambda: exceptions.propose(current_actor(), lot, reason, clock.now())), reason)


@pages.post("/lots/<lot>/exception/second")
@own_transaction
def second(lot: str) -> Page:
    return _done(lot, attempted(lambda: exceptions.second(current_actor(), lot, clock.now())))


@pages.post("/lots/<lot>/exception/take-back")
@own_transaction
def take_back(lot: str) -> Page:
    return _done(lot, attempted(lambda: exceptions.take_back(current_actor(), lot, clock.now())))


def _shown(code: str) -> dict[str, Any]:
    """One that waits is shown to the project and the offices; one in force to everybody."""
    lot, actor = lot_of(code), current_actor_or_none()
    visibility.check_seen(lot.tender, actor)
    roles = actor.roles if actor else frozenset()
    found = exceptions.of_lot(lot)
    known = actor is not None and (bool(roles & READERS) or visibility.of_project(lot.tender, actor))
    possible = exceptions.rule_of(lot) is not None and lot.state in exceptions.POSSIBLE
    waits = found is not None and found.done_at is None
    return {
        "lot": lot,
        "rule": exceptions.rule_of(lot),
        "found": found if known or not waits else None,
        "proposes": possible and found is None and Role.OPS in roles,
        "takes_back": possible and waits and Role.OPS in roles,
        "seconds": possible and waits and bool(roles & {Role.SUP, Role.MGR}),
    }


def _done(lot: str, outcome: object, reason: str = "") -> Page:
    if isinstance(outcome, Refusal):
        return answered("bidding/exception.html", Form({"reason": reason}, outcome), lambda: _shown(lot))
    return redirect(url_for("bidding.exceptions.of_lot", lot=lot), 303)
