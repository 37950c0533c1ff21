"""Law packs: the rules of a kind of procedure as data, each with its clause, number, unit and whether a lawyer checked it.

A tender is bound to one pack by id and hash. Packs whose id begins with `practice.` count in seconds and run only on an
installation whose log's origin begins with `practice/`; the others never run there.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Self

from kernel import canonical
from kernel.errors import Conflict, Invalid, NotFound, Words
from tendering import statute
from tendering.codes import Trade

OFFERS = frozenset({"tender", "transfer", "listing", "auction", "local"})
"""Procedures that sell land, property and other resources: applicants are confirmed, the highest offer buys."""
PLAYED = OFFERS | {"open", "prequalified", "invited", "inquiry", "single_source", "negotiation", "consultation"}
"""Procedures that the platform can run; the packs of the others can be read."""


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
    MAX_AMOUNT = "max_amount"
    MIN_FRACTION = "min_fraction"
    MAX_FRACTION = "max_fraction"
    MIN_MULTIPLE = "min_multiple"
    MIN_YEARS = "min_years"
    MAX_YEARS = "max_years"
    MAX_MONTHS = "max_months"
    MIN_RESERVE = "min_reserve"
    ODD_COUNT = "odd_count"
    THRESHOLD = "threshold"
    RATE = "rate"
    RANK_ORDER = "rank_order"
    ORDER = "order"
    FORMULA = "formula"
    SAME_TEXT = "same_text"
    SAME_BRAND = "same_brand"
    UNIQUE = "unique"
    DISJOINT = "disjoint"
    RELATED = "related"
    RECUSAL = "recusal"
    RANDOM = "random"
    RECIPIENTS = "recipients"
    SECRET_UNTIL = "secret_until"  # noqa: S105  a rule about secrecy
    PUBLISHED = "published"
    ANSWERED = "answered"
    DECISION = "decision"
    ALLOWED = "allowed"
    REFUSE = "refuse"
    REVIEW = "review"
    RECORD = "record"
    RECONCILED = "reconciled"
    TEXT = "text"


class Unit(StrEnum):
    DAY = "day"
    WORKING_DAY = "working_day"
    SECOND = "second"
    PERCENT = "percent"
    FEN = "fen"
    THIRD = "third"
    MONTH = "month"
    YEAR = "year"


class Does(StrEnum):
    """How the platform holds a rule (rules.md 1)."""

    VALIDATION = "V"
    TIMER = "T"
    ALERT = "A"
    RECORD = "R"
    STATE = "S"


class Alert(StrEnum):
    """The category of the alert that a violation raises: 时效, 流程, 内容, 行为."""

    TIMELINESS = "timeliness"
    PROCESS = "process"
    CONTENT = "content"
    BEHAVIOR = "behavior"


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
    """One sentence of the law. `begins` and `ends` name moments or subjects; `roll`: a last day on a holiday moves on.

    `guards` names the transitions of rules.md 5.3 that it bears on, `alert` what a violation raises.
    """

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
    guards: tuple[str, ...]
    does: frozenset[Does]
    alert: Alert | None
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
            guards=tuple(row["guards"]),
            does=frozenset(map(Does, row["does"])),
            alert=Alert(row["alert"]) if row["alert"] else None,
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
    base: str | None
    trade: Trade
    procedure: str
    practice: bool
    title: Words
    effective_from: dt.date
    effective_to: dt.date | None
    methods: tuple[str, ...]
    subjects: tuple[str, ...]
    stages: tuple[Stage, ...]
    final_stages: tuple[Stage, ...]
    """Envelopes of the final quotes, where there is a second box; empty in procedures of one round."""
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
            base=data["base"],
            trade=Trade(data["trade"]),
            procedure=data["procedure"],
            practice=data["practice"],
            title=Words(data["title_zh"], data["title_en"]),
            effective_from=dt.date.fromisoformat(data["effective_from"]),
            effective_to=dt.date.fromisoformat(data["effective_to"]) if data["effective_to"] else None,
            methods=tuple(data["methods"]),
            subjects=tuple(data["subjects"]),
            stages=tuple(Stage(**row) for row in data["stages"]),
            final_stages=tuple(Stage(**row) for row in data.get("final_stages", ())),
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


LOCAL: dict[str, Pack] = {}
"""Packs of this installation beside those that ship with the code, each stricter than its law (`strictness.adopt`)."""


def load(pack_id: str) -> Pack:
    """The pack of that id; NotFound otherwise."""
    if pack_id not in names():
        raise NotFound(
            "pack.unknown", "没有这个规则包。", "There is no such law pack.", rule="rules.md 1", pack=pack_id
        )
    return LOCAL.get(pack_id) or _shipped(pack_id)


@cache
def _shipped(pack_id: str) -> Pack:
    return Pack.read(statute.whole(statute.recipes()[pack_id]))


def names() -> tuple[str, ...]:
    return tuple(sorted({*statute.recipes(), *LOCAL}))


def offered(*, practice: bool) -> list[Pack]:
    """What an installation may run: practice packs on a practice origin, the law's on any other, never both."""
    return [pack for pack in map(load, names()) if pack.practice == practice and pack.procedure in PLAYED]


_rehearsing: ContextVar[bool] = ContextVar("rehearsing", default=False)


@contextmanager
def rehearsing(origin: str) -> Iterator[None]:
    """Within, a practice installation may also run the law's own packs, day for day: for the scenario runner's clock.

    No setting reaches this, and an installation in earnest cannot enter it: ValueError.
    """
    if not origin.startswith("practice/"):
        raise ValueError(f"{origin} is no practice origin: the law is not rehearsed there")
    token = _rehearsing.set(True)
    try:
        yield
    finally:
        _rehearsing.reset(token)


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
    if practice and not pack.practice and not _rehearsing.get():
        raise Conflict(
            "pack.real_only",
            "本平台为演练平台，只能使用演练规则包。",
            "This is a practice installation: only practice packs run here.",
            rule="log-and-nodes.md 3 practice/",
        )
    if pack.procedure not in PLAYED:
        raise Conflict(
            "pack.not_played",
            "本平台尚不能按此规则包办理。",
            "This platform cannot run a tender by this law pack yet.",
            rule="rules.md 1",
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
    data = json.loads((statute.FOLDER / "holidays.json").read_bytes())["years"]
    return {int(number): _year(row) for number, row in data.items()}


def _year(row: dict[str, Any]) -> Year:
    return Year(_days(row["off"]), _days(row["work"]), row["source"], row["unverified"])


def _days(texts: list[str]) -> frozenset[dt.date]:
    return frozenset(map(dt.date.fromisoformat, texts))
