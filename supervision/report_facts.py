"""Facts of the evaluation report and of the time that the committee has: C47, C41."""

from __future__ import annotations

from supervision.review_facts import WITH_THE_SHEETS
from supervision.vocabulary import Base64, Fact, Instant, Sha256, Shape


class Signature(Shape):
    """A member's statement under the report by its hash, with the signature over it."""

    by: str
    file_sha256: Sha256
    sig: Base64


class Silence(Shape):
    """A member that did not sign and wrote no reason: asked when, and recorded when."""

    by: str
    asked_at: Instant
    recorded_at: Instant


class ReportProposed(Fact, kind="report.proposed", opens=WITH_THE_SHEETS):
    """The report lies before the members for their signatures; what it says stays secret until it is complete."""

    lot: str
    report_sha256: Sha256
    at: Instant


class ReportCompleted(Fact, kind="report.completed"):
    """Every member has signed or counts as agreeing; the result it carries is published next."""

    lot: str
    report_sha256: Sha256
    result_sha256: Sha256
    signed: tuple[Signature, ...]
    silent: tuple[Silence, ...]
    at: Instant


class TimePlanned(Fact, kind="time.planned"):
    """Until when the committee is to evaluate, as set when it was formed."""

    lot: str
    ends_at: Instant
    at: Instant


class TimeShort(Fact, kind="time.short", opens=WITH_THE_SHEETS):
    """A member finds that time too short."""

    lot: str
    by: str
    reason_sha256: Sha256
    at: Instant


class TimeAsked(Fact, kind="time.asked"):
    """More than a third of the members find it too short: the owner is asked for more."""

    lot: str
    short: int
    members: int
    ends_at: Instant
    at: Instant


class TimeExtended(Fact, kind="time.extended"):
    """The owner set a later end."""

    lot: str
    was: Instant
    ends_at: Instant
    at: Instant
