"""The bidder's desk and the host's side of an opening, as pages."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import current_actor
from accounts.forms import Form, answered, attempted, page
from accounts.roles import Role
from bidding import (
    asked,
    board,
    candidates,
    desk,
    exception_pages,
    exceptions,
    lots,
    nodes,
    opening,
    readout,
    receipting,
    record,
    related,
    withdrawal,
)
from kernel import canonical, clock, keys, money
from kernel.clock import rfc3339
from kernel.db import own_transaction
from kernel.errors import Invalid, Refusal
from kernel.law import holds
from kernel.site import site
from kernel.statements import Signed
from sealing.receipts import Withdrawal
from sealing.sheet import Sheet
from tendering.visibility import check_project

pages = Blueprint("bidding", __name__, template_folder="templates")
pages.register_blueprint(exception_pages.pages)

Page = str | tuple[str, int] | AnyResponse


@pages.app_context_processor
def _shown() -> dict[str, Any]:
    return {"related_bidders": related.shown, "candidate_responses": candidates.responses}


@pages.get("/desk")
def home() -> Page:
    """What the organization bids on, and what can be bid on."""
    actor = current_actor()
    actor.act_as(Role.BIDDER)
    mine = desk.entries(actor)
    known = {entry.lot.code for entry in mine}
    others = [lot for lot in desk.open_lots() if lot.code not in known]
    return page("bidding/desk.html", entries=mine, others=others)


@pages.get("/desk/<lot>")
def lot_desk(lot: str) -> Page:
    """Test, seal, follow the receipts, replace or withdraw."""
    return page("bidding/lot.html", **_lot(lot))


@pages.get("/desk/<lot>/upload")
@holds("C64")
def upload(lot: str) -> Page:
    """Hand in files that were sealed elsewhere: the equal path, which asks for no passphrase."""
    return page("bidding/upload.html", **_lot(lot))


@pages.get("/desk/<lot>/withdraw/<manifest_sha256>")
def withdraw(lot: str, manifest_sha256: str) -> Page:
    return page("bidding/withdraw.html", form=Form(), **_withdrawing(lot, manifest_sha256))


@pages.post("/desk/<lot>/withdraw/<manifest_sha256>")
@own_transaction
def withdraw_now(lot: str, manifest_sha256: str) -> Page:
    """Take the signed statement as the form sends it."""
    outcome = attempted(lambda: withdrawal.withdraw(current_actor(), lot, _signed(), clock.now()))
    if isinstance(outcome, Refusal):
        again = Form({}, outcome)
        return answered("bidding/withdraw.html", again, lambda: _withdrawing(lot, manifest_sha256))
    return redirect(url_for("bidding.receipt", receipt_id=outcome[0].receipt_id), 303)


@pages.get("/desk/receipts/<receipt_id>")
def receipt(receipt_id: str) -> Page:
    """The receipt, to be read and printed."""
    standing = receipting.standing(current_actor(), receipt_id)
    fact = canonical.decode(standing.receipt.raw)["fact"]
    actor, entry = current_actor(), desk.entry(current_actor(), fact["lot"])
    party = next((bid["party"] for bid in entry.bids if bid["manifest_sha256"] == fact["manifest_sha256"]), "org:")
    told = {"party": party, "parties": desk.parties(actor), "tender": entry.lot.tender}
    return page("bidding/receipt.html", standing=standing, fact=fact, **told)


@pages.get("/desk/receipts/<receipt_id>.json")
def receipt_file(receipt_id: str) -> Response:
    """The lasting receipt: the one file to keep."""
    standing = receipting.standing(current_actor(), receipt_id)
    name = f"receipt-{receipt_id}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(canonical.encode(standing.to_json()), mimetype="application/json", headers=headers)


@pages.get("/desk/<lot>/opening")
def own_opening(lot: str) -> Page:
    """The own line: confirm it or object to it."""
    return page("bidding/own_opening.html", form=Form(), **_own_opening(lot))


@pages.post("/desk/<lot>/opening/confirm")
@own_transaction
def confirm(lot: str) -> Page:
    outcome = attempted(lambda: readout.confirm(current_actor(), lot, clock.now()))
    return _after(outcome, lot)


@pages.post("/desk/<lot>/opening/object")
@own_transaction
def object_to(lot: str) -> Page:
    words = request.form.get("words", "")
    outcome = attempted(lambda: readout.object_to(current_actor(), lot, words, clock.now()))
    return _after(outcome, lot, {"words": words})


@pages.get("/owner/lots/<lot>/opening")
def host(lot: str) -> Page:
    """Owner and agency: start the opening, answer objections."""
    return page("bidding/host.html", form=Form(), **_host(lot))


@pages.get("/owner/lots/<lot>/opening/state")
def host_state(lot: str) -> Page:
    """What the host can sign now, for the page that stands open before the close."""
    return page("bidding/_host_state.html", **_host(lot))


@pages.get("/owner/lots/<lot>/opening/fresh")
def host_objections(lot: str) -> Page:
    """Says when objections came that the open page does not show yet; what is being typed there stays."""
    seen = request.args.get("seen", 0, type=int)
    return page("bidding/_host_objections.html", fresh=max(len(_host(lot)["objections"]) - seen, 0), lot_code=lot)


@pages.post("/owner/lots/<lot>/opening")
@own_transaction
def start(lot: str) -> Page:
    outcome = attempted(lambda: opening.start(current_actor(), lot, _signed(), clock.now()))
    return _after_host(outcome, lot)


@pages.get("/owner/lots/<lot>/opening/record")
def host_record(lot: str) -> Page:
    """Has the open page reload once there is a record to sign."""
    running = _host(lot)["running"]
    written = running is not None and running.record is not None
    return Response(status=200, headers={"HX-Refresh": "true"}) if written else Response(status=204)


@pages.post("/owner/lots/<lot>/opening/record")
@own_transaction
def sign_record(lot: str) -> Page:
    """The owner's signature under the record's exact bytes."""
    outcome = attempted(lambda: record.sign(current_actor(), lot, *_signature(), clock.now()))
    return _after_host(outcome, lot)


@pages.post("/owner/lots/<lot>/opening/objections/<token>")
@own_transaction
def answer(lot: str, token: str) -> Page:
    words = request.form.get("words", "")
    outcome = attempted(lambda: readout.answer(current_actor(), lot, token, words, clock.now()))
    return _after_host(outcome, lot)


def _lot(code: str) -> dict[str, Any]:
    actor = current_actor()
    actor.act_as(Role.BIDDER)
    entry = desk.entry(actor, code)
    return {
        "entry": entry,
        "consortium_allowed": bool(entry.lot.tender.draft.get("consortium_allowed")),
        "parties": desk.parties(actor),
        "envelopes": {stage.name for stage in lots.keyset(entry.lot).stages},
        "brand_law": asked.brand_law(entry.lot),
        "deduction_law": asked.deduction_law(entry.lot),
        "upload_max": site().settings.upload_max,
        "node_addresses": list(nodes.policy().witnesses.values()),
    }


def _withdrawing(code: str, manifest_sha256: str) -> dict[str, Any]:
    found = _lot(code)
    bid = next((bid for bid in found["entry"].bids if bid["manifest_sha256"] == manifest_sha256), None)
    content = Withdrawal(code, manifest_sha256, rfc3339(clock.now())).content()
    return {**found, "bid": bid, "statement": keys.b64(canonical.encode(content))}


def _own_opening(code: str) -> dict[str, Any]:
    found, actor = _lot(code), current_actor()
    line = desk.own_line(actor, code)
    sheet = readout.sheet_of(line) if line is not None and line.plain else None
    said = {"line": line, "sheet": sheet, "opening": board.of_lot(code), **_price(sheet)}
    return {**found, **said, "objections": readout.objections(code)}


def _price(sheet: Sheet | None) -> dict[str, str | None]:
    if sheet is None or sheet.price is None:
        return {"figures": None, "words": None}
    return {"figures": money.figures(sheet.price), "words": money.words(sheet.price)}


def _host(code: str) -> dict[str, Any]:
    lot, running = lots.find(code), opening.of_lot(code)
    role = check_project(lot.tender, current_actor(), Role.OWNER, Role.AGENCY)
    choices = exceptions.choices(lot)
    chosen = request.args.get("recording", "")
    recording = chosen if chosen in choices else choices[0]
    content = {
        "type": opening.STARTED,
        "lot": code,
        "at": rfc3339(clock.now()),
        "recording": recording,
        "deposits": "none",
    }
    return {
        "lot": lot,
        "running": running,
        "owns": role is Role.OWNER,
        "record": keys.b64(running.record) if running and running.record else None,
        "opening": board.of_lot(code),
        "statement": keys.b64(canonical.encode(content)),
        "recording": recording,
        "recording_choices": choices,
        "recording_law": exceptions.rule_of(lot),
        "objections": readout.objections(code),
    }


def _signed() -> Signed:
    """Statement and signature as sign.js adds them to the form."""
    try:
        return Signed(keys.unb64(request.form["statement"]), keys.unb64(request.form["signature"]))
    except (KeyError, ValueError) as error:
        raise Invalid("statement.form", "没有收到签名，请重新签署。", "No signature came; sign again.") from error


def _signature() -> tuple[str, bytes]:
    """Signature and certificate as sign.js adds them to the form."""
    try:
        return request.form["signature"], keys.unb64(request.form["cert"])
    except (KeyError, ValueError) as error:
        raise Invalid("statement.form", "没有收到签名，请重新签署。", "No signature came; sign again.") from error


def _after(outcome: object, lot: str, values: dict[str, str] | None = None) -> Page:
    if isinstance(outcome, Refusal):
        return answered("bidding/own_opening.html", Form(values or {}, outcome), lambda: _own_opening(lot))
    return redirect(url_for("bidding.own_opening", lot=lot), 303)


def _after_host(outcome: object, lot: str) -> Page:
    if isinstance(outcome, Refusal):
        return answered("bidding/host.html", Form({}, outcome), lambda: _host(lot))
    return redirect(url_for("bidding.host", lot=lot), 303)
