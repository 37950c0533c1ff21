"""Bids that were set aside, cleared later: admitted by a late close, opened from t lines, added to the record (1.5, 1.7).

Nothing waits for them. Each step looks for what it finds undone: a lot that is opening or opened, with a bid set aside
whose lines have come. From the committee on the lot is left as it is: its members must all sign the same list of bids.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, select

from bidding import closing, disputes, lots, releases, stages
from bidding.models import Bid, Opened, Opening
from bidding.states import OpeningStep, Outcome
from bidding.unsealing import open_into
from kernel.db import db, transaction
from sealing import acks
from sealing import disputes as protocol
from sealing.faults import Judgment
from sealing.manifest import Manifest
from supervision import log
from tendering.models import Lot
from tendering.states import LotState

_STATES = (LotState.OPENING, LotState.OPENED)
_READ_OUT = (OpeningStep.CONFIRMING, OpeningStep.RECORD)


def is_waiting() -> bool:
    """Whether a lot whose bids can still be cleared has one set aside, or one cleared and not yet on record."""
    untold = Opened.read_out_at.is_(None) & Opening.step.in_(_READ_OUT)
    unfinished = (Opened.outcome == Outcome.SET_ASIDE) | (Opened.opened_at >= Opening.ended_at) | untold
    query = exists().where(Opened.lot == Lot.code, Opening.lot == Lot.code, Lot.state.in_(_STATES), unfinished)
    with transaction(write=False):
        return bool(db.session.scalar(select(query)))


def admit_later(now: datetime) -> bool:
    """Log the admission of one lot that adds bids to the one before, when every close has its place in the log."""
    with transaction(write=False):
        ready = [code for code in _lots() if _has_more(code)]
    for code in ready[:1]:
        with transaction():
            lot, roll = lots.locked(code), releases.final_roll(code)
            if roll is None or not _has_more(code):
                return False
            stages.admit_first(lot, roll, now)
    return bool(ready)


def judge_next(now: datetime) -> bool:  # noqa: ARG001  one form for all steps
    """Judge the disputed lines of one bid that is set aside, by the identity that its trustee published (1.7)."""
    with transaction():
        return any(disputes.judge(row, judgment) for row in _set_aside() if (judgment := _judgment(row)) is not None)


def _judgment(row: Opened) -> Judgment | None:
    lot, roll = lots.find(row.lot), releases.final_roll(row.lot)
    identity = disputes.identity_of(row.lot, row.stage)
    if identity is None or roll is None:
        return None
    live = [Manifest.parse(db.session.get_one(Bid, row.bid).manifest)]
    return protocol.judgments(live, lots.keyset(lot), stages.logged_closes(lot, roll), identity).get(row.bid_id)


def open_next(now: datetime) -> bool:
    """Open or judge one bid that was set aside and has t good lines now; it is read out next."""
    with transaction(write=False):
        ready = [row.id for row in _set_aside() if _has_lines(row)]
    for identifier in ready[:1]:
        with transaction():
            row = db.session.get_one(Opened, identifier)
            lots.locked(row.lot)
            db.session.refresh(row)
            if row.outcome is not Outcome.SET_ASIDE:
                return False
            bid = db.session.get_one(Bid, row.bid)
            open_into(row, bid, lots.first_stage(lots.find(row.lot)), _lines(row))
            row.opened_at, row.read_out_at = now, None
            db.session.flush()
    return bool(ready)


def _lots() -> list[str]:
    query = select(Opened.lot).join(Lot, Lot.code == Opened.lot).where(Opened.outcome == Outcome.SET_ASIDE)
    found = sorted(set(db.session.scalars(query.where(Lot.state.in_(_STATES)))))
    return [code for code in found if log.latest("committee.formed", code) is None]


def _set_aside() -> list[Opened]:
    """Once the others are read out: a cleared bid must not be opened among them."""
    query = select(Opened).join(Opening, Opening.lot == Opened.lot).where(Opening.step.in_(_READ_OUT))
    waiting = query.where(Opened.outcome == Outcome.SET_ASIDE, Opened.lot.in_(_lots()), Opened.read_out_at.is_not(None))
    return list(db.session.scalars(waiting.order_by(Opened.id)))


def _has_more(code: str) -> bool:
    """Whether the logged closes admit bids that the latest admission set aside."""
    lot, roll = lots.find(code), releases.final_roll(code)
    known = releases.admission(code, lots.first_stage(lot).name)
    if roll is None or known is None or not closing.all_placed(lot, roll):
        return False
    return set(stages.first_admission(lot, stages.logged_closes(lot, roll)).bids) > set(known.bids)


def _has_lines(row: Opened) -> bool:
    """As many lines as it takes that are the committed ones: with them the bid opens, or is judged."""
    lot = lots.find(row.lot)
    envelope = Manifest.parse(db.session.get_one(Bid, row.bid).manifest).envelope(row.stage)
    good = [i for i, line in _lines(row).items() if acks.published_defect(envelope, i, line) is None]
    return len(good) >= lots.first_stage(lot).t


def _lines(row: Opened) -> dict[int, bytes]:
    """Every released line of the bid, whichever admission it was released for, and the one a published identity shows."""
    released = releases.lines(releases.every(row.lot, row.stage)).get(row.bid_id, {})
    return {**released, **disputes.shown_line(Manifest.parse(db.session.get_one(Bid, row.bid).manifest), row.stage)}
