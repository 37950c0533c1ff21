"""The log as the slices use it: facts recorded with the state, placed, proved, disclosed, forgotten."""

import shutil

import pytest
from log_stage import NAMES, SECOND, START, answer, entries, long_fact, payment, rows, staged_on
from sqlalchemy.exc import IntegrityError

from kernel import clock, keys, merkle
from kernel.db import db, transaction
from supervision import checkpoints, log
from supervision.entries import EntryError, OpenEntry, SealedEntry, check_disclosure
from supervision.entries import parse as parse_entry
from supervision.facts import BidSealed, Disclosure, FactError, Genesis
from supervision.models import LogFact
from supervision.note import Note
from supervision.proof import TlogProof
from supervision.tiles import FolderReader, TileError, TileTree


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def stage(request, tmp_path):
    with staged_on(request.param, tmp_path) as found:
        yield found


def bid(number, lot="A"):
    return BidSealed(
        lot=lot,
        manifest_sha256=f"{number:064x}",
        sig_sha256="0" * 64,
        receipt_id=f"{number:032x}",
        received_at=clock.rfc3339(START),
    )


def test_the_first_entry_names_the_log_and_its_policy(stage):
    stage.run(stage.sequencer())
    genesis = parse_entry(entries()[0])
    assert genesis == OpenEntry(Genesis(origin=stage.key.name, policy_sha256=stage.policy.sha256).to_json())
    assert stage.published().size == 1


def test_a_fact_lives_and_dies_with_the_transaction_that_causes_it(stage):
    with pytest.raises(EntryError):
        stage.record(answer(1), long_fact())
    stage.run(stage.sequencer())
    assert [row.kind for row in rows()] == ["genesis"]


def test_open_facts_stand_as_they_are_and_sealed_ones_as_seals(stage):
    stage.record(answer(1), payment(1))
    stage.run(stage.sequencer())
    placed = {row.kind: row for row in rows()}
    stored = entries()
    assert parse_entry(stored[placed["question.answered"].index]) == OpenEntry(answer(1).to_json())
    assert isinstance(parse_entry(stored[placed["deposit.paid"].index]), SealedEntry)
    assert placed["question.answered"].salt is None


def test_find_and_latest_know_kinds_and_lots(stage):
    stage.record(bid(1, "A"), bid(2, "A"), bid(3, "B"), answer(1))
    with transaction(write=False):
        assert [row.value for row in log.find("bid.sealed", "A")] == [bid(1, "A"), bid(2, "A")]
        assert len(log.find("bid.sealed")) == 3
        latest = log.latest("bid.sealed", "A")
        assert latest is not None
        assert latest.value == bid(2, "A")
        assert log.latest("box.closed", "A") is None


def test_the_tree_is_the_entries_and_the_published_tiles_say_so(stage):
    stage.record(*map(answer, range(700)))
    stage.run(stage.sequencer())
    stage.record(answer(1000))
    stage.run(stage.sequencer(), 2)
    found = stage.published()
    assert found.size == 702
    assert found.root == merkle.root(entries())
    tree = TileTree(FolderReader(stage.public), found.size)
    assert list(tree.checked_entries()) == entries()
    assert tree.root() == found.root


def test_a_receipt_proof_waits_for_the_quorum_and_then_stands_alone(stage):
    stage.record(answer(1), payment(7))
    stage.run(stage.sequencer())
    with transaction(write=False):
        row = log.find("deposit.paid")[0]
        assert log.receipt_proof(row) is None
    stage.cosign("supervision", "audit")
    with transaction(write=False):
        assert log.receipt_proof(row) is None
    stage.cosign("notary")
    with transaction(write=False):
        raw = log.receipt_proof(row)
    assert raw is not None
    proof = TlogProof.parse(raw)
    assert proof.verify(row.entry, stage.policy) == stage.published()
    assert check_disclosure(row.entry, row.salt, payment(7).canonical())


def test_a_proof_is_still_given_after_the_log_has_grown_past_full_tiles(stage):
    sequencer = stage.sequencer()
    stage.record(*map(answer, range(40)))
    stage.run(sequencer)
    stage.cosign(*NAMES)
    stage.record(*map(answer, range(600)))
    stage.run(sequencer)
    with transaction(write=False):
        row = log.find("question.answered")[3]
        raw = log.receipt_proof(row)
    assert raw is not None
    assert TlogProof.parse(raw).verify(row.entry, stage.policy).size == 41


def test_a_proof_is_still_given_after_the_folder_was_rebuilt(stage):
    sequencer = stage.sequencer()
    stage.record(*map(answer, range(40)))
    stage.run(sequencer)
    stage.cosign(*NAMES)
    stage.record(answer(99))
    stage.run(sequencer)
    shutil.rmtree(stage.public / "tile")
    sequencer.rebuild()
    with transaction(write=False):
        row = log.find("question.answered")[3]
        raw = log.receipt_proof(row)
    assert raw is not None
    assert TlogProof.parse(raw).verify(row.entry, stage.policy).size == 41


def test_no_proof_is_given_for_a_tree_that_is_not_published(stage):
    with pytest.raises(TileError):
        log.proof_of(0, 1)
    stage.run(stage.sequencer())
    assert log.proof_of(0, 1) == []
    with pytest.raises(TileError):
        log.proof_of(0, 2)


def test_a_fact_without_a_place_has_no_proof(stage):
    stage.record(answer(1))
    with transaction(write=False):
        assert log.receipt_proof(log.find("question.answered")[0]) is None


def test_nothing_is_public_of_a_sealed_fact_until_it_is_disclosed(stage):
    stage.record(bid(1), payment(1))
    stage.run(stage.sequencer())
    with transaction(write=False):
        assert log.disclosures("A") == []
    with transaction():
        assert log.disclose_lot("A", Disclosure.AT_OPENING, stage.now) == 1
    with transaction(write=False):
        (shown,) = log.disclosures("A")
        assert log.disclosures("B") == []
    assert shown["fact"] == bid(1).to_json()
    assert check_disclosure(entries()[shown["index"]], keys.unb64(shown["salt"]), bid(1).canonical())


def test_personal_facts_are_never_disclosed_to_everybody(stage):
    stage.record(payment(1), answer(1))
    with transaction():
        for kind in ("deposit.paid", "question.answered"):
            with pytest.raises(ValueError):
                log.disclose(log.find(kind)[0], stage.now)


def test_trustees_see_the_bid_facts_and_the_authority_the_rest(stage):
    stage.record(bid(1), payment(1), bid(2, "B"))
    stage.run(stage.sequencer())
    with transaction(write=False):
        trustees = log.disclosures_to("A", Disclosure.TRUSTEES_AT_CLOSE)
        authority = log.disclosures_to("A", Disclosure.AUTHORITY_AT_CLOSE)
    assert [shown["fact"]["kind"] for shown in trustees] == ["bid.sealed"]
    assert [shown["fact"]["kind"] for shown in authority] == ["deposit.paid"]


def test_a_forgotten_fact_leaves_the_tree_as_it_is(stage):
    stage.record(payment(1))
    stage.run(stage.sequencer())
    before = entries()
    with transaction():
        log.forget(log.find("deposit.paid")[0])
    with transaction(write=False):
        row = log.find("deposit.paid")[0]
    assert row.salt is None
    with pytest.raises(FactError):
        _ = row.value
    assert entries() == before
    with pytest.raises(ValueError), transaction():
        log.forget(log.find("genesis")[0])


def test_a_fact_too_long_for_an_entry_is_refused_before_it_is_recorded(stage):
    with pytest.raises(EntryError):
        stage.record(long_fact())
    assert rows() == []


def test_the_database_refuses_to_disclose_what_has_no_salt(stage):
    stage.record(answer(1))
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(db.update(LogFact).values(disclosed_at=stage.now))


def test_the_published_note_carries_each_nodes_newest_line(stage):
    sequencer = stage.sequencer()
    stage.record(answer(1))
    stage.run(sequencer)
    stage.cosign(*NAMES)
    first = int(stage.now.timestamp())
    stage.run(sequencer)
    stage.cosign("audit", at=first + 60)
    stage.run(sequencer)
    note = Note.parse((stage.public / "checkpoint").read_bytes())
    times = dict(stage.policy.quorum_of(note))
    assert times["audit"] == first + 60
    assert times["notary"] == first
    assert (stage.public / "checkpoint.cosigned").read_bytes() == note.encode()


def test_a_line_that_does_not_verify_is_never_kept(stage):
    stage.record(answer(1))
    stage.run(stage.sequencer())
    size, text = stage.published().size, stage.published().text
    line = stage.nodes["audit"].cosign(text, 5).line
    other = stage.nodes["audit"].cosign(text.replace("stage", "other"), 5).line
    with transaction():
        take = lambda name, at, text: checkpoints.take(stage.policy, name, at, text, stage.now)  # noqa: E731
        assert not take("notary", size, line)
        assert not take("nobody", size, line)
        assert not take("audit", size + 1, line)
        assert not take("audit", size, other)
        assert not take("audit", size, "junk")
        assert take("audit", size, line)


def test_the_cut_is_the_checkpoint_whose_quorum_lies_in_the_window(stage):
    sequencer = stage.sequencer()
    stage.record(answer(1))
    stage.run(sequencer)
    early = int(stage.now.timestamp())
    stage.cosign("audit", "notary", "management")
    size = stage.published().size
    window = early + 10, early + 40
    with transaction(write=False):
        assert checkpoints.quorum_checkpoint_within(stage.policy, size, *window) is None
    stage.cosign("audit", "notary", at=early + 10)
    with transaction(write=False):
        assert checkpoints.quorum_checkpoint_within(stage.policy, size, *window) is None
    stage.cosign("supervision", at=early + 40)
    with transaction(write=False):
        found = checkpoints.quorum_checkpoint_within(stage.policy, size, *window)
    assert found is not None
    assert set(found.times) == {"audit", "notary", "supervision"}
    assert stage.policy.satisfied_within(found.note, *window)


def test_the_quorum_checkpoint_of_a_size_shows_since_when_each_node_vouches(stage):
    sequencer = stage.sequencer()
    stage.record(answer(1))
    stage.run(sequencer)
    first = int(stage.now.timestamp())
    stage.cosign(*NAMES)
    stage.cosign(*NAMES, at=first + 600)
    stage.now += 5 * SECOND
    stage.record(answer(2))
    stage.run(sequencer)
    with transaction(write=False):
        found = checkpoints.quorum_checkpoint_at_least(1)
        assert checkpoints.quorum_checkpoint_at_least(3) is None
    assert found is not None
    assert found.checkpoint.size == 2
    assert set(found.times.values()) == {first}
