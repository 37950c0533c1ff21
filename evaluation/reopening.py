"""An evaluation begun again by directive (T29): the result is withdrawn and every sheet goes back to be signed anew."""

from __future__ import annotations

import datetime as dt

from evaluation import reading
from evaluation.models import ScoreSheet
from evaluation.report import proposing
from evaluation.review import competition
from kernel import canonical
from kernel.db import db
from kernel.law import holds


@holds("C40")
def reopen(lot_code: str, now: dt.datetime) -> None:
    """Withdraw the result; sheets are drafts again, and the committee can be changed, for nothing of it is signed now.

    What an ended seat had signed counts no more: a new result is computed from the sheets of those who sit then.
    """
    found = reading.under_way(lot_code, lock=True)
    found.result = found.result_sha256 = found.outcome = found.computed_at = None
    found.revision += 1
    for _, sheet in reading.sheets(lot_code):
        _return(sheet, now)
    competition.withdraw(lot_code, now)
    proposing.withdraw(lot_code, now)
    db.session.flush()


def _return(sheet: ScoreSheet, now: dt.datetime) -> None:
    if sheet.file is not None:
        sheet.draft = canonical.decode(sheet.file)["bids"]
        sheet.file = sheet.sig = sheet.sha256 = sheet.signed_at = None
    sheet.returned, sheet.returned_at = [], now
