"""Checkpoints at most every second, a heartbeat each minute, and a log that halts rather than forks."""

import itertools
import shutil

import pytest
from log_stage import SECOND, answer, entries, staged_on

from kernel import merkle
from kernel.db import db, transaction
from supervision import checkpoints
from supervision.checkpoint import Checkpoint
from supervision.models import LogCheckpoint, LogEntry
from supervision.note import Note
from supervision.note_key import NoteKey
from supervision.policy_file import PolicyError
from supervision.schedule import Schedule
from supervision.sequencer import LogHalted, Plan
from supervision.tiles import FolderReader, TileTree


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def stage(request, tmp_path):
    with staged_on(request.param, tmp_path) as found:
        yield found


def heads():
    with transaction(write=False):
        return list(db.session.scalars(db.select(LogCheckpoint).order_by(LogCheckpoint.size)))


def test_a_checkpoint_is_signed_at_most_every_second(stage):
    sequencer = stage.sequencer()
    for number in range(40):
        stage.record(answer(number))
        stage.now += SECOND / 10
        sequencer.step(stage.now)
    created = [row.created_at for row in heads()]
    assert 4 <= len(created) <= 5
    assert all(later - sooner >= SECOND for sooner, later in itertools.pairwise(created))


def test_an_idle_log_does_nothing_but_beat_once_a_minute(stage):
    sequencer = stage.sequencer()
    stage.record(answer(1))
    stage.run(sequencer)
    assert len(stage.announced) == 1
    assert not sequencer.step(stage.now)
    stage.run(sequencer, 59)
    assert len(stage.announced) == 1
    stage.run(sequencer, 2)
    assert len(stage.announced) == 2
    assert stage.announced[0] == stage.announced[1]
    assert len(heads()) == 1


def test_after_a_cut_the_nodes_are_asked_again_soon(stage):
    sequencer = stage.sequencer()
    stage.run(sequencer)
    sequencer.cut("A", stage.now, stage.now)
    stage.run(sequencer, 21)
    assert 4 <= len(stage.announced) <= 7


def test_what_is_announced_is_published_and_signed_by_the_log_alone(stage):
    sequencer = stage.sequencer()
    stage.record(answer(1))
    stage.run(sequencer)
    note = Note.parse(stage.announced[-1])
    assert Checkpoint.parse(note.text) == stage.published()
    assert [line.name for line in note.signatures] == [stage.key.name]


def test_every_checkpoint_is_a_prefix_of_the_entries(stage):
    sequencer = stage.sequencer()
    for number in range(300):
        stage.record(answer(number))
        if number % 37 == 0:
            stage.run(sequencer)
    stage.run(sequencer, 2)
    leaves = [merkle.leaf_hash(entry) for entry in entries()]
    for row in heads():
        assert row.root == merkle.root_of_hashes(leaves[: row.size])


def test_tiles_can_be_rebuilt_from_the_database(stage):
    sequencer = stage.sequencer()
    stage.record(*map(answer, range(520)))
    stage.run(sequencer)
    before = {path.relative_to(stage.public): path.read_bytes() for path in stage.public.rglob("*") if path.is_file()}
    shutil.rmtree(stage.public / "tile")
    sequencer.rebuild()
    after = {path.relative_to(stage.public): path.read_bytes() for path in stage.public.rglob("*") if path.is_file()}
    assert after == before


def test_a_damaged_folder_is_written_anew_at_the_start(stage):
    stage.record(*map(answer, range(300)))
    stage.run(stage.sequencer())
    tile = stage.public / "tile" / "0" / "000"
    tile.write_bytes(bytes(8192))
    (stage.public / "tile" / "1" / "000.p" / "1").write_bytes(bytes(32))
    stage.record(answer(999))
    stage.run(stage.sequencer())
    tree = TileTree(FolderReader(stage.public), stage.published().size)
    assert tree.root() == stage.published().root
    assert list(tree.checked_entries()) == entries()


def test_a_changed_entry_in_storage_halts_the_log_before_it_signs(stage):
    sequencer = stage.sequencer()
    stage.record(answer(1))
    stage.run(sequencer)
    stage.record(answer(2))
    stage.now += SECOND
    sequencer.place(stage.now)
    with transaction():
        db.session.execute(db.update(LogEntry).where(LogEntry.index == 2).values(entry=b"changed"))
    with pytest.raises(LogHalted):
        sequencer.step(stage.now)
    assert stage.published().size == 2
    with pytest.raises(LogHalted, match="not the one that was placed"):
        stage.sequencer().step(stage.now)


def test_a_missing_entry_in_storage_halts_the_log(stage):
    sequencer = stage.sequencer()
    stage.record(answer(1), answer(2))
    sequencer.place(stage.now)
    with transaction():
        db.session.execute(db.delete(LogEntry).where(LogEntry.index == 1))
    with pytest.raises(LogHalted):
        sequencer.step(stage.now)


def test_a_missing_last_entry_halts_the_log(stage):
    sequencer = stage.sequencer()
    stage.record(answer(1))
    sequencer.place(stage.now)
    with transaction():
        db.session.execute(db.delete(LogEntry).where(LogEntry.index == 1))
    with pytest.raises(LogHalted, match="1 entries of 2"):
        sequencer.step(stage.now)


def test_a_changed_frontier_halts_the_log(stage):
    sequencer = stage.sequencer()
    stage.record(answer(1))
    stage.run(sequencer)
    with transaction():
        db.session.execute(db.update(LogCheckpoint).values(frontier=bytes(32)))
    stage.record(answer(2))
    with pytest.raises(LogHalted, match="root"):
        stage.run(sequencer)


def test_a_folder_whose_tiles_are_gone_is_written_anew_at_the_start(stage):
    stage.record(*map(answer, range(30)))
    stage.run(stage.sequencer())
    shutil.rmtree(stage.public)
    stage.run(stage.sequencer())
    assert stage.shelf_root() == stage.published().root


def test_a_database_behind_the_guard_halts_the_log(stage):
    sequencer = stage.sequencer()
    stage.record(answer(1))
    stage.run(sequencer)
    stage.record(answer(2))
    stage.run(sequencer)
    with transaction():  # what a restored backup looks like: the last checkpoint was never signed
        db.session.execute(db.delete(LogCheckpoint).where(LogCheckpoint.size == 3))
    with pytest.raises(LogHalted, match="backup"):
        stage.sequencer().publish()


def test_an_emptied_database_beside_a_guard_halts_the_log(stage):
    stage.run(stage.sequencer())
    with transaction():
        for table in reversed(db.metadata.sorted_tables):
            if table.name.startswith("log_"):  # the ledger's tables do not let anybody empty them
                db.session.execute(table.delete())
    with pytest.raises(LogHalted):
        stage.sequencer().publish()


def test_a_node_that_holds_our_signature_under_an_unknown_tree_halts_the_log(stage):
    sequencer = stage.sequencer()
    stage.record(answer(1))
    stage.run(sequencer)
    ahead = Checkpoint(stage.key.name, 9, merkle.leaf_hash(b"x")).text
    fork = Checkpoint(stage.key.name, 2, merkle.leaf_hash(b"x")).text
    own = (stage.public / "checkpoint").read_bytes()
    with transaction(write=False):
        assert not sequencer.node_ahead("audit", own)
        assert not sequencer.node_ahead("audit", b"junk")
        stranger = NoteKey.generate(stage.key.name)
        assert not sequencer.node_ahead("audit", Note(ahead, (stranger.sign(ahead),)).encode())
        assert not sequencer.node_ahead("audit", Note(ahead, (stage.nodes["audit"].cosign(ahead, 1),)).encode())
    assert sequencer.step(stage.now) is False
    for text in (ahead, fork):
        with transaction(write=False):
            assert sequencer.node_ahead("audit", Note(text, (stage.key.sign(text),)).encode())
        with pytest.raises(LogHalted, match="audit"):
            sequencer.step(stage.now)
        (stage.folder / "guard" / "halted").unlink()
    assert sequencer.step(stage.now) is False


def test_a_key_that_the_policy_does_not_name_is_refused(stage):
    with pytest.raises(PolicyError):
        Plan(NoteKey.generate(stage.key.name), stage.policy, stage.public, stage.folder / "guard", Schedule(4, 8))


def test_a_cosignature_under_an_older_checkpoint_counts_for_that_one(stage):
    sequencer = stage.sequencer()
    stage.record(answer(1))
    stage.run(sequencer)
    stage.record(answer(2))
    stage.run(sequencer)
    stage.cosign("audit", "notary", "management", size=2)
    with transaction(write=False):
        found = checkpoints.quorum_checkpoint_at_least(1)
        newest = checkpoints.newest()
    assert found is not None
    assert found.checkpoint.size == 2
    assert newest is not None
    assert newest.quorum_at is None
    stage.run(sequencer)
    assert Checkpoint.parse(Note.parse((stage.public / "checkpoint.cosigned").read_bytes()).text).size == 2
