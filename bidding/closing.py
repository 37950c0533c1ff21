"""The close of a lot (sealing.md 1.4): the row flips, the cut is made, the roll is logged and mailed, the nodes close on it.

Order of durable steps, and what a crash after each leaves behind:
1. flip with the cut asked for and the opening's row - a sealed lot without a roll: step 2 goes on from here;
2. roll with `box.closed` and the nodes' mail in one commit - a roll without closes: the nodes answer in their time;
3. closes, logged one by one - an unlogged close: logged by the next step;
   a roll that turns out to lack something: the next seq, on the same cut, until one is final;
4. the roll marked final with `stage.admitted`, once every logged close has its index.
Each step looks for what it finds undone, so the same code recovers.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy import exists, select

from bidding import events, lots, nodes, stages
from bidding.models import Bid, Envelope, NodeClose, Opening, Roll, Withdrawal
from bidding.rolls import Cut, build, cut_of, placed, received
from bidding.states import OpeningStep
from bidding.voiding import void_stale
from kernel import canonical
from kernel.db import db, transaction
from kernel.keys import b64, unb64
from kernel.law import holds
from kernel.site import site
from kernel.statements import Signed
from sealing.keyset import Audience
from sealing.roll import Roll as SealedRoll
from sealing.roll_check import Withdrawn
from supervision import checkpoints, facts, log, mail
from supervision.facts import Disclosure
from supervision.models import LogFact
from tendering.lifecycle import move
from tendering.models import Lot
from tendering.quotes import boxes
from tendering.states import CLOCK, LotEvent, LotState

_log = structlog.get_logger()


def flip_due(now: datetime) -> bool:
    """Close one lot whose deadline has come. From this commit on its box takes nothing."""
    with transaction(write=False):
        due = [lot.code for lot in _due(now) if not _suspension_stands(lot)]
    for code in due[:1]:
        with transaction():
            lot = lots.locked(code)
            # Between the two transactions its deadline may have moved, or another worker may have been first.
            if code not in {found.code for found in _due(now)} or _suspension_stands(lot):
                return False
            _flip(lot, now)
    return bool(due)


def log_rolls(now: datetime) -> bool:
    """Build and log the roll of one flipped lot whose cut a quorum cosigned in its window."""
    with transaction(write=False):
        waiting = [lot.code for lot in _without_roll() if cut_of(lot) is not None]
    for code in waiting[:1]:
        with transaction():
            lot = lots.locked(code)
            cut = cut_of(lot)
            if cut is not None and _rolls(code) is None:
                _log_roll(lot, cut, now)
    return bool(waiting)


def correct_rolls(now: datetime) -> bool:
    """While no roll of a lot is final: log the next one when the latest left out a bid below the cut, or its status."""
    with transaction(write=False):
        wrong = [roll.lot for roll in _unsettled() if corrected(roll) is not None]
    for code in wrong[:1]:
        with transaction():
            lot, latest = lots.locked(code), _rolls(code)
            roll = None if latest is None else corrected(latest)
            if latest is None or latest.final or roll is None:
                return False
            _log.warning("roll.corrected", lot=code, seq=roll.seq)
            _log_seq(lot, roll, latest.cut_note, now)
    return bool(wrong)


def corrected(latest: Roll) -> SealedRoll | None:
    """The roll that the database makes now, if it says more: a higher seq keeps the cut and takes nothing off."""
    listed = {canonical.sha(unb64(entry["manifest"])): (entry["status"], entry["by"]) for entry in latest.entries}
    known = received(latest.lot, latest.cut_size)
    if known == listed:
        return None
    if listed.keys() - known.keys():
        _log.error("roll.entries_lost", lot=latest.lot, seq=latest.seq)
        return None
    return build(lots.find(latest.lot), Cut(latest.cut_size, latest.cut_note), latest.seq + 1)


def log_closes(now: datetime) -> bool:
    """Give one node's close its fact. While an admission waits for its index, later closes wait behind it."""
    unlogged = select(NodeClose).where(NodeClose.log_fact.is_(None)).order_by(NodeClose.id).limit(1)
    with transaction(write=False):
        if db.session.scalar(unlogged) is None:
            return False
    with transaction():
        close = db.session.scalar(unlogged.with_for_update())
        if close is None:
            return False
        fact = facts.Close(lot=close.lot, node=close.node, file=b64(close.file), sig=b64(close.sig))
        close.log_fact = log.append(fact, lot=close.lot).id
        events.tell(close.lot, "node.closed", now, node=close.node)
        events.published_anew(close.lot)
    return True


def settle(now: datetime) -> bool:
    """Make one roll final at its t-th logged close, and admit its first stage."""
    with transaction(write=False):
        ready = [roll.lot for roll in _unsettled() if _is_ready(roll, now)]
    for code in ready[:1]:
        with transaction():
            lot, roll = lots.locked(code), _rolls(code)
            assert roll is not None
            roll.final = True
            stages.admit_first(lot, roll, now)
            _reach(code, OpeningStep.CLOSED, now)
    return bool(ready)


def _due(now: datetime) -> list[Lot]:
    query = select(Lot.code).where(Lot.state == LotState.COLLECTING, Lot.closes_at <= now)
    return [lots.find(code) for code in db.session.scalars(query.order_by(Lot.closes_at).limit(20))]


def _suspension_stands(lot: Lot) -> bool:
    """A lot does not flip when a quorum had cosigned its suspension before the deadline; one cosigned later is void."""
    if lot.suspended_at is None or lot.closes_at is None:
        return False
    row = log.latest("suspended", lot.code)
    found = None if row is None or row.index is None else checkpoints.quorum_checkpoint_at_least(row.index + 1)
    closes_at = int(lot.closes_at.timestamp())
    times = {} if found is None else found.times
    return nodes.policy().is_quorum({name for name, time in times.items() if time < closes_at})


@holds("bids_due:opening")
def _flip(lot: Lot, now: datetime) -> None:
    void_stale(lot)
    move(lot, LotEvent.CLOSE, CLOCK, now, ["clock"], suspended_at=None)
    assert lot.closes_at is not None
    log.cut(lot.code, lot.closes_at)
    opening = db.session.scalar(select(Opening).where(Opening.lot == lot.code))
    if opening is None:
        opening = Opening(lot=lot.code, missing=[], step=OpeningStep.SEALED, flipped_at=now)
        db.session.add(opening)
    opening.flipped_at = now
    db.session.flush()
    events.step(lot.code, OpeningStep.SEALED, now)


def _without_roll() -> list[Lot]:
    rolled = exists().where(Roll.lot == Lot.code)
    query = select(Lot.code).where(Lot.state == LotState.SEALED, ~rolled)
    return [lots.find(code) for code in db.session.scalars(query)]


def _rolls(code: str) -> Roll | None:
    """The latest attempt at the lot's roll."""
    found: Roll | None = db.session.scalar(select(Roll).where(Roll.lot == code).order_by(Roll.seq.desc()).limit(1))
    return found


def _log_roll(lot: Lot, cut: Cut, now: datetime) -> None:
    roll = build(lot, cut)
    _log_seq(lot, roll, cut.note, now)
    _fail_if_too_few(lot, roll, now)
    db.session.flush()


def _log_seq(lot: Lot, roll: SealedRoll, cut_note: bytes, now: datetime) -> None:
    """A roll's row, its `box.closed`, and its mail to the nodes."""
    fact = facts.from_json(roll.closed_fact())
    row = Roll(
        lot=lot.code,
        seq=roll.seq,
        cut_size=roll.cut_size,
        cut_note=cut_note,
        root=roll.root,
        count=roll.count,
        entries=[entry.to_json() for entry in roll.entries],
        log_fact=log.append(fact, lot=lot.code).id,
        logged_at=now,
    )
    db.session.add(row)
    mail.post_roll(_mail(lot, roll))
    db.session.flush()


@holds("bids_at_close")
def _fail_if_too_few(lot: Lot, roll: SealedRoll, now: datetime) -> None:
    """With fewer live bids than the pack asks there is no opening (C30, G18); what was sealed stays shut."""
    minimum = boxes.least(lot)
    live = len(roll.live())
    assert minimum.value is not None
    if live >= minimum.value:
        return
    reason = f"至投标截止时有效投标 {live} 份，少于 {minimum.value} 份"
    move(lot, LotEvent.TOO_FEW, CLOCK, now, [f"live {live} < {minimum.value}"])
    log.append(facts.TenderFailed(lot=lot.code, reason=reason, law=minimum.clause), lot=lot.code)
    log.disclose_lot(lot.code, Disclosure.AT_OPENING, now)
    events.tell(lot.code, "opening.ended", now)


def _mail(lot: Lot, roll: SealedRoll) -> mail.RollMail:
    """Entries, withdrawals and every ciphertext of a public stage: all that a node repeats 1.3 on."""
    public = {stage.name for stage in lots.keyset(lot).stages if stage.audience is Audience.PUBLIC}
    query = select(Bid.bid_id, Envelope.stage, Envelope.blob_key).join(Envelope, Envelope.bid == Bid.id)
    rows = db.session.execute(query.where(Bid.lot == lot.code, Envelope.stage.in_(public)))
    files = {(bid_id, stage): _reader(blob_key) for bid_id, stage, blob_key in rows}
    return mail.RollMail(lot.code, roll.seq, roll.entries, withdrawn(lot.code, roll.cut_size), files)


def withdrawn(lot_code: str, cut_size: int) -> dict[str, Withdrawn]:
    """By the hash of the statement: the receipt of each withdrawal, proved below the cut."""
    rows = db.session.execute(
        select(Withdrawal, LogFact.index)
        .join(Bid, Bid.id == Withdrawal.bid)
        .join(LogFact, LogFact.id == Withdrawal.log_fact)
        .where(Bid.lot == lot_code)
    )
    found = {}
    for row, place in rows:
        index = placed(place)
        receipt = Signed(row.receipt, row.receipt_sig)
        found[row.sha256] = Withdrawn(receipt, index, tuple(log.proof_of(index, cut_size)))
    return found


def _reader(blob_key: str) -> Callable[[], bytes]:
    def read() -> bytes:
        with site().blobs.open(blob_key) as stored:
            return stored.read()

    return read


def _unsettled() -> list[Roll]:
    """Latest attempts of lots whose opening still lies ahead."""
    query = select(Opening.lot).join(Lot, Lot.code == Opening.lot)
    waiting = query.where(Opening.step == OpeningStep.SEALED, Lot.state == LotState.SEALED)
    rolls = [_rolls(code) for code in db.session.scalars(waiting)]
    return [roll for roll in rolls if roll is not None]


def _is_ready(roll: Roll, now: datetime) -> bool:
    """Whether t closes are placed and none is on its way; set-aside bids get until opens_at + open_wait to be cleared.

    A close recorded but not yet placed would get an index below the admission's and change what others recompute.
    """
    lot = lots.find(roll.lot)
    keyset = lots.keyset(lot)
    placed = stages.logged_closes(lot, roll)
    if not all_placed(lot, roll) or len(placed) < max(stage.t for stage in keyset.stages):
        return False
    moments = lots.moments(lot)
    if now >= moments.opens_at + moments.open_wait or len(placed) == keyset.stages[0].n:
        return True
    return not stages.first_admission(lot, placed).set_aside


def all_placed(lot: Lot, roll: Roll) -> bool:
    """Whether no close is on its way into the log, where it would get an index below the next admission's."""
    query = select(NodeClose.id).where(NodeClose.lot == roll.lot, NodeClose.seq == roll.seq)
    return len(db.session.scalars(query).all()) == len(stages.logged_closes(lot, roll))


def _reach(code: str, step: OpeningStep, now: datetime) -> None:
    opening = db.session.scalar(select(Opening).where(Opening.lot == code))
    assert opening is not None
    opening.step = step
    events.step(code, step, now)
