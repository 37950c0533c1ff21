"""Pages of a sale: applying, the desks of centre and seller, the room where it is decided, signed and paid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, redirect, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import current_actor, current_actor_or_none
from accounts.actor import Actor
from accounts.forms import Form, answered, attempted, page
from kernel import clock, money
from kernel.clock import parse_rfc3339
from kernel.db import db, own_transaction, transaction
from kernel.errors import Invalid, NotFound, Refusal
from kernel.money import Fen
from tendering import entryform, signedform, transfers, visibility
from tendering.attachments import Attachment
from tendering.lifecycle import lot_of
from tendering.models import Lot
from tendering.offers import applications, deals, moving, on_site, payments, reserve, showing
from tendering.offers.applications import Said
from tendering.offers.models import OfferApplication
from tendering.offers.rules import Priced

pages = Blueprint("offers", __name__)

Page = str | tuple[str, int] | AnyResponse
RULE = "rules.md 5.3 A1"


@pages.app_context_processor
def _shown() -> dict[str, Any]:
    """For the pages of tender, draft and notice."""
    return {
        "sale_terms": showing.terms,
        "sale_way": showing.way,
        "is_sale": showing.is_sale,
        "land_uses": showing.USES,
        "sale_subjects": showing.SUBJECTS,
        "preemptions": showing.PREEMPTION,
        "open_to_apply": lambda lot: showing.open_to_apply(lot, clock.now()),
        "times_extended": moving.extended,
        "own_application": lambda lot: showing.own(current_actor_or_none(), lot),
    }


@pages.get("/applications")
def mine() -> Page:
    """The own applications; for centre and seller what waits on their desk."""
    return page("offers/desk.html", form=Form(), **_desk())


def _desk() -> dict[str, Any]:
    actor = current_actor()
    return {"mine": applications.mine(actor), "states": showing.STATES, "waiting": showing.on_desk(actor)}


@pages.post("/applications/<token>")
@own_transaction
def handle(token: str) -> Page:
    """The centre's check or the seller's decision."""
    outcome = attempted(lambda: _handled(token, request.form.get("act", ""), request.form.get("reason", "")))
    if isinstance(outcome, Refusal):
        return answered("offers/desk.html", Form({"reason": request.form.get("reason", "")}, outcome), _desk)
    return redirect(url_for("offers.mine", done=1), 303)


def _handled(token: str, act: str, reason: str) -> OfferApplication:
    actor, now = current_actor(), clock.now()
    match act:
        case "complete" | "return":
            return applications.check(actor, token, complete=act == "complete", remark=reason, now=now)
        case "confirm" | "refuse":
            return applications.decide(actor, token, confirmed=act == "confirm", reason=reason, now=now)
        case _:
            raise NotFound("act.unknown", "没有这个操作。", "There is no such act.", rule=RULE)


@pages.get("/lots/<code>/apply")
def application(code: str) -> Page:
    return page("offers/apply.html", form=Form(), **_application(code))


def _application(code: str) -> dict[str, Any]:
    lot, actor = lot_of(code), current_actor()
    visibility.check_seen(lot.tender, actor)
    terms = showing.terms(lot)
    if terms is None:
        raise NotFound("application.none", "本项目不需申请。", "There is nothing to apply for here.", rule=RULE)
    return {
        "lot": lot,
        "tender": lot.tender,
        "terms": terms,
        "own": showing.own(actor, lot),
        "law": applications.law(lot),
        "open": showing.may(lambda: applications.check_may_apply(actor, lot, clock.now())),
    }


@pages.post("/lots/<code>/apply")
@own_transaction
def apply(code: str) -> Page:
    typed = {name: value for name, value in request.form.items() if name != "csrf_token"}
    outcome = _applied(code, typed)
    if isinstance(outcome, Refusal):
        return answered("offers/apply.html", Form(typed, outcome), lambda: _application(code))
    return redirect(url_for("offers.application", code=code, done=1), 303)


def _applied(code: str, typed: Mapping[str, str]) -> object:
    """The files are stored first; they go again when the application is refused."""
    with transaction(write=False):
        actor = current_actor()
    files: list[Attachment] = []
    try:
        with transaction(write=False):
            applications.check_may_apply(actor, lot_of(code), clock.now())
        files = transfers.posted("files")
        said = Said(typed, frozenset(name for name in applications.FLAGS if name in typed), _offer(typed), files)
    except Refusal as refusal:
        return refusal
    outcome = attempted(lambda: applications.apply(actor, code, said, clock.now()))
    if isinstance(outcome, Refusal):
        transfers.drop(files)
    return outcome


def _offer(typed: Mapping[str, str]) -> Fen | None:
    return _amount(typed, "offer") if typed.get("offer", "").strip() else None


def _amount(typed: Mapping[str, str], name: str) -> Fen:
    text = typed.get(name, "").replace(",", "").strip()
    try:
        return money.parse(text if "." in text else f"{text}.00")
    except ValueError as error:
        zh, en = "金额请填数字，最多两位小数。", "Give an amount with two decimals."
        raise Invalid("offer.amount", zh, en, rule=RULE, fields={name: "form"}) from error


@pages.post("/lots/<code>/apply/take-back")
@own_transaction
def take_back(code: str) -> Page:
    outcome = attempted(lambda: applications.take_back(current_actor(), code, clock.now()))
    if isinstance(outcome, Refusal):
        return answered("offers/apply.html", Form({}, outcome), lambda: _application(code))
    return redirect(url_for("offers.application", code=code), 303)


@pages.get("/applications/<token>/files/<sha256>")
@own_transaction
def file(token: str, sha256: str) -> AnyResponse:
    """A paper of an application, to its applicant and to whoever has it on the desk now."""
    with transaction(write=False):
        actor = current_actor()
        row = db.session.scalar(select(OfferApplication).where(OfferApplication.token == token))
        found = next((one for one in row.files if one.sha256 == sha256), None) if row is not None else None
        if row is None or found is None or not showing.may_open_file(actor, row):
            raise NotFound("application.file", "没有这份文件。", "There is no such file.", rule=RULE)
        return transfers.private(found.blob_key, found.name, found.size)


@pages.get("/lots/<code>/sale")
def room(code: str) -> Page:
    return page("offers/sale.html", form=Form(), **_room(code))


def _room(code: str) -> dict[str, Any]:
    lot, actor = lot_of(code), current_actor_or_none()
    visibility.check_seen(lot.tender, actor)
    terms = showing.terms(lot)
    if terms is None:
        raise NotFound("sale.none", "本标段不是出让或者转让。", "This lot is not for sale.", rule=RULE)
    return {"lot": lot, "tender": lot.tender, "terms": terms, **showing.room(actor, lot)}


@pages.post("/lots/<code>/sale/<act>")
@own_transaction
def act(code: str, act: str) -> Page:
    typed = {name: value for name, value in request.form.items() if name not in ("statement", "signature", "cert")}
    outcome = attempted(lambda: _acted(code, act, typed))
    if isinstance(outcome, Refusal):
        return answered("offers/sale.html", Form(typed, outcome), lambda: _room(code))
    return redirect(url_for("offers.room", code=code, done=1), 303)


def _acted(code: str, act: str, typed: Mapping[str, str]) -> object:
    if act not in _ACTS:
        raise NotFound("act.unknown", "没有这个操作。", "There is no such act.", rule=RULE)
    return _ACTS[act](current_actor(), lot_of(code, lock=True), typed)


def _open_reserve(actor: Actor, lot: Lot, typed: Mapping[str, str]) -> object:
    return reserve.propose(actor, lot, _amount(typed, "amount"), typed.get("nonce", "").strip().lower(), clock.now())


def _enter(actor: Actor, lot: Lot, typed: Mapping[str, str]) -> object:
    """One call on each line of the form, in the order in which they were made; an empty price is no call."""
    numbers = sorted(int(name[3:]) for name in typed if name.startswith("by.") and name[3:].isdigit())
    rows = [(typed[f"by.{n}"], n) for n in numbers if typed.get(f"price.{n}", "").strip()]
    quotes = [Priced(by, _amount(typed, f"price.{n}")) for by, n in rows]
    return on_site.enter(actor, lot, quotes, typed.get("record_sha256", "").strip().lower(), clock.now())


def _preempt(actor: Actor, lot: Lot, typed: Mapping[str, str]) -> object:
    return deals.settle_preemption(actor, lot, typed.get("token", ""), typed.get("document", ""), clock.now())


def _confirm(actor: Actor, lot: Lot, _: Mapping[str, str]) -> object:
    return deals.confirm(actor, lot, signedform.one(), signedform.certificate(), clock.now())


def _pay(actor: Actor, lot: Lot, typed: Mapping[str, str]) -> object:
    text = entryform.instant(typed.get("paid_at", ""))
    try:
        paid_at = parse_rfc3339(text) if text else clock.now()
    except ValueError as error:
        zh, en = "请填写到账时间。", "Give the moment of the payment."
        raise Invalid("payment.at", zh, en, rule=RULE, fields={"paid_at": "form"}) from error
    return payments.record(actor, lot, _amount(typed, "amount"), paid_at, clock.now())


_ACTS: dict[str, Callable[[Actor, Lot, Mapping[str, str]], object]] = {
    "reserve": _open_reserve,
    "second-reserve": lambda actor, lot, _: reserve.second(actor, lot, clock.now()),
    "enter": _enter,
    "confirm-outcome": lambda actor, lot, _: on_site.confirm(actor, lot, clock.now()),
    "take-back": lambda actor, lot, _: on_site.take_back(actor, lot, clock.now()),
    "preemption": _preempt,
    "confirm": _confirm,
    "sign": lambda actor, lot, _: deals.sign(actor, lot, signedform.one(), clock.now()),
    "fall": lambda actor, lot, typed: deals.fall(actor, lot, typed.get("reason", ""), clock.now()),
    "pay": _pay,
}
