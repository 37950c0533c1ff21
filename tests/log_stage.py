"""A log on a stage: database, keys, four nodes that cosign, a clock that the test moves."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from kernel import clock
from kernel import db as database
from kernel import site as sites
from kernel.db import db, transaction
from kernel.settings import load
from supervision import checkpoints, log
from supervision.checkpoint import Checkpoint
from supervision.facts import DepositPaid, Fact, QuestionAnswered, TenderCancelled
from supervision.models import LogEntry, LogFact
from supervision.note import Kind, Note
from supervision.note_key import NoteKey
from supervision.policy import Policy
from supervision.schedule import Schedule
from supervision.sequencer import Plan, Sequencer
from supervision.tiles import FolderReader, TileTree
from tests import tables

ORIGIN = "practice/stage"
ENGINES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
"""Both databases, for fixtures and tests that run on each."""

NAMES = ("supervision", "management", "audit", "notary")
START = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


def policy_of(key: NoteKey, nodes: dict[str, NoteKey]) -> Policy:
    lines = [f"log {key.vkey} http://127.0.0.1/log"]
    lines += [f"witness {name} {node.vkey}" for name, node in nodes.items()]
    lines += ["group nodes 3 " + " ".join(nodes), "quorum nodes"]
    return Policy.parse(("\n".join(lines) + "\n").encode())


@dataclass
class Stage:
    """Everything a sequencer needs; `collecting` and `now` are the test's to change."""

    folder: Path
    key: NoteKey
    nodes: dict[str, NoteKey]
    now: dt.datetime = START
    collecting: list[tuple[str, dt.datetime]] = field(default_factory=list)
    announced: list[bytes] = field(default_factory=list)
    slot_s: int = 4
    entries: int = 8

    @property
    def policy(self) -> Policy:
        return policy_of(self.key, self.nodes)

    @property
    def public(self) -> Path:
        return self.folder / "public" / "log"

    def sequencer(self, *, public: Path | None = None, guard: Path | None = None) -> Sequencer:
        plan = Plan(
            key=self.key,
            policy=self.policy,
            folder=public or self.public,
            guard=guard or self.folder / "guard",
            schedule=Schedule(self.slot_s, self.entries),
        )
        return Sequencer(plan, lambda _now: self.collecting, self.announced.append)

    def record(self, *facts: Fact, lot: str | None = None) -> list[int]:
        """Append in a transaction of its own; the rows' ids."""
        with transaction(), clock.at(self.now):
            return [log.append(fact, lot=lot).id for fact in facts]

    def run(self, sequencer: Sequencer, seconds: int = 1) -> None:
        """Let time pass and step until nothing is due, second by second."""
        for _ in range(seconds):
            self.now += SECOND
            while sequencer.step(self.now):
                continue

    def published(self) -> Checkpoint:
        note = Note.parse((self.public / "checkpoint").read_bytes())
        return self.policy.opened(note)[0]

    def shelf_root(self) -> bytes:
        """The root the published tiles say."""
        return TileTree(FolderReader(self.public), self.published().size).root()

    def cosign(self, *names: str, size: int | None = None, at: int | None = None) -> list[bool]:
        """Let nodes sign our checkpoint of `size` (the newest) at `at` (now)."""
        seconds = int(self.now.timestamp()) if at is None else at
        with transaction():
            row = checkpoints.newest() if size is None else db.session.get_one(checkpoints.LogCheckpoint, size)
            assert row is not None
            text = Note.parse(row.note).text
            lines = {name: self.nodes[name].cosign(text, seconds).line for name in names}
            return [checkpoints.take(self.policy, name, row.size, line, self.now) for name, line in lines.items()]


@contextlib.contextmanager
def staged(folder: Path, url: str | None = None, key: NoteKey | None = None, **more):
    """A stage over a fresh SQLite file, or over the empty database at `url`."""
    where = url or f"sqlite:///{folder / 'log.sqlite'}"
    app = Flask("stage")
    app.config["SQLALCHEMY_DATABASE_URI"] = where
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = database.engine_options(where)
    db.init_app(app)
    settings = load({"KAIBIAO_VAR": str(folder), "KAIBIAO_DATABASE": where, "KAIBIAO_ORIGIN": ORIGIN})
    with app.app_context(), sites.used(sites.make(settings)):
        database.tune(db.engine)
        tables.make()
        try:
            yield Stage(folder, key or NoteKey.generate(ORIGIN), _nodes(), **more)
        finally:
            db.session.remove()
            db.engine.dispose()


def _nodes() -> dict[str, NoteKey]:
    return {name: NoteKey.generate(f"practice/{name}", Kind.COSIGNATURE) for name in NAMES}


def answer(number: int) -> Fact:
    """An open fact without a lot."""
    return QuestionAnswered(tender="T", question_sha256=f"{number:064x}", answer_sha256="0" * 64)


def payment(number: int, lot: str = "A") -> Fact:
    """A sealed fact."""
    return DepositPaid(lot=lot, amount=f"{number}.00", org="91350000MA2XN0P11F", at=clock.rfc3339(START))


def long_fact() -> Fact:
    return TenderCancelled(tender="T", reason="x" * 70_000, law="")


def entries() -> list[bytes]:
    with transaction(write=False):
        return list(db.session.scalars(db.select(LogEntry.entry).order_by(LogEntry.index)))


def rows() -> list[LogFact]:
    with transaction(write=False):
        return list(db.session.scalars(db.select(LogFact).order_by(LogFact.id)))


@contextlib.contextmanager
def postgres_url(template=lambda _server: "template1"):
    """The URL of a new database on the server that KAIBIAO_TEST_POSTGRES names, empty or a copy; skips without one."""
    server = os.environ.get("KAIBIAO_TEST_POSTGRES")
    if not server:
        pytest.skip("KAIBIAO_TEST_POSTGRES names no server")
    name = f"log_{secrets.token_hex(6)}"
    origin = template(server)
    engine = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {origin}"))
    try:
        yield f"{server}/{name}"
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


@contextlib.contextmanager
def staged_on(engine: str, folder: Path, **more):
    """A stage on `sqlite` or `postgres`."""
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(postgres_url(template=tables.template)) if engine == "postgres" else None
        yield stack.enter_context(staged(folder, url, **more))
