"""Recorders report what they recorded, say that they run, and the centre explains what is missing (G20).

The pictures stay with the centre; the platform's clock decides which times it accepts, and the log holds every hash.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from accounts import records
from accounts.actor import Actor
from accounts.roles import Role
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Invalid, NotFound
from kernel.law import holds
from livestream.recording import reading
from livestream.recording.models import MissingStated, RecordedSegment, RecorderSeen
from supervision import log
from supervision.recording_facts import RecordingMissing, RecordingReported, Segment
from tendering import recordings as rules
from tendering.lifecycle import lot_of
from tendering.models import Lot
from tendering.recordings import Gap, Phase, Span

MOST = 100
"""Segments in one report: an entry of the log holds no more."""


@dataclass(frozen=True)
class Place:
    """Which part of the procedure a recorder looks at, and where it stands."""

    phase: Phase
    room: str


@dataclass(frozen=True)
class File:
    """One segment as its recorder names it."""

    camera: str
    began_at: dt.datetime
    ended_at: dt.datetime
    sha256: str
    size: int


@holds("G20")
def report(actor: Actor, lot_code: str, place: Place, files: Sequence[File], now: dt.datetime) -> int:
    """Take what a recorder of the centre reports; repeated, it changes nothing. How many were new."""
    lot = _open(actor, lot_code)
    known = reading.segments_of(lot.code)
    fresh = [file for file in files if not _known(place, file, known)]
    spans, found = [reading.span(row) for row in known], reading.windows_of(lot.code)
    for file in fresh:
        span = Span(place.phase, place.room, file.camera, file.began_at, file.ended_at)
        rules.check_span(span, found, spans, now)
        spans.append(span)
    if fresh:
        _enter(lot, place, fresh, now)
        records.acted(actor, "recording.reported", now, lot=lot.code)
    return len(fresh)


def _known(place: Place, file: File, known: Sequence[RecordedSegment]) -> bool:
    told = (place.phase, place.room, file.camera, file.began_at, file.ended_at, file.sha256)
    return any(told == (row.phase, row.room, row.camera, row.began_at, row.ended_at, row.sha256) for row in known)


def _enter(lot: Lot, place: Place, files: Sequence[File], now: dt.datetime) -> None:
    where = {"lot": lot.code, "phase": place.phase.value, "room": place.room}
    db.session.add_all([RecordedSegment(**where, **vars(file), reported_at=now) for file in files])
    db.session.flush()
    told = tuple(
        Segment(
            camera=file.camera,
            began_at=rfc3339(file.began_at),
            ended_at=rfc3339(file.ended_at),
            sha256=file.sha256,
            size=file.size,
        )
        for file in files
    )
    log.append(
        RecordingReported(lot=lot.code, phase=place.phase.value, room=place.room, segments=told, at=rfc3339(now))
    )


def beat(actor: Actor, lot_code: str, place: Place, camera: str, now: dt.datetime) -> None:
    """The recorder says that it runs: between two segments nobody else would know."""
    lot = _open(actor, lot_code)
    if not any(one.phase == place.phase and one.ended_at is None for one in reading.windows_of(lot.code)):
        raise Conflict(
            "recording.not_now", "该环节现在没有进行。", "That part of the procedure is not under way.", rule=rules.LAW
        )
    where = (RecorderSeen.lot == lot.code, RecorderSeen.phase == place.phase, RecorderSeen.room == place.room)
    row = db.session.scalar(select(RecorderSeen).where(*where, RecorderSeen.camera == camera))
    if row is None:
        row = RecorderSeen(lot=lot.code, phase=place.phase.value, room=place.room, camera=camera, seen_at=now)
        db.session.add(row)
    row.seen_at = now
    db.session.flush()


@holds("G20")
def state_missing(actor: Actor, lot_code: str, gap: Gap, reason: str, now: dt.datetime) -> MissingStated:
    """The centre says why a gap is there; everybody reads it, and the archive counts as complete with it."""
    actor.act_as(Role.OPS)
    lot = _unlisted(lot_code)
    found = reading.of_lot(lot, now)
    if gap.ended_at is None or gap not in found.gaps:
        raise NotFound("recording.no_gap", "没有这段缺失。", "There is no such gap.", rule=rules.LAW)
    if found.reason_of(gap) is not None:
        raise Conflict("recording.stated", "此段缺失已作说明。", "This gap was explained already.", rule=rules.LAW)
    row = MissingStated(
        lot=lot.code,
        phase=gap.phase.value,
        room=gap.room,
        began_at=gap.began_at,
        ended_at=gap.ended_at,
        reason=_written(reason),
        stated_at=now,
    )
    db.session.add(row)
    db.session.flush()
    log.append(
        RecordingMissing(
            lot=lot.code,
            phase=gap.phase.value,
            room=gap.room,
            began_at=rfc3339(gap.began_at),
            ended_at=rfc3339(gap.ended_at),
            reason=row.reason,
            at=rfc3339(now),
        )
    )
    records.acted(actor, "recording.stated", now, lot=lot.code)
    return row


def _open(actor: Actor, lot_code: str) -> Lot:
    """The lot that a recorder of the centre may report about."""
    actor.act_as_any(Role.TECH, Role.OPS)
    return _unlisted(lot_code)


def _unlisted(lot_code: str) -> Lot:
    lot = lot_of(lot_code, lock=True)
    course = reading.course_of(lot.code)
    if course is not None and course.listed_at is not None:
        raise Conflict(
            "recording.sealed",
            "录音录像清单已随档案封存。",
            "The list of recordings is sealed with the archive.",
            rule=rules.LAW,
        )
    return lot


def _written(reason: str) -> str:
    found = reason.strip()
    if not 4 <= len(found) <= 500:
        raise Invalid(
            "recording.reason",
            "请用 4 至 500 字写明原因。",
            "Give the reason in 4 to 500 characters.",
            rule=rules.LAW,
            fields={"reason": "length"},
        )
    return found
