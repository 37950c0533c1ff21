"""Which waiting facts go into the tree now, and in which order.

Open facts go at once, in the order they were recorded. Sealed ones go by the schedule while any lot collects, and
at once while none does. Inside a batch real seals and cover are shuffled: whoever finds his own entry learns nothing
from its neighbors.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Select, exists, insert, select, update

from kernel import merkle
from kernel.db import db
from supervision.entries import cover_entry
from supervision.models import LogCut, LogEntry, LogFact, LogState

MAX_ROWS = 2048

_shuffle = secrets.SystemRandom().shuffle


@dataclass(frozen=True)
class Waiting:
    """A fact without a place; cover has no `id`."""

    id: int | None
    entry: bytes


@dataclass
class Batch:
    """`slot_at` is the slot served, or the one before if this batch serves none."""

    slot_at: int
    open: list[Waiting] = field(default_factory=list)
    sealed: list[Waiting] = field(default_factory=list)
    cover: int = 0
    cuts: Sequence[LogCut] = ()

    def order(self) -> list[Waiting]:
        """The entries in the order of their places."""
        seals = self.sealed + [Waiting(None, cover_entry()) for _ in range(self.cover)]
        _shuffle(seals)
        return self.open + seals


def is_due(slot: int | None, state: LogState | None) -> bool:
    """Whether `gather` would find anything; cheap, for it is asked many times a second."""
    sealed = exists().where(LogFact.index.is_(None), LogFact.salt.is_not(None))
    opened = exists().where(LogFact.index.is_(None), LogFact.salt.is_(None))
    cuts = exists().where(LogCut.size.is_(None))
    any_open, any_sealed, any_cut = db.session.execute(select(opened, sealed, cuts)).one()
    if state is None or any_open or any_cut:
        return True
    return bool(any_sealed) if slot is None else slot > state.slot_at


def gather(scheduled: int, slot: int | None, state: LogState) -> Batch:
    """What is due. `slot` is the running slot's start, None while no lot collects; `scheduled` its number of seals."""
    found = Batch(state.slot_at)
    found.open = _rows(_waiting().where(LogFact.salt.is_(None)).limit(MAX_ROWS))
    found.cuts = db.session.scalars(select(LogCut).where(LogCut.size.is_(None))).all()
    sealed = _waiting().where(LogFact.salt.is_not(None))
    if slot is None:
        found.sealed = _rows(sealed.limit(MAX_ROWS))
        found.cover = max(0, scheduled - len(found.sealed)) if found.cuts else 0
    elif slot > state.slot_at or found.cuts:
        found.slot_at = max(slot, state.slot_at)
        found.sealed = _rows(sealed.limit(scheduled))
        found.cover = scheduled - len(found.sealed)
    if found.cuts:  # a closed lot's facts do not wait for the schedule: they must lie below its cut
        closed = _rows(sealed.where(LogFact.lot.in_([cut.lot for cut in found.cuts])))
        found.sealed += [row for row in closed if row not in set(found.sealed)]
    return found


def write(placed: Sequence[Waiting], first: int) -> None:
    """Store the entries from index `first` on, and tell each fact its place."""
    numbered = list(enumerate(placed, first))
    if not numbered:
        return
    leaves = [{"index": index, "entry": row.entry, "leaf_hash": merkle.leaf_hash(row.entry)} for index, row in numbered]
    db.session.execute(insert(LogEntry), leaves)
    places = [{"id": row.id, "index": index} for index, row in numbered if row.id is not None]
    if places:
        db.session.execute(update(LogFact), places)


def _waiting() -> Select[int, bytes]:
    """Rows without a place, never "id above the last": an id becomes visible when its transaction commits, in any order."""
    return select(LogFact.id, LogFact.entry).where(LogFact.index.is_(None)).order_by(LogFact.id)


def _rows(query: Select[int, bytes]) -> list[Waiting]:
    return [Waiting(number, entry) for number, entry in db.session.execute(query)]
