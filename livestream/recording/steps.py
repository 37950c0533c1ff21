"""The clock's part: a silent recorder or a gap becomes an alert, once each; at the end the list for the archive is made."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import or_, select

from kernel import canonical
from kernel.clock import rfc3339
from kernel.db import db, transaction
from kernel.law import holds
from kernel.site import site
from livestream.recording import reading
from livestream.recording.models import RecordingCourse
from livestream.recording.reading import Recorded
from sealing.replacing import Replacing
from supervision import alerts, log
from supervision.recording_facts import RecordingListed
from tendering import recordings as rules
from tendering.lifecycle import lot_of
from tendering.models import Lot
from tendering.recordings import Gap
from tendering.states import LotState

NOT_YET = (
    LotState.DRAFT, LotState.PREQUAL, LotState.PREQUAL_REVIEW, LotState.LISTING, LotState.BIDDING, LotState.COLLECTING,
    LotState.SEALED,
)  # fmt: skip
"""Nothing had to be recorded so far."""
OVER = (
    LotState.FULFILLED, LotState.CONTINUED, LotState.FAILED, LotState.RETENDERED, LotState.CANCELLED, LotState.VOIDED,
)  # fmt: skip
"""Nothing will have to be recorded any more, and the archive is next."""
NAME = "recordings.json"

Raised = tuple[alerts.Point, dict[str, str]]


def step_recordings(now: dt.datetime) -> bool:
    """Look at every lot that is being recorded, or whose recordings may still come in; whether anything was new."""
    return any([_look(code, now) for code in _unsettled()])  # noqa: C419  every lot is looked at


def _unsettled() -> list[str]:
    """Lots that were opened and have moved since all of them was judged."""
    judged = or_(RecordingCourse.state.is_(None), RecordingCourse.state != Lot.state)
    wanted = select(Lot.code).outerjoin(RecordingCourse, RecordingCourse.lot == Lot.code)
    with transaction(write=False):
        return list(db.session.scalars(wanted.where(Lot.state.not_in(NOT_YET), judged).order_by(Lot.id)))


def _look(code: str, now: dt.datetime) -> bool:
    with transaction(write=False):
        lot = lot_of(code)
        found = reading.of_lot(lot, now)
        known = reading.course_of(code)
        fresh = bool(_unraised(lot, found)) or _settles(found, now) or known is None or known.due_at != found.due_at
    if fresh:
        with transaction():
            _take(lot_of(code, lock=True), now)
    return fresh


def _take(lot: Lot, now: dt.datetime) -> None:
    found = reading.of_lot(lot, now)
    for point, evidence in _unraised(lot, found):
        alerts.once(lot.code, point, evidence, now)
    course = reading.course_of(lot.code)
    if course is None:
        course = RecordingCourse(lot=lot.code)
        db.session.add(course)
    course.due_at = found.due_at
    if _settles(found, now):
        course.state = lot.state
        if lot.state in OVER and course.listed_at is None and listed(lot, found):
            _list(lot, course, found, now)
    db.session.flush()


def _settles(found: Recorded, now: dt.datetime) -> bool:
    """Nothing runs, and what was recorded had its time to be reported."""
    running = any(one.ended_at is None for one in found.windows)
    return not running and (found.due_at is None or now >= found.due_at)


@holds("G20")
def _unraised(lot: Lot, found: Recorded) -> list[Raised]:
    """Alerts where the pack asks for recordings: red for a gap, yellow while a recorder that should run is silent (S21)."""
    rule = reading.rule_of(lot)
    if rule is None:
        return []
    silent = [] if lot.suspended_at is not None else found.silent
    due = [_alert(gap, rule.cited, "red") for gap in found.gaps]
    due += [_alert(gap, rule.cited, "yellow") for gap in silent]
    return [(point, evidence) for point, evidence in due if not alerts.known(lot.code, point, evidence)]


def _alert(gap: Gap, law: str, color: str) -> Raised:
    """Known by where it begins: a gap that grows is the same gap."""
    evidence = {"rule": law, "phase": gap.phase.value, "room": gap.room, "began_at": rfc3339(gap.began_at)}
    return alerts.Point(rules.POINT, color, "process"), evidence


def listed(lot: Lot, found: Recorded) -> bool:
    """Whether the archive carries a list: something had to be recorded by law, or was."""
    return bool(found.segments) or (reading.rule_of(lot) is not None and bool(found.windows))


def ready(code: str) -> bool:
    """Whether the archive has nothing to wait for on this side."""
    lot, course = lot_of(code), reading.course_of(code)
    if course is not None and course.state == lot.state:
        return True
    owed = reading.rule_of(lot) is not None and bool(reading.windows_of(code))
    return not owed and not reading.segments_of(code)


@holds("G20")
def _list(lot: Lot, course: RecordingCourse, found: Recorded, now: dt.datetime) -> None:
    """Every segment with its hash, every gap with its reason or without: the archive says itself whether it is complete."""
    raw = canonical.encode(content(lot.code, found))
    course.contents, course.listed_at = raw, now
    fact = RecordingListed(
        lot=lot.code,
        list_sha256=canonical.sha(raw),
        bound_s=site().settings.recording_gap_s,
        segments=len(found.segments),
        gaps=len(found.gaps),
        complete=found.complete,
        at=rfc3339(now),
    )
    log.append(fact)
    _write(lot.code, raw)


def content(lot: str, found: Recorded) -> dict[str, object]:
    return {
        "type": "kaibiao-recordings/1",
        "lot": lot,
        "segments": [
            {
                "phase": row.phase, "room": row.room, "camera": row.camera, "began_at": rfc3339(row.began_at),
                "ended_at": rfc3339(row.ended_at), "sha256": row.sha256, "size": row.size,
            }
            for row in found.segments
        ],
        "gaps": [
            {
                "phase": gap.phase.value, "room": gap.room, "began_at": rfc3339(gap.began_at),
                "ended_at": rfc3339(gap.ended_at or gap.began_at), "reason": found.reason_of(gap),
            }
            for gap in found.gaps
        ],
    }  # fmt: skip


def _write(code: str, raw: bytes) -> None:
    path = site().public / "lots" / code / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    with Replacing(path) as target:
        target.file.write(raw)
        target.temporary.chmod(0o644)
