"""The log as the slices use it: append a fact, find facts, disclose what was sealed, prove what stands.

Everything here works in the caller's transaction. A fact gets its index when the sequencer places it.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select

from kernel import canonical, clock, keys
from kernel.db import db
from kernel.site import site
from supervision import entries, vocabulary
from supervision.checkpoint import Checkpoint
from supervision.checkpoints import quorum_checkpoint_at_least
from supervision.facts import Disclosure, Fact
from supervision.models import LogCut, LogFact
from supervision.note import Note
from supervision.proof import TlogProof
from supervision.shelf import Shelf
from supervision.tiles import TileError, TileTree


def append(fact: Fact, *, lot: str | None = None, subject: str | None = None) -> LogFact:
    """Record `fact` in the caller's transaction; sealed kinds get a salt. `subject` is the organization it is about.

    EntryError if an open fact is too long for an entry.
    """
    raw = fact.canonical()
    salt = entries.new_salt() if fact.sealed else None
    entry = entries.open_entry(fact.to_json()) if salt is None else entries.sealed_entry(entries.seal_of(salt, raw))
    row = LogFact(
        kind=fact.kind,
        lot=lot if lot is not None else getattr(fact, "lot", None),
        subject_org=subject,
        fact=raw,
        salt=salt,
        entry=entry,
        created_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    return row


def find(kind: str, lot: str | None = None) -> list[LogFact]:
    """Facts of a kind, of one lot or of all, in the order they were recorded."""
    query = select(LogFact).where(LogFact.kind == kind).order_by(LogFact.id)
    if lot is not None:
        query = query.where(LogFact.lot == lot)
    return list(db.session.scalars(query))


def latest(kind: str, lot: str) -> LogFact | None:
    query = select(LogFact).where(LogFact.kind == kind, LogFact.lot == lot)
    return db.session.scalars(query.order_by(LogFact.id.desc()).limit(1)).first()


def disclose(row: LogFact, at: dt.datetime) -> None:
    """Show a sealed fact to everybody from `at` on; ValueError for an open one and for what is never public."""
    opens = vocabulary.KINDS[row.kind].opens
    if row.salt is None or Disclosure.NEVER in opens:
        raise ValueError(f"{row.kind} is not disclosed to everybody")
    row.disclosed_at = row.disclosed_at or at


def disclose_lot(lot: str, when: Disclosure, at: dt.datetime) -> int:
    """Show everybody all facts of the lot whose rule says `when`; how many there are."""
    rows = [row for row in _sealed(lot) if when in vocabulary.KINDS[row.kind].opens]
    for row in rows:
        disclose(row, at)
    return len(rows)


def disclosures(lot: str) -> list[dict[str, Any]]:
    """What of the lot's sealed facts is public now: index, salt and fact, checkable against the entry."""
    return [opened(row) for row in _sealed(lot) if row.disclosed_at is not None and row.index is not None]


def disclosures_to(lot: str, who: Disclosure) -> list[dict[str, Any]]:
    """The lot's placed facts that trustees or the supervising authority see once the lot is closed."""
    found = [row for row in _sealed(lot) if who in vocabulary.KINDS[row.kind].opens]
    return [opened(row) for row in found if row.index is not None]


def opened(row: LogFact) -> dict[str, Any]:
    """The opening of one sealed entry, for whoever may have it."""
    assert row.salt is not None
    return {"index": row.index, "salt": keys.b64(row.salt), "fact": canonical.decode(row.fact)}


def forget(row: LogFact) -> None:
    """Erase fact and salt: nobody can ever tell what the entry sealed. The tree stays as it is."""
    if row.salt is None:
        raise ValueError("an open fact stands in the log for ever")
    row.fact, row.salt, row.disclosed_at = b"", None, None


def cut(lot: str, closes_at: dt.datetime) -> LogCut:
    """Ask for the lot's cut (once for each deadline); `size` is set when its waiting entries are in the tree.

    Call it in the transaction that flips the lot, so that nothing of the lot is recorded after.
    """
    found = db.session.get(LogCut, (lot, closes_at))
    if found is None:
        found = LogCut(lot=lot, closes_at=closes_at, size=None)
        db.session.add(found)
        db.session.flush()
    return found


def published_size() -> int:
    """Entries under the newest published checkpoint; 0 before the first."""
    raw = Shelf(site().public / "log").checkpoint()
    return Checkpoint.parse(Note.parse(raw).text).size if raw is not None else 0


def proof_of(index: int, size: int) -> list[bytes]:
    """Inclusion hashes for an entry in the published tree of `size`; TileError if the log has not come so far."""
    published = published_size()
    if size > published:
        raise TileError(f"the published tree has {published} entries, not {size}")
    return TileTree(Shelf(site().public / "log").reader, published).inclusion_proof(index, size)


def receipt_proof(row: LogFact) -> bytes | None:
    """The proof file of a fact under the first quorum checkpoint that holds it; None as long as there is none."""
    if row.index is None:
        return None
    found = quorum_checkpoint_at_least(row.index + 1)
    if found is None:
        return None
    hashes = tuple(proof_of(row.index, found.checkpoint.size))
    return TlogProof(row.index, hashes, found.note).encode()


def _sealed(lot: str) -> list[LogFact]:
    query = select(LogFact).where(LogFact.lot == lot, LogFact.salt.is_not(None)).order_by(LogFact.id)
    return list(db.session.scalars(query))
