"""The opening as it runs: begun at its time, unsealed when t trustees have released, shown only when all is unsealed.

Order of durable steps, and what a crash after each leaves behind:
1. the lot moves to `opening`                    - the nodes go on by themselves;
2. t releases are there: step `released`         - nothing is unsealed yet;
3. each envelope opened or judged, one commit    - the next step opens the next one; opening again gives the same;
4. all done: step `readout`, first facts         - `readout` goes on from what is logged (readout.py).
No sheet leaves the database before step 4 (20号令 第30条).
"""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from accounts.actor import Actor
from accounts.roles import Role
from bidding import events, lots, nodes, releases
from bidding.models import Bid, Envelope, Opened, Opening, Roll
from bidding.states import OpeningStep, Outcome
from kernel.clock import parse_rfc3339
from kernel.db import db, transaction
from kernel.errors import Conflict, Forbidden, Invalid
from kernel.keys import b64, parse
from kernel.site import site
from kernel.statements import Signed
from sealing import opening as unsealing
from sealing.faults import Judgment, Party
from sealing.keyset import Stage
from sealing.manifest import Manifest
from supervision import facts, log
from tendering.lifecycle import move
from tendering.models import Lot
from tendering.rules import CLOCK, LotEvent, LotState
from tendering.visibility import check_project

STARTED = "kaibiao-opening-started/1"
STARTED_FIELDS = {"type", "lot", "at", "recording", "deposits"}
RECORDING = {"on", "overridden", "none"}
DEPOSITS = {"swept", "none"}
RULE = "log-and-nodes.md 3 Release"
AT_MOST_OFF = timedelta(minutes=10)

_OUTCOMES = {
    Party.BIDDER: Outcome.BIDDER,
    Party.TRUSTEE: Outcome.TRUSTEE,
    Party.PLATFORM: Outcome.PLATFORM,
}


def start(actor: Actor, lot_code: str, statement: Signed, now: datetime) -> Opening:
    """Take the host's signed `opening.started` once, after the box is closed; repeated, it changes nothing."""
    lot = lots.locked(lot_code)
    check_project(lot.tender, actor, Role.OWNER, Role.AGENCY)
    opening = of_lot(lot_code)
    if opening is None or db.session.scalar(select(Roll.id).where(Roll.lot == lot_code)) is None:
        raise Conflict(
            "opening.not_closed",
            "投标箱尚未封闭，名册公布后才能开始开标。",
            "The box is not closed yet; an opening starts once its roll is logged.",
            rule=RULE,
        )
    if opening.started is not None:
        return opening
    content = _started_content(lot, statement, now)
    by = "owner" if _signed_by(statement, lots.keyset(lot).fact_keys.owner) else "agency"
    fact = facts.OpeningStarted(lot=lot_code, by=by, file=b64(statement.raw), sig=b64(statement.sig))
    log.append(fact, lot=lot_code)
    opening.started, opening.started_at = content, now
    db.session.flush()
    return opening


def of_lot(lot_code: str) -> Opening | None:
    found: Opening | None = db.session.scalar(select(Opening).where(Opening.lot == lot_code))
    return found


def begin_due(now: datetime) -> bool:
    """Move one lot to its opening: its time has come, its roll is final, and the host started it or kept it waiting."""
    with transaction():
        for opening in _at(OpeningStep.CLOSED):
            lot = lots.locked(opening.lot)
            due = lots.moments(lot).may_begin(now, started=opening.started is not None)
            if lot.state == LotState.SEALED and due:
                move(lot, LotEvent.START_OPENING, CLOCK, now, _guards(opening))
                return True
    return False


def take_releases(now: datetime) -> bool:
    """Go on once t trustees have released the first stage; name those who keep the others waiting."""
    with transaction():
        for opening in _at(OpeningStep.CLOSED):
            lot = lots.locked(opening.lot)
            if lot.state != LotState.OPENING:
                continue
            stage = lots.first_stage(lot)
            if len(releases.complete(lot.code, stage.name)) >= stage.t:
                _reach(opening, OpeningStep.RELEASED, now)
                return True
            if _name_missing(opening, lot, now):
                return True
    return False


def unseal_next(now: datetime) -> bool:
    """Open or judge one envelope of one lot; after the last one the read-out may begin."""
    with transaction():
        for opening in [*_at(OpeningStep.RELEASED), *_at(OpeningStep.UNSEALING)]:
            lot = lots.locked(opening.lot)
            if opening.step is OpeningStep.RELEASED:
                _enter_set_aside(lot, now)
                _reach(opening, OpeningStep.UNSEALING, now)
                return True
            _unseal_one(opening, lot, now)
            return True
    return False


def outcomes(lot_code: str) -> list[Opened]:
    """Every bid of the first stage, in the order of the read-out."""
    return list(db.session.scalars(select(Opened).where(Opened.lot == lot_code).order_by(Opened.line)))


def _started_content(lot: Lot, statement: Signed, now: datetime) -> dict[str, Any]:
    fact_keys = lots.keyset(lot).fact_keys
    if not any(_signed_by(statement, key) for key in (fact_keys.owner, fact_keys.agency)):
        raise Forbidden(
            "opening.signature",
            "开标须由招标人或代理机构用公布的密钥签署。",
            "An opening is started by the key that the keyset names for owner or agency.",
            rule=RULE,
        )
    try:
        content = statement.content(STARTED)
        fits = _fits(content, lot.code) and abs(parse_rfc3339(content["at"]) - now) <= AT_MOST_OFF
    except (ValueError, TypeError, KeyError):
        fits, content = False, {}
    if not fits:
        raise Invalid(
            "opening.statement",
            "开标声明的内容不对。",
            "The statement that starts the opening is malformed.",
            rule=RULE,
        )
    return content


def _fits(content: dict[str, Any], lot_code: str) -> bool:
    closed = content["recording"] in RECORDING and content["deposits"] in DEPOSITS
    return set(content) == STARTED_FIELDS and content["lot"] == lot_code and closed


def _signed_by(statement: Signed, spelled: str) -> bool:
    return statement.signed_by(parse(spelled))


def _at(step: OpeningStep) -> list[Opening]:
    return list(db.session.scalars(select(Opening).where(Opening.step == step).order_by(Opening.flipped_at)))


def _guards(opening: Opening) -> list[str]:
    return ["roll final", "opening.started" if opening.started else "open_wait passed"]


def _reach(opening: Opening, step: OpeningStep, now: datetime) -> None:
    opening.step = step
    db.session.flush()
    events.step(opening.lot, step, now)


def _name_missing(opening: Opening, lot: Lot, now: datetime) -> bool:
    """Tell the hall once of each trustee that has not released by half of `release_by`."""
    if not lots.moments(lot).missing_is_named(now):
        return False
    keyset = lots.keyset(lot)
    given = {row.node for row in releases.complete(lot.code, keyset.stages[0].name)}
    late = sorted(set(nodes.names(keyset).values()) - given - set(opening.missing))
    for node in late:
        events.tell(lot.code, "node.missing", now, node=node)
    opening.missing = sorted({*opening.missing, *late})
    db.session.flush()
    return bool(late)


def _enter_set_aside(lot: Lot, now: datetime) -> None:
    """A bid short of t good lines is set aside: its lines are inspected first, whose fault it is comes after (1.7)."""
    stage = lots.first_stage(lot).name
    admitted = releases.admission(lot.code, stage)
    assert admitted is not None
    everyone = sorted([*admitted.bids, *admitted.set_aside])
    for bid in db.session.scalars(select(Bid).where(Bid.bid_id.in_(admitted.set_aside))):
        known = select(Opened.id).where(Opened.bid == bid.id, Opened.stage == stage)
        if db.session.scalar(known) is None:
            row = _row(lot, bid, stage, now)
            row.line, row.outcome = everyone.index(bid.bid_id) + 1, Outcome.SET_ASIDE
            row.finding = {
                "rule": "1.5",
                "zh": "好的密钥份额不足门限数，待核查",
                "en": "fewer than t good shares; to be inspected",
            }
            db.session.add(row)
    db.session.flush()


def _row(lot: Lot, bid: Bid, stage: str, now: datetime) -> Opened:
    return Opened(lot=lot.code, bid=bid.id, bid_id=bid.bid_id, stage=stage, opened_at=now)


def _unseal_one(opening: Opening, lot: Lot, now: datetime) -> None:
    stage = lots.first_stage(lot)
    admitted = releases.admission(lot.code, stage.name)
    assert admitted is not None
    done = {row.bid_id for row in outcomes(lot.code)}
    left = [bid_id for bid_id in sorted(admitted.bids) if bid_id not in done]
    if not left:
        _reach(opening, OpeningStep.READOUT, now)
        return
    everyone = sorted([*admitted.bids, *admitted.set_aside])
    number, of = len(admitted.bids) - len(left) + 1, len(admitted.bids)
    events.tell(lot.code, "bid.unsealing", now, n=number, of=of)
    bid = db.session.scalars(select(Bid).where(Bid.bid_id == left[0])).one()
    row = _row(lot, bid, stage.name, now)
    row.line = everyone.index(bid.bid_id) + 1
    _open(row, bid, stage)
    db.session.add(row)
    db.session.flush()
    events.tell(lot.code, "bid.unsealed", now, n=number, of=of)


def _open(row: Opened, bid: Bid, stage: Stage) -> None:
    """Opened, or judged by sealing.md 1.6 and 1.7: the order of the checks there decides who is blamed."""
    lines = releases.lines(releases.complete(bid.lot, stage.name)).get(bid.bid_id, {})
    manifest = Manifest.parse(bid.manifest)
    envelope = db.session.scalars(
        select(Envelope).where(Envelope.bid == bid.id, Envelope.stage == stage.name)
    ).one()
    with tempfile.TemporaryDirectory(dir=site().folder("tmp")) as folder:
        plain = Path(folder) / "sheet"
        found = _found(manifest, stage.name, lines, (envelope.blob_key, plain))
        if isinstance(found, unsealing.Opened):
            row.outcome, row.plain = Outcome.OPENED, plain.read_bytes()
            row.finding = _findings(found)
        else:
            row.outcome, row.finding = _OUTCOMES[found.party], _finding(found)


def _found(
    manifest: Manifest, stage: str, lines: dict[int, bytes], where: tuple[str, Path]
) -> unsealing.Opened | Judgment:
    blob_key, plain = where
    try:
        with site().blobs.open(blob_key) as ciphertext:
            return unsealing.open_envelope(manifest, stage, lines, ciphertext, plain)
    except FileNotFoundError:
        return Judgment(Party.PLATFORM, "1.6(d)", "平台丢失了密文", "the platform lost the ciphertext")
    except unsealing.TooFewLinesError:
        # t releases are complete, so those who left this line out had called it bad in their closes.
        return Judgment(Party.TRUSTEE, "1.7", "密钥份额不足，待核查", "too few shares; to be inspected")


def _finding(judgment: Judgment) -> dict[str, Any]:
    return {"rule": judgment.rule, "zh": judgment.zh, "en": judgment.en, "trustee": judgment.trustee}


def _findings(found: unsealing.Opened) -> dict[str, Any] | None:
    return {"disputed": [_finding(judgment) for judgment in found.disputed]} if found.disputed else None
