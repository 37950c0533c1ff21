"""A crash anywhere loses nothing, two sequencers never fork, and a restored database is caught."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from flask import current_app
from log_stage import ENGINES, SECOND, answer, entries, payment, postgres_url, rows, staged, staged_on

from kernel import merkle
from kernel.db import db, transaction
from supervision import sequencer as sequencing
from supervision import shelf
from supervision.checkpoint import Checkpoint
from supervision.models import LogCheckpoint
from supervision.note import Note
from supervision.note_key import NoteKey
from supervision.sequencer import LogHalted
from supervision.tiles import FolderReader, TileTree


@pytest.fixture(params=ENGINES)
def stage(request, tmp_path):
    with staged_on(request.param, tmp_path) as found:
        yield found


class CrashError(Exception):
    """The machine stops here."""


def check_whole(stage):
    """Every fact has one place, places have no gap, all signed heads are prefixes, the folder shows the newest."""
    stored, facts = entries(), rows()
    places = [row.index for row in facts]
    assert None not in places
    assert len(set(places)) == len(places)
    for row in facts:
        assert stored[row.index] == row.entry
    leaves = [merkle.leaf_hash(entry) for entry in stored]
    with transaction(write=False):
        for head in db.session.scalars(db.select(LogCheckpoint)):
            assert head.root == merkle.root_of_hashes(leaves[: head.size])
    published = stage.published()
    assert published.size == len(stored)
    assert published.root == merkle.root_of_hashes(leaves)
    assert list(TileTree(FolderReader(stage.public), published.size).checked_entries()) == stored


@pytest.mark.parametrize("crash_at", range(7))
@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_any_file_leaves_nothing_lost(tmp_path, monkeypatch, crash_at, after):
    with staged(tmp_path) as stage:
        stage.record(*map(answer, range(254)))
        stage.run(stage.sequencer())
        stage.record(*map(payment, range(5)), answer(1))
        calls, real = [], shelf.put

        def put(path, raw):
            calls.append(path)
            if len(calls) == crash_at + 1 and not after:
                raise CrashError
            real(path, raw)
            if len(calls) == crash_at + 1:
                raise CrashError

        monkeypatch.setattr(shelf, "put", put)
        with pytest.raises(CrashError):
            stage.run(stage.sequencer())
        seen = stage.published()
        assert TileTree(FolderReader(stage.public), seen.size).root() == seen.root
        monkeypatch.setattr(shelf, "put", real)
        stage.run(stage.sequencer())
        check_whole(stage)


@pytest.mark.parametrize("step", ["place", "sign", "publish", "tell"])
def test_a_crash_before_any_step_leaves_nothing_lost(stage, monkeypatch, step):
    stage.record(answer(1), payment(1))
    stage.run(stage.sequencer())
    stage.record(answer(2), payment(2))

    def crash(*_):
        raise CrashError

    with monkeypatch.context() as patch:
        patch.setattr(sequencing.Sequencer, step, crash)
        with pytest.raises(CrashError):
            stage.run(stage.sequencer())
    stage.run(stage.sequencer())
    check_whole(stage)
    assert Checkpoint.parse(Note.parse(stage.announced[-1]).text) == stage.published()


def test_a_full_disk_stops_the_publication_and_not_the_facts(stage, monkeypatch):
    stage.record(answer(1))
    stage.run(stage.sequencer())
    sequencer, real = stage.sequencer(), shelf.put

    def full(path, raw):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shelf, "put", full)
    stage.record(answer(2))
    stage.now += SECOND
    with pytest.raises(OSError, match="space"):
        sequencer.step(stage.now)
    assert stage.published().size == 2
    monkeypatch.setattr(shelf, "put", real)
    stage.run(sequencer)
    check_whole(stage)


def race(stage, sequencers, facts):
    """Run the sequencers in threads of their own while facts come in."""
    app, stop, errors = current_app._get_current_object(), threading.Event(), []

    def work(sequencer):
        with app.app_context():
            while not stop.is_set():
                try:
                    sequencer.step(stage.now)
                except Exception as error:  # noqa: BLE001  the test reports it
                    errors.append(error)
                    return

    threads = [threading.Thread(target=work, args=(sequencer,)) for sequencer in sequencers]
    for thread in threads:
        thread.start()
    for number in range(facts):
        stage.record(answer(number), payment(number))
        stage.now += SECOND
    stop.set()
    for thread in threads:
        thread.join()
    return errors


def test_two_sequencers_on_one_database_never_fork(stage):
    assert race(stage, [stage.sequencer(), stage.sequencer()], 25) == []
    stage.run(stage.sequencer(), 2)
    check_whole(stage)


def test_two_sequencers_with_folders_of_their_own_publish_one_tree(stage):
    other = stage.folder / "other"
    pair = [stage.sequencer(), stage.sequencer(public=other / "log", guard=other / "guard")]
    assert race(stage, pair, 25) == []
    for sequencer in pair:
        stage.run(sequencer, 2)
    check_whole(stage)
    note = Note.parse((other / "log" / "checkpoint").read_bytes())
    assert Checkpoint.parse(note.text) == stage.published()


def test_a_database_restored_from_a_backup_halts_instead_of_signing_another_history(tmp_path):
    backup = tmp_path / "backup.sqlite"
    with staged(tmp_path) as stage:
        sequencer = stage.sequencer()
        stage.record(answer(1))
        stage.run(sequencer)
        with transaction():
            db.session.execute(db.text("SELECT 1"))
        db.session.remove()
        db.engine.raw_connection().execute(f"VACUUM INTO '{backup}'")
        stage.record(answer(2))
        stage.run(sequencer)
        shown = stage.published()
        db.session.remove()
        db.engine.dispose()
        for suffix in ("", "-wal", "-shm"):
            (tmp_path / f"log.sqlite{suffix}").unlink(missing_ok=True)
        shutil.copy(backup, tmp_path / "log.sqlite")
        stage.record(answer(3))
        stage.now += SECOND
        with pytest.raises(LogHalted, match="backup"):
            stage.sequencer().step(stage.now)
        assert stage.published() == shown


WORKER = """
import sys, pathlib
from log_stage import *
from kernel import clock
folder = pathlib.Path(sys.argv[1])
with staged(folder, *sys.argv[2:], key=NoteKey.load(folder / "log.key")) as stage:
    stage.now = clock.wall()
    sequencer = stage.sequencer()
    number = 0
    while True:
        stage.now = clock.wall()
        ids = stage.record(answer(number), payment(number))
        print(*ids, flush=True)
        sequencer.step(stage.now)
        number += 1
"""


@pytest.fixture(params=ENGINES)
def address(request):
    """Nothing for SQLite, and the URL of an empty database otherwise: what `staged` takes behind the folder."""
    if request.param == "sqlite":
        yield ()
        return
    with postgres_url() as url:
        yield (url,)


@pytest.mark.slow
def test_killed_again_and_again_the_log_keeps_every_committed_fact(tmp_path, address):
    NoteKey.generate("practice/stage").store(tmp_path / "log.key")
    root = Path(__file__).parents[2]
    environ = {**os.environ, "PYTHONPATH": f"{root}:{root / 'tests'}"}
    committed, seen = set(), []
    for round_ in range(6):
        child = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(tmp_path), *address],
            env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        first = child.stdout.readline()
        time.sleep(0.5 + round_ * 0.137)
        child.send_signal(signal.SIGKILL)
        rest, err = child.communicate()
        out = first + rest
        assert err == b""
        lines = out.decode().split("\n")[:-1]
        committed.update(int(word) for line in lines for word in line.split())
        raw = shelf.read(tmp_path / "public" / "log" / "checkpoint")
        if raw is not None:
            seen.append(Checkpoint.parse(Note.parse(raw).text))
    assert len(seen) > 2
    with staged(tmp_path, *address, key=NoteKey.load(tmp_path / "log.key")) as stage:
        stage.now = stage.now.replace(year=2100)
        stage.run(stage.sequencer(), 3)
        check_whole(stage)
        assert committed <= {row.id for row in rows()}
        leaves = [merkle.leaf_hash(entry) for entry in entries()]
        for shown in seen:
            assert shown.root == merkle.root_of_hashes(leaves[: shown.size])
