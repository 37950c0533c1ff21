"""The opening as it runs: begun at its time, unsealed when t trustees have released, shown only when all is unsealed.

Order of durable steps, and what a crash after each leaves behind:
1. the lot moves to `opening`                    - the nodes go on by themselves;
2. t releases are there: step `released`         - nothing is unsealed yet;
3. each envelope opened or judged, one commit    - the next step opens the next one; opening again gives the same;
4. all done: step `readout`, first facts         - `readout` goes on from what is logged (readout.py).
No sheet leaves the database before step 4 (20号令 第30条).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, select

from accounts.actor import Actor
from accounts.roles import Role
from bidding import events, exceptions, lots, nodes, releases
from bidding.models import Opened, Opening, Roll
from bidding.states import OpeningStep
from kernel.clock import parse_rfc3339
from kernel.db import db, transaction
from kernel.errors import Conflict, Forbidden, Invalid
from kernel.keys import b64, parse
from kernel.law import holds
from kernel.statements import Signed
from sealing.keyset import Audience, Stage
from supervision import facts, log
from tendering.lifecycle import move
from tendering.models import Lot
from tendering.quotes import boxes
from tendering.states import CLOCK, LotEvent, LotState
from tendering.visibility import check_project

STARTED = "kaibiao-opening-started/1"
STARTED_FIELDS = {"type", "lot", "at", "recording", "deposits"}
RECORDING = {exceptions.ON, exceptions.OVERRIDDEN, exceptions.NONE}
DEPOSITS = {"swept", "none"}
RULE = "log-and-nodes.md 3 Release"
AT_MOST_OFF = timedelta(minutes=10)


@holds("opening_host")
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
    _check_opens(lot)
    content = _started_content(lot, statement, now)
    exceptions.check(lot, content["recording"])
    by = "owner" if _signed_by(statement, lots.keyset(lot).fact_keys.owner) else "agency"
    fact = facts.OpeningStarted(lot=lot_code, by=by, file=b64(statement.raw), sig=b64(statement.sig))
    log.append(fact, lot=lot_code)
    opening.started, opening.started_at = content, now
    db.session.flush()
    return opening


def _check_opens(lot: Lot) -> None:
    """With too few bids, or ended by its owner or the supervising authority, a lot is not opened any more."""
    if lot.state not in (LotState.SEALED, LotState.OPENING):
        raise Conflict(
            "opening.over",
            "本标段不再开标。",
            "This lot is not opened any more.",
            rule=boxes.least(lot).cited,
            state=lot.state,
        )


def of_lot(lot_code: str) -> Opening | None:
    found: Opening | None = db.session.scalar(select(Opening).where(Opening.lot == lot_code))
    return found


def under_way() -> bool:
    """Whether any opening is past its close and before its record: what the steps below look at without writing."""
    over = (OpeningStep.SEALED, OpeningStep.RECORD)
    with transaction(write=False):
        return bool(db.session.scalar(select(exists().where(Opening.step.not_in(over)))))


def begin_due(now: datetime) -> bool:
    """Move one lot to its opening: its time has come, its roll is final, and the host started it or kept it waiting."""
    with transaction():
        for opening in at_step(OpeningStep.CLOSED):
            lot = lots.locked(opening.lot)
            due = lots.moments(lot).may_begin(now, started=opening.started is not None)
            if lot.state == LotState.SEALED and due:
                move(lot, LotEvent.START_OPENING, CLOCK, now, _guards(opening))
                return True
    return False


def take_releases(now: datetime) -> bool:
    """Go on once t trustees have released the first stage; name those who keep the others waiting."""
    with transaction():
        for opening in at_step(OpeningStep.CLOSED):
            lot = lots.locked(opening.lot)
            if lot.state != LotState.OPENING:
                continue
            stage = lots.first_stage(lot)
            if _are_enough(lot, stage, now):
                reach(opening, OpeningStep.RELEASED, now)
                return True
            if _name_missing(opening, lot, now):
                return True
    return False


def _are_enough(lot: Lot, stage: Stage, now: datetime) -> bool:
    """As many releases as it takes, with t lines of every admitted bid: a trustee need not give a line that it called bad.

    Whoever's line is missing keeps the others waiting no longer than until it is named; its bid is set aside then.
    """
    given = releases.complete(lot.code, stage.name)
    if len(given) < stage.t:
        return False
    if stage.audience is Audience.EVALUATION:
        return True  # what is in them only the evaluator reads; it waits for further lines where one bid lacks them
    lines = releases.lines(given)
    whole = all(len(lines.get(bid_id, {})) >= stage.t for bid_id in releases.due(lot.code, stage.name, 1))
    return whole or lots.moments(lot).missing_is_named(now)


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


def at_step(step: OpeningStep) -> list[Opening]:
    return list(db.session.scalars(select(Opening).where(Opening.step == step).order_by(Opening.flipped_at)))


def _guards(opening: Opening) -> list[str]:
    return ["roll final", "opening.started" if opening.started else "open_wait passed"]


def reach(opening: Opening, step: OpeningStep, now: datetime) -> None:
    opening.step = step
    db.session.flush()
    events.step(opening.lot, step, now)


def end_unread(opening: Opening, now: datetime) -> None:
    """Released for the team alone: nothing is unsealed here, read out or confirmed, and the record is next (N04)."""
    opening.step, opening.confirm_until = OpeningStep.CONFIRMING, now
    db.session.flush()


def _name_missing(opening: Opening, lot: Lot, now: datetime) -> bool:
    """By half of `release_by` those who keep the others waiting are named."""
    return lots.moments(lot).missing_is_named(now) and tell_missing(opening, lot, now)


def tell_missing(opening: Opening, lot: Lot, now: datetime) -> bool:
    """Tell the hall, once of each, which trustees have not released; whether any was new."""
    late = sorted(set(not_released(lot)) - set(opening.missing))
    for node in late:
        events.tell(lot.code, "node.missing", now, node=node)
    opening.missing = sorted({*opening.missing, *late})
    db.session.flush()
    return bool(late)


def not_released(lot: Lot) -> list[str]:
    """The trustees of the first stage without a release, by name."""
    keyset = lots.keyset(lot)
    given = {row.node for row in releases.complete(lot.code, keyset.stages[0].name)}
    return sorted(set(nodes.names(keyset).values()) - given)
