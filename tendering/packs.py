"""Law packs: the rules of a kind of procedure as data, each with its clause, number, unit and whether a lawyer checked it.

A tender is bound to one pack by id and hash. Packs whose id begins with `practice.` count in seconds and run only on an
installation whose log's origin begins with `practice/`; the others never run there.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Self

from kernel import canonical
from kernel.errors import Conflict, Invalid, NotFound, Words
from tendering.codes import Trade

FOLDER = Path(__file__).parent / "packs"


class Kind(StrEnum):
    MIN_INTERVAL = "min_interval"
    MAX_INTERVAL = "max_interval"
    SAME_MOMENT = "same_moment"
    MIN_COUNT = "min_count"
    MAX_COUNT = "max_count"
    MIN_PERCENT = "min_percent"
    MAX_PERCENT = "max_percent"
    REQUIRED = "required"
    FORBIDDEN = "forbidden"
    RANK_ORDER = "rank_order"
    FORMULA = "formula"
    TEXT = "text"


class Unit(StrEnum):
    DAY = "day"
    WORKING_DAY = "working_day"
    SECOND = "second"
    PERCENT = "percent"


class Count(StrEnum):
    """How a period is counted. The day it starts on never counts; 以上, 以下 and 内 include the number itself."""

    EXCLUDE_START_DAY = "exclude_start_day"
    """The moment may lie on the last day itself: issued on the 1st, 20 days, a deadline on the 21st is lawful."""
    FULL_DAYS = "full_days"
    """The last day must have passed whole."""
    ELAPSED = "elapsed"
    """Seconds of the clock (practice)."""


@dataclass(frozen=True)
class Rule:
    """One sentence of the law. `begins` and `ends` name moments or subjects; `roll`: a last day on a holiday moves on."""

    id: str
    clause: str
    words: Words
    kind: Kind
    value: int
    unit: Unit | None
    count: Count | None
    roll: bool
    begins: str | None
    ends: str | None
    unverified: bool

    @classmethod
    def read(cls, row: dict[str, Any]) -> Self:
        return cls(
            id=row["id"],
            clause=row["clause"],
            words=Words(row["zh"], row["en"]),
            kind=Kind(row["kind"]),
            value=row["value"] or 0,
            unit=Unit(row["unit"]) if row["unit"] else None,
            count=Count(row["count"]) if row["count"] else None,
            roll=row["roll"],
            begins=row["from"],
            ends=row["to"],
            unverified=row["unverified"],
        )

    @property
    def cited(self) -> str:
        """What a refusal carries: our number of the rule and the clause in Chinese."""
        return f"{self.id} {self.clause}"


@dataclass(frozen=True)
class Stage:
    """An envelope in order of opening: how many trustees open it, who may read it."""

    name: str
    t: int
    holds_price: bool
    audience: str


@dataclass(frozen=True)
class Timings:
    """Seconds that the keyset fixes (sealing.md 1.1), and the acknowledgements a witnessed receipt takes."""

    ack_min: int
    cut_grace: int
    roll_window: int
    open_wait: int
    release_by: int
    rescue_until: int

    def to_json(self) -> dict[str, int]:
        return dict(vars(self))


@dataclass(frozen=True)
class Pack:
    id: str
    version: int
    trade: Trade
    practice: bool
    title: Words
    effective_from: dt.date
    effective_to: dt.date | None
    methods: tuple[str, ...]
    subjects: tuple[str, ...]
    stages: tuple[Stage, ...]
    timings: Timings
    rules: tuple[Rule, ...]
    raw: bytes

    @classmethod
    def read(cls, raw: bytes) -> Self:
        """Read a pack file; KeyError or ValueError when it is not one (a pack is code, not input)."""
        data = canonical.decode(raw)
        return cls(
            id=data["id"],
            version=data["version"],
            trade=Trade(data["trade"]),
            practice=data["practice"],
            title=Words(data["title_zh"], data["title_en"]),
            effective_from=dt.date.fromisoformat(data["effective_from"]),
            effective_to=dt.date.fromisoformat(data["effective_to"]) if data["effective_to"] else None,
            methods=tuple(data["methods"]),
            subjects=tuple(data["subjects"]),
            stages=tuple(Stage(**row) for row in data["stages"]),
            timings=Timings(**data["timings"]),
            rules=tuple(Rule.read(row) for row in data["rules"]),
            raw=raw,
        )

    @property
    def sha256(self) -> str:
        return canonical.sha(self.raw)

    def find(self, kind: Kind, ends: str) -> list[Rule]:
        """The rules of a kind about `ends`, in the pack's order."""
        return [rule for rule in self.rules if rule.kind is kind and rule.ends == ends]

    def the(self, kind: Kind, ends: str) -> Rule:
        """The one rule of a kind about `ends`; KeyError when the pack has none."""
        for rule in self.find(kind, ends):
            return rule
        raise KeyError(f"{self.id} says nothing of {kind} {ends}")

    def clause(self, subject: str) -> str:
        """Where the law speaks of a subject, as pages cite it; empty where this pack names nothing."""
        found = [rule.clause for rule in self.rules if subject in (rule.begins, rule.ends)]
        return "；".join(dict.fromkeys(found))

    @property
    def min_bids(self) -> Rule:
        """How many bids there must be at the close for an opening (C30, G18)."""
        return self.the(Kind.MIN_COUNT, "bids_at_close")

    def in_force(self, day: dt.date) -> bool:
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


@cache
def load(pack_id: str) -> Pack:
    """The pack of that id; NotFound otherwise."""
    if pack_id not in names():
        raise NotFound(
            "pack.unknown", "没有这个规则包。", "There is no such law pack.", rule="rules.md 1", pack=pack_id
        )
    return Pack.read((FOLDER / f"{pack_id}.json").read_bytes())


@cache
def names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in FOLDER.glob("*.open*.json")))


def offered(*, practice: bool) -> list[Pack]:
    """What an installation may run: practice packs on a practice origin, the law's on any other, never both."""
    return [pack for pack in map(load, names()) if pack.practice == practice]


def choose(pack_id: str, trade: Trade, *, practice: bool) -> Pack:
    """The pack for a tender of that trade; refused where it does not belong."""
    pack = load(pack_id)
    if pack.practice and not practice:
        raise Conflict(
            "pack.practice_only",
            "演练规则包不得用于真实招标。",
            "A practice pack may not be used for a real tender.",
            rule="log-and-nodes.md 3 practice/",
        )
    if practice and not pack.practice:
        raise Conflict(
            "pack.real_only",
            "本平台为演练平台，只能使用演练规则包。",
            "This is a practice installation: only practice packs run here.",
            rule="log-and-nodes.md 3 practice/",
        )
    if pack.trade is not trade:
        raise Invalid(
            "pack.other_trade",
            "规则包与交易类别不符。",
            "The law pack is for another kind of trade.",
            rule="rules.md 1",
            fields={"pack": "trade"},
        )
    return pack


@dataclass(frozen=True)
class Year:
    """A year's table by the State Council: days off beside the weekends, weekend days that are worked."""

    off: frozenset[dt.date]
    work: frozenset[dt.date]
    source: str
    unverified: bool


@cache
def holidays() -> dict[int, Year]:
    data = json.loads((FOLDER / "holidays.json").read_bytes())["years"]
    return {int(number): _year(row) for number, row in data.items()}


def _year(row: dict[str, Any]) -> Year:
    return Year(_days(row["off"]), _days(row["work"]), row["source"], row["unverified"])


def _days(texts: list[str]) -> frozenset[dt.date]:
    return frozenset(map(dt.date.fromisoformat, texts))
