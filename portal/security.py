"""Headers on every answer, and the checks that stand before every view."""

from __future__ import annotations

from flask import Flask, Request, Response, request

from accounts.access import check_csrf, csrf_token
from kernel.site import site
from portal import bodies

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def policy() -> str:
    """The content security policy: nothing but our own files, and the edge that brings live events."""
    edge = site().settings.edge_url
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"connect-src 'self' {edge} blob:; worker-src 'self'; img-src 'self' data:; "
        "media-src 'self' blob:; font-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )


def is_file(endpoint: str | None) -> bool:
    """Static files need no transaction."""
    return endpoint == "static"


def check_request(asked: Request) -> None:
    """Refuse a body that no door takes, and a forged form."""
    bodies.check(asked)
    check_csrf(asked)


def install(app: Flask) -> None:
    app.jinja_env.globals["csrf_token"] = csrf_token
    app.after_request(_headers)


def _headers(response: Response) -> Response:
    given = response.headers
    given.setdefault("Content-Security-Policy", _policy())
    given.setdefault("X-Content-Type-Options", "nosniff")
    given.setdefault("Referrer-Policy", "same-origin")
    given.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    given.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    if request.is_secure:
        given.setdefault("Strict-Transport-Security", "max-age=31536000")
    if response.mimetype == "text/html":
        given.setdefault("Cache-Control", "no-store")
    return response


def _policy() -> str:
    """A worker obeys the policy of its own answer: the sealing worker alone may compile WebAssembly, to hash."""
    if request.path.startswith("/static/dist/seal-worker"):
        return policy().replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")
    return policy()
