"""Interest on deposits by the law that applies (escrow.md 2.6): the bank's, that of a late return, or none. Exact; rounded once.

By the accumulated product: the day of arrival counts, the day of departure does not (算头不算尾); a year has 360 days.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from kernel.clock import beijing
from kernel.law import holds
from kernel.money import Fen
from tendering.packs import Kind, Pack

YEAR: Final = 360
MILLION: Final = 1_000_000
WITH_BANK_INTEREST: Final = frozenset({"C57", "C58", "G17"})
"""Rules that give the deposit back with the bank's interest; every other one gives back the bare sum (G14, L13, P09)."""
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Rate:
    """Parts per million a year, from a day on."""

    since: dt.date
    ppm: int


@dataclass(frozen=True)
class Span:
    """Days on which the same balance stood at the same rate; `percent` is what the law adds to the rate, 100 for none."""

    since: dt.date
    until: dt.date
    balance: Fen
    ppm: int
    percent: int = 100

    @property
    def days(self) -> int:
        return (self.until - self.since).days

    @property
    def interest(self) -> Fraction:
        return Fraction(self.balance * self.days * self.ppm * self.percent, MILLION * YEAR * 100)


@cache
def rates(kind: str) -> tuple[Rate, ...]:
    """The table of `demand` or `lending` rates, oldest first."""
    data = json.loads((Path(__file__).parent / "rates.json").read_bytes())
    return tuple(Rate(dt.date.fromisoformat(row["from"]), row["ppm"]) for row in data[kind])


def rounded(exact: Fraction) -> Fen:
    """Half a fen goes up."""
    return Fen(int(exact + Fraction(1, 2)))


def total(spans: Sequence[Span]) -> Fen:
    """The one rounding, at the end."""
    return rounded(sum((span.interest for span in spans), Fraction(0)))


def bank(arrivals: Sequence[tuple[dt.datetime, Fen]], paid_at: dt.datetime) -> list[Span]:
    """The bank's interest on what stood there, from each arrival's day up to the day before it left."""
    last = beijing(paid_at).date()
    days = sorted((beijing(at).date(), amount) for at, amount in arrivals)
    marks = sorted({*(day for day, _ in days if day < last), last})
    spans = []
    for since, until in pairwise(marks):
        balance = Fen(sum(amount for day, amount in days if day <= since))
        spans += _by_rate(balance, since, until, "demand")
    return spans


@holds("late_interest")
def late(pack: Pack, principal: Fen, due_at: dt.datetime, paid_at: dt.datetime) -> list[Span]:
    """What each day after the last lawful one costs, where the law says so: the lending rate and a fifth more (G16)."""
    rules = pack.find(Kind.RATE, "late_interest")
    if not rules or paid_at <= due_at:
        return []
    first = beijing(due_at).date()  # a period of whole days ends at the midnight after its last one
    return _by_rate(principal, first, beijing(paid_at).date() + DAY, "lending", rules[0].value)


def _by_rate(balance: Fen, since: dt.date, until: dt.date, kind: str, percent: int = 100) -> list[Span]:
    """The stretch cut where the rate changes; days before the table begins bear its first rate."""
    table = rates(kind)
    cuts = sorted({since, until, *(rate.since for rate in table if since < rate.since < until)})
    return [Span(begin, end, balance, _at(table, begin), percent) for begin, end in pairwise(cuts)]


def _at(table: Sequence[Rate], day: dt.date) -> int:
    known = [rate.ppm for rate in table if rate.since <= day]
    return known[-1] if known else table[0].ppm


def split(lump: Fen, weights: Sequence[Fraction]) -> list[Fen]:
    """One sum of the bank's shared out by weight, by largest remainder, so that the shares add up exactly."""
    whole = sum(weights, Fraction(0))
    if whole <= 0:
        raise ValueError("nothing to share by")
    exact = [lump * weight / whole for weight in weights]
    shares = [int(share) for share in exact]
    order = sorted(range(len(exact)), key=lambda at: (shares[at] - exact[at], at))
    for at in order[: lump - sum(shares)]:
        shares[at] += 1
    return [Fen(share) for share in shares]
