"""The database: one handle, one declarative base, and the only place that commits.

SQLite (WAL) is the embedded default, PostgreSQL the engine for more; the same models serve both. SQLite ignores
`FOR UPDATE`, so every writing transaction there begins IMMEDIATE: writers queue and a check made inside holds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, CursorResult, DateTime, Delete, Dialect, Engine, MetaData, Text, Update, event
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from kernel import canonical

_WRITE = "kaibiao_write"
_View = TypeVar("_View", bound=Callable[..., Any])


class Base(DeclarativeBase):
    """Every table of the platform; names of constraints are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Instant(TypeDecorator[dt.datetime]):
    """An aware UTC datetime; a naive one is refused, because nobody could say when it was."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant carries its zone")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class JSONText(TypeDecorator[Any]):
    """A JSON value kept as its canonical text, so that what was hashed is what is stored."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else canonical.encode(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else canonical.decode(value.encode())


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


@contextmanager
def transaction(*, write: bool = True) -> Iterator[Session]:
    """One transaction, committed at the clean end of the body, rolled back on any exception.

    A reading one (`write=False`) cannot change rows and is always rolled back. Transactions do not nest: what
    happens together is one body.
    """
    session = db.session()
    if session.in_transaction():
        raise RuntimeError("a transaction is already open: transactions do not nest")
    try:
        session.connection(execution_options={_WRITE: write, "postgresql_readonly": not write})
        yield session
        if write:
            session.commit()
    finally:
        session.expunge_all()  # before the rollback, which would expire rows that the caller goes on reading
        session.rollback()


def changed(statement: Update | Delete) -> int:
    """Run an UPDATE or DELETE; the number of rows it met, by which a compare-and-swap decides."""
    found = db.session.execute(statement)
    assert isinstance(found, CursorResult)
    return found.rowcount


def own_transaction(view: _View) -> _View:
    """Mark a view that opens its own short transactions: it streams bytes, or it records a reading."""
    view.own_transaction = True  # type: ignore[attr-defined]
    return view


def engine_options(url: str) -> dict[str, Any]:
    """Pool options by engine; SQLite waits for its one writer, PostgreSQL checks a connection before use."""
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": 30}}
    return {"pool_pre_ping": True, "pool_size": 10, "max_overflow": 20}


def tune(engine: Engine) -> None:
    """Teach a SQLite engine WAL, foreign keys and transactions that begin as readers or as writers."""
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)


def _on_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin on its own
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: Connection) -> None:
    write = connection.get_execution_options().get(_WRITE, True)
    connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if write else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
