"""The words of a scenario: what can be done, waited for and expected. One registry; a function's own parameters are its fields.

    @do("withdraw")
    def withdraw(world: World, by: Person, lot: int = 1) -> str: ...

makes `{do = "withdraw", by = "bidder2", lot = 1}` playable: `by` is looked up among the people, `lot` has a default, an unknown
field is an error that lists these. A parameter ending in `_` (`is_`) is written without it. The function returns what the
terminal shows; a Refusal that it lets through is what `refused = "code"` expects.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

from portal.scenario.people import Person
from portal.scenario.world import World

Act = Callable[..., str]
DO, WAIT, EXPECT = "do", "wait", "expect"
KINDS = (DO, WAIT, EXPECT)


class ScriptError(ValueError):
    """A scenario says something that there is not; the message lists what there is."""


@dataclass(frozen=True)
class Field:
    name: str
    kind: Any
    needed: bool

    def read(self, value: Any, world: World) -> Any:
        """The value as the function takes it: people by name, everything else as it stands in the file."""
        if self.kind is Person:
            return world.person(value)
        if self.kind == Sequence[Person]:
            return [world.person(one) for one in value]
        return value


@dataclass(frozen=True)
class Word:
    """One entry of the registry."""

    kind: str
    name: str
    act: Act
    fields: Mapping[str, Field]

    def check(self, given: Mapping[str, Any]) -> None:
        """ScriptError for a field that there is not, is missing, or is of another type."""
        what = f"{self.kind} {self.name!r}"
        for name in given.keys() - self.fields.keys():
            raise ScriptError(f"{what} has no field {name!r}; it has: {', '.join(self.fields) or 'none'}")
        for field in self.fields.values():
            if field.needed and field.name not in given:
                raise ScriptError(f"{what} needs the field {field.name!r}; it has: {', '.join(self.fields)}")
        for name, value in given.items():
            if not isinstance(value, _WRITTEN.get(self.fields[name].kind, object)):
                raise ScriptError(f"{what}: {name} cannot be {value!r}")

    def run(self, world: World, given: Mapping[str, Any]) -> str:
        read = {name: self.fields[name].read(value, world) for name, value in given.items()}
        return self.act(world, **{_parameter(name): value for name, value in read.items()})


_WRITTEN: dict[Any, type] = {Person: str, Sequence[Person]: list, Sequence[str]: list, str: str, int: int, bool: bool}
_KEYWORDS = ("is", "for", "as", "from", "with")
WORDS: dict[str, dict[str, Word]] = {kind: {} for kind in KINDS}


def do(name: str) -> Callable[[Act], Act]:
    """Registers what somebody does."""
    return lambda act: _entered(DO, name, act)


def wait(name: str) -> Callable[[Act], Act]:
    """Registers a moment that can be waited for."""
    return lambda act: _entered(WAIT, name, act)


def expect(name: str) -> Callable[[Act], Act]:
    """Registers something that must hold; the function raises MismatchError when it does not."""
    return lambda act: _entered(EXPECT, name, act)


def word(kind: str, name: str) -> Word:
    """ScriptError listing the words of that kind when this is none of them."""
    found = WORDS[kind].get(name)
    if found is None:
        raise ScriptError(f"there is no {kind} {name!r}; there are: {', '.join(sorted(WORDS[kind]))}")
    return found


def _entered(kind: str, name: str, act: Act) -> Act:
    if name in WORDS[kind]:
        raise ValueError(f"{kind} {name!r} is registered twice")
    hints, found = get_type_hints(act), list(inspect.signature(act).parameters.values())[1:]
    fields = [Field(one.name.rstrip("_"), hints[one.name], one.default is one.empty) for one in found]
    WORDS[kind][name] = Word(kind, name, act, {field.name: field for field in fields})
    return act


def _parameter(field: str) -> str:
    return f"{field}_" if field in _KEYWORDS else field
