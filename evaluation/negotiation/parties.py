"""Who takes part in a negotiation: the lot, the suppliers whose responses were opened, who is still in, the team's seats."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from accounts.actor import Actor
from accounts.roles import Role
from bidding.models import Bid
from bidding.states import BidStatus
from evaluation import reading, rules
from evaluation.models import Seat
from evaluation.negotiation.models import Departure
from evaluation.negotiation.visibility import Viewer
from kernel.db import db
from kernel.errors import Conflict, NotFound
from tendering import lifecycle, packs, visibility
from tendering.models import Lot
from tendering.quotes import boxes
from tendering.states import LotState


@dataclass(frozen=True)
class Supplier:
    """A supplier by its first response; `left` when it withdrew."""

    bid: Bid
    name: str
    left: bool

    @property
    def bid_id(self) -> str:
        return self.bid.bid_id


def law(lot: Lot) -> str:
    return packs.load(lot.tender.pack_id).clause("negotiations")


def negotiated(code: str, *, lock: bool = False) -> Lot:
    """The lot, whose procedure has a negotiation; NotFound for every other."""
    lot = lifecycle.lot_of(code, lock=lock)
    if not boxes.negotiated(lot):
        raise NotFound("negotiation.none", "本标段没有谈判（磋商）。", "There is no negotiation on this lot.")
    return lot


def running(code: str) -> Lot:
    """The same, locked, while it is being negotiated; Conflict otherwise."""
    lot = negotiated(code, lock=True)
    if lot.state != LotState.EVALUATING or lot.suspended_at is not None:
        raise Conflict(
            "negotiation.not_now",
            "现在不在谈判（磋商）阶段。",
            "This lot is not being negotiated now.",
            rule=law(lot),
            state=lot.state,
        )
    return lot


def suppliers(lot: Lot) -> list[Supplier]:
    """Everybody whose response was opened for the team, in the order of their codes."""
    opened = {bid_id for bid_id, row in reading.documents(lot.code).items() if row.sha256}
    left = set(db.session.scalars(select(Departure.bid_id).where(Departure.lot == lot.code)))
    live = select(Bid).where(Bid.lot == lot.code, Bid.status == BidStatus.LIVE).order_by(Bid.bid_id)
    return [
        Supplier(bid, reading.name_of(bid), bid.bid_id in left)
        for bid in db.session.scalars(live)
        if bid.bid_id in opened
    ]


def still_in(lot: Lot) -> list[Supplier]:
    return [one for one in suppliers(lot) if not one.left]


def supplier_of(lot: Lot, bid_id: str) -> Supplier:
    """NotFound unless its response was opened for the team."""
    found = next((one for one in suppliers(lot) if one.bid_id == bid_id), None)
    if found is None:
        raise NotFound("negotiation.unknown", "没有这家供应商的响应文件。", "There is no response of that supplier.")
    return found


def own(actor: Actor, lot: Lot) -> Supplier | None:
    """The actor's own part; None for everybody who handed in no response that was opened."""
    if Role.BIDDER not in actor.roles:
        return None
    return next((one for one in suppliers(lot) if one.bid.organization == actor.organization_id), None)


def own_still_in(actor: Actor, lot: Lot) -> Supplier:
    """The actor's own part, while it has one; Conflict after it withdrew."""
    actor.act_as(Role.BIDDER)
    found = own(actor, lot)
    if found is None:
        raise NotFound(
            "negotiation.not_in", "贵单位没有参加本标段的谈判（磋商）。", "You take no part in this negotiation."
        )
    if found.left:
        raise Conflict(
            "negotiation.left",
            "贵单位已退出谈判（磋商）。",
            "Your organization withdrew from this negotiation.",
            rule=law(lot),
        )
    return found


def seat_of(actor: Actor, lot: Lot) -> Seat:
    """The actor's working seat in the team; NotFound for everybody else."""
    seat = reading.own_seat(actor, lot.code)
    rules.check_declared(declared=seat.declared_at is not None, conflict=seat.conflict)
    return seat


def sits(actor: Actor, lot: Lot) -> bool:
    return any(seat.person_id == actor.person_id and seat.conflict is None for seat in reading.seats(lot.code))


def viewer(actor: Actor, lot: Lot, bid_id: str) -> Viewer:
    """As what the actor looks at this supplier's things."""
    if sits(actor, lot):
        return Viewer.TEAM
    mine = own(actor, lot)
    if mine is not None:
        return Viewer.SUPPLIER if mine.bid_id == bid_id else Viewer.OTHER
    if visibility.of_project(lot.tender, actor):
        return Viewer.OWNER
    return Viewer.SUPERVISOR if Role.SUP in actor.roles else Viewer.PUBLIC
