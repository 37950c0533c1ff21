"""What may be shown of a lot's bids now, to whom: the only way from rows to pages and JSON (bidding/visibility.py)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from accounts.actor import Actor
from bidding import lots, nodes, opening, readout, receipting
from bidding.models import Bid, NodeClose, Opened, Release, ReleaseHash, Roll, Withdrawal
from bidding.states import BidStatus, OpeningStep, Outcome
from bidding.visibility import Field, Phase, Viewer, may_see, shown
from kernel import money
from kernel.clock import rfc3339
from kernel.db import db
from supervision.models import LogFact
from tendering.models import Lot
from tendering.states import PREQUALIFYING, LotState

_BY_STEP = {
    OpeningStep.SEALED: Phase.CLOSED,
    OpeningStep.CLOSED: Phase.CLOSED,
    OpeningStep.RELEASED: Phase.UNSEALING,
    OpeningStep.UNSEALING: Phase.UNSEALING,
    OpeningStep.RESCUE: Phase.UNSEALING,
    OpeningStep.READOUT: Phase.READOUT,
    OpeningStep.CONFIRMING: Phase.READOUT,
    OpeningStep.RECORD: Phase.RECORDED,
}


def phase(lot: Lot) -> Phase:
    """A lot collects or is sealed until `box.closed` stands in the log; then its opening's step decides."""
    if lot.state in PREQUALIFYING | {LotState.DRAFT, LotState.COLLECTING}:
        return Phase.COLLECTING
    running = opening.of_lot(lot.code)
    if running is None or _placed_roll(lot.code) is None:
        return Phase.SEALED
    return _BY_STEP[running.step]


def of_lot(lot_code: str) -> dict[str, Any]:
    """The opening as everybody sees it now."""
    lot = lots.find(lot_code)
    at = phase(lot)
    running = opening.of_lot(lot_code)
    fields: dict[Field, Any] = {}
    if at >= Phase.CLOSED:
        fields |= _roll(lot_code)
    if at >= Phase.UNSEALING:
        fields[Field.PROGRESS] = _progress(lot_code)
    return {
        "lot": lot_code,
        "state": lot.state,
        "phase": at.name.lower(),
        "step": running.step.value if running else None,
        "confirm_until": rfc3339(running.confirm_until) if running and running.confirm_until else None,
        "nodes": _nodes(lot),
        "lines": _lines(lot_code, at),
        **shown(Viewer.PUBLIC, at, fields),
    }


def own(actor: Actor, lot_code: str) -> list[dict[str, Any]]:
    """The actor's organization's own bids on a lot, newest first, with their receipts as far as they have come."""
    bids = db.session.scalars(
        select(Bid)
        .where(Bid.lot == lot_code, Bid.organization == actor.organization_id)
        .order_by(Bid.received_at.desc(), Bid.id.desc())
    )
    return [_own(bid) for bid in bids]


def own_lots(actor: Actor) -> list[str]:
    """The lots on which the actor's organization has handed in anything."""
    query = select(Bid.lot).where(Bid.organization == actor.organization_id).distinct()
    return sorted(db.session.scalars(query))


def _own(bid: Bid) -> dict[str, Any]:
    withdrawn = db.session.scalar(select(Withdrawal).where(Withdrawal.bid == bid.id))
    standing = receipting.of_bid(bid)
    return {
        "bid_id": bid.bid_id,
        "manifest_sha256": bid.manifest_sha256,
        "party": bid.party,
        "status": bid.status.value,
        "live": bid.status is BidStatus.LIVE,
        "received_at": rfc3339(bid.received_at),
        "receipt_id": bid.receipt_id,
        "receipt_state": standing.state.value,
        "acks": len(standing.acks),
        "refusals": len(standing.refusals),
        "withdrawal_receipt_id": withdrawn.receipt_id if withdrawn else None,
    }


def _placed_roll(lot_code: str) -> Roll | None:
    found: Roll | None = db.session.scalar(
        select(Roll)
        .join(LogFact, LogFact.id == Roll.log_fact)
        .where(Roll.lot == lot_code, LogFact.index.is_not(None))
        .order_by(Roll.seq.desc())
        .limit(1)
    )
    return found


def _roll(lot_code: str) -> dict[Field, Any]:
    roll = _placed_roll(lot_code)
    assert roll is not None
    live = sum(entry["status"] == BidStatus.LIVE.value for entry in roll.entries)
    hashes = {"seq": roll.seq, "root": roll.root, "count": roll.count, "cut_size": roll.cut_size}
    return {Field.ROLL_HASHES: hashes, Field.COUNT: live}


def _progress(lot_code: str) -> dict[str, int]:
    done = opening.outcomes(lot_code)
    return {"unsealed": len([row for row in done if row.outcome is not Outcome.SET_ASIDE]), "seen": len(done)}


def _nodes(lot: Lot) -> list[dict[str, str]]:
    """Each trustee and how far it has come: waiting, closed, committed, released, or missing."""
    running = opening.of_lot(lot.code)
    came = {
        "closed": _named(NodeClose, lot.code),
        "committed": _named(ReleaseHash, lot.code),
        "released": _named(Release, lot.code),
    }
    found = []
    for name in nodes.names(lots.keyset(lot)).values():
        reached = [state for state, who in came.items() if name in who]
        late = running is not None and name in running.missing and "released" not in reached
        found.append({"node": name, "state": "missing" if late else (reached or ["waiting"])[-1]})
    return found


def _named(model: type[NodeClose | ReleaseHash | Release], lot_code: str) -> set[str]:
    return set(db.session.scalars(select(model.node).where(model.lot == lot_code)))


def _lines(lot_code: str, at: Phase) -> list[dict[str, Any]]:
    """Only what has been read out; before that a line is not even counted."""
    rows = [row for row in opening.outcomes(lot_code) if row.read_out_at is not None]
    return [_line(row, at) for row in rows]


def _line(row: Opened, at: Phase) -> dict[str, Any]:
    line: dict[str, Any] = {"line": row.line, "outcome": row.outcome.value, "log_index": _index(row)}
    if row.outcome is not Outcome.OPENED:
        finding = row.finding or {}
        return {**line, "reason": finding.get("zh"), "reason_en": finding.get("en")}
    sheet = readout.sheet_of(row)
    line["period_days"] = sheet.period_days
    if may_see(Viewer.PUBLIC, at, Field.PRICE) and sheet.price is not None:
        line["price_words"] = money.words(sheet.price)
    fields = {
        Field.BIDDER: sheet.header.bidder,
        Field.PRICE: None if sheet.price is None else money.wire(sheet.price),
        Field.CONFIRMED: row.confirmed_at is not None,
    }
    return {**line, **shown(Viewer.PUBLIC, at, fields)}


def _index(row: Opened) -> int | None:
    return None if row.log_fact is None else db.session.get_one(LogFact, row.log_fact).index
