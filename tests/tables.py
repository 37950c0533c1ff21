"""Tables for a test's own database: made once by each process, then copied."""

from __future__ import annotations

import functools
import secrets
import shutil
import tempfile
from pathlib import Path

from sqlalchemy import create_engine, inspect, text

from kernel.db import db
from kernel.settings import Settings, load
from portal import setup

ANY_TABLE = "log_fact"


def make() -> None:
    """All tables in the database of the application in hand, which is empty or a copy of `template`."""
    engine = db.engine
    if engine.dialect.name != "sqlite":
        if not inspect(engine).has_table(ANY_TABLE):
            db.create_all()
        return
    assert engine.url.database
    own, kept = Path(engine.url.database), _shelf() / f"{_known()}.sqlite"
    if own.exists():
        db.create_all()  # a second stage over what a first one left is never the template
        return
    if kept.exists():
        shutil.copyfile(kept, own)
        return
    db.create_all()
    engine.dispose()  # the last connection to close writes the log's pages into the file
    shutil.copyfile(own, kept)


def template(server: str) -> str:
    """The name of a PostgreSQL database that holds all tables and nobody is connected to."""
    return _made(server, _known())


def _known() -> int:
    """A module that is imported later brings further tables, and then a new template."""
    return len(db.metadata.tables)


@functools.cache
def _made(server: str, known: int) -> str:
    name = f"tables_{known}_{secrets.token_hex(6)}"
    _create(server, name)
    engine = create_engine(f"{server}/{name}")
    db.metadata.create_all(engine)
    engine.dispose()
    return name


def migrate(read: Settings) -> None:
    """Bring an installation's new database to today's schema, by the migrations themselves the first time."""
    kept = _migrated_file()
    if read.database.startswith("sqlite:///"):
        shutil.copyfile(kept, read.database.removeprefix("sqlite:///"))


@functools.cache
def _migrated_file() -> Path:
    setup.migrate(load({"KAIBIAO_VAR": str(_shelf()), "KAIBIAO_DATABASE": f"sqlite:///{_shelf() / 'migrated.sqlite'}"}))
    return _shelf() / "migrated.sqlite"


@functools.cache
def migrated(server: str) -> str:
    """The name of a PostgreSQL database with today's schema and nobody connected."""
    name = f"migrated_{secrets.token_hex(6)}"
    _create(server, name)
    setup.migrate(load({"KAIBIAO_VAR": str(_shelf()), "KAIBIAO_DATABASE": f"{server}/{name}"}))
    return name


def _create(server: str, name: str) -> None:
    office = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with office.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    office.dispose()


@functools.cache
def _shelf() -> Path:
    return Path(tempfile.mkdtemp(prefix="kaibiao-tables-"))
