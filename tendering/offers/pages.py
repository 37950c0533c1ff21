"""Pages of a sale: applying, the desks of centre and seller, the room where it is decided, signed and paid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, redirect, request, url_for
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import current_actor, current_actor_or_none
from accounts.actor import Actor
from accounts.forms import Form, answered, attempted, page
from kernel import clock, keys, money
from kernel.clock import parse_rfc3339
from kernel.db import db, own_transaction, transaction
from kernel.errors import Invalid, NotFound, Refusal
from kernel.money import Fen
from kernel.site import site
from kernel.statements import Signed
from tendering import documents, entryform, filenames, statements, visibility
from tendering.lifecycle import lot_of
from tendering.models import Lot
from tendering.offers import applications, deals, on_site, payments, reserve, showing
from tendering.offers.applications import Paper, Said
from tendering.offers.models import OfferApplication
from tendering.offers.rules import Priced

pages = Blueprint("offers", __name__)

Page = str | tuple[str, int] | AnyResponse
CHUNK, MAX_FILES = 1 << 18, 20
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
    papers: list[Paper] = []
    try:
        with transaction(write=False):
            applications.check_may_apply(actor, lot_of(code), clock.now())
        papers = _papers()
        said = Said(typed, frozenset(name for name in applications.FLAGS if name in typed), _offer(typed), papers)
    except Refusal as refusal:
        return refusal
    outcome = attempted(lambda: applications.apply(actor, code, said, clock.now()))
    if isinstance(outcome, Refusal):
        for paper in papers:
            site().blobs.delete(paper.blob_key)
    return outcome


def _papers() -> list[Paper]:
    given = [one for one in request.files.getlist("files") if one.filename]
    if len(given) > MAX_FILES:
        zh, en = f"最多 {MAX_FILES} 个文件。", f"At most {MAX_FILES} files."
        raise Invalid("application.files", zh, en, rule=filenames.RULE, fields={"files": "many"})
    return [_paper(one) for one in given]


def _paper(given: FileStorage) -> Paper:
    name = str(given.filename)
    media = filenames.media_type(name)
    stored = documents.store(name, iter(partial(given.stream.read, CHUNK), b""))
    return Paper(name, stored.size, stored.sha256, stored.blob_key, media)


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
        answer = Response(site().blobs.open(found.blob_key), mimetype=found.media_type, direct_passthrough=True)
        answer.content_length = found.size
        answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.name, safe='')}"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


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
    try:
        cert = keys.unb64(request.form.get("cert", ""))
    except ValueError as error:
        raise statements.unsigned() from error
    return deals.confirm(actor, lot, _signed(), cert, clock.now())


def _signed() -> Signed:
    try:
        return Signed(keys.unb64(request.form["statement"]), keys.unb64(request.form["signature"]))
    except (KeyError, ValueError) as error:
        raise statements.unsigned() from error


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
    "sign": lambda actor, lot, _: deals.sign(actor, lot, _signed(), clock.now()),
    "fall": lambda actor, lot, typed: deals.fall(actor, lot, typed.get("reason", ""), clock.now()),
    "pay": _pay,
}
