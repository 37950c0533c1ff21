"""Refusals: what the platform says when it says no.

A rule refuses by raising one of these. Each carries a stable public code, a sentence for people in both
languages and the clause it rests on; `portal.errors` maps the class, and only the class, to an HTTP status.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Words:
    """One sentence in the two languages of the interface."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        return self.en if language.startswith("en") else self.zh


@dataclass(frozen=True)
class Record:
    """A fact to log about a refused attempt."""

    fact: Any
    lot: str | None
    subject: str | None


class Refusal(Exception):  # noqa: N818  a refusal is an answer, not an error
    """The platform refuses; `code` is stable and public, `rule` cites the clause or protocol section."""

    def __init__(self, code: str, zh: str, en: str, *, rule: str | None = None, **detail: Any) -> None:
        super().__init__(f"{code}: {en}")
        self.code = code
        self.words = Words(zh, en)
        self.rule = rule
        self.detail = detail
        self.record: Record | None = None

    def recording(self, fact: Any, *, lot: str | None = None, subject: str | None = None) -> Self:
        """Have the attempt itself recorded: `fact` is logged in a second transaction after the roll-back."""
        self.record = Record(fact, lot, subject)
        return self


class Invalid(Refusal):
    """The request cannot be understood or breaks a rule of form; `detail["fields"]` names the fields."""


class Unauthenticated(Refusal):
    """Nobody is signed in, or the credentials are wrong."""


class Forbidden(Refusal):
    """This person may not do this, now or ever."""


class NotFound(Refusal):
    """There is no such thing, or the asker may not know whether there is."""


class Conflict(Refusal):
    """The thing is in another state than the request assumes."""


class TooLate(Conflict):
    """The platform's clock has passed the deadline."""


class TooEarly(Conflict):
    """The moment set by the timetable has not come."""


class TooLarge(Refusal):
    """More bytes than the rule allows."""


class TooMany(Refusal):
    """A rate limit; `detail["retry_after"]` is in seconds."""


class Unavailable(Refusal):
    """A part the platform needs is away: disk full, nodes missing. The client may try again."""
