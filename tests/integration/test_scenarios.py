"""Every scenario of tests/scenarios: each step as its file says, and a stranger's recheck at the end.

All play on SQLite; every fourth also plays on PostgreSQL, whose own races the courses of each slice already run.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from log_stage import postgres_url

from portal.scenario.play import play
from portal.scenario.script import load

FOLDER = Path(__file__).parent.parent / "scenarios"
FILES = sorted(FOLDER.glob("*.toml"))
PLAYS = [
    *(pytest.param(path, "sqlite", id=f"{path.stem}-sqlite") for path in FILES),
    *(pytest.param(path, "postgres", id=f"{path.stem}-postgres", marks=pytest.mark.postgres) for path in FILES[::4]),
]


@contextlib.contextmanager
def one_database(engine: str) -> Iterator[str | None]:
    if engine == "sqlite":
        yield None
        return
    with postgres_url() as url:
        yield url


@pytest.mark.parametrize(("path", "engine"), PLAYS)
def test_a_life_cycle_goes_as_its_file_says_and_a_stranger_accepts_it(path, engine):
    told: list[str] = []
    with one_database(engine) as url:
        played = play(load(path), told.append, url)
    assert played.fault is None, "\n".join([*told, str(played.fault)])


def test_there_are_at_least_twenty_five_of_both_trades():
    found = [load(path) for path in FILES]
    assert len(found) >= 25
    assert {scenario.trade for scenario in found} >= {"construction", "procurement"}
    assert {scenario.pack for scenario in found} >= {"cn.construction.open.2026", "cn.procurement.open.2026"}
