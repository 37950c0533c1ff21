"""The page of an agreement with a single source: the project writes, the supplier signs, the purchaser signs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import current_actor, current_actor_or_none
from accounts.forms import Form, answered, attempted, page
from accounts.roles import Role
from kernel import canonical, clock, keys, money
from kernel.db import own_transaction
from kernel.errors import Invalid, NotFound, Refusal
from tendering import packs, signedform, visibility
from tendering.agreement import reading, rules, service
from tendering.agreement import visibility as sight
from tendering.agreement.models import SourceAgreement
from tendering.agreement.rules import Agreed, Member
from tendering.lifecycle import lot_of
from tendering.models import Lot

pages = Blueprint("agreement", __name__)

Page = str | tuple[str, int] | AnyResponse
FIELDS = ("price", "members", "held", "grounds", "quality", "terms")


@pages.app_context_processor
def _offered() -> dict[str, Any]:
    return {"agreement_asked": reading.asked, "agreement_shown": sight.shown, "agreement_viewer": sight.viewer}


@pages.get("/lots/<code>/agreement")
def of_lot(code: str) -> Page:
    return page("agreement/lot.html", form=Form(), **_shown(code))


def _shown(code: str) -> dict[str, Any]:
    lot, actor = lot_of(code), current_actor_or_none()
    visibility.check_seen(lot.tender, actor)
    rule, found = rules.rule_of(packs.load(lot.tender.pack_id)), reading.of(lot)
    if rule is None:
        raise NotFound("agreement.none", "本标段不是单一来源采购。", "This lot has no single source.", rule="N12.team")
    viewer = sight.viewer(lot, actor)
    return {
        "lot": lot,
        "tender": lot.tender,
        "found": found,
        "seen": sight.shown(lot, actor),
        "offered": reading.response(lot),
        "law": rule.cited,
        "writes": viewer == sight.Viewer.PROJECT and _open(lot, found),
        "signs": actor is not None and Role.OWNER in actor.roles and viewer == sight.Viewer.PROJECT,
        "confirms": viewer == sight.Viewer.SUPPLIER,
        "words": rules.words(lot.code, canonical.decode(found.file)) if found else None,
        "statement": keys.b64(found.file) if found else "",
    }


def _open(lot: Lot, found: SourceAgreement | None) -> bool:
    return lot.state in service.WHILE and (found is None or not found.stands)


@pages.post("/lots/<code>/agreement/<act>")
@own_transaction
def act(code: str, act: str) -> Page:
    typed = {name: request.form.get(name, "") for name in FIELDS}
    outcome = attempted(lambda: _acted(code, act, typed))
    if isinstance(outcome, Refusal):
        return answered("agreement/lot.html", Form(typed, outcome), lambda: _shown(code))
    return redirect(url_for("agreement.of_lot", code=code), 303)


def _acted(code: str, act: str, typed: dict[str, str]) -> SourceAgreement:
    actor, now = current_actor(), clock.now()
    match act:
        case "write":
            return service.write(actor, code, _read(typed), now)
        case "confirm":
            return service.confirm(actor, code, signedform.one(), signedform.certificate(), now)
        case "sign":
            return service.sign(actor, code, signedform.one(), now)
        case _:
            raise NotFound("act.unknown", "没有这个操作。", "There is no such act.", rule="rules.md 5.3")


def _read(typed: dict[str, str]) -> Agreed:
    said = {name: value.strip() for name, value in typed.items() if name not in ("price", "members")}
    try:
        price = money.parse(typed["price"].replace(",", "").strip())
    except ValueError as error:
        raise Invalid(
            "agreement.amount", "请填写商定价格，如 1900000.00。", "Give the price like 1900000.00.", rule="N12.team",
            fields={"price": "amount"},
        ) from error  # fmt: skip
    return Agreed(
        members=[_member(line) for line in typed["members"].splitlines() if line.strip()], price=price, **said
    )


def _member(line: str) -> Member:
    """One line of the form: name, title, unit, experience, and a dissent where there is one."""
    parts = [part.strip() for part in line.replace("，", ",").replace("；", ",").split(",", 4)]
    return Member(*(parts + [""] * 5)[:5])
