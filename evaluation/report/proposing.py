"""A computed result becomes a report that lies before the members; withdrawn when the evaluation begins again."""

from __future__ import annotations

import datetime as dt

from evaluation import reading
from evaluation.report import register, rules
from evaluation.report.models import Report
from kernel import canonical
from kernel.clock import rfc3339
from kernel.db import db
from supervision import log
from supervision.report_facts import ReportProposed


def propose(lot_code: str, result: bytes, now: dt.datetime) -> Report:
    """Put the report over `result` before the members, who see it from now on and nobody else."""
    members = [rules.Member(seat.alias, seat.kind) for seat in reading.seats(lot_code)]
    file = rules.report(result, members)
    found = Report(lot=lot_code, file=file, sha256=canonical.sha(file), result=result, proposed_at=now)
    db.session.add(found)
    db.session.flush()
    log.append(ReportProposed(lot=lot_code, report_sha256=found.sha256, at=rfc3339(now)), lot=lot_code)
    return found


def withdraw(lot_code: str, now: dt.datetime) -> None:
    """What was signed so far counts no more: another report follows from new sheets."""
    found = register.standing(lot_code, lock=True)
    if found is not None:
        found.withdrawn_at = now
        db.session.flush()
