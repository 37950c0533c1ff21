"""The scenario files on a stage: who plays which, and how one play is judged."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from log_stage import postgres_url

from portal.scenario.play import play
from portal.scenario.script import load
from tests import tables

FOLDER = Path(__file__).parent / "scenarios"
FILES = sorted(FOLDER.glob("*.toml"))
TRADES = ("construction", "procurement")
"""The trades whose plays have test files of their own; `rest` plays all others."""

VARIANTS = frozenset((FOLDER / "variants.txt").read_text().split())
"""Other outcomes of a path that another file plays: SQLite alone. Each trade, method, failure and objection is played on both."""


def of_trade(trade: str) -> list[Path]:
    """The files whose name begins with the trade."""
    return [path for path in FILES if path.stem.startswith(f"{trade}_")]


def rest() -> list[Path]:
    return [path for path in FILES if not path.stem.startswith(tuple(f"{trade}_" for trade in TRADES))]


def each(paths: list[Path], engine: str) -> pytest.MarkDecorator:
    """Plays every file once on `sqlite`; on `postgres` all but the variants."""
    marks = [pytest.mark.postgres] if engine == "postgres" else []
    chosen = [path for path in paths if engine == "sqlite" or path.stem not in VARIANTS]
    plays = [pytest.param(path, engine, id=f"{path.stem}-{engine}", marks=marks) for path in chosen]
    return pytest.mark.parametrize(("path", "engine"), plays)


def fault(path: Path, engine: str) -> str | None:
    """What went another way than the file says, after the lines that led there; None when nothing did."""
    told: list[str] = []
    with _database(engine) as url:
        played = play(load(path), told.append, url)
    return None if played.fault is None else "\n".join([*told, played.fault])


@contextlib.contextmanager
def _database(engine: str) -> Iterator[str | None]:
    """A database of the play's own: on PostgreSQL a copy of one that was migrated once."""
    if engine == "sqlite":
        yield None
        return
    with postgres_url(template=tables.migrated) as url:
        yield url
