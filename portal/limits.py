"""How often one asker may call: generous for people, a wall for scripts that guess."""

from __future__ import annotations

from flask import Flask, request
from flask_limiter import Limiter

from accounts.access import SESSION_COOKIE, bearer
from kernel.canonical import sha

FREE = ("/static/", "/log/", "/public/", "/api/v1/uploads", "/api/v1/clock", "/health", "/ready", "/metrics")


def who() -> str:
    """One budget a session, or an address while nobody is signed in."""
    token = bearer(request) or request.cookies.get(SESSION_COOKIE)
    return sha(token.encode()) if token else request.remote_addr or "nowhere"


limiter = Limiter(who, default_limits=["3000/minute"], storage_uri="memory://", headers_enabled=False)


@limiter.request_filter
def _free() -> bool:
    """Cacheable files, uploads (bounded by bytes) and signed answers of nodes are not counted."""
    return request.path.startswith(FREE) or request.path.endswith("/answers")


def install(app: Flask) -> None:
    limiter.init_app(app)
