"""Playing a scenario: cast, steps in order, and at the end a stranger's recheck of everything that was published."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kernel.errors import Refusal
from portal.scenario import people, verbs
from portal.scenario.installation import Installation, installed
from portal.scenario.people import Person
from portal.scenario.recheck import recheck
from portal.scenario.registry import ScriptError
from portal.scenario.script import Scenario, Step
from portal.scenario.watch import shown
from portal.scenario.world import MismatchError, World
from tendering import packs
from verifier.address import AddressError

Tell = Callable[[str], None]
MEMORY, ROOM_BYTES = Path("/dev/shm"), 1 << 30  # noqa: S108  the folder made in it has a name nobody guesses
WORDS = verbs.__doc__
"""Importing the verbs fills the registry."""


@dataclass(frozen=True)
class Played:
    """How it ended; `fault` says file, step and difference where it went another way."""

    scenario: Scenario
    claims: int = 0
    fault: str | None = None


def play(scenario: Scenario, tell: Tell, database: str | None = None) -> Played:
    """Play a scenario in a folder that is gone afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="kaibiao-play-", dir=_memory()) as folder,
        installed(Path(folder), database, scenario.start) as here,
    ):
        return _played(scenario, _world(scenario, here), tell)


def _memory() -> str | None:
    """Where files stay in memory, if there is room: nothing of a play outlives it, so no write has to reach a disk."""
    roomy = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    return str(MEMORY) if roomy else None


def _world(scenario: Scenario, here: Installation) -> World:
    terms = {
        "trade": scenario.trade, "pack": scenario.pack, "notice": dict(scenario.notice), "lots": list(scenario.lots)
    }  # fmt: skip
    world = World(here, {}, terms)
    world.tick()
    with world.act() as now:
        office = people.found_office(now)
    cast: list[Person] = [office]
    with world.act() as now:
        cast += [people.admit(office, who, now) for who in people.wanted(dict(scenario.people))]
    world.people.update({person.part: person for person in cast})
    return world


def _played(scenario: Scenario, world: World, tell: Tell) -> Played:
    for step in scenario.steps:
        try:
            told = _step(world, step)
        except (MismatchError, ScriptError, AddressError) as error:
            fault = f"{scenario.path}: step {step.number} ({step.word.kind} {step.word.name}): {error}"
            tell(f"  {shown(world.now)}  ✗ {error}")
            return Played(scenario, fault=fault)
        tell(f"  {shown(world.now)}  {_said(step, told)}")
    return _rechecked(scenario, world, tell)


def _step(world: World, step: Step) -> str:
    """What came of a step; MismatchError when it is not what the file says."""
    try:
        with _named_values():
            told = step.word.run(world, step.given)
    except Refusal as refusal:
        return _refused(world, step, refusal)
    if step.refused is not None:
        raise MismatchError(f"expected the refusal {step.refused!r}, but it went through: {told}")
    return told


@contextmanager
def _named_values() -> Iterator[None]:
    """A value that a verb cannot read is the file's mistake."""
    try:
        yield
    except ValueError as error:
        raise ScriptError(str(error)) from error


def _refused(world: World, step: Step, refusal: Refusal) -> str:
    named = {refusal.code, *(one["code"] for one in refusal.detail.get("obstacles", []))}
    said = f"{refusal.code} ({refusal.rule}): {refusal.words.zh}"
    if step.refused is None:
        raise MismatchError(f"refused with {said}") from refusal
    if step.refused not in named:
        raise MismatchError(f"expected the refusal {step.refused!r}, not {said}") from refusal
    if step.rule is not None and not _cites(world, refusal, step.rule):
        raise MismatchError(f"expected the refusal to cite {step.rule}, not {said}") from refusal
    return f"拒绝 refused: {step.refused} [{step.rule or refusal.rule}]"


def _cites(world: World, refusal: Refusal, rule: str) -> bool:
    """By its number, or by a clause of the pack's rule of that number."""
    said = " ".join([refusal.rule or "", *(one["rule"] for one in refusal.detail.get("obstacles", []))])
    clauses = [one.clause for one in packs.load(world.terms["pack"]).rules if one.id == rule]
    return rule in said or any(part in said for clause in clauses for part in clause.split("；"))


def _said(step: Step, told: str) -> str:
    who = step.given.get("by", "")
    return f"{who or '·':<10} {step.word.kind} {step.word.name:<14} {told}"


def _rechecked(scenario: Scenario, world: World, tell: Tell) -> Played:
    if not world.published:
        return Played(scenario)
    try:
        claims = recheck(world)
    except (MismatchError, AddressError) as error:
        return Played(scenario, fault=f"{scenario.path}: after the last step: {error}")
    tell(f"  {shown(world.now)}  {'·':<10} kaibiao verify    {claims} claims hold")
    return Played(scenario, claims)
