"""Which waiting facts go into the tree now, and in which order.

Open facts go at once, in the order they were recorded. Sealed ones go by the schedule while any lot collects, and
at once while none does. Inside a batch real seals and cover are shuffled: whoever finds his own entry learns nothing
from its neighbors.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from sqlalchemy import Select, select

from kernel.db import db
from supervision.entries import cover_entry
from supervision.models import LogCut, LogFact, LogState

MAX_ROWS = 2048

_shuffle = secrets.SystemRandom().shuffle


@dataclass
class Batch:
    """`slot_at` is the slot served, or the one before if this batch serves none."""

    slot_at: int
    begins: bool = False
    open: list[LogFact] = field(default_factory=list)
    sealed: list[LogFact] = field(default_factory=list)
    cover: int = 0
    cuts: list[LogCut] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        return not (self.begins or self.open or self.sealed or self.cover or self.cuts)

    def order(self) -> list[tuple[bytes, LogFact | None]]:
        """The entries in the order of their places, each with its fact; cover has none."""
        seals: list[tuple[bytes, LogFact | None]] = [(row.entry, row) for row in self.sealed]
        seals += [(cover_entry(), None) for _ in range(self.cover)]
        _shuffle(seals)
        return [(row.entry, row) for row in self.open] + seals


def gather(scheduled: int, slot: int | None, state: LogState | None) -> Batch:
    """What is due. `slot` is the running slot's start, None while no lot collects; `scheduled` its number of seals."""
    last = state.slot_at if state is not None else 0
    found = Batch(last, begins=state is None)
    found.open = _rows(_waiting().where(LogFact.salt.is_(None)))
    found.cuts = list(db.session.scalars(select(LogCut).where(LogCut.size.is_(None))))
    sealed = _waiting().where(LogFact.salt.is_not(None))
    if slot is None:
        found.sealed = _rows(sealed)
        found.cover = max(0, scheduled - len(found.sealed)) if found.cuts else 0
    elif slot > last or found.cuts:
        found.slot_at = max(slot, last)
        found.sealed = _rows(sealed, scheduled)
        found.cover = scheduled - len(found.sealed)
    _add_cut_lots(found)
    return found


def _add_cut_lots(found: Batch) -> None:
    """A closed lot's facts do not wait for the schedule: they must lie below its cut."""
    if not found.cuts:
        return
    taken = {row.id for row in found.sealed}
    lots = [cut.lot for cut in found.cuts]
    waiting = _waiting().where(LogFact.salt.is_not(None), LogFact.lot.in_(lots))
    found.sealed += [row for row in db.session.scalars(waiting) if row.id not in taken]


def _waiting() -> Select[LogFact]:
    """Rows without a place, never "id above the last": an id becomes visible when its transaction commits, in any order."""
    return select(LogFact).where(LogFact.index.is_(None)).order_by(LogFact.id)


def _rows(query: Select[LogFact], limit: int = MAX_ROWS) -> list[LogFact]:
    return list(db.session.scalars(query.limit(limit)))
