"""What a node remembers: one SQLite file, one process, every change a transaction on disk before anything is said.

Everything that leaves the node (a cosignature, an acknowledgement, a close, a release) is decided and put into the
`answer` table in the same transaction that records why; what is sent is only ever read back from there. A crash at
any point therefore leaves either nothing, or the whole decision waiting to be sent again.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Row = tuple[Any, ...]
FILE = "state.db"
LOCK = "lock"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS head (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL,
  time INTEGER NOT NULL, frontier BLOB NOT NULL, CHECK (size >= 0 AND length(root) = 32)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entry (idx INTEGER PRIMARY KEY, leaf BLOB NOT NULL, raw BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS fact (idx INTEGER PRIMARY KEY, kind TEXT NOT NULL, lot TEXT, raw TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS fact_lot ON fact (lot, idx);
CREATE TABLE IF NOT EXISTS note (size INTEGER NOT NULL, root BLOB NOT NULL, raw BLOB NOT NULL, compared INTEGER NOT NULL,
  PRIMARY KEY (size, root)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cosignature (size INTEGER NOT NULL, root BLOB NOT NULL, name TEXT NOT NULL, time INTEGER NOT NULL,
  line TEXT NOT NULL, PRIMARY KEY (size, root, name, time)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alert (id TEXT PRIMARY KEY, color TEXT NOT NULL, category TEXT NOT NULL, code TEXT NOT NULL,
  lot TEXT, at TEXT NOT NULL, evidence TEXT NOT NULL, ended_at TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mail (n INTEGER PRIMARY KEY, raw BLOB NOT NULL, state TEXT NOT NULL, tries INTEGER NOT NULL
  DEFAULT 0, why TEXT);
CREATE INDEX IF NOT EXISTS mail_waiting ON mail (n) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS answer (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
  raw BLOB NOT NULL, tries INTEGER NOT NULL DEFAULT 0, next_at INTEGER NOT NULL DEFAULT 0, sent INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS answer_waiting ON answer (id) WHERE sent = 0;
CREATE TABLE IF NOT EXISTS stage_key (lot TEXT NOT NULL, stage TEXT NOT NULL, version INTEGER NOT NULL, secret BLOB,
  recipient TEXT NOT NULL, PRIMARY KEY (lot, stage, version)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS promise (lot TEXT NOT NULL, manifest_sha256 TEXT NOT NULL, what TEXT NOT NULL, raw BLOB NOT NULL,
  PRIMARY KEY (lot, manifest_sha256, what)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (value TEXT PRIMARY KEY, manifest_sha256 TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS roll (lot TEXT NOT NULL, seq INTEGER NOT NULL, part INTEGER NOT NULL, parts INTEGER NOT NULL,
  raw BLOB NOT NULL, PRIMARY KEY (lot, seq, part)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ciphertext (sha256 TEXT PRIMARY KEY, raw BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS statement (lot TEXT NOT NULL, kind TEXT NOT NULL, number INTEGER NOT NULL, file BLOB NOT NULL,
  sig BLOB NOT NULL, PRIMARY KEY (lot, kind, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hold (lot TEXT NOT NULL, signer TEXT NOT NULL, number INTEGER NOT NULL, file BLOB NOT NULL,
  sig BLOB NOT NULL, PRIMARY KEY (lot, signer, number)) WITHOUT ROWID;
"""


class StateError(Exception):
    """The state cannot be used: another process holds it, or it is another node's."""


@dataclass
class State:
    """The open state of one node; any thread may use it, one at a time."""

    folder: Path
    _lock_file: int = -1
    _connection: sqlite3.Connection = field(init=False)
    _turn: threading.RLock = field(default_factory=threading.RLock)
    _depth: int = 0

    def __post_init__(self) -> None:
        self._lock_file = _locked(self.folder)
        self._connection = sqlite3.connect(self.folder / FILE, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        with self._turn:
            self._connection.close()
            os.close(self._lock_file)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, on disk when the body ends; inside another one, part of it."""
        with self._turn:
            if self._depth:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            else:
                self._connection.execute("COMMIT")
            finally:
                self._depth -= 1

    def rows(self, sql: str, *values: Any) -> list[Row]:
        with self._turn:
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> Row | None:
        found = self.rows(sql, *values)
        return found[0] if found else None

    def change(self, sql: str, *values: Any) -> int:
        """Run one statement; how many rows it changed."""
        with self._turn:
            return self._connection.execute(sql, values).rowcount

    def change_many(self, sql: str, rows: Sequence[Row]) -> None:
        with self._turn:
            self._connection.executemany(sql, rows)

    def setting(self, name: str) -> str | None:
        found = self.row("SELECT value FROM setting WHERE name = ?", name)
        return None if found is None else str(found[0])

    def set(self, name: str, value: str) -> None:
        self.change(
            "INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value
        )

    def pin(self, name: str, value: str) -> None:
        """Set once and for ever; StateError if it was pinned to something else."""
        with self.transaction():
            self.change("INSERT INTO setting VALUES (?, ?) ON CONFLICT DO NOTHING", name, value)
            if self.setting(name) != value:
                raise StateError(f"{name} is pinned to {self.setting(name)}")


def _locked(folder: Path) -> int:
    """Two processes on one state could cosign two trees: the second one is refused."""
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise StateError(f"another process uses the state in {folder}") from error
    return handle
