"""What the verifier says: one claim after another, each held, a lie, or not due yet. Sections are generators of claims."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeVar

from kernel.errors import Refusal, Words

T = TypeVar("T")
Section = Generator["Claim", None, T]
"""Claims as they are found out, and what later sections build on."""

MALFORMED = (ValueError, KeyError, TypeError, IndexError, Refusal)
"""What reading a file that is not of its form raises."""


class Mark(StrEnum):
    HOLDS = "ok"
    LIE = "LIE"
    NOT_DUE = "n/a"


@dataclass(frozen=True)
class Claim:
    """`topic` is stable and names what was rechecked; `words` say what was found, of whom and where."""

    mark: Mark
    topic: str
    words: Words
    lot: str | None = None

    def line(self, language: str) -> str:
        return f"{self.mark:<4} {self.topic}: {self.words.in_language(language)}"


def holds(topic: str, zh: str, en: str) -> Claim:
    return Claim(Mark.HOLDS, topic, Words(zh, en))


def lie(topic: str, zh: str, en: str) -> Claim:
    return Claim(Mark.LIE, topic, Words(zh, en))


def not_due(topic: str, zh: str, en: str) -> Claim:
    return Claim(Mark.NOT_DUE, topic, Words(zh, en))


def guarded(topic: str, section: Section[T]) -> Section[T | None]:
    """The section; a file that is missing or not of its form is a lie like any other, and ends the section."""
    try:
        return (yield from section)
    except Refusal as refusal:
        yield lie(topic, refusal.words.zh, refusal.words.en)
    except MALFORMED as error:
        said = f"{type(error).__name__}: {error}" if isinstance(error, KeyError) else str(error)
        yield lie(topic, f"公开文件缺失或格式不对({said})", f"a public file is missing or malformed: {said}")
    return None


def one(topic: str, faults: Iterable[Words], good: Words) -> Section[bool]:
    """One claim that holds, or a lie for each fault; whether it held."""
    found = list(faults)
    for fault in found:
        yield Claim(Mark.LIE, topic, fault)
    if not found:
        yield Claim(Mark.HOLDS, topic, good)
    return not found


def about(lot: str, section: Section[T]) -> Section[T]:
    """The same claims, marked with the lot they are about."""
    while True:
        try:
            claim = next(section)
        except StopIteration as stop:
            found: T = stop.value
            return found
        yield replace(claim, lot=lot)


@dataclass
class Report:
    """All that was found; `lies` decide the exit status."""

    claims: list[Claim] = field(default_factory=list)

    def count(self, mark: Mark) -> int:
        return sum(claim.mark is mark for claim in self.claims)

    @property
    def honest(self) -> bool:
        """Nothing lied, and something held: an empty report proves nothing."""
        return not self.count(Mark.LIE) and self.count(Mark.HOLDS) > 0

    def summary(self) -> Words:
        held, lies, due = (self.count(mark) for mark in (Mark.HOLDS, Mark.LIE, Mark.NOT_DUE))
        return Words(
            f"核验 {held + lies} 项：{held} 项属实，{lies} 项不实，{due} 项未到或未公开。",
            f"{held + lies} claims rechecked: {held} hold, {lies} lie; {due} not due or not public yet.",
        )
