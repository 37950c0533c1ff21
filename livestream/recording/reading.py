"""What the log and the tables say of a lot's recordings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import select

from kernel.clock import parse_rfc3339
from kernel.db import db
from kernel.site import site
from livestream.recording.models import MissingStated, RecordedSegment, RecorderSeen, RecordingCourse
from supervision import facts
from supervision.alerts import Raised
from tendering import packs
from tendering import recordings as rules
from tendering.contracts.course import told
from tendering.models import Lot
from tendering.packs import Rule
from tendering.recordings import Gap, Sign, Span, Stated, Window

MOST = 50
Row = TypeVar("Row", RecordedSegment, RecorderSeen, MissingStated)


@dataclass(frozen=True)
class Recorded:
    """Everything known of a lot's recordings at one instant."""

    windows: Sequence[Window]
    segments: Sequence[RecordedSegment]
    stated: Sequence[MissingStated]
    gaps: Sequence[Gap]
    """Certain by now: longer than the bound, and not to be closed by a late report."""
    silent: Sequence[Gap]
    """Rooms whose recorder has gone quiet while it should run."""
    due_at: dt.datetime | None
    """When the last of it counts as reported; None while something runs, or nothing had to be recorded."""
    awaited: bool
    """What was recorded may still be reported."""

    def reason_of(self, gap: Gap) -> str | None:
        return next((row.reason for row in self.stated if spelled(row).covers(gap)), None)

    @property
    def unstated(self) -> list[Gap]:
        return rules.unstated(self.gaps, [spelled(row) for row in self.stated])

    @property
    def complete(self) -> bool:
        return not self.unstated


def rule_of(lot: Lot) -> Rule | None:
    """The pack's rule that asks for recordings; None where its law does not."""
    return rules.asked(packs.load(lot.tender.pack_id))


def bound() -> dt.timedelta:
    """The longest break that does not count as a gap."""
    return dt.timedelta(seconds=site().settings.recording_gap_s)


def windows_of(lot: str) -> list[Window]:
    moved = told(facts.StateChanged.kind, lot)
    return rules.windows((row["now"], parse_rfc3339(row["at"])) for row in moved)


def of_lot(lot: Lot, now: dt.datetime) -> Recorded:
    found, segments = windows_of(lot.code), segments_of(lot.code)
    spans, signs = [span(row) for row in segments], list(_signs(lot.code))
    grace = dt.timedelta(seconds=site().settings.recording_grace_s)
    due = _due(found, grace)
    return Recorded(
        windows=found,
        segments=segments,
        stated=_rows(MissingStated, lot.code),
        gaps=[gap for one in found for gap in rules.gaps(one, spans, bound(), settled=_settled(one, grace, now))],
        silent=[gap for one in found for gap in rules.silent(one, spans, signs, now, bound())],
        due_at=due,
        awaited=due is not None and now < due,
    )


def _settled(window: Window, grace: dt.timedelta, now: dt.datetime) -> bool:
    return window.ended_at is not None and now >= window.ended_at + grace


def _due(found: Sequence[Window], grace: dt.timedelta) -> dt.datetime | None:
    ends = [one.ended_at for one in found]
    return max((end + grace for end in ends if end is not None), default=None) if None not in ends else None


def segments_of(lot: str) -> list[RecordedSegment]:
    return _rows(RecordedSegment, lot)


def span(row: RecordedSegment) -> Span:
    return Span(row.phase, row.room, row.camera, row.began_at, row.ended_at)


def spelled(row: MissingStated) -> Stated:
    return Stated(row.phase, row.room, row.began_at, row.ended_at)


def course_of(lot: str) -> RecordingCourse | None:
    found: RecordingCourse | None = db.session.scalar(select(RecordingCourse).where(RecordingCourse.lot == lot))
    return found


def _signs(lot: str) -> Iterator[Sign]:
    for row in _rows(RecorderSeen, lot):
        yield Sign(row.phase, row.room, row.seen_at)


def _rows(table: type[Row], lot: str) -> list[Row]:
    return list(db.session.scalars(select(table).where(table.lot == lot).order_by(table.id)))


def unexplained(now: dt.datetime) -> list[tuple[Lot, list[Gap]]]:
    """For those who oversee: lots of which an alert was raised, whose gaps nobody explained yet; newest first."""
    point = Raised.point.startswith(f"{rules.POINT}:")
    alerted = select(Raised.lot).where(point).distinct()
    lots = db.session.scalars(select(Lot).where(Lot.code.in_(alerted)).order_by(Lot.id.desc()).limit(MOST))
    found = [(lot, of_lot(lot, now)) for lot in lots]
    return [(lot, [*one.unstated, *one.silent]) for lot, one in found if one.unstated or one.silent]
