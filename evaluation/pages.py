"""Pages of the evaluation: the members' seats and sheets, the centre's committee desk, the owner's award, the result."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, redirect, request, url_for
from flask_babel import get_locale
from werkzeug.wrappers import Response

from accounts.access import current_actor
from accounts.forms import Form, answered, attempted, page, say
from accounts.roles import Role
from evaluation import award_pages, committee, committee_pages, heads, passes, reading, scoring, sheetform, views
from evaluation.arithmetic import pages as arithmetic_pages
from evaluation.draw import showing as draw_showing
from evaluation.qualification import pages as qualification_pages
from evaluation.report import pages as report_pages
from evaluation.review import pages as review_pages
from evaluation.visibility import Phase
from kernel import canonical, clock, keys
from kernel.db import own_transaction
from kernel.errors import Conflict, Invalid, NotFound, Refusal, Words
from kernel.statements import Signed
from tendering import lifecycle, packs, presentation
from tendering.models import Lot
from tendering.quotes import boxes

pages = Blueprint("evaluation", __name__, template_folder="templates")
pages.register_blueprint(committee_pages.pages)
pages.register_blueprint(award_pages.pages)
pages.register_blueprint(report_pages.pages)
pages.register_blueprint(review_pages.pages)
pages.register_blueprint(qualification_pages.pages)
pages.register_blueprint(arithmetic_pages.pages)

Page = str | tuple[str, int] | Response


@pages.app_context_processor
def _offered() -> dict[str, Any]:
    """For the tender's page: what `_result.html` and `_draw.html` show of a lot, or None."""
    return {"expert_draw": draw_showing.panel, "evaluation_result": views.result}


@pages.context_processor
def _language() -> dict[str, Any]:
    return {"in_english": in_english(), "clause": presentation.clause}


@pages.get("/evaluate")
def seats() -> Page:
    """The member's seats; the centre's staff have their own desk."""
    actor = current_actor()
    if actor.act_as_any(Role.EXPERT, Role.OPS, Role.OWNER) is Role.OPS:
        return redirect(url_for("evaluation.committees.overview"), 303)
    return page("evaluation/seats.html", seats=views.own_seats(actor))


@pages.get("/evaluate/<lot>")
def room(lot: str) -> Page:
    """What this member has to do next on this lot: declare, admit, wait, score, or read the result."""
    return page("evaluation/room.html", form=Form(), **_room(lot))


@pages.post("/evaluate/<lot>/declaration")
@own_transaction
def declare(lot: str) -> Page:
    typed = {name: request.form.get(name, "") for name in ("declared", "conflict")}
    conflict = typed["conflict"] if typed["declared"] == "conflict" else None
    outcome = attempted(lambda: _declare(lot, typed["declared"], conflict))
    return _again(lot, outcome, typed) if isinstance(outcome, Refusal) else _back(lot)


@pages.post("/evaluate/<lot>/admission")
@own_transaction
def admit(lot: str) -> Page:
    outcome = attempted(lambda: committee.admit(current_actor(), lot, *posted_signature(), clock.now()))
    return _again(lot, outcome) if isinstance(outcome, Refusal) else _back(lot)


@pages.post("/evaluate/<lot>/draft")
@own_transaction
def save(lot: str) -> Page:
    """Keep the draft; scripts get the line that says so, a plain browser the page again."""
    outcome = attempted(lambda: _save(lot))
    if isinstance(outcome, Refusal):
        return _again(lot, outcome)
    if request.headers.get("HX-Request"):
        return answered("evaluation/_draft.html", Form(), lambda: {"room": views.room(current_actor(), lot)})
    return _back(lot)


@pages.post("/evaluate/<lot>/sheet")
@own_transaction
def prepare(lot: str) -> tuple[Response, int]:
    """The saved draft as the statement that the sign form shows and signs; a refusal in the form that script reads."""
    outcome = attempted(lambda: _prepared(lot))
    if isinstance(outcome, Refusal):
        return jsonify(code=outcome.code, message=say(outcome.words), detail=outcome.detail), 422
    return jsonify(outcome), 200


@pages.post("/evaluate/<lot>/sign")
@own_transaction
def sign(lot: str) -> Page:
    outcome = attempted(lambda: _sign(lot))
    return _again(lot, outcome) if isinstance(outcome, Refusal) else _back(lot)


@pages.get("/evaluate/<lot>/documents/<bid_id>/<path:name>")
def document(lot: str, bid_id: str, name: str) -> Response:
    """Into the evaluator's room, with a ticket for the next minute."""
    return redirect(passes.address(current_actor(), lot, bid_id, name, clock.now()), 303)


@pages.get("/lots/<lot>/result")
def result(lot: str) -> Page:
    """The published result, for anybody."""
    found = views.result(lot)
    if found is None:
        raise NotFound("result.none", "评审结果尚未产生", "There is no result yet", rule="rules.md T18")
    return page("evaluation/result.html", lot=lifecycle.lot_of(lot), found=found)


def posted_signature() -> tuple[Signed, bytes]:
    """What the sign form sends: one statement, its signature, the signer's certificate; Invalid otherwise."""
    try:
        raw, sig, cert = (keys.unb64(request.form[name]) for name in ("statement", "signature", "cert"))
    except (KeyError, ValueError) as error:
        raise Invalid("signature.missing", "没有收到签名", "No signature arrived", rule="sealing.md 1") from error
    return Signed(raw, sig), cert


def in_english() -> bool:
    return str(get_locale() or "zh").startswith("en")


def _prepared(lot: str) -> dict[str, list[str]]:
    raw = scoring.statement(current_actor(), lot)
    count = len(canonical.decode(raw)["bids"])
    words = Words(
        f"本人对标段 {lot} 的 {count} 份投标的评审意见与评分。",
        f"My findings and scores on {count} bids for lot {lot}.",
    )
    return {"statements": [keys.b64(raw)], "words": [say(words)]}


def _declare(lot: str, declared: str, conflict: str | None) -> None:
    if declared not in ("none", "conflict"):
        raise Invalid(
            "seat.undeclared",
            "请选择其一",
            "Choose one",
            rule="评标委员会和评标方法暂行规定 第十二条",
            fields={"declared": "missing"},
        )
    committee.declare(current_actor(), lot, conflict, clock.now())


def _save(lot: str) -> None:
    found = lifecycle.lot_of(lot)
    bid_ids = [bid.bid_id for bid, _ in reading.assessed(lot)]
    draft = sheetform.read(request.form, reading.method(found), bid_ids)
    scoring.save(current_actor(), lot, draft, clock.now())


def _sign(lot: str) -> None:
    signed, cert = posted_signature()
    # The draft may have gone on in another tab: what is signed must be what now stands on the page.
    if signed.raw != scoring.statement(current_actor(), lot):
        raise Conflict(
            "sheet.changed",
            "草稿已变化，请核对后重新签署",
            "The draft changed: read it again and sign",
            rule=scoring.RULE,
        )
    scoring.sign(current_actor(), lot, signed, cert, clock.now())


def _room(code: str) -> dict[str, Any]:
    actor = current_actor()
    lot = lifecycle.lot_of(code)
    seat = reading.own_seat(actor, code)
    phase = reading.phase(lot, reading.evaluation_of(code))
    shown = {"lot": lot, "seat": seat, "phase": phase.name.lower(), "result": views.result(code), "fields": sheetform}
    takes_part = seat.declared_at is not None and seat.conflict is None
    shown["negotiated"] = boxes.negotiated(lot)
    scoring_now = takes_part and phase >= Phase.SCORING and not shown["negotiated"]
    shown["room"] = views.room(actor, code) if scoring_now else None
    shown["statement"] = _to_admit(actor, lot) if takes_part and seat.admitted_sig is None else None
    shown["heads"] = [(one.value, heads.WORDS[one]) for one in heads.lawful(packs.load(lot.tender.pack_id).trade)]
    shown["bids"] = reading.bidders(lot)
    return shown


def _to_admit(actor: Any, lot: Lot) -> str | None:
    return keys.b64(committee.admission(actor, lot.code)) if reading.evaluation_of(lot.code) else None


def _again(lot: str, refusal: Refusal, typed: dict[str, str] | None = None) -> tuple[str, int]:
    return answered("evaluation/room.html", Form(typed or {}, refusal), lambda: _room(lot))


def _back(lot: str) -> Response:
    return redirect(url_for("evaluation.room", lot=lot), 303)
