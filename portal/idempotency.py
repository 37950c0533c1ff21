"""Idempotency-Key: the same call sent twice happens once and is answered twice.

The answer is stored in the transaction that made it, so a client that lost it repeats the call and loses nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from flask import Request, Response, current_app
from flask.typing import ResponseReturnValue
from sqlalchemy import delete
from sqlalchemy.orm import Mapped, mapped_column

from accounts.access import SESSION_COOKIE, bearer
from kernel import canonical, clock
from kernel.db import Base, Instant, db, transaction
from kernel.errors import Conflict, Invalid

HEADER = "Idempotency-Key"
KEPT = dt.timedelta(days=7)
KEY_MAX = 200
ANSWER_MAX = 256 * 1024


class StoredAnswer(Base):
    """The answer to one call: `key` is the hash of who asked, where, and the given key."""

    __tablename__ = "stored_answer"

    key: Mapped[str] = mapped_column(primary_key=True)
    body_sha256: Mapped[str]
    status: Mapped[int]
    mimetype: Mapped[str]
    body: Mapped[str]
    created_at: Mapped[dt.datetime] = mapped_column(Instant)


def once(asked: Request, view: Callable[[], ResponseReturnValue]) -> ResponseReturnValue:
    """Run `view`, or give the stored answer when this very call was answered before."""
    given = asked.headers.get(HEADER)
    if given is None or asked.method != "POST" or not asked.path.startswith("/api/"):
        return view()
    if not 1 <= len(given) <= KEY_MAX:
        raise Invalid("idempotency.key", f"{HEADER} 长度应为 1 到 200", f"{HEADER} has 1 to 200 characters")
    key, body = _key(asked, given), canonical.sha(asked.get_data(cache=True))
    stored = db.session.get(StoredAnswer, key)
    if stored is not None:
        return _again(stored, body)
    response = current_app.make_response(view())
    if response.status_code < 400 and (response.content_length or 0) <= ANSWER_MAX:
        db.session.add(_stored(key, body, response))
    return response


def step_forget(now: dt.datetime) -> bool:
    """Forget answers older than a week."""
    with transaction():
        gone: Any = db.session.execute(delete(StoredAnswer).where(StoredAnswer.created_at < now - KEPT))
    return bool(gone.rowcount)


def _key(asked: Request, given: str) -> str:
    who = bearer(asked) or asked.cookies.get(SESSION_COOKIE) or asked.remote_addr or ""
    return canonical.sha(canonical.encode([who, asked.path, given]))


def _stored(key: str, body: str, response: Response) -> StoredAnswer:
    return StoredAnswer(
        key=key,
        body_sha256=body,
        status=response.status_code,
        mimetype=response.mimetype,
        body=response.get_data(as_text=True),
        created_at=clock.now(),
    )


def _again(stored: StoredAnswer, body: str) -> Response:
    if stored.body_sha256 != body:
        raise Conflict(
            "idempotency.reused",
            f"此 {HEADER} 已用于另一请求,请换一个",
            f"this {HEADER} was used for another request: take a fresh one",
        )
    return Response(stored.body, stored.status, mimetype=stored.mimetype, headers={"Idempotent-Replay": "true"})
