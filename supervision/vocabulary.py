"""How a fact is declared, written and read: one frozen class for each kind, checked field by field.

A class names its kind and who may see it; the annotations are the schema, in both directions. Making a fact with a
field of the wrong form fails as reading it would.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from enum import StrEnum
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    Self,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

from kernel import canonical, keys, statements
from kernel.clock import parse_rfc3339
from kernel.money import parse as parse_money

MAX_INTEGER = 2**53 - 1


class FactError(ValueError):
    """The value is not a fact of the vocabulary."""


class Disclosure(StrEnum):
    """Who sees a fact, and when. A sealed kind has exactly one of the last three."""

    OPEN = "open"
    """Everybody, at once: it stands in the log as it is."""
    SUBJECT = "subject"
    """Whom it is about, at once: that is the receipt."""
    TRUSTEES_AT_CLOSE = "trustees at the close"
    AUTHORITY_AT_CLOSE = "supervising authority at the close"
    AT_OPENING = "everybody at the opening"
    AT_AWARD = "everybody at the award"
    NEVER = "never to everybody"


OPEN = frozenset({Disclosure.OPEN})


@dataclasses.dataclass(frozen=True)
class Form:
    """What a string must look like beyond being a string."""

    name: str
    pattern: re.Pattern[str]

    def holds(self, value: str) -> bool:
        if not self.pattern.fullmatch(value):
            return False
        return self.name not in _READERS or _reads(self.name, value)


_READERS = {"instant": parse_rfc3339, "amount": parse_money, "base64": keys.unb64}

Sha256 = Annotated[str, Form("sha256", re.compile("[0-9a-f]{64}"))]
Instant = Annotated[str, Form("instant", re.compile("[0-9TZ:-]{20}"))]
Amount = Annotated[str, Form("amount", re.compile(r"[0-9.]+"))]
Base64 = Annotated[str, Form("base64", re.compile("[A-Za-z0-9+/]+={0,2}"))]


def _reads(name: str, value: str) -> bool:
    try:
        _READERS[name](value)
    except ValueError:
        return False
    return True


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Shape:
    """A frozen value whose annotations (`schema`) say how it is written and read."""

    schema: ClassVar[dict[str, Any]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        dataclasses.dataclass(frozen=True, kw_only=True)(cls)
        found = get_type_hints(cls, include_extras=True)
        cls.schema = {name: hint for name, hint in found.items() if get_origin(hint) is not ClassVar}

    def __post_init__(self) -> None:
        for name, hint in self.schema.items():
            if not _fits(hint, getattr(self, name)):
                raise FactError(f"{type(self).__name__}.{name} is not of its form")

    def to_json(self) -> dict[str, Any]:
        return {name: _plain(getattr(self, name)) for name in self.schema}

    @classmethod
    def read(cls, value: Any) -> Self:
        """Make it from parsed JSON with exactly its fields; FactError otherwise."""
        if not isinstance(value, dict) or set(value) != set(cls.schema):
            raise FactError(f"{cls.__name__} has the fields {', '.join(cls.schema)}")
        return cls(**{name: _made(hint, value[name]) for name, hint in cls.schema.items()})


class Fact(Shape):
    """Something that happened. Its canonical bytes are what is hashed, sealed and published."""

    kind: ClassVar[str]
    opens: ClassVar[frozenset[Disclosure]] = OPEN

    def __init_subclass__(cls, kind: str | None = None, opens: frozenset[Disclosure] = OPEN, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if kind is None:
            return
        if kind in KINDS:
            raise TypeError(f"the kind {kind} is taken")
        cls.kind, cls.opens = kind, opens
        KINDS[kind] = cls

    @property
    def sealed(self) -> bool:
        return Disclosure.OPEN not in self.opens

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, **super().to_json()}

    def canonical(self) -> bytes:
        return canonical.encode(self.to_json())


REMEMBERED_BYTES = 4096
"""Facts are immutable, and whoever follows a lot reads all of its facts anew at every tree head."""

KINDS: dict[str, type[Fact]] = {}
"""Every kind of fact, filled as classes are declared; a kind is never reused for another meaning."""


class Statement(Fact):
    """A fact that carries a signed file: `file` and `sig` as base64."""

    file: Base64
    sig: Base64

    @property
    def signed(self) -> statements.Signed:
        return statements.Signed(keys.unb64(self.file), keys.unb64(self.sig))


def from_json(value: Any) -> Fact:
    """The fact a parsed JSON object says; FactError on an unknown kind or a field too many, too few or malformed."""
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        raise FactError("a fact is an object with a kind")
    fields = dict(value)
    cls = KINDS.get(fields.pop("kind"))
    if cls is None:
        raise FactError(f"no such kind: {value['kind'][:40]!r}")
    return cls.read(fields)


def parse(raw: bytes) -> Fact:
    """The fact these canonical bytes say; FactError otherwise."""
    return _remembered(raw) if len(raw) <= REMEMBERED_BYTES else _parsed(raw)


@functools.lru_cache(maxsize=4096)
def _remembered(raw: bytes) -> Fact:
    return _parsed(raw)


def _parsed(raw: bytes) -> Fact:
    try:
        fact = from_json(canonical.decode(raw))
    except (ValueError, TypeError, RecursionError) as error:
        raise FactError(f"not a fact: {error}") from error
    if fact.canonical() != raw:
        raise FactError("the fact is not canonical")
    return fact


def _plain(value: Any) -> Any:
    if isinstance(value, Shape):
        return value.to_json()
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _made(hint: Any, value: Any) -> Any:
    """Turn parsed JSON into the annotated value as far as structure goes; `_fits` judges the rest."""
    if get_origin(hint) is tuple and isinstance(value, list):
        return tuple(_made(get_args(hint)[0], item) for item in value)
    if isinstance(hint, type) and issubclass(hint, Shape):
        return hint.read(value)
    return value


def _fits(hint: Any, value: Any) -> bool:
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return isinstance(value, str) and all(form.holds(value) for form in parts[1:])
    if origin is Literal:
        return isinstance(value, str) and value in parts
    if origin in (Union, UnionType):
        return any(_fits(part, value) for part in parts)
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(parts[0], item) for item in value)
    return _is(hint, value)


def _is(hint: Any, value: Any) -> bool:
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_INTEGER
    return isinstance(value, NoneType if hint is None else hint)
