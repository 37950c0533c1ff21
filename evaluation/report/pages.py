"""Pages of the report and of its time: the members' report to sign, the centre's desk, the owner's answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from flask import Blueprint, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response

from accounts.access import current_actor, current_actor_or_none
from accounts.forms import Form, answered, attempted, page, say
from accounts.roles import Role
from evaluation import reading
from evaluation.report import duration, register, showing, signing
from kernel import clock, keys
from kernel.clock import parse_rfc3339
from kernel.db import own_transaction
from kernel.errors import Invalid, Refusal, Words
from kernel.statements import Signed
from tendering import entryform, lifecycle, visibility

pages = Blueprint("report", __name__, template_folder="../templates")

Page = str | tuple[str, int] | Response


@pages.app_context_processor
def _offered() -> dict[str, Any]:
    """For pages of a lot: the report with its signatures, and until when the committee is to evaluate; or None."""
    return {
        "evaluation_report": lambda code: showing.of_page(current_actor_or_none(), code),
        "evaluation_time": lambda code: showing.time(current_actor_or_none(), code),
        "report_waits": register.waits,
    }


@pages.get("/evaluate/<lot>/report")
def read(lot: str) -> Page:
    """What the member signs, and who has signed."""
    return page("evaluation/report.html", form=Form(), **_of_member(lot))


@pages.post("/evaluate/<lot>/report/statement")
@own_transaction
def prepare(lot: str) -> tuple[Response, int]:
    """The report with the typed dissent as the statement that the form shows and signs."""
    outcome = attempted(lambda: _prepared(lot))
    if isinstance(outcome, Refusal):
        return jsonify(code=outcome.code, message=say(outcome.words), detail=outcome.detail), 422
    return jsonify(outcome), 200


@pages.post("/evaluate/<lot>/report")
@own_transaction
def sign(lot: str) -> Page:
    outcome = attempted(lambda: signing.sign(current_actor(), lot, *_posted(), clock.now()))
    if isinstance(outcome, Refusal):
        return answered("evaluation/report.html", Form(dict(request.form), outcome), lambda: _of_member(lot))
    return redirect(url_for("evaluation.report.read", lot=lot), 303)


@pages.get("/evaluate/<lot>/time")
def time(lot: str) -> Page:
    return page("evaluation/time.html", form=Form(), **_of_member(lot))


@pages.post("/evaluate/<lot>/time")
@own_transaction
def press(lot: str) -> Page:
    """A member finds the time too short."""
    reason = request.form.get("reason", "")
    outcome = attempted(lambda: duration.press(current_actor(), lot, reason, clock.now()))
    if isinstance(outcome, Refusal):
        return answered("evaluation/time.html", Form({"reason": reason}, outcome), lambda: _of_member(lot))
    return redirect(url_for("evaluation.report.time", lot=lot), 303)


@pages.get("/ops/committees/<lot>/report")
def desk(lot: str) -> Page:
    """The centre's view: the planned end, who finds it too short, who has signed the report."""
    return page("evaluation/report_desk.html", form=Form(), **_of_centre(lot))


@pages.post("/ops/committees/<lot>/silence")
@own_transaction
def record_silence(lot: str) -> Page:
    alias = request.form.get("alias", "")
    return _at_centre(lot, lambda: signing.record_silence(current_actor(), lot, alias, clock.now()))


@pages.post("/ops/committees/<lot>/time")
@own_transaction
def set_end(lot: str) -> Page:
    return _at_centre(lot, lambda: duration.set_end(current_actor(), lot, _typed_end(), clock.now()))


@pages.get("/owner/lots/<lot>/evaluation-time")
def owner(lot: str) -> Page:
    """The owner's answer to members that find the time too short."""
    return page("evaluation/time_owner.html", form=Form(), **_of_owner(lot))


@pages.post("/owner/lots/<lot>/evaluation-time")
@own_transaction
def extend(lot: str) -> Page:
    outcome = attempted(lambda: duration.extend(current_actor(), lot, _typed_end(), clock.now()))
    if isinstance(outcome, Refusal):
        return answered("evaluation/time_owner.html", Form(dict(request.form), outcome), lambda: _of_owner(lot))
    return redirect(url_for("evaluation.report.owner", lot=lot), 303)


def _at_centre(lot: str, act: Callable[[], object]) -> Page:
    outcome = attempted(act)
    if isinstance(outcome, Refusal):
        return answered("evaluation/report_desk.html", Form(dict(request.form), outcome), lambda: _of_centre(lot))
    return redirect(url_for("evaluation.report.desk", lot=lot), 303)


def _prepared(lot: str) -> dict[str, list[str]]:
    dissent = request.form.get("dissent", "")
    raw = signing.statement(current_actor(), lot, dissent)
    agreed = Words("本人同意评标报告的结论。", "I agree with the evaluation report.")
    differing = Words(
        f"本人对评标报告持不同意见：{dissent.strip()}", f"I do not agree with the evaluation report: {dissent.strip()}"
    )
    return {"statements": [keys.b64(raw)], "words": [say(differing if dissent.strip() else agreed)]}


def _posted() -> tuple[Signed, bytes]:
    try:
        raw, sig, cert = (keys.unb64(request.form[name]) for name in ("statement", "signature", "cert"))
    except (KeyError, ValueError) as error:
        raise Invalid("signature.missing", "没有收到签名", "No signature arrived", rule="sealing.md 1") from error
    return Signed(raw, sig), cert


def _typed_end() -> dt.datetime:
    try:
        return parse_rfc3339(entryform.instant(request.form.get("ends_at", "")) or "")
    except ValueError as error:
        raise Invalid("time.malformed", "请填写时间", "Give a time", fields={"ends_at": "instant"}) from error


def _of_member(code: str) -> dict[str, Any]:
    actor, lot = current_actor(), lifecycle.lot_of(code)
    seat = reading.own_seat(actor, code)
    return {"lot": lot, "seat": seat, "report": showing.of_page(actor, code), "time": showing.time(actor, code)}


def _of_centre(code: str) -> dict[str, Any]:
    actor, lot = current_actor(), lifecycle.lot_of(code)
    actor.act_as(Role.OPS)
    visibility.check_seen(lot.tender, actor)
    return {"lot": lot, "report": showing.of_page(actor, code), "time": showing.time(actor, code), "now": clock.now()}


def _of_owner(code: str) -> dict[str, Any]:
    actor, lot = current_actor(), lifecycle.lot_of(code)
    visibility.check_project(lot.tender, actor, Role.OWNER)
    return {"lot": lot, "time": showing.time(actor, code)}
