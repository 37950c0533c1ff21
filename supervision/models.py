"""Tables of the log: facts waiting and placed, entries, checkpoints and the lines that nodes added to them."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant
from supervision import facts

WAITING = text("log_index IS NULL")


class LogFact(Base):
    """A fact as it was recorded: the outbox of the sequencer, and afterwards what a seal opens to."""

    __tablename__ = "log_fact"
    __table_args__ = (
        CheckConstraint("log_index IS NULL OR log_index >= 0", name="log_fact_index_is_a_place"),
        CheckConstraint("disclosed_at IS NULL OR salt IS NOT NULL", name="log_fact_only_seals_are_disclosed"),
        Index("log_fact_waiting", "id", sqlite_where=WAITING, postgresql_where=WAITING),
        Index("log_fact_by_lot", "lot", "kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    lot: Mapped[str | None] = mapped_column(Text)
    subject_org: Mapped[str | None] = mapped_column(Text, index=True)
    fact: Mapped[bytes] = mapped_column(LargeBinary)
    salt: Mapped[bytes | None] = mapped_column(LargeBinary)
    entry: Mapped[bytes] = mapped_column(LargeBinary)
    index: Mapped[int | None] = mapped_column("log_index", BigInteger, unique=True)
    disclosed_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    created_at: Mapped[dt.datetime] = mapped_column(Instant)

    @property
    def value(self) -> facts.Fact:
        """The fact itself; FactError once it was forgotten."""
        return facts.parse(self.fact)


class LogEntry(Base):
    """One leaf. Never changed, never removed; cover has no fact."""

    __tablename__ = "log_entry"

    index: Mapped[int] = mapped_column("log_index", BigInteger, primary_key=True, autoincrement=False)
    entry: Mapped[bytes] = mapped_column(LargeBinary)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary)


class LogState(Base):
    """The single row whose compare-and-swap decides which sequencer placed a batch."""

    __tablename__ = "log_state"
    __table_args__ = (CheckConstraint("id = 1", name="log_state_is_one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger)
    slot_at: Mapped[int] = mapped_column(BigInteger)


class LogCut(Base):
    """A lot's cut asked for: its waiting entries go in at once; `size` is the tree that holds them."""

    __tablename__ = "log_cut"

    lot: Mapped[str] = mapped_column(Text, primary_key=True)
    closes_at: Mapped[dt.datetime] = mapped_column(Instant, primary_key=True)
    size: Mapped[int | None] = mapped_column(BigInteger)


class LogCheckpoint(Base):
    """A signed tree head. `note` is without the nodes' lines, `lines` counts how often one came; `frontier` lets
    the next tree head start where this one ends.
    """

    __tablename__ = "log_checkpoint"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    frontier: Mapped[bytes] = mapped_column(LargeBinary)
    note: Mapped[bytes] = mapped_column(LargeBinary)
    lines: Mapped[int]
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    announced_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    quorum_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class Cosignature(Base):
    """A node's verified line under a checkpoint: its first, and the latest if it signed again."""

    __tablename__ = "log_cosignature"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    node: Mapped[str] = mapped_column(Text, primary_key=True)
    latest: Mapped[bool] = mapped_column(primary_key=True)
    time: Mapped[int] = mapped_column(BigInteger)
    line: Mapped[str] = mapped_column(Text)
