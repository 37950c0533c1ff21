"""The bidder's desk: the lots it bids on, the next thing to do on each, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from accounts import consortia
from accounts.actor import Actor
from accounts.roles import Role
from bidding import board, lots, opening
from bidding.models import Bid, Opened
from bidding.states import BidStatus, OpeningStep, ReceiptState
from kernel.db import db
from tendering.models import Lot
from tendering.states import LotState


class NextAction(StrEnum):
    SEAL = "seal"
    SEAL_ANEW = "seal_anew"
    AWAIT_WITNESSES = "await_witnesses"
    AWAIT_CLOSE = "await_close"
    AWAIT_OPENING = "await_opening"
    CONFIRM = "confirm"
    NOTHING = "nothing"


@dataclass(frozen=True)
class DeskLot:
    """One lot on the desk; `until` is the next action's deadline."""

    lot: Lot
    bids: list[dict[str, Any]]
    action: NextAction
    until: datetime | None

    @property
    def live(self) -> dict[str, Any] | None:
        return next((bid for bid in self.bids if bid["live"]), None)

    def head(self, ref: str) -> dict[str, Any] | None:
        """The live bid of one of the actor's parties, named as in `Party`."""
        return next((bid for bid in self.bids if bid["live"] and _ref(bid) == ref), None)

    @property
    def live_ref(self) -> str:
        """The party that has a live bid here; the own organization where none has."""
        return _ref(self.live) if self.live else ""


def _ref(bid: dict[str, Any]) -> str:
    party: str = bid["party"]
    return "" if party.startswith("org:") else party


@dataclass(frozen=True)
class Party:
    """For whom the actor may bid: `ref` is empty for the own organization."""

    ref: str
    name: str


def entries(actor: Actor) -> list[DeskLot]:
    """The lots of the actor's bids, the most urgent first."""
    found = [entry(actor, code) for code in board.own_lots(actor)]
    return sorted(found, key=lambda item: (item.until is None, item.until or item.lot.closes_at))


def entry(actor: Actor, lot_code: str) -> DeskLot:
    lot = lots.find(lot_code)
    bids = board.own(actor, lot_code)
    action, until = _next(actor, lot, bids)
    return DeskLot(lot, bids, action, until)


def open_lots() -> list[Lot]:
    """Every lot that takes bids now, the nearest deadline first."""
    query = select(Lot.code).where(Lot.state == LotState.COLLECTING).order_by(Lot.closes_at)
    return [lots.find(code) for code in db.session.scalars(query)]


def parties(actor: Actor) -> list[Party]:
    """The own organization, and each complete consortium that it leads."""
    led = [
        Party(f"consortium:{found.code}", found.name)
        for found in consortia.consortia_of(actor)
        if found.lead_id == actor.organization_id and found.confirmed_at and not found.dissolved_at
    ]
    return [Party("", actor.organization), *led]


def own_line(actor: Actor, lot_code: str) -> Opened | None:
    """The line of the actor's organization, once it was read out."""
    mine = (Bid.lot == lot_code, Bid.organization == actor.organization_id, Bid.status == BidStatus.LIVE)
    query = select(Opened).join(Bid, Bid.id == Opened.bid).where(*mine, Opened.read_out_at.is_not(None))
    found: Opened | None = db.session.scalar(query.limit(1))
    return found


def may_bid(actor: Actor) -> bool:
    return Role.BIDDER in actor.roles


def _next(actor: Actor, lot: Lot, bids: list[dict[str, Any]]) -> tuple[NextAction, datetime | None]:
    live = next((bid for bid in bids if bid["live"]), None)
    if lot.state == LotState.COLLECTING:
        void = bool(bids) and bids[0]["status"] == BidStatus.VOID.value
        return NextAction.SEAL_ANEW if live is None and void else _before_close(live), lot.closes_at
    if live is None:
        return NextAction.NOTHING, None
    if lot.state == LotState.SEALED:
        return NextAction.AWAIT_OPENING, lot.opens_at
    return _at_opening(actor, lot)


def _before_close(live: dict[str, Any] | None) -> NextAction:
    if live is None:
        return NextAction.SEAL
    witnessed = live["receipt_state"] == ReceiptState.WITNESSED.value
    return NextAction.AWAIT_CLOSE if witnessed else NextAction.AWAIT_WITNESSES


def _at_opening(actor: Actor, lot: Lot) -> tuple[NextAction, datetime | None]:
    running, line = opening.of_lot(lot.code), own_line(actor, lot.code)
    reading = running is not None and running.step in (OpeningStep.READOUT, OpeningStep.CONFIRMING)
    if running is not None and reading and line is not None and line.confirmed_at is None:
        return NextAction.CONFIRM, running.confirm_until
    waiting = lot.state == LotState.OPENING
    return (NextAction.AWAIT_OPENING if waiting else NextAction.NOTHING), None
