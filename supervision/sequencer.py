"""The one that gives facts their places: batch, sign, publish, announce (log-and-nodes.md, section 2).

Each step is durable before the next begins, and each picks up from what it finds, so a crash anywhere costs time
and nothing else:

1. place:    entries and the new size in ONE commit, compare-and-swap on the size. A crash before it leaves facts
             waiting; two sequencers cannot both win.
2. sign:     re-read the entries from storage, recompute the root, commit the signed checkpoint. A crash before it
             leaves placed entries that the next checkpoint covers.
3. publish:  tiles, then the guard, then the checkpoint file. A crash in between leaves tiles nobody points to, or
             a guard whose checkpoint the next step publishes.
4. announce: tell the nodes, again every minute. A crash before it delays them until the next step.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from kernel import clock, merkle
from kernel.db import db, transaction
from kernel.errors import Unavailable
from supervision import batch, checkpoints, log
from supervision.checkpoint import Checkpoint
from supervision.facts import Genesis
from supervision.models import LogCheckpoint, LogCut, LogEntry, LogState
from supervision.note import Kind, Note, NoteError
from supervision.note_key import NoteKey
from supervision.policy import Policy
from supervision.policy_file import PolicyError
from supervision.schedule import Schedule
from supervision.shelf import COSIGNED, Guard, Shelf

CHECKPOINT_EVERY = dt.timedelta(seconds=1)
HEARTBEAT = dt.timedelta(seconds=60)
CUT_HEARTBEAT = dt.timedelta(seconds=5)
CUT_WATCHED = dt.timedelta(seconds=60)

Collecting = Callable[[dt.datetime], Iterable[tuple[str, dt.datetime]]]
"""The lots that accept bids at an instant, with their deadlines."""

Announce = Callable[[bytes], None]
"""Queue a checkpoint note for the nodes, in the caller's transaction."""


class LogHalted(Unavailable):
    """The log stands still: what was published and what is stored do not agree. Somebody must look."""

    def __init__(self, reason: str) -> None:
        super().__init__("log_halted", f"公开日志已停止：{reason}", f"the log has halted: {reason}")


class LostRace(Exception):  # noqa: N818  another sequencer's success is no error
    """Another sequencer moved the size first; nothing of this batch was written."""


@dataclass(frozen=True)
class Plan:
    """What a sequencer is made of; `guard` lies outside of every backup."""

    key: NoteKey
    policy: Policy
    folder: Path
    guard: Path
    schedule: Schedule

    def __post_init__(self) -> None:
        if self.key.kind is not Kind.ED25519 or self.policy.log.verifier != self.key.verifier:
            raise PolicyError("the log's key is not the one its policy names")


Shown = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Sight:
    """Which steps have something to do. Each step looks again for itself before it acts."""

    is_waiting: bool
    is_unsigned: bool
    is_untold: bool
    shown: Shown


@dataclass
class Sequencer:
    """Built once for each process. What it remembers only saves it work; all state is in database and folder."""

    plan: Plan
    collecting: Collecting
    announce: Announce
    _checked: bool = field(default=False, init=False)
    _shown: Shown | None = field(default=None, init=False)

    @property
    def shelf(self) -> Shelf:
        return Shelf(self.plan.folder)

    @property
    def guard(self) -> Guard:
        return Guard(self.plan.guard)

    def step(self, now: dt.datetime) -> bool:
        """Do what is due; whether anything was. LogHalted if the log stands still."""
        self._refuse_if_halted()
        seen = self._look(now)
        placed = seen.is_waiting and self.place(now)
        if placed:
            seen = self._look(now)
        signed = seen.is_unsigned and self.sign(now)
        published = (signed or seen.shown != self._shown) and self.publish()
        told = (signed or seen.is_untold) and self.tell(now)
        return placed or signed or published or told

    def _look(self, now: dt.datetime) -> Sight:
        """One short reading that says which of the four steps has anything to do."""
        with transaction(write=False):
            state, last = db.session.get(LogState, 1), checkpoints.newest()
            return Sight(
                is_waiting=batch.is_due(self._slot(now), state),
                is_unsigned=state is not None and _due(last, state.size, now),
                is_untold=last is not None and _is_time_to_tell(last, now),
                shown=_shown(last),
            )

    # place -------------------------------------------------------------------------------------------------------

    def place(self, now: dt.datetime) -> bool:
        """Give waiting facts and the slot's cover their indexes, in one commit; whether this sequencer did it."""
        try:
            with transaction(), clock.at(now):
                self._place(now)
        except (LostRace, IntegrityError):
            return False
        return True

    def cut(self, lot: str, closes_at: dt.datetime, now: dt.datetime) -> int:
        """Place the lot's waiting entries beside the scheduled number; the size of the tree that holds them."""
        with transaction():
            size = log.cut(lot, closes_at).size
        while size is None:
            self._refuse_if_halted()
            self.place(now)
            with transaction(write=False):
                size = log.cut(lot, closes_at).size
        return size

    def _place(self, now: dt.datetime) -> None:
        state = db.session.get(LogState, 1, with_for_update=True)
        if state is None:
            state = self._begin()
        old = state.size
        found = batch.gather(self.plan.schedule.entries, self._slot(now), state)
        placed = found.order()
        self._swap(old, old + len(placed), found.slot_at)
        batch.write(placed, old)
        for asked in found.cuts:
            asked.size = old + len(placed)
        db.session.flush()

    def _begin(self) -> LogState:
        """The first entry says which log this is and under which policy; IntegrityError if another began it."""
        log.append(Genesis(origin=self.plan.key.name, policy_sha256=self.plan.policy.sha256))
        state = LogState(id=1, size=0, slot_at=0)
        db.session.add(state)
        db.session.flush()
        return state

    def _swap(self, old: int, new: int, slot_at: int) -> None:
        change = update(LogState).where(LogState.id == 1, LogState.size == old)
        done = db.session.connection().execute(change.values(size=new, slot_at=slot_at))
        if done.rowcount != 1:
            raise LostRace

    def _slot(self, now: dt.datetime) -> int | None:
        closings = [closes_at for _, closes_at in self.collecting(now)]
        return self.plan.schedule.slot_of(now, closings) if closings else None

    # sign --------------------------------------------------------------------------------------------------------

    def sign(self, now: dt.datetime) -> bool:
        """Sign the tree as storage holds it, at most once a second."""
        with transaction(write=False):
            state, last = db.session.get(LogState, 1), checkpoints.newest()
            if state is None or not _due(last, state.size, now):
                return False
            frontier = self._recomputed(last, state.size)
        text = Checkpoint(self.plan.key.name, frontier.size, frontier.root()).text
        note = Note(text, (self.plan.key.sign(text),)).encode()
        try:
            with transaction():
                db.session.add(
                    LogCheckpoint(
                        size=frontier.size,
                        root=frontier.root(),
                        frontier=b"".join(frontier.hashes),
                        note=note,
                        lines=0,
                        created_at=now,
                    )
                )
        except IntegrityError:  # another sequencer signed this size; it re-read the same entries
            return False
        return True

    def _recomputed(self, last: LogCheckpoint | None, size: int) -> merkle.Frontier:
        """The frontier of the first `size` entries, from the last signed one and the entries' own bytes."""
        frontier = merkle.Frontier() if last is None else _frontier(last)
        if last is not None and frontier.root() != last.root:
            self._halt(f"the stored frontier of size {last.size} does not give its root")
        query = select(LogEntry).where(LogEntry.index >= frontier.size, LogEntry.index < size)
        for row in db.session.scalars(query.order_by(LogEntry.index).execution_options(yield_per=1000)):
            if row.index != frontier.size or merkle.leaf_hash(row.entry) != row.leaf_hash:
                self._halt(f"entry {frontier.size} in storage is not the one that was placed")
            frontier.append(row.leaf_hash)
        if frontier.size != size:
            self._halt(f"storage holds {frontier.size} entries of {size}")
        return frontier

    # publish -----------------------------------------------------------------------------------------------------

    def publish(self) -> bool:
        """Bring the folder up to the newest checkpoint and its lines; LogHalted if the folder is ahead."""
        with self.guard.held():
            self._refuse_if_halted()
            with transaction(write=False):
                row = checkpoints.newest()
                if row is None:
                    self._refuse_lost_log()
                    return False
                self._extend(row)
                self._shown = _shown(row)
                changed = self.shelf.put_checkpoint(checkpoints.with_latest_lines(row))
                best = checkpoints.newest_with_quorum()
                if best is not None:
                    changed |= self.shelf.put_checkpoint(checkpoints.with_latest_lines(best), COSIGNED)
                return changed

    def rebuild(self) -> None:
        """Write all tiles anew from the database, up to the newest checkpoint."""
        with self.guard.held(), transaction(write=False):
            row = checkpoints.newest()
            if row is not None:
                self.shelf.extend(0, row.size, _entries)

    def _extend(self, row: LogCheckpoint) -> None:
        published = self._published()
        old = published.size if published is not None else 0
        if not self._checked and published is not None and self.shelf.root(old) != published.root:
            old = 0  # tiles are derived: a damaged folder is written anew
        self._checked = True
        if old == row.size:
            return
        self.shelf.extend(old, row.size, _entries)
        self.guard.remember(Note.parse(row.note))

    def _published(self) -> Checkpoint | None:
        """What the guard remembers, if the database knows it too; LogHalted otherwise."""
        note = self.guard.note()
        if note is None:
            return None
        published = Checkpoint.parse(note.text)
        known = db.session.get(LogCheckpoint, published.size)
        if published.origin != self.plan.key.name or known is None or known.root != published.root:
            self._halt(f"size {published.size} was published and is not in the database: restored from a backup?")
        return published

    def _refuse_lost_log(self) -> None:
        if self.guard.note() is not None:
            self._halt("a log was published from here and the database is empty")

    # announce and take back --------------------------------------------------------------------------------------

    def tell(self, now: dt.datetime) -> bool:
        """Send the newest checkpoint to the nodes: when it is new, and again as a heartbeat."""
        with transaction(write=False):
            row = checkpoints.newest()
            if row is None or not _is_time_to_tell(row, now):
                return False
            size = row.size
        with transaction():
            row = db.session.get_one(LogCheckpoint, size)
            row.announced_at = now
            self.announce(row.note)
        return True

    def take_cosignature(self, node: str, size: int, line: str, now: dt.datetime) -> bool:
        """Keep a node's line under our checkpoint of `size` in the caller's transaction; the next step publishes it."""
        return checkpoints.take(self.plan.policy, node, size, line, now)

    def node_ahead(self, node: str, raw: bytes) -> bool:
        return node_ahead(self.plan, node, raw)

    def _refuse_if_halted(self) -> None:
        reason = self.guard.halted()
        if reason is not None:
            raise LogHalted(reason)

    def _halt(self, reason: str) -> None:
        self.guard.halt(reason)
        raise LogHalted(reason)


def node_ahead(plan: Plan, node: str, raw: bytes) -> bool:
    """A node shows a checkpoint of ours: halt if we signed it and do not know it. Whether the log halts.

    Only our own signature counts, so that nobody else can stop the log.
    """
    try:
        shown, _ = plan.policy.opened(Note.parse(raw))
    except NoteError:
        return False
    known = db.session.get(LogCheckpoint, shown.size)
    if known is not None and known.root == shown.root:
        return False
    Guard(plan.guard).halt(f"{node} holds our signature under size {shown.size}, which is not in the database")
    return True


def _is_time_to_tell(row: LogCheckpoint, now: dt.datetime) -> bool:
    if row.announced_at is None:
        return True
    cuts = select(LogCut.lot).where(LogCut.closes_at > now - CUT_WATCHED, LogCut.size.is_not(None))
    # while a cut waits for quorum times inside its window, a slow node gets more than one chance
    pause = CUT_HEARTBEAT if db.session.scalars(cuts.limit(1)).first() else HEARTBEAT
    return now - row.announced_at >= pause


def _shown(last: LogCheckpoint | None) -> Shown:
    """What the published files depend on: as long as it stays, there is nothing to publish."""
    best = last if last is None or last.quorum_at is not None else checkpoints.newest_with_quorum()
    return tuple((row.size, row.lines) for row in (last, best) if row is not None)


def _due(last: LogCheckpoint | None, size: int, now: dt.datetime) -> bool:
    if last is None:
        return True
    return size > last.size and now - last.created_at >= CHECKPOINT_EVERY


def _frontier(row: LogCheckpoint) -> merkle.Frontier:
    step = merkle.HASH_SIZE
    hashes = [row.frontier[place : place + step] for place in range(0, len(row.frontier), step)]
    return merkle.Frontier.of(row.size, hashes)


def _entries(start: int, end: int) -> list[bytes]:
    query = select(LogEntry.entry).where(LogEntry.index >= start, LogEntry.index < end)
    return list(db.session.scalars(query.order_by(LogEntry.index)))
