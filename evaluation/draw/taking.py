"""The drawn take their seats: the first of the order whom nothing bars, beside the owner's representatives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from accounts.models import Person
from evaluation import reading as committees
from evaluation import seating
from evaluation.draw import reading
from evaluation.draw.models import ListedExpert
from evaluation.draw.rules import Why
from kernel.db import db
from supervision import log
from supervision.draw_facts import ExpertsSeated, Passed, Taken
from tendering.models import Lot


def take_seats(lot: Lot, now: dt.datetime) -> bool:
    """Seat whom the order says; False, and nobody is seated, while it is too short."""
    first, order = reading.draws(lot.code)[0], reading.order(lot.code)
    _pass_conflicted(lot, order, now)
    _pass_barred(lot, order, first.seats, now)
    chosen = [row for row in order if row.passed is None][: first.seats]
    if len(chosen) < first.seats:
        return False
    seating.sit(lot, [_person(one) for one in [*(row.person_id for row in chosen), *first.representatives]], now)
    log.append(_seated(lot.code, chosen, order))
    return True


def pass_over(row: ListedExpert, why: Why, text: str | None, now: dt.datetime) -> None:
    row.passed, row.passed_text, row.passed_at = why, text, now


def _pass_conflicted(lot: Lot, order: Sequence[ListedExpert], now: dt.datetime) -> None:
    """Whoever declared a conflict has withdrawn by that word."""
    declared = {seat.person_id: seat.conflict for seat in committees.seats(lot.code) if seat.conflict is not None}
    for row in order:
        if row.passed is None and row.person_id in declared:
            pass_over(row, Why.RECUSAL, declared[row.person_id], now)


def _pass_barred(lot: Lot, order: Sequence[ListedExpert], seats: int, now: dt.datetime) -> None:
    """Only as far as seats are to be taken: a reserve is looked at when its turn comes."""
    able = {row.id for row in reading.reserves(lot, now)}
    sitting = {seat.person_id for seat in committees.seats(lot.code)}
    taken = 0
    for row in order:
        if row.passed is not None or taken == seats:
            continue
        if row.id in able or row.person_id in sitting:
            taken += 1
        else:
            pass_over(row, Why.BARRED, None, now)


def _person(number: int) -> Person:
    return db.session.get_one(Person, number)


def _seated(lot: str, chosen: Sequence[ListedExpert], order: Sequence[ListedExpert]) -> ExpertsSeated:
    alias = {seat.person_id: seat.alias for seat in committees.seats(lot)}
    return ExpertsSeated(
        lot=lot,
        seated=tuple(Taken(reference=row.reference, alias=alias[row.person_id]) for row in chosen),
        passed=tuple(
            Passed(reference=row.reference, why=Why(row.passed).value) for row in order if row.passed is not None
        ),
    )
