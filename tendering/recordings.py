"""What has to be recorded, what was, and what is missing between. Pure; the verifier judges by the same rules.

Opening and evaluation are recorded from the logged move into the state to the move out of it, in every room that reports.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from kernel.errors import Conflict, Invalid, Words
from tendering.packs import Kind, Pack, Rule
from tendering.states import LotState

LAW = "《财政部令第87号》第三十九条"
POINT = "S21.G20"
LONGEST = dt.timedelta(hours=1)
"""Of one segment: what a broken disk takes away is never more."""
MARGIN = dt.timedelta(minutes=30)
"""A recorder may run before and after, so long as a segment reaches into what is recorded."""
NOWHERE = ""
"""The room of a phase of which nothing was reported."""


class Phase(StrEnum):
    OPENING = "opening"
    EVALUATION = "evaluation"


PHASE_OF: Mapping[str, Phase] = {LotState.OPENING: Phase.OPENING, LotState.EVALUATING: Phase.EVALUATION}
PHASE_WORDS: Mapping[Phase, Words] = {
    Phase.OPENING: Words("开标", "Opening"),
    Phase.EVALUATION: Words("评标（评审）", "Evaluation"),
}


def asked(pack: Pack) -> Rule | None:
    """The pack's rule that asks for recordings; None where its law does not."""
    return next(iter(pack.find(Kind.RECORD, "recording")), None)


@dataclass(frozen=True)
class Window:
    """A stretch that has to be recorded; without an end while it runs."""

    phase: Phase
    began_at: dt.datetime
    ended_at: dt.datetime | None


@dataclass(frozen=True)
class Span:
    """What one camera recorded without a break."""

    phase: str
    room: str
    camera: str
    began_at: dt.datetime
    ended_at: dt.datetime


@dataclass(frozen=True)
class Sign:
    """A recorder was heard of at that moment."""

    phase: str
    room: str
    at: dt.datetime


@dataclass(frozen=True)
class Gap:
    """A stretch of one room without a picture; without an end while it lasts."""

    phase: Phase
    room: str
    began_at: dt.datetime
    ended_at: dt.datetime | None


@dataclass(frozen=True)
class Stated:
    """A stretch whose lack the centre explained."""

    phase: str
    room: str
    began_at: dt.datetime
    ended_at: dt.datetime

    def covers(self, gap: Gap) -> bool:
        same = (self.phase, self.room) == (gap.phase, gap.room)
        return same and gap.ended_at is not None and self.began_at <= gap.began_at and gap.ended_at <= self.ended_at


def windows(moves: Iterable[tuple[str, dt.datetime]]) -> list[Window]:
    """What has to be recorded, from the states that the lot came into, in their order."""
    found = list[Window]()
    for state, at in moves:
        if found and found[-1].ended_at is None:
            found[-1] = Window(found[-1].phase, found[-1].began_at, at)
        if state in PHASE_OF:
            found.append(Window(PHASE_OF[state], at, None))
    return found


def rooms(phase: str, spans: Collection[Span]) -> list[str]:
    """The rooms that were recorded; one without a name where none was."""
    return sorted({span.room for span in spans if span.phase == phase}) or [NOWHERE]


def gaps(window: Window, spans: Collection[Span], bound: dt.timedelta, *, settled: bool) -> list[Gap]:
    """Stretches longer than `bound` without a picture, room by room.

    Before the window is `settled` its end may still be reported: only what lies before a later segment is certain.
    """
    return [
        gap
        for room in rooms(window.phase, spans)
        for gap in _between(window, room, _cut(window, room, spans), settled=settled)
        if gap.ended_at is not None and gap.ended_at - gap.began_at > bound
    ]


def _cut(window: Window, room: str, spans: Iterable[Span]) -> list[tuple[dt.datetime, dt.datetime]]:
    """The room's spans as far as they lie in the window, by their beginning."""
    mine = [span for span in spans if (span.phase, span.room) == (window.phase, room)]
    ends = [window.ended_at or span.ended_at for span in mine]
    cut = [(max(s.began_at, window.began_at), min(s.ended_at, end)) for s, end in zip(mine, ends, strict=True)]
    return sorted((began, ended) for began, ended in cut if began < ended)


def _between(
    window: Window, room: str, cut: Iterable[tuple[dt.datetime, dt.datetime]], *, settled: bool
) -> Iterator[Gap]:
    reached = window.began_at
    for began, ended in cut:
        if began > reached:
            yield Gap(window.phase, room, reached, began)
        reached = max(reached, ended)
    if settled and window.ended_at is not None and reached < window.ended_at:
        yield Gap(window.phase, room, reached, window.ended_at)


def silent(
    window: Window, spans: Collection[Span], signs: Collection[Sign], now: dt.datetime, bound: dt.timedelta
) -> list[Gap]:
    """Rooms of a running window whose recorder has not been heard of for longer than `bound`."""
    if window.ended_at is not None:
        return []
    heard = [*signs, *(Sign(span.phase, span.room, span.ended_at) for span in spans)]
    mine = [sign for sign in heard if sign.phase == window.phase]
    found = [(room, _last(window, room, mine)) for room in sorted({sign.room for sign in mine}) or [NOWHERE]]
    return [Gap(window.phase, room, last, None) for room, last in found if now - last > bound]


def _last(window: Window, room: str, signs: Iterable[Sign]) -> dt.datetime:
    return max([window.began_at, *(sign.at for sign in signs if sign.room == room)])


def unstated(found: Iterable[Gap], stated: Collection[Stated]) -> list[Gap]:
    """The gaps that nobody explained."""
    return [gap for gap in found if not any(one.covers(gap) for one in stated)]


def check_span(span: Span, found: Collection[Window], known: Collection[Span], now: dt.datetime) -> None:
    """Refuses a segment that the platform's clock does not bear out, or that overlaps another of its own camera."""
    if not span.began_at < span.ended_at <= min(now, span.began_at + LONGEST):
        raise _wrong(
            "bounds",
            "录制时段应当早于现在、有先后，且不超过一小时。",
            "A segment ends before now, after it began, and is at most an hour long.",
        )
    if not any(_touches(span, window, now) for window in found if window.phase == span.phase):
        raise Conflict(
            "recording.outside",
            "该时段不在本标段的开标、评标时间内。",
            "The segment lies outside this lot's opening or evaluation.",
            rule=LAW,
        )
    place = (span.phase, span.room, span.camera)
    mine = [one for one in known if (one.phase, one.room, one.camera) == place]
    if any(span.began_at < one.ended_at and one.began_at < span.ended_at for one in mine):
        raise Conflict(
            "recording.overlap",
            "同一机位在该时段已有另一段录像。",
            "Another segment of this camera covers that time already.",
            rule=LAW,
        )


def _touches(span: Span, window: Window, now: dt.datetime) -> bool:
    end = window.ended_at or now
    inside = window.began_at - MARGIN <= span.began_at and span.ended_at <= end + MARGIN
    return inside and span.began_at < end and window.began_at < span.ended_at


def _wrong(name: str, zh: str, en: str) -> Invalid:
    return Invalid(f"recording.{name}", zh, en, rule=LAW, fields={"segments": name})
