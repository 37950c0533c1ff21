"""The committee while it works: whose seat acts, and who sits."""

from __future__ import annotations

from accounts.actor import Actor
from evaluation import reading, rules
from evaluation.models import Seat
from evaluation.report import register
from kernel.errors import Conflict
from tendering import lifecycle
from tendering.models import Lot
from tendering.states import LotState


def working(actor: Actor, lot_code: str) -> tuple[Lot, Seat]:
    """The lot under evaluation and the actor's seat on its committee; refused to everybody else and at any other time."""
    lot = lifecycle.lot_of(lot_code, lock=True)
    seat = reading.own_seat(actor, lot_code)
    rules.check_declared(declared=seat.declared_at is not None, conflict=seat.conflict)
    if lot.state != LotState.EVALUATING or lot.suspended_at is not None or register.waits(lot_code):
        raise Conflict(
            "review.not_now", "本标段现在不在评审中", "This lot is not being evaluated now", rule="rules.md 5.3"
        )
    return lot, seat


def aliases(lot_code: str) -> list[str]:
    return [seat.alias for seat in reading.seats(lot_code)]
