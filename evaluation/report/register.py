"""What stands of a lot's reports: the one before the members, the complete one, and who has signed."""

from __future__ import annotations

from sqlalchemy import select

from evaluation.report.models import Report, ReportSignature
from kernel.db import db


def standing(lot: str, *, lock: bool = False) -> Report | None:
    """The report that was proposed and not withdrawn, complete or not; locked, whoever signs it waits."""
    wanted = select(Report).where(Report.lot == lot, Report.withdrawn_at.is_(None))
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(wanted)


def waits(lot: str) -> bool:
    """Whether a report lies before the members: scored and computed, and not yet published."""
    found = standing(lot)
    return found is not None and found.completed_at is None


def signatures(report: Report) -> list[ReportSignature]:
    """By alias, the silent among them."""
    wanted = select(ReportSignature).where(ReportSignature.report_id == report.id)
    return sorted(db.session.scalars(wanted), key=lambda one: (len(one.alias), one.alias))
