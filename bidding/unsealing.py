"""Unsealing: each admitted envelope of the first stage opened from the released lines, or judged whose fault it is.

One envelope is one commit. A crash between two leaves the rest for the next step; opening one again gives the same.
"""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bidding import events, lots, releases
from bidding.models import Bid, Envelope, Opened, Opening
from bidding.opening import at_step, end_unread, outcomes, reach
from bidding.states import OpeningStep, Outcome
from kernel.db import db, transaction
from kernel.site import site
from sealing import opening as protocol
from sealing.faults import Judgment, Party
from sealing.keyset import Stage
from sealing.manifest import Manifest
from tendering.models import Lot

_OUTCOMES = {Party.BIDDER: Outcome.BIDDER, Party.TRUSTEE: Outcome.SET_ASIDE, Party.PLATFORM: Outcome.PLATFORM}
"""A line that a trustee answers for is inspected before anybody is blamed: until then the bid is set aside (1.7)."""
_SHORT = Judgment(
    Party.TRUSTEE,
    "1.5",
    "能用的密钥份额不足，暂不开启，待核查；不影响该投标的效力",
    "too few good shares so far: set aside and to be inspected; the bid stays valid",
)


def unseal_next(now: datetime) -> bool:
    """Open or judge one envelope of one lot; after the last one the read-out may begin."""
    with transaction():
        for opening in [*at_step(OpeningStep.RELEASED), *at_step(OpeningStep.UNSEALING)]:
            lot = lots.locked(opening.lot)
            if lots.for_team(lot):
                end_unread(opening, now)
                return True
            if opening.step is OpeningStep.RELEASED:
                _enter_set_aside(lot, now)
                reach(opening, OpeningStep.UNSEALING, now)
                return True
            _unseal_one(opening, lot, now)
            return True
    return False


def _enter_set_aside(lot: Lot, now: datetime) -> None:
    """A bid short of t good lines is set aside: its lines are inspected first, whose fault it is comes after (1.7)."""
    stage = lots.first_stage(lot).name
    admitted = releases.admissions(lot.code, stage)[0]
    everyone = sorted([*admitted.bids, *admitted.set_aside])
    for bid in db.session.scalars(select(Bid).where(Bid.bid_id.in_(admitted.set_aside))):
        known = select(Opened.id).where(Opened.bid == bid.id, Opened.stage == stage)
        if db.session.scalar(known) is None:
            row = _row(lot, bid, stage, now)
            row.line, row.outcome = everyone.index(bid.bid_id) + 1, Outcome.SET_ASIDE
            row.finding = _finding(_SHORT)
            db.session.add(row)
    db.session.flush()


def _row(lot: Lot, bid: Bid, stage: str, now: datetime) -> Opened:
    return Opened(lot=lot.code, bid=bid.id, bid_id=bid.bid_id, stage=stage, opened_at=now)


def _unseal_one(opening: Opening, lot: Lot, now: datetime) -> None:
    stage = lots.first_stage(lot)
    admitted = releases.admissions(lot.code, stage.name)[0]
    done = {row.bid_id for row in outcomes(lot.code)}
    left = [bid_id for bid_id in sorted(admitted.bids) if bid_id not in done]
    if not left:
        reach(opening, OpeningStep.READOUT, now)
        return
    everyone = sorted([*admitted.bids, *admitted.set_aside])
    number, of = len(admitted.bids) - len(left) + 1, len(admitted.bids)
    events.tell(lot.code, "bid.unsealing", now, n=number, of=of)
    bid = db.session.scalars(select(Bid).where(Bid.bid_id == left[0])).one()
    row = _row(lot, bid, stage.name, now)
    row.line = everyone.index(bid.bid_id) + 1
    open_into(row, bid, stage, releases.lines(releases.complete(lot.code, stage.name)).get(bid.bid_id, {}))
    db.session.add(row)
    db.session.flush()
    events.tell(lot.code, "bid.unsealed", now, n=number, of=of)


def open_into(row: Opened, bid: Bid, stage: Stage, lines: dict[int, bytes]) -> None:
    """Opened, or judged by sealing.md 1.6 and 1.7: the order of the checks there decides who is blamed."""
    manifest = Manifest.parse(bid.manifest)
    envelope = db.session.scalars(select(Envelope).where(Envelope.bid == bid.id, Envelope.stage == stage.name)).one()
    with tempfile.TemporaryDirectory(dir=site().folder("tmp")) as folder:
        plain = Path(folder) / "sheet"
        found = _found(manifest, stage.name, lines, (envelope.blob_key, plain))
        if isinstance(found, protocol.Opened):
            row.outcome, row.plain = Outcome.OPENED, plain.read_bytes()
            row.finding = _findings(found)
        else:
            row.outcome, row.finding = _OUTCOMES[found.party], _finding(found)


def _found(
    manifest: Manifest, stage: str, lines: dict[int, bytes], where: tuple[str, Path]
) -> protocol.Opened | Judgment:
    blob_key, plain = where
    try:
        with site().blobs.open(blob_key) as ciphertext:
            return protocol.open_envelope(manifest, stage, lines, ciphertext, plain)
    except FileNotFoundError:
        return Judgment(Party.PLATFORM, "1.6(d)", "平台丢失了密文", "the platform lost the ciphertext")
    except protocol.TooFewLinesError:
        return _SHORT


def _finding(judgment: Judgment) -> dict[str, Any]:
    return {"rule": judgment.rule, "zh": judgment.zh, "en": judgment.en, "trustee": judgment.trustee}


def _findings(found: protocol.Opened) -> dict[str, Any] | None:
    return {"disputed": [_finding(judgment) for judgment in found.disputed]} if found.disputed else None
