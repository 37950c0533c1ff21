"""The log on an installation: the worker's step and the answers of nodes."""

import pytest
from log_stage import ORIGIN, START, answer, policy_of, staged

from kernel import clock, merkle
from kernel.db import db, transaction
from kernel.site import make_key, site
from supervision import checkpoints, log, steps
from supervision.checkpoint import Checkpoint
from supervision.note import Kind, Note
from supervision.note_key import NoteKey
from supervision.policy_file import PolicyError
from supervision.sequencer import LogHalted


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        make_key(site(), "log")
        found.key = NoteKey(ORIGIN, Kind.ED25519, site().key("log"))
        site().settings.policy.write_bytes(policy_of(found.key, found.nodes).raw)
        yield found


def step_once(stage):
    step = steps.log_step(lambda _: [], stage.announced.append)
    with transaction(), clock.at(START):
        log.append(answer(1))
    assert step(START)
    return step


def test_the_workers_step_publishes_and_announces(stage):
    step = step_once(stage)
    assert stage.published().size == 2
    assert len(stage.announced) == 1
    assert step(START) is False


def test_a_nodes_cosignature_is_taken_and_rubbish_is_not(stage):
    step_once(stage)
    line = stage.nodes["audit"].cosign(stage.published().text, 7).line
    with transaction():
        for body in ({}, {"size": "2", "line": line}, {"size": 2, "line": 5}, {"size": 3, "line": line}):
            assert not steps.take_cosignature("audit", body, START)
        assert not steps.take_cosignature("notary", {"size": 2, "line": line}, START)
        assert steps.take_cosignature("audit", {"size": 2, "line": line + "\n"}, START)
    with transaction(write=False):
        assert [row.node for row in db.session.scalars(db.select(checkpoints.Cosignature))] == ["audit"]


def test_a_node_that_is_ahead_stops_the_worker(stage):
    step = step_once(stage)
    text = Checkpoint(ORIGIN, 9, merkle.leaf_hash(b"")).text
    note = Note(text, (stage.key.sign(text),)).encode().decode()
    with transaction():
        assert not steps.take_log_ahead("audit", {"size": 9}, START)
        assert steps.take_log_ahead("audit", {"size": 9, "note": note}, START)
    with pytest.raises(LogHalted) as caught:
        step(START)
    assert caught.value.code == "log_halted"


def test_an_installation_whose_policy_names_another_key_does_not_start(stage):
    other = NoteKey.generate(ORIGIN)
    site().settings.policy.write_bytes(policy_of(other, stage.nodes).raw)
    with pytest.raises(PolicyError):
        steps.plan_of_site()
