"""How fast the log takes facts in: leaves hashed, facts placed, tiles written, and the wait from submit to in-tree.

Usage: .venv/bin/python benchmarks/log.py [DATABASE_URL]   (default: a SQLite file in a temporary folder)
Prints one line for each figure. The database at DATABASE_URL must be empty; its tables are dropped at the end.
"""

from __future__ import annotations

import datetime as dt
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask

from kernel import clock, merkle
from kernel import db as database
from kernel.db import db, transaction
from supervision import log
from supervision.facts import QuestionAnswered
from supervision.note import Kind
from supervision.note_key import NoteKey
from supervision.policy import Policy
from supervision.schedule import Schedule
from supervision.sequencer import Plan, Sequencer

ORIGIN = "practice/benchmark"
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def sequencer(folder: Path) -> Sequencer:
    key = NoteKey.generate(ORIGIN)
    node = NoteKey.generate("practice/node", Kind.COSIGNATURE)
    policy = Policy.parse(f"log {key.vkey}\nwitness node {node.vkey}\nquorum node\n".encode())
    plan = Plan(key, policy, folder / "log", folder / "guard", Schedule(4, 8))
    return Sequencer(plan, lambda _now: [], lambda _note: None)


def record(count: int, first: int = 0) -> None:
    with transaction(), clock.at(START):
        for number in range(first, first + count):
            log.append(QuestionAnswered(tender="T", question_sha256=f"{number:064x}", answer_sha256="0" * 64))


def merkle_speed(count: int = 300_000) -> None:
    frontier = merkle.Frontier()
    seconds = timed(lambda: frontier.extend(merkle.leaf_hash(b"%d" % number) for number in range(count)))
    print(f"leaves hashed into the tree: {count / seconds:,.0f}/s")


def batch_speed(machine: Sequencer, count: int = 8192) -> None:
    seconds = timed(lambda: record(count))
    print(f"facts recorded in one transaction: {count / seconds:,.0f}/s")
    seconds = timed(lambda: [machine.place(START) for _ in range(count // 2048 + 1)])
    print(f"facts placed (2,048 a batch, one commit each): {count / seconds:,.0f}/s")
    print(f"checkpoint signed over {count:,} entries re-read: {timed(lambda: machine.sign(START)) * 1000:,.0f} ms")
    print(f"tiles and checkpoint published: {timed(machine.publish) * 1000:,.0f} ms")


def single_speed(machine: Sequencer, count: int = 200) -> None:
    waits = []
    for number in range(count):
        record(1, 100_000 + number)
        waits.append(timed(lambda: machine.place(START)) * 1000)
    p99 = sorted(waits)[int(count * 0.99)]
    print(f"one fact placed: p50 {statistics.median(waits):.1f} ms, p99 {p99:.1f} ms")


def whole_speed(machine: Sequencer, count: int = 50) -> None:
    waits, now = [], START
    for number in range(count):
        now += dt.timedelta(seconds=2)
        waits.append(timed(lambda at=now, first=200_000 + number: (record(1, first), machine.step(at))) * 1000)
    print(f"submit to published checkpoint: p50 {statistics.median(waits):.1f} ms, max {max(waits):.1f} ms")
    idle = timed(lambda: [machine.step(now) for _ in range(100)]) * 10
    print(f"a step with nothing to do: {idle:.2f} ms")


def main(url: str | None) -> None:
    merkle_speed()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        where = url or f"sqlite:///{folder / 'log.sqlite'}"
        app = Flask("benchmark")
        app.config.update(SQLALCHEMY_DATABASE_URI=where, SQLALCHEMY_ENGINE_OPTIONS=database.engine_options(where))
        db.init_app(app)
        with app.app_context():
            database.tune(db.engine)
            db.create_all()
            machine = sequencer(folder)
            batch_speed(machine)
            single_speed(machine)
            whole_speed(machine)
            db.session.remove()
            db.drop_all()
            db.engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
