"""Signed tree heads in the database, and what the nodes' lines make of them.

Of each node the first line under a checkpoint is kept (it shows since when the node vouches for it) and the
latest (it shows that the node is awake).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from kernel.db import db
from supervision.checkpoint import Checkpoint, merge
from supervision.models import Cosignature, LogCheckpoint, LogFact
from supervision.note import Note, NoteError, Signature, Verified
from supervision.policy import Policy
from supervision.policy_file import Witness

HEADS_IN_A_WINDOW = 120
"""One a second at most, and no lot's cut_grace is longer than two minutes."""


@dataclass(frozen=True)
class Cosigned:
    """A checkpoint with lines of nodes, and when each of them signed (Unix seconds)."""

    note: Note
    checkpoint: Checkpoint
    times: dict[str, int]


def newest() -> LogCheckpoint | None:
    return db.session.scalars(select(LogCheckpoint).order_by(LogCheckpoint.size.desc()).limit(1)).first()


def newest_with_quorum() -> LogCheckpoint | None:
    query = select(LogCheckpoint).where(LogCheckpoint.quorum_at.is_not(None))
    return db.session.scalars(query.order_by(LogCheckpoint.size.desc()).limit(1)).first()


def quorum_checkpoint_at_least(size: int) -> Cosigned | None:
    """The smallest checkpoint of `size` entries or more that a quorum cosigned, with each node's first line."""
    query = select(LogCheckpoint).where(LogCheckpoint.quorum_at.is_not(None), LogCheckpoint.size >= size)
    row = db.session.scalars(query.order_by(LogCheckpoint.size).limit(1)).first()
    return None if row is None else cosigned(row, _first(_lines(row.size)))


def quorum_checkpoint_over(fact_id: int) -> Cosigned | None:
    """The first one that a quorum cosigned over a recorded fact; None while it has no place in the log, or none stands over it."""
    row = db.session.get(LogFact, fact_id)
    return None if row is None or row.index is None else quorum_checkpoint_at_least(row.index + 1)


def quorum_checkpoint_within(policy: Policy, size: int, start: int, end: int) -> Cosigned | None:
    """The smallest checkpoint of `size` or more whose quorum times all lie in [start, end]: the cut.

    Each node counts with its first line in the window, so a heartbeat after it takes nothing away.
    """
    query = select(LogCheckpoint).where(LogCheckpoint.quorum_at.is_not(None), LogCheckpoint.size >= size)
    for row in db.session.scalars(query.order_by(LogCheckpoint.size).limit(HEADS_IN_A_WINDOW)):
        found = cosigned(row, _first(line for line in _lines(row.size) if start <= line.time <= end))
        if policy.is_quorum(found.times.keys()):
            return found
    return None


def with_latest_lines(row: LogCheckpoint) -> Note:
    """The note as it is published: the newest line of each node."""
    return cosigned(row, {line.node: line for line in _lines(row.size)}.values()).note


def cosigned(row: LogCheckpoint, lines: Iterable[Cosignature]) -> Cosigned:
    chosen = list(lines)
    note = Note.parse(row.note)
    merged = merge(note, [Signature.parse(line.line) for line in chosen])
    return Cosigned(merged, Checkpoint.parse(note.text), {line.node: line.time for line in chosen})


def take(policy: Policy, name: str, size: int, text: str, now: dt.datetime) -> bool:
    """Keep a node's line under our checkpoint of `size`; False if it is not that node's valid line.

    A line that was not verified is never stored (log-and-nodes.md, section 3, said of nodes and true here).
    """
    row = db.session.get(LogCheckpoint, size, with_for_update=True)
    witness = policy.witnesses.get(name)
    line = None if row is None or witness is None else _verified(witness, row, text)
    if row is None or line is None or line.time is None:
        return False
    known = {one.node for one in _lines(size)}
    _keep(Cosignature(size=size, node=name, latest=name in known, time=line.time, line=line.signature.line))
    row.lines += 1
    if row.quorum_at is None and policy.is_quorum(known | {name}):
        row.quorum_at = now
    return True


def _verified(witness: Witness, row: LogCheckpoint, text: str) -> Verified | None:
    try:
        return witness.verifier.verify(Note.parse(row.note).text, Signature.parse(text))
    except NoteError:
        return None


def _keep(line: Cosignature) -> None:
    """The first of a node stays, the latest is replaced."""
    if line.latest:
        db.session.merge(line)
    else:
        db.session.add(line)
    db.session.flush()


def _lines(size: int) -> list[Cosignature]:
    query = select(Cosignature).where(Cosignature.size == size)
    return list(db.session.scalars(query.order_by(Cosignature.node, Cosignature.latest)))


def _first(lines: Iterable[Cosignature]) -> list[Cosignature]:
    found: dict[str, Cosignature] = {}
    for line in lines:
        found.setdefault(line.node, line)
    return list(found.values())
