"""A scenario file: TOML, read whole and checked against the registry before anything is played."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portal.scenario import watch
from portal.scenario.registry import DO, KINDS, WAIT, WORDS, ScriptError, Word, word

START = "2026-03-02 09:00"
SETTINGS = ("title", "trade", "pack", "start", "people", "notice", "lots", "steps")
PEOPLE = ("owner", "agency", "bidders", "experts")
_WHATEVER = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Step:
    """One line: a word with its fields, and the refusal it must meet, if any."""

    number: int
    word: Word
    given: Mapping[str, Any]
    refused: str | None = None
    rule: str | None = None


@dataclass(frozen=True)
class Scenario:
    path: Path
    title: str
    trade: str
    pack: str
    start: dt.datetime
    people: Mapping[str, Any]
    notice: Mapping[str, Any]
    lots: list[Mapping[str, Any]]
    steps: list[Step] = field(default_factory=list)


def load(path: Path) -> Scenario:
    """Read a scenario; ScriptError naming file and step for whatever is wrong with it."""
    try:
        return _read(path, tomllib.loads(path.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, ScriptError, ValueError) as error:
        raise ScriptError(f"{path}: {error}") from error


def _read(path: Path, told: Mapping[str, Any]) -> Scenario:
    _known(told, SETTINGS, "a scenario")
    _known(told.get("people", {}), PEOPLE, "people")
    for name in ("title", "trade", "pack", "steps"):
        if name not in told:
            raise ScriptError(f"a scenario needs {name!r}")
    steps = [_step(number, line) for number, line in enumerate(told["steps"], 1)]
    return Scenario(
        path,
        told["title"],
        told["trade"],
        told["pack"],
        watch.moment(told.get("start", START), _WHATEVER),
        told.get("people", {}),
        told.get("notice", {}),
        told.get("lots", [{}]),
        steps,
    )


def _known(told: Mapping[str, Any], names: tuple[str, ...], what: str) -> None:
    for name in told.keys() - set(names):
        raise ScriptError(f"{what} has no {name!r}; there are: {', '.join(names)}")


def _step(number: int, line: Mapping[str, Any]) -> Step:
    try:
        kind = _kind(line)
        given = {name: value for name, value in line.items() if name != kind}
        refused, rule = given.pop("refused", None), given.pop("rule", None) if kind == DO else None
        found, given = _word(kind, str(line[kind]), given)
        found.check(given)
    except (ScriptError, ValueError) as error:
        raise ScriptError(f"step {number}: {error}") from error
    return Step(number, found, given, refused, rule)


def _kind(line: Mapping[str, Any]) -> str:
    found = next((one for one in KINDS if one in line), None)
    if found is None:
        raise ScriptError(f"a step begins with one of: {', '.join(KINDS)}")
    return found


def _word(kind: str, name: str, given: dict[str, Any]) -> tuple[Word, dict[str, Any]]:
    """A wait may name a moment or a period in place of a word."""
    if kind == WAIT and name not in WORDS[WAIT]:
        try:
            watch.moment(name, _WHATEVER)
        except ValueError as error:
            raise ScriptError(f"{error}; or wait for one of: {', '.join(sorted(WORDS[WAIT]))}") from error
        return word(WAIT, "until"), {**given, "moment": name}
    return word(kind, name), given
