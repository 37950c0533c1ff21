"""The world of a play: people act in it, time passes in it, and the tender under way is kept at hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from evaluation.evaluator import round_of_work
from kernel import clock
from kernel import site as sites
from kernel.db import db, transaction
from kernel.errors import Refusal
from portal import worker
from portal.scenario import moments
from portal.scenario.installation import Installation
from portal.scenario.people import Person
from portal.scenario.tables import Tables
from portal.scenario.watch import SECOND
from supervision import log
from supervision.models import LogFact
from tendering import lifecycle
from tendering.models import Lot, Tender
from tendering.states import LotState

ROUNDS = 60
QUIET_S = 2
LOOK_EVERY = 5
FASTER, WAITING_FASTER, LONGEST_WAIT_S = 30, 3, 30
OPENING = (LotState.SEALED, LotState.OPENING)
PATIENCE = dt.timedelta(hours=6)
TIME, NODES, ROOM = "time", "nodes", "room"
UNHEARD = frozenset({"log", "outbox"})
"""Steps that are never done while a lot collects: the log's timetable hides what happens, so it tells nothing."""


class MismatchError(Exception):
    """The play went another way than its file says."""


@dataclass
class World:
    """`tender` is the code of the tender under way, `bids` the manifest hash of each party's last bid by (lot, name)."""

    here: Installation
    people: dict[str, Person]
    terms: dict[str, Any]
    tender: str = ""
    bids: dict[tuple[int, str], str] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)
    """What later steps of one scenario need of earlier ones, by the verbs' own names."""
    _steps: dict[str, worker.Step] = field(default_factory=dict)
    _unseen: int = 0
    """How many rounds the nodes have worked in since they last looked at each other."""
    _tables: Tables = field(default_factory=Tables)

    def __post_init__(self) -> None:
        with self.here.app.app_context():
            self._tables.listen(db.engine)

    @property
    def now(self) -> dt.datetime:
        return self.here.watch.instant

    @property
    def folder(self) -> Path:
        return self.here.var

    # people -----------------------------------------------------------------------------------------------------

    def person(self, name: str) -> Person:
        """By part (`bidder2`) or by the organization's name; MismatchError otherwise."""
        found = self.people.get(name) or next((one for one in self.people.values() if one.name == name), None)
        if found is None:
            raise MismatchError(f"there is nobody called {name!r}; people: {', '.join(self.people)}")
        return found

    @contextmanager
    def act(self, *, write: bool = True) -> Iterator[dt.datetime]:
        """One request: the clock stands still, one transaction; a refusal that matters is recorded after the roll-back."""
        with self.at_work():
            try:
                with transaction(write=write):
                    yield self.now
            except Refusal as refusal:
                if refusal.record is not None:
                    with transaction():
                        log.append(refusal.record.fact, lot=refusal.record.lot, subject=refusal.record.subject)
                raise

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Inside the application at the present instant, without a transaction."""
        with self.here.app.app_context(), sites.used(self.here.app.site), clock.at(self.now):
            yield

    # what stands ------------------------------------------------------------------------------------------------

    def code(self, number: int) -> str:
        """The code of the tender's lot of that number."""
        return f"{self.tender}{number:03d}"

    def lot(self, number: int) -> Lot:
        with self.act(write=False):
            return lifecycle.lot_of(self.code(number))

    def row(self) -> Tender:
        with self.act(write=False):
            return lifecycle.tender_of(self.tender)

    @property
    def published(self) -> bool:
        """Whether there is anything public to recheck."""
        return bool(self.tender) and self.row().notice is not None

    # time -------------------------------------------------------------------------------------------------------

    def breathe(self) -> None:
        """A second between two acts, in which nothing is due: what they set going is done when time passes next."""
        self.here.watch.instant += SECOND

    def tick(self, stride: dt.timedelta = SECOND) -> bool:
        """Let `stride` pass and do all that is due then; whether anything but the log's own routine was done."""
        if stride > SECOND or self._unseen >= LOOK_EVERY:
            self._look_around()
        self.here.watch.instant += stride
        before = self._facts()
        busy, done = False, {TIME}
        for _ in range(ROUNDS):
            done = self._round(done)
            busy |= bool(done - UNHEARD - {NODES})
            if not done:
                break
            self._unseen += NODES in done
        return busy or self._facts() != before

    def _look_around(self) -> None:
        """Before time leaps: nodes look at each other every other second, so by then each has seen what the others signed."""
        if self._unseen:
            with clock.at(self.now):
                self.here.fleet.look_around()
            self._unseen = 0

    def settle(self) -> None:
        """Second by second until nothing more comes of what was done last."""
        quiet = 0
        for _ in range(60):
            quiet = 0 if self.tick() else quiet + 1
            if quiet >= QUIET_S:
                return

    def pass_until(self, target: dt.datetime) -> None:
        """Let time pass to `target`, stopping where a row names a moment on the way; quiet stretches are crossed at once.

        Not while an opening is under way: the nodes wait for moments that only they know, so the strides grow step by step.
        """
        stride = SECOND
        while self.now < target:
            stop = self._next_moment(target)
            busy = self.tick(min(stride, stop - self.now)) or self.now >= stop
            stride = SECOND if busy else stride * FASTER if self._any(OPENING) else target - self.now

    def pass_while(self, waiting: Callable[[], bool], what: str) -> None:
        """Let time pass until `waiting` is over; MismatchError naming `what` when it takes longer than an opening may."""
        end, stride = self.now + PATIENCE, SECOND
        while waiting():
            if self.now > end:
                raise MismatchError(f"waited {PATIENCE} in vain: {what}")
            stride = SECOND if self.tick(stride) else min(stride * WAITING_FASTER, LONGEST_WAIT_S * SECOND)

    @contextmanager
    def clock_stopped(self) -> Iterator[None]:
        """For what is asked of the platform from outside at this instant."""
        with clock.at(self.now):
            yield

    def _round(self, before: set[str]) -> set[str]:
        """Who did something: steps of the worker by name, the nodes, the room; `before` did in the round before.

        After the log and the mail alone only they go on. At one instant a step whose tables stand finds what it found.
        """
        due = bool(before - UNHEARD)
        names = [name for name in self._table() if due or name in UNHEARD]
        with self.at_work():
            done = {name for name in names if (TIME in before or not self._tables.stand(name)) and self._one(name)}
        with clock.at(self.now):
            if self.here.fleet.step(self.now):
                done.add(NODES)
            if due and self._any([LotState.OPENED]) and round_of_work(self.here.evaluator):
                done.add(ROOM)
        return done

    def _table(self) -> dict[str, worker.Step]:
        if not self._steps:
            self._steps = dict(worker.steps())
        return self._steps

    def _one(self, name: str) -> bool:
        with self._tables.reading(name):
            return self._table()[name](self.now)

    def _any(self, states: Sequence[LotState]) -> bool:
        """Whether any lot is in one of these states."""
        with self.act(write=False):
            return db.session.scalar(select(Lot.id).where(Lot.state.in_(states)).limit(1)) is not None

    def _facts(self) -> int:
        with self.act(write=False):
            return db.session.scalar(select(func.count()).select_from(LogFact)) or 0

    def _next_moment(self, target: dt.datetime) -> dt.datetime:
        """The first moment after now that any row names, or `target`."""
        with self.act(write=False):
            return min(target, moments.after(self.now) or target)
