"""Pages of the management office: organizations admitted, roles granted, certificates countersigned."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from accounts import certificates, countersigning, directory, grants, people, sessions
from accounts.access import current_actor
from accounts.forms import Form, answered, attempted, page
from accounts.grants import Expertise
from accounts.models import RoleGrant
from accounts.people import Registered, Registration
from accounts.roles import ROLES_OF, OrgKind, Role
from kernel import clock, keys
from kernel.db import own_transaction
from kernel.errors import Invalid, Refusal
from kernel.site import site
from kernel.statements import Signed

pages = Blueprint("administration", __name__, url_prefix="/admin")

Page = str | tuple[str, int] | AnyResponse


@pages.get("/")
def overview() -> Page:
    return page("accounts/admin.html", form=Form(), **_overview())


@pages.get("/grants")
def grant_list() -> Page:
    """The same page, at the people."""
    return redirect(url_for("accounts.administration.overview", _anchor="people"))


def _overview() -> dict[str, Any]:
    current_actor().act_as(Role.MGR)
    searched = request.args.get("q", "")
    return {
        "searched": searched,
        "people": directory.people_like(searched),
        "organizations": directory.organizations(),
        "waiting": countersigning.awaiting(),
        "needed": not site().settings.practice,
        "roles_of": ROLES_OF,
        "kinds": list(OrgKind),
    }


def _settled(outcome: object, values: dict[str, str], anchor: str) -> Page:
    if isinstance(outcome, Refusal):
        return answered("accounts/admin.html", Form(values, outcome), _overview)
    return redirect(url_for("accounts.administration.overview", _anchor=anchor), 303)


@pages.post("/grants")
@own_transaction
def grant() -> Page:
    values = {name: request.form.get(name, "").strip() for name in ("login", "role", "field", "years", "title")}
    outcome = attempted(lambda: _granted(values))
    return _settled(outcome, values, "people")


def _granted(values: dict[str, str]) -> RoleGrant:
    years = int(values["years"]) if values["years"].isdecimal() else -1
    expertise = Expertise(values["field"], years, values["title"]) if values["field"] or values["title"] else None
    return grants.grant_role(
        current_actor(), values["login"], grants.role_named(values["role"]), clock.now(), expertise
    )


@pages.post("/grants/<login>/<role>/end")
@own_transaction
def end_grant(login: str, role: str) -> Page:
    outcome = attempted(lambda: grants.end_grant(current_actor(), login, grants.role_named(role), clock.now()))
    return _settled(outcome, {}, "people")


@pages.post("/people/<login>/totp/reset")
@own_transaction
def reset_totp(login: str) -> Page:
    return _settled(attempted(lambda: sessions.reset_totp(current_actor(), login, clock.now())), {}, "people")


@pages.post("/organizations")
@own_transaction
def admit() -> Page:
    """Register a body of any kind; its first person is invited."""
    values = {name: request.form.get(name, "") for name in ("uscc", "name", "kind", "person_name", "login")}
    outcome = attempted(lambda: _admitted(values))
    if isinstance(outcome, Refusal):
        return _settled(outcome, values, "organizations")
    link = site().settings.url.rstrip("/") + url_for("accounts.entrance.invitation", code=outcome.invitation)
    return answered("accounts/invited.html", Form(), lambda: {"invited": outcome.person, "link": link})


def _admitted(values: dict[str, str]) -> Registered:
    if values["kind"] not in list(OrgKind):
        raise Invalid(
            "organization.kind", "请选择单位类型", "Choose the kind of organization", fields={"kind": "choose"}
        )
    form = Registration(values["uscc"], values["name"], OrgKind(values["kind"]), values["person_name"], values["login"])
    return people.register_organization(form, current_actor(), clock.now())


@pages.get("/certificates/<serial>")
def certificate(serial: str) -> Page:
    return page("accounts/countersign.html", form=Form(), **_certificate(serial))


def _certificate(serial: str) -> dict[str, Any]:
    current_actor().act_as(Role.MGR)
    found = certificates.certificate_of(serial)
    holder = directory.holder_of(found)
    return {"certificate": found, "holder": holder, "statement": keys.b64(countersigning.statement(found))}


@pages.post("/certificates/<serial>")
@own_transaction
def countersign(serial: str) -> Page:
    values = {name: request.form.get(name, "") for name in ("statement", "signature", "cert")}
    outcome = attempted(lambda: _countersigned(serial, values))
    if isinstance(outcome, Refusal):
        return answered("accounts/countersign.html", Form({}, outcome), lambda: _certificate(serial))
    return redirect(url_for("accounts.administration.overview", _anchor="certificates"), 303)


def _countersigned(serial: str, values: dict[str, str]) -> object:
    try:
        file, sig, cert = (keys.unb64(values[name]) for name in ("statement", "signature", "cert"))
    except ValueError as error:
        raise unsigned() from error
    return countersigning.countersign(current_actor(), serial, Signed(file, sig), cert, clock.now())


def unsigned() -> Invalid:
    """A signing form came without its signature: the script did not run or the key file was left out."""
    return Invalid(
        "signature.missing",
        "表单没有签名：请选择密钥文件并输入口令",
        "The form came unsigned: choose your key file and enter its passphrase",
        fields={"keyfile": "required"},
    )
