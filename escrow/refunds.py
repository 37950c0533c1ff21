"""Returns begun by rule: each deposit's duty, its due day, what it earns. Nobody decides whether; the law does (rules.md T26)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from escrow import interest, ledger, lots, rules
from escrow.interest import Span
from escrow.models import Arrival, Deposit, Refund
from kernel.db import db
from kernel.errors import Unavailable
from kernel.money import Fen
from tendering import packs
from tendering.lifecycle import lot_of
from tendering.models import Lot
from tendering.states import LotState

RELEASING = (
    LotState.AWARDED, LotState.CONTRACTED, LotState.FULFILLED, LotState.CLOSED, LotState.FAILED, LotState.RETENDERED,
    LotState.CANCELLED, LotState.VOIDED, LotState.DEAL,
)  # fmt: skip


@dataclass(frozen=True)
class Sum:
    """What is owed with the arithmetic of it."""

    principal: Fen
    bank: Sequence[Span]
    late: Sequence[Span]

    @property
    def interest(self) -> Fen:
        return interest.total(self.bank)

    @property
    def late_interest(self) -> Fen:
        return interest.total(self.late)

    @property
    def total(self) -> Fen:
        return Fen(self.principal + self.interest + self.late_interest)


def withdrawn(code: str, organizations: Sequence[int], now: dt.datetime) -> None:
    """A bid was withdrawn in writing before the deadline: its deposit goes back (C28, G15). Called in that transaction."""
    for deposit in _live(code, organizations):
        if deposit.withdrawn_at is None:
            deposit.withdrawn_at = now
            db.session.flush()
            begin(deposit)


def bid_again(code: str, organizations: Sequence[int], now: dt.datetime) -> None:
    """Who bids again before the return was proposed leaves the deposit where it is."""
    for deposit in _live(code, organizations):
        running = open_of(deposit)
        if deposit.withdrawn_at is not None and (running is None or running.batch_id is None):
            deposit.withdrawn_at = None
            if running is not None:
                running.ended_at = now
            db.session.flush()


def _live(code: str, organizations: Sequence[int]) -> list[Deposit]:
    wanted = (Deposit.lot == code, Deposit.organization.in_(organizations), Deposit.ended_at.is_(None))
    return list(db.session.scalars(select(Deposit).where(*wanted)))


def open_of(deposit: Deposit) -> Refund | None:
    return db.session.scalar(select(Refund).where(Refund.deposit_id == deposit.id, Refund.ended_at.is_(None)))


def unbegun() -> list[int]:
    """Deposits that hold something, have no return under way, and whose lot or bidder may have set one going."""
    running = select(Refund.deposit_id).where(Refund.ended_at.is_(None))
    wanted = (
        select(Deposit.id)
        .join(Lot, Lot.code == Deposit.lot)
        .where(Deposit.ended_at.is_(None), Deposit.id.not_in(running))
        .where(Lot.state.in_(RELEASING) | Deposit.withdrawn_at.is_not(None))
    )
    return list(db.session.scalars(wanted.order_by(Deposit.id)))


def begin(deposit: Deposit) -> Refund | None:
    """Enter the duty that the deposit stands under, once there is one; nothing where nothing is held."""
    held = holding(deposit)
    if held == 0 or open_of(deposit) is not None:
        return None
    found = duty_of(deposit)
    if found is None:
        return None
    row = Refund(
        deposit_id=deposit.id, cause=found.cause, rule=found.rule.id, law=found.rule.cited,
        began_at=found.began_at, due_at=found.due_at, principal=held,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def holding(deposit: Deposit) -> Fen:
    """What there is to give back: the letter's amount, or the money held and in suspense."""
    if deposit.guarantee is not None:
        return Fen(deposit.guarantee.amount)
    return Fen(sum(ledger.balance(code).posted for code in accounts(deposit)))


def accounts(deposit: Deposit) -> tuple[str, str]:
    return f"L:dep:{deposit.ref}", f"L:suspense:{deposit.ref}"


def duty_of(deposit: Deposit) -> rules.Duty | None:
    """None too where the year's calendar is not loaded: the duty begins when it is."""
    lot = lot_of(deposit.lot)
    moments = {**lots.moments(lot), "bid_withdrawn": deposit.withdrawn_at}
    try:
        return rules.duty(packs.load(lot.tender.pack_id), moments, won=lots.winner(lot) == deposit.organization)
    except Unavailable:
        return None


def owed(row: Refund, paid_at: dt.datetime) -> Sum:
    """What it comes to if it is paid then. A letter earns nothing; a bidder's own fault costs nothing."""
    if row.deposit.guarantee is not None:
        return Sum(Fen(row.principal), (), ())
    pack = packs.load(lot_of(row.deposit.lot).tender.pack_id)
    bank = interest.bank(_stood(row.deposit.arrivals), paid_at) if row.rule in interest.WITH_BANK_INTEREST else []
    late = [] if row.fault else interest.late(pack, Fen(row.principal), row.due_at, paid_at)
    return Sum(Fen(row.principal), bank, late)


def _stood(arrivals: Sequence[Arrival]) -> list[tuple[dt.datetime, Fen]]:
    return [(row.channel_at, Fen(row.amount)) for row in arrivals]
