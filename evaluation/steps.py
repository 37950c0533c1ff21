"""What an evaluation does by itself. Each step is idempotent and opens its own transactions; the worker calls them in turn."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select, update

from evaluation import admitting, outcomes, publishing, reading, results
from evaluation.models import Evaluation
from evaluation.qualification import standing
from evaluation.report import duration
from evaluation.review import clarification
from kernel.db import db, transaction
from tendering import lifecycle
from tendering.models import Lot
from tendering.states import CLOCK, LotEvent, LotState


def step_begin_scoring(now: dt.datetime) -> bool:
    """OPENED to EVALUATING once the documents of every admitted bid are opened or judged, and qualification is reviewed."""
    return sum(_begin(code, now) for code in _lots(LotState.OPENED)) > 0


def step_clarifications(now: dt.datetime) -> bool:
    """Whoever was asked and has not answered in time is taken to have said nothing."""
    done = False
    for code in _lots(LotState.EVALUATING):
        with transaction():
            done = clarification.lapse(code, now) or done
    return done


def step_times(now: dt.datetime) -> bool:
    """An owner that was asked for more time and has not answered becomes an alert."""
    with transaction(write=False):
        due = duration.unanswered(now)
    for code in due:
        with transaction():
            duration.alert(code, now)
    return bool(due)


def step_results(now: dt.datetime) -> bool:
    """Compute what is due: all sheets signed, and no report before the members yet."""
    done = False
    for code in _lots(LotState.EVALUATING):
        with transaction():
            done = results.compute(code, now) or done
    return done


def step_disclosures(now: dt.datetime) -> bool:
    """An award that the law's clock made discloses the sheets as the owner's does."""
    done = False
    for code in _lots(LotState.AWARDED, disclosed=False):
        with transaction():
            done = results.disclose(code, now) or done
    return done


def step_outcomes(now: dt.datetime) -> bool:
    """Send the award notice, and to every other bidder its own result, for each award that has none yet."""
    done = False
    for code in _lots(LotState.AWARDED):
        with transaction(write=False):
            due = outcomes.due(code)
        if due:
            with transaction():
                done = outcomes.tell(lifecycle.lot_of(code, lock=True), now) or done
    return done


def step_files(now: dt.datetime) -> bool:  # noqa: ARG001  one signature for all steps
    """Write out the public files that changed."""
    with transaction(write=False):
        due = list(db.session.scalars(select(Evaluation).where(Evaluation.published < Evaluation.revision)))
    for found in due:
        _write(found)
    return bool(due)


def _lots(state: LotState, *, disclosed: bool | None = None) -> list[str]:
    wanted = select(Lot.code).join(Evaluation, Evaluation.lot == Lot.code).where(Lot.state == state)
    if disclosed is False:
        wanted = wanted.where(Evaluation.disclosed_at.is_(None))
    with transaction(write=False):
        return list(db.session.scalars(wanted.order_by(Lot.id)))


def _begin(code: str, now: dt.datetime) -> bool:
    with transaction():
        lot = lifecycle.lot_of(code, lock=True)
        still = lot.state == LotState.OPENED and lot.suspended_at is None
        if not still or not admitting.admitted(lot) or admitting.unopened(lot) or standing.waits(lot):
            return False
        guards = ["committee.formed", "stage.admitted", "docs.opened", *_reviewed(code)]
        lifecycle.move(lot, LotEvent.START_EVALUATION, CLOCK, now, guards)
        reading.under_way(code, lock=True).revision += 1
        return True


def _reviewed(code: str) -> list[str]:
    return ["qualification.reviewed"] if standing.row_of(code) is not None else []


def _write(found: Evaluation) -> None:
    """A crash after the files and before the mark writes them again: the same bytes."""
    with transaction(write=False):
        made = publishing.files(found)
    publishing.write(found.lot, made)
    with transaction():
        mine = (Evaluation.id == found.id, Evaluation.published < found.revision)
        db.session.execute(update(Evaluation).where(*mine).values(published=found.revision))
