"""Web glue: who is behind this request, and proof that a form was ours. Services take the `Actor`; they never read this."""

from __future__ import annotations

import functools
import hmac
import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import ParamSpec, TypeVar

from flask import Request, Response, g, request

from accounts import sessions
from accounts.actor import Actor
from accounts.directory import membership_of, roles_of
from accounts.models import Organization, Person, SignInSession
from accounts.roles import Role
from kernel import clock
from kernel.db import db
from kernel.errors import Forbidden, Unauthenticated
from kernel.site import site

__all__ = [
    "Actor", "check_csrf", "client_address", "csrf_token", "current_actor", "current_actor_or_none", "give_session",
    "give_visit", "requires", "take_session",
]  # fmt: skip

SESSION_COOKIE = "kaibiao_session"
VISIT_COOKIE = "kaibiao_visit"
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})

P = ParamSpec("P")
R = TypeVar("R")


def bearer(asked: Request) -> str | None:
    """The API token of the Authorization header."""
    kind, _, token = asked.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and token.strip() else None


def current_actor() -> Actor:
    """Who is signed in; Unauthenticated when nobody is."""
    actor = current_actor_or_none()
    if actor is None:
        raise Unauthenticated("sign-in.needed", "请先登录", "Sign in first")
    return actor


def current_actor_or_none() -> Actor | None:
    """Who is signed in; read from the database once a request, so that a role taken back is gone at once."""
    if not hasattr(g, "actor"):
        token = bearer(request) or request.cookies.get(SESSION_COOKIE)
        session = sessions.session_of(token, clock.now()) if token else None
        g.seen = session.public_id if session and sessions.worth_noting(session, clock.now()) else None
        g.actor = actor_of(session) if session else None
    found: Actor | None = g.actor
    return found


def actor_of(session: SignInSession) -> Actor | None:
    """The person of a live session as an actor; None once the membership has ended."""
    membership = membership_of(session.person_id)
    if membership is None:
        return None
    person = db.session.get_one(Person, session.person_id)
    organization = db.session.get_one(Organization, membership.organization_id)
    return Actor(
        person_id=person.id,
        name=person.name,
        organization_id=organization.id,
        organization=organization.name,
        uscc=organization.uscc,
        roles=roles_of(person.id),
        parts=membership.parts,
        address=client_address(),
        user_agent=request.headers.get("User-Agent", "")[:200],
        second_factor=session.second_factor,
        session_id=session.public_id,
    )


def client_address() -> str:
    """The address as the server in front hands it on."""
    return request.remote_addr or ""


def requires(*roles: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Refuse a view to whoever can act in none of `roles` now; without roles, to whoever is not signed in."""

    def guard(view: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            actor = current_actor()
            if roles:
                actor.act_as_any(*roles)
            return view(*args, **kwargs)

        return guarded

    return guard


def csrf_token() -> str:
    """The token for this browser's forms: bound to the session, or before sign-in to the visit."""
    return _csrf(request.cookies.get(SESSION_COOKIE) or _visit())


def check_csrf(asked: Request) -> None:
    """Forbidden when an unsafe request that a browser's cookies speak for does not carry the page's token.

    A bearer token is not sent by a browser unasked, so such requests need none; nor do anonymous calls of the API.
    """
    session = asked.cookies.get(SESSION_COOKIE)
    anonymous_call = session is None and asked.path.startswith(("/api/", "/log/"))
    if asked.method not in UNSAFE or bearer(asked) is not None or anonymous_call:
        return
    given = asked.headers.get("X-CSRF-Token") or asked.form.get("csrf_token", "")
    seed = session or asked.cookies.get(VISIT_COOKIE)
    if seed is None or not hmac.compare_digest(given.encode(), _csrf(seed).encode()):
        raise Forbidden(
            "csrf",
            "表单已过期或不是从本站提交，请刷新页面重试",
            "The form is out of date or was not sent from this site: reload the page and try again",
            rule="OWASP ASVS V4",
        )


def _csrf(seed: str) -> str:
    key = site().settings.secret_key.encode()
    return hmac.new(key, b"kaibiao-csrf/1 " + seed.encode(), sha256).hexdigest()


def _visit() -> str:
    known = request.cookies.get(VISIT_COOKIE) or getattr(g, "visit", None)
    if known is None:
        known = g.visit = secrets.token_urlsafe(18)
    return str(known)


def give_session(response: Response, token: str) -> None:
    """Put the session's token where only the browser sees it."""
    _cookie(response, SESSION_COOKIE, token)


def take_session(response: Response) -> None:
    response.delete_cookie(SESSION_COOKIE)


def give_visit(response: Response) -> Response:
    """After the request: a browser that got an anonymous form keeps what its token is bound to."""
    visit = getattr(g, "visit", None)
    if visit is not None:
        _cookie(response, VISIT_COOKIE, visit)
    return response


def note_seen(response: Response) -> Response:
    """After the request, outside its transaction: the session was in use. Written every few minutes, not every time."""
    public_id: str | None = getattr(g, "seen", None)
    if public_id is not None:
        sessions.note_seen(public_id, clock.now())
    return response


def _cookie(response: Response, name: str, value: str) -> None:
    secure = site().settings.secure_cookies
    response.set_cookie(name, value, httponly=True, samesite="Lax", secure=secure)
