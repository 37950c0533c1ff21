"""`kaibiao scenario FILE...`: play life cycles from files; one line a step, and 1 when one went another way."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from kernel import clock
from portal.scenario import databases
from portal.scenario.play import Played, play
from portal.scenario.registry import ScriptError
from portal.scenario.script import load

WRONG = 2


def main(argv: Sequence[str]) -> int:
    """Play scenarios, each in an installation of its own that is gone afterwards."""
    parser = argparse.ArgumentParser(prog="kaibiao scenario", description=main.__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--database", help="a PostgreSQL server: postgresql+psycopg://USER@HOST/NAME; default: SQLite")
    asked = parser.parse_args(argv)
    try:
        found = [load(path) for path in asked.files]
    except (ScriptError, OSError) as error:
        sys.stderr.write(f"kaibiao scenario: {error}\n")
        return WRONG
    began = clock.monotonic()
    played = []
    for scenario in found:
        _say(f"\n{scenario.title}  [{scenario.path}]")
        with _database(asked.database) as url:
            played.append(play(scenario, _say, url))
    return _summary(played, int(clock.monotonic() - began))


@contextmanager
def _database(server: str | None) -> Iterator[str | None]:
    if server is None:
        yield None
        return
    with databases.fresh(server) as url:
        yield url


def _summary(played: list[Played], seconds: int) -> int:
    faults = [one.fault for one in played if one.fault is not None]
    _say(f"\n{len(played)} scenarios, {len(faults)} failed, {seconds} s")
    for fault in faults:
        _say(f"  {fault}")
    return 1 if faults else 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
