"""What must leave the process is written here in the transaction that causes it, and sent after the commit.

Delivery is at least once: a handler that was interrupted runs again, so handlers are idempotent (`key`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from sqlalchemy import Index, select, update
from sqlalchemy.orm import Mapped, mapped_column

from kernel import clock
from kernel.db import Base, Instant, JSONText, db, transaction

Handler = Callable[[dict[str, Any]], None]

BATCH = 50
_BACKOFF_S = (1, 2, 5, 15, 60, 300)
_log = structlog.get_logger()


class Outgoing(Base):
    """One message to the outside: mail to a node, a live event, a published file."""

    __tablename__ = "outgoing"
    __table_args__ = (
        Index(
            "ix_outgoing_due",
            "due_at",
            sqlite_where=db.text("done_at IS NULL"),
            postgresql_where=db.text("done_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONText)
    key: Mapped[str | None] = mapped_column(unique=True)
    due_at: Mapped[dt.datetime] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    error: Mapped[str | None]


def send(kind: str, payload: dict[str, Any], *, due_at: dt.datetime | None = None, key: str | None = None) -> None:
    """Queue a message in the caller's transaction; a `key` that was queued before is queued no second time."""
    if key is not None and db.session.scalar(select(Outgoing.id).where(Outgoing.key == key)) is not None:
        return
    db.session.add(Outgoing(kind=kind, payload=payload, key=key, due_at=due_at or clock.now()))
    if key is not None:
        db.session.flush()


def deliver(handlers: Mapping[str, Handler], now: dt.datetime) -> bool:
    """Send what is due, oldest first; returns whether anything was. Handlers run outside a transaction."""
    with transaction(write=False):
        due = db.session.scalars(
            select(Outgoing)
            .where(Outgoing.done_at.is_(None), Outgoing.due_at <= now)
            .order_by(Outgoing.id)
            .limit(BATCH)
        ).all()
    for message in due:
        _deliver_one(message, handlers[message.kind], now)
    return bool(due)


def _deliver_one(message: Outgoing, handler: Handler, now: dt.datetime) -> None:
    try:
        handler(message.payload)
    except Exception as error:  # noqa: BLE001  one bad message must not hold up the others; it is kept and retried
        wait = _BACKOFF_S[min(message.attempts, len(_BACKOFF_S) - 1)]
        _log.warning("outbox.failed", kind=message.kind, id=message.id, error=repr(error), retry_in_s=wait)
        _settle(message.id, due_at=now + dt.timedelta(seconds=wait), error=repr(error)[:500])
    else:
        # A crash before this commit sends the message again: that is the promise, at least once.
        _settle(message.id, done_at=clock.wall(), error=None)


def _settle(message_id: int, **values: Any) -> None:
    with transaction():
        db.session.execute(
            update(Outgoing).where(Outgoing.id == message_id).values(attempts=Outgoing.attempts + 1, **values)
        )
