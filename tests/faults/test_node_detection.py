"""How soon a split view is seen, how many are missed, how often nothing is called one (log-and-nodes.md, section 5)."""

from __future__ import annotations

import itertools
import sys
from collections import Counter

import pytest

from kernel.clock import monotonic
from supervision.node import loop
from tests.unit.node.node_world import ORGS, Log, check_oracle, make_world

CHECKPOINT_EVERY_S = 1
GROWTH = 3
"""Entries between two checkpoints."""
GRACE_S = 5
"""A fork that is not seen by then counts as missed; the promise is one interval and a fetch."""
SHOWN_TO = [names for count in (1, 2, 3) for names in itertools.combinations(ORGS, count)]
"""Which nodes are shown the other tree; the rest are shown the honest one."""
FORKED_AT = (1, 20)
QUIET_S = 300


@pytest.fixture
def started(tmp_path):
    """Worlds of four nodes, as many as asked for, each in a folder of its own."""
    worlds = []

    def start():
        worlds.append(make_world(tmp_path / str(len(worlds)), started=tuple(ORGS)))
        return worlds[-1]

    yield start
    for world in worlds:
        world.close()


def a_second(world, shown):
    """Every tree grows; each node gets the checkpoint of the tree it is shown, fetches it, asks its peers, posts."""
    for tree in {id(tree): tree for tree in shown.values()}.values():
        tree.cover(GROWTH)
    for name, tree in shown.items():
        world.net.served = tree
        note = tree.note().encode().decode()
        world.mail("checkpoint", {"note": note}, name)
        world.settle(name, rounds=1)
    world.pass_(CHECKPOINT_EVERY_S)


def alarms(world, point=None):
    found = [alert["point"] for node in world.nodes.values() for alert in node.alerts.listed()]
    return [one for one in found if point in (None, one)]


def seconds_to_detection(world, names, at):
    """An honest log that every node knows, then a second tree for `names`; None when nobody calls it a fork in time."""
    honest = world.log
    honest.cover(max(FORKED_AT))
    a_second(world, dict.fromkeys(ORGS, honest))
    assert alarms(world) == []
    other = Log(honest.key, honest.entries[:at])
    other.cover(len(honest.entries) - at)
    shown = {name: other if name in names else honest for name in ORGS}
    for second in range(1, GRACE_S + 1):
        a_second(world, shown)
        if alarms(world, "log.fork"):
            return second
    return None


def told(capsys, figures):
    """The figures stand in the run's output, whether or not they are what they should be."""
    with capsys.disabled():
        sys.stdout.write(f"\n{figures}\n")


@pytest.mark.slow
def test_every_split_view_is_detected_within_one_checkpoint_interval_and_a_fetch(started, capsys):
    taken = Counter()
    for names, at in itertools.product(SHOWN_TO, FORKED_AT):
        world = started()
        taken[seconds_to_detection(world, names, at)] += 1
        check_oracle(world, [world.log])
        world.close()
        world.nodes.clear()
    missed, found = taken.pop(None, 0), sum(taken.values())
    told(capsys, f"split views: {found + missed}, missed: {missed}, seconds to detection and how often: {dict(taken)}")
    assert missed == 0
    assert set(taken) == {CHECKPOINT_EVERY_S}


@pytest.mark.slow
def test_a_long_quiet_run_with_restarts_and_a_node_away_raises_no_false_alarm(started, capsys):
    world = started()
    for second in range(QUIET_S):
        if second % 50 == 20:
            world.open("manager")
        if second % 100 == 40:
            world.stop("audit")
        if second % 100 == 80:
            world.open("audit")
        running = dict.fromkeys(world.nodes, world.log)
        a_second(world, running)
    told(
        capsys,
        f"quiet run: {QUIET_S} checkpoints, {len(world.log.entries)} entries, false alarms: {len(alarms(world))}",
    )
    assert alarms(world) == []
    assert {node.mirror.head().root for node in world.nodes.values()} == {world.log.root()}


def test_checkpoints_under_a_log_key_that_is_not_pinned_are_refused_clearly(started, monkeypatch):
    """A log that takes a new key needs a new pin: until then it is no log of this policy, whatever it signs."""
    world = started()
    world.log.cover(9)
    assert world.advance().status == 200
    world.settle("supervisor", rounds=1)
    rotated, node = Log(entries=[*world.log.entries]), world.node
    rotated.cover(4)
    before = len(world.lines())
    world.net.served, world.net.published = rotated, rotated.note()
    refused = world.add(rotated.request(10))
    assert (refused.status, refused.body) == (403, b"no trusted signature\n")
    world.mail("checkpoint", {"note": rotated.note().encode().decode()}, "supervisor")
    world.settle("supervisor", rounds=2)
    [(state, why)] = node.state.rows("SELECT state, why FROM mail")
    assert state == "refused"
    assert "no known key signed the note" in why
    assert (node.mirror.head().size, node.witness.halted, len(world.lines())) == (10, False, before)
    assert alarms(world) == []
    monkeypatch.setattr(node.witness, "signed_at", monotonic() - loop.SILENCE_S - 1)
    world.loop().step()
    assert alarms(world) == ["log.silent"]
    world.log.cover(1)
    world.net.served = world.log
    assert world.advance().status == 200
