"""Open facts of what was recorded of opening and evaluation; the pictures stay with the centre, their hashes stand here."""

from __future__ import annotations

from typing import Literal

from supervision.vocabulary import Fact, Instant, Sha256, Shape

RecordedPhase = Literal["opening", "evaluation"]


class Segment(Shape):
    """One file of one camera: from when to when by its recorder, and its hash."""

    camera: str
    began_at: Instant
    ended_at: Instant
    sha256: Sha256
    size: int


class RecordingReported(Fact, kind="recording.reported"):
    """What a recorder of the centre reported of one room; `at` is when the platform took it."""

    lot: str
    phase: RecordedPhase
    room: str
    segments: tuple[Segment, ...]
    at: Instant


class RecordingMissing(Fact, kind="recording.missing"):
    """The centre says why a stretch was not recorded."""

    lot: str
    phase: RecordedPhase
    room: str
    began_at: Instant
    ended_at: Instant
    reason: str
    at: Instant


class ExceptionApproved(Fact, kind="exception.approved"):
    """Two organizations let an opening begin without what the law asks for."""

    lot: str
    what: Literal["recording"]
    reason: str
    law: str
    at: Instant


class RecordingListed(Fact, kind="recording.listed"):
    """The list that goes into the archive: complete when every gap longer than `bound_s` seconds has its stated reason."""

    lot: str
    list_sha256: Sha256
    bound_s: int
    segments: int
    gaps: int
    complete: bool
    at: Instant
