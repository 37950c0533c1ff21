"""Pages of the own account: people, sessions, one-time codes, keys, consortia, who heads and holds the organization."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import segno
from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from accounts import access, administration, certificates, consortia, directory, entrance, people, sessions, ties, totp
from accounts.access import current_actor
from accounts.consortia import Confirmation, Declaration
from accounts.forms import Form, answered, attempted, page
from accounts.people import NewPerson
from accounts.roles import Part, Role
from accounts.routes import change_password
from kernel import clock, keys
from kernel.db import own_transaction, transaction
from kernel.errors import Invalid, Refusal
from kernel.site import site

pages = Blueprint("accounts", __name__, template_folder="templates")
pages.register_blueprint(entrance.pages)
pages.register_blueprint(administration.pages)
pages.after_app_request(access.give_visit)
pages.after_app_request(access.note_seen)

Page = str | tuple[str, int] | AnyResponse


@pages.get("/account")
def account() -> Page:
    return page("accounts/account.html", form=Form(), **_account())


def _account() -> dict[str, Any]:
    actor, now = current_actor(), clock.now()
    return {
        "members": directory.members_of(actor.organization_id),
        "sessions": sessions.sessions(actor, now),
        "totp_confirmed": directory.has_totp(actor.person_id),
        "certificates": certificates.certificates_of(actor),
        "consortia": consortia.consortia_of(actor) if Role.BIDDER in actor.roles else [],
        "ties": ties.of({actor.organization_id}).get(actor.organization_id),
        "parts": list(Part),
    }


def _again(refusal: Refusal, values: dict[str, str] | None = None) -> Page:
    return answered("accounts/account.html", Form(values or {}, refusal), _account)


def _account_page(anchor: str) -> AnyResponse:
    return redirect(url_for("accounts.account", _anchor=anchor), 303)


@pages.post("/account/sessions/<session_id>/end")
@own_transaction
def end_session(session_id: str) -> Page:
    outcome = attempted(lambda: sessions.end_session(current_actor(), session_id, clock.now()))
    return _again(outcome) if isinstance(outcome, Refusal) else _account_page("sessions")


@pages.post("/account/people")
@own_transaction
def invite() -> Page:
    """Shows the invitation this once."""
    values = {name: request.form.get(name, "").strip() for name in ("name", "login")}
    new = NewPerson(values["name"], values["login"], request.form.getlist("parts"))
    outcome = attempted(lambda: people.register_person(current_actor(), new, clock.now()))
    if isinstance(outcome, Refusal):
        return _again(outcome, values)
    person, code = outcome
    link = site().settings.url.rstrip("/") + url_for("accounts.entrance.invitation", code=code)
    return answered("accounts/invited.html", Form(), lambda: {"invited": person, "link": link})


@pages.post("/account/password")
@own_transaction
def password() -> Page:
    try:
        if request.form.get("password") != request.form.get("again"):
            raise Invalid(
                "password.again", "两次输入的口令不同", "The two passwords differ", fields={"again": "differs"}
            )
        change_password(request.form.get("current", ""), request.form.get("password", ""))
    except Refusal as refusal:
        return _again(refusal)
    return _account_page("password")


@pages.post("/account/totp")
@own_transaction
def enroll() -> Page:
    outcome = attempted(lambda: sessions.enroll_totp(current_actor(), clock.now()))
    return _again(outcome) if isinstance(outcome, Refusal) else _totp(Form(), *outcome)


def _totp(form: Form, login: str, secret: str) -> Page:
    qr = _qr(totp.address(secret, login, site().settings.origin))
    return answered("accounts/totp.html", form, lambda: {"secret": secret, "qr": qr})


def _qr(text: str) -> str:
    """As SVG, black on white, inline: no image leaves the page and none is fetched."""
    drawn = BytesIO()
    segno.make(text, error="m").save(
        drawn, kind="svg", xmldecl=False, svgns=True, border=2, light="#fff", omitsize=True
    )
    return drawn.getvalue().decode()


@pages.post("/account/totp/confirm")
@own_transaction
def confirm_totp() -> Page:
    code = request.form.get("code", "")
    outcome = attempted(lambda: sessions.confirm_totp(current_actor(), code, clock.now()))
    if not isinstance(outcome, Refusal):
        return _account_page("totp")
    with transaction(write=False):
        login, secret = sessions.pending_totp(current_actor())
    return _totp(Form({}, outcome), login, secret)


@pages.get("/account/key")
def key() -> Page:
    return page("accounts/key.html", may_sign=Part.SIGN in current_actor().parts)


@pages.post("/account/certificates/<serial>/revoke")
@own_transaction
def revoke(serial: str) -> Page:
    outcome = attempted(lambda: certificates.revoke(current_actor(), serial, clock.now()))
    return _again(outcome) if isinstance(outcome, Refusal) else _account_page("keys")


@pages.get("/account/certificates/<serial>.der")
def certificate(serial: str) -> Response:
    """The own certificate as a file, for other programs."""
    return Response(certificates.seen_by(current_actor(), serial).der, mimetype="application/pkix-cert")


@pages.post("/account/consortia")
@own_transaction
def declare() -> Page:
    values = {name: request.form.get(name, "").strip() for name in ("consortium_name", "members", "agreement_sha256")}
    declared = Declaration(values["consortium_name"], values["members"].split(), values["agreement_sha256"].lower())
    outcome = attempted(lambda: consortia.declare(current_actor(), declared, clock.now()))
    if isinstance(outcome, Refusal):
        return _again(outcome, values)
    return redirect(url_for("accounts.consortium", code=outcome.code), 303)


@pages.post("/account/ties")
@own_transaction
def declare_ties() -> Page:
    values = {name: request.form.get(name, "").strip() for name in ("head", "holders")}
    outcome = attempted(lambda: ties.declare(current_actor(), values["head"], values["holders"].split(), clock.now()))
    return _again(outcome, values) if isinstance(outcome, Refusal) else _account_page("ties")


@pages.get("/account/consortia/<code>")
def consortium(code: str) -> Page:
    return page("accounts/consortium.html", form=Form(), **_consortium(code))


def _consortium(code: str) -> dict[str, Any]:
    found = consortia.seen_by(current_actor(), code)
    statement = keys.b64(found.statement.encode())
    return {"consortium": found, "members": consortia.members_of(found), "statement": statement}


@pages.post("/account/consortia/<code>")
@own_transaction
def confirm_consortium(code: str) -> Page:
    try:
        given = Confirmation(keys.unb64(request.form["signature"]), keys.unb64(request.form["cert"]))
    except (KeyError, ValueError):
        return _consortium_again(code, administration.unsigned())
    outcome = attempted(lambda: consortia.confirm(current_actor(), code, given, clock.now()))
    return _consortium_again(code, outcome if isinstance(outcome, Refusal) else None)


def _consortium_again(code: str, refusal: Refusal | None) -> Page:
    return answered("accounts/consortium.html", Form({}, refusal), lambda: _consortium(code))
