"""Pages of the way in: registration, invitation, sign-in, sign-out."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from accounts import access, passwords, people, rules, sessions
from accounts.forms import Form, answered, attempted, page
from accounts.people import Registered, Registration
from accounts.roles import SELF_REGISTERED, OrgKind
from kernel import clock
from kernel.db import own_transaction, transaction
from kernel.errors import Invalid, Refusal

pages = Blueprint("entrance", __name__)

STEPS = ("organization", "person", "password")
FIELDS = ("uscc", "name", "kind", "person_name", "login", "uscc_confirmed")
Page = str | tuple[str, int] | AnyResponse


@pages.get("/register")
def register() -> Page:
    return page("accounts/register.html", form=Form(), step="organization", kinds=SELF_REGISTERED)


@pages.post("/register")
@own_transaction
def take_registration() -> Page:
    """One group of questions at a time; earlier answers travel in the form, the password only in the last."""
    values = {name: request.form.get(name, "").strip() for name in FIELDS}
    step = request.form.get("step", "organization")
    if step not in STEPS:
        step = "organization"
    refusal = _checked(step, values)
    if refusal is not None:
        return _register(step, Form(values, refusal))
    if step != "password":
        return _register(STEPS[STEPS.index(step) + 1], Form(values))
    return _registered(values)


def _register(step: str, form: Form) -> Page:
    return answered("accounts/register.html", form, lambda: {"step": step, "kinds": SELF_REGISTERED})


def _checked(step: str, values: dict[str, str]) -> Refusal | None:
    try:
        if step == "organization":
            _check_organization(values)
        if step == "person":
            values["login"] = rules.login(values["login"])
            rules.name(values["person_name"], "person_name")
    except Refusal as refusal:
        return refusal
    return None


def _check_organization(values: dict[str, str]) -> None:
    values["uscc"] = rules.uscc(values["uscc"])
    rules.name(values["name"])
    _kind(values["kind"])
    if not rules.uscc_ok(values["uscc"]) and not values["uscc_confirmed"]:
        warning = people.USCC_WARNING
        raise Invalid(
            "uscc.check", warning.zh, warning.en, rule="GB 32100-2015", fields={"uscc": "check"}, warning=True
        )


def _kind(text: str) -> OrgKind:
    if text not in SELF_REGISTERED:
        raise Invalid(
            "organization.kind", "请选择单位类型", "Choose the kind of organization", fields={"kind": "choose"}
        )
    return OrgKind(text)


def _registered(values: dict[str, str]) -> Page:
    try:
        form = Registration(
            values["uscc"],
            values["name"],
            _kind(values["kind"]),
            values["person_name"],
            values["login"],
            password_hash=_chosen_password(values["login"]),
        )
    except Refusal as refusal:
        return _register("password", Form(values, refusal))
    outcome = attempted(lambda: people.register_organization(form, None, clock.now()))
    if isinstance(outcome, Registered):
        return redirect(url_for("accounts.entrance.sign_in", login=form.login, new="1"), 303)
    step = "person" if "login" in Form(refusal=outcome).where else "organization"
    return _register(step, Form(values, outcome))


def _chosen_password(login: str) -> str:
    if request.form.get("password", "") != request.form.get("again", ""):
        raise Invalid("password.again", "两次输入的口令不同", "The two passwords differ", fields={"again": "differs"})
    return passwords.hashed(request.form.get("password", ""), login)


@pages.get("/invitation")
def invitation() -> Page:
    return page("accounts/invitation.html", form=Form({"invitation": request.args.get("code", "")}))


@pages.post("/invitation")
@own_transaction
def accept() -> Page:
    values = {name: request.form.get(name, "").strip() for name in ("invitation", "login")}
    try:
        stored = _chosen_password(values["login"])
        with transaction():
            people.accept_invitation(values["invitation"], values["login"], stored, clock.now())
    except Refusal as refusal:
        return answered("accounts/invitation.html", Form(values, refusal))
    return redirect(url_for("accounts.entrance.sign_in", login=values["login"], new="1"), 303)


@pages.get("/sign-in")
def sign_in() -> Page:
    values = {"login": request.args.get("login", ""), "next": request.args.get("next", "")}
    return page("accounts/sign_in.html", form=Form(values), new="new" in request.args)


@pages.post("/sign-in")
@own_transaction
def enter() -> Page:
    values = {name: request.form.get(name, "").strip() for name in ("login", "next")}
    attempt = sessions.Attempt(
        values["login"],
        request.form.get("password", ""),
        request.form.get("totp", "").strip() or None,
        address=access.client_address(),
        user_agent=request.headers.get("User-Agent", ""),
    )
    try:
        opened = sessions.sign_in(attempt, clock.now())
    except Refusal as refusal:
        return answered("accounts/sign_in.html", Form(values, refusal))
    answer = Response(status=303, headers={"Location": inside(values["next"])})
    access.give_session(answer, opened.token)
    return answer


def inside(target: str) -> str:
    """A path of this site to go on to; anything that could lead elsewhere leads to the account."""
    plain = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    return target if plain else "/account"


@pages.get("/sign-out")
def leaving() -> Page:
    return page("accounts/sign_out.html")


@pages.post("/sign-out")
@own_transaction
def leave() -> Page:
    with transaction():
        actor = access.current_actor_or_none()
        if actor is not None:
            sessions.sign_out(actor, clock.now())
    answer = Response(status=303, headers={"Location": "/"})
    access.take_session(answer)
    return answer
