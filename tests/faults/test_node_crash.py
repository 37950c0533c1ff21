"""Killed at every statement between verify and reply, a full disk, two processes on one state: nothing is lost or said twice."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from supervision.node.node import SetupError, pin
from supervision.node.outgoing import Outgoing
from supervision.node.state import State, StateError
from tests.unit.node.node_lot import LOT, OPENS, TIMES, LotPlay
from tests.unit.node.node_world import ORGS, World, check_oracle, make_world

MAX_STATEMENTS = 400


def killed_at(world: World, name: str, number: int, act: Callable[[], object]) -> bool:
    """Run `act` in a child on the node's own state and SIGKILL it before its statement `number`; False if it ended first."""
    world.stop(name)
    child = os.fork()
    if child == 0:
        _die_at(world, name, number, act)
    _, status = os.waitpid(child, 0)
    world.open(name)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def _die_at(world: World, name: str, number: int, act: Callable[[], object]) -> None:
    """The child: never returns."""
    left = [number]

    def count(_: str) -> None:
        left[0] -= 1
        if left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    world.net.down = set(world.nodes)  # a database must not be read through a connection made before the fork
    try:
        node = world.open(name)
        node.state._connection.set_trace_callback(count)
        act()
    except BaseException:  # noqa: BLE001  the parent must see any failure as an exit code
        os._exit(3)
    os._exit(0)


@pytest.mark.slow
def test_a_node_killed_at_any_statement_of_add_checkpoint_signs_one_tree(tmp_path):
    world = make_world(tmp_path)
    world.log.cover(3)
    world.advance()
    world.loop().post()
    for number in range(1, MAX_STATEMENTS):
        world.log.cover(2)
        world.pass_(1)
        if not killed_at(world, "supervisor", number, world.advance):
            break
        head, waiting = world.node.mirror.head(), world.node.outgoing.waiting()
        assert head.size in (len(world.log.entries), len(world.log.entries) - 2)
        assert (head.size == len(world.log.entries)) == (waiting == 1)
        assert world.advance().status == 200
        world.loop().post()
    else:
        pytest.fail("the act never came to its end")
    assert number > 10
    check_oracle(world, [world.log])
    assert [alert["point"] for alert in world.node.alerts.listed()] == []
    world.close()


@pytest.fixture
def play(tmp_path):
    world = make_world(tmp_path, started=tuple(ORGS))
    made = LotPlay(world)
    made.publish()
    yield made
    world.close()


def one_round(world: World) -> None:
    """What the worker does once, without anything leaving the node."""
    loop = world.loop("audit")
    while world.nodes["audit"].inbox.fetch(0):
        pass
    loop.step()


def survive(play: LotPlay) -> int:
    """Kill the audit office's node at every statement of a round until a round ends; how often it was killed."""
    for number in range(1, MAX_STATEMENTS):
        if not killed_at(play.world, "audit", number, lambda: one_round(play.world)):
            return number - 1
    pytest.fail("the round never came to its end")


@pytest.mark.slow
def test_a_node_killed_at_any_statement_of_an_acknowledgment_gives_it_once(play):
    made = play.take(play.seal("甲公司"))
    assert survive(play) > 5
    play.world.settle(rounds=1)
    assert len(play.world.net.taken("ack", "audit")) == 1
    assert play.world.nodes["audit"].trustee.acknowledged(LOT) == [made.digest]


@pytest.mark.slow
def test_a_node_killed_at_any_statement_of_close_and_release_gives_one_of_each(play):
    play.bid("甲公司")
    play.cut()
    made = play.roll()
    play.world.stop("audit")
    play.send_roll(made)
    play.world.open("audit")
    play.world.pass_(TIMES["roll_window"])
    play.world.settle(rounds=1)
    play.log_closes()
    play.admit(made)
    play.go_to(OPENS)
    play.world.nodes["audit"].state.change("DELETE FROM answer WHERE kind = 'close'")
    play.start_opening()
    assert survive(play) > 5
    play.world.settle(rounds=1)
    play.log_hashes()
    assert survive(play) > 5
    play.world.settle(rounds=2)
    for kind in ("release.hash", "release"):
        bodies = play.world.net.taken(kind, "audit")
        assert len(bodies) == 1, kind
    assert play.world.nodes["audit"].alerts.listed() == []


def test_a_full_disk_stops_the_signature_and_is_got_over(tmp_path):
    world = make_world(tmp_path)
    world.advance()
    state = world.node.state
    (pages,) = state.row("PRAGMA page_count")
    state.rows(f"PRAGMA max_page_count = {pages}")
    world.log.cover(3000)
    assert world.advance().status == 503
    assert world.node.mirror.head().size == 1
    state.rows("PRAGMA max_page_count = 1000000")
    assert world.advance().status == 200
    check_oracle(world, [world.log])
    world.close()


@pytest.mark.parametrize("number", range(1, 12))
def test_an_io_error_at_any_change_leaves_the_state_as_it_was_and_no_signature(tmp_path, monkeypatch, number):
    world = make_world(tmp_path)
    world.advance()
    world.log.cover(5)
    calls = [0]
    change = State.change

    def failing(self, sql, *values):
        calls[0] += 1
        if calls[0] == number:
            raise sqlite3.OperationalError("disk I/O error")
        return change(self, sql, *values)

    monkeypatch.setattr(State, "change", failing)
    reply = world.advance()
    monkeypatch.undo()
    assert reply.status in (200, 503)
    assert (world.node.mirror.head().size == 6) == (reply.status == 200) or reply.status == 503
    assert world.advance().status == 200
    check_oracle(world, [world.log])
    world.close()


def test_two_processes_on_one_state_are_refused(tmp_path):
    world = make_world(tmp_path)
    program = "import sys, pathlib; from supervision.node.state import State; State(pathlib.Path(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "supervisor")],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode != 0
    assert "another process uses the state" in done.stderr
    with pytest.raises(StateError):
        world.nodes["other"] = world.nodes["supervisor"].__class__.open(
            tmp_path / "supervisor", world.node.addresses, world.hands["supervisor"], world.net
        )
    world.close()


def test_a_state_pinned_to_one_policy_takes_no_other(tmp_path):
    world = make_world(tmp_path)
    world.close()
    with pytest.raises(StateError):
        pin(tmp_path / "supervisor", world.policy.raw + b"# another line\n")


def test_a_policy_that_does_not_name_the_node_or_the_platform_is_refused(tmp_path):
    world = make_world(tmp_path / "one")
    other = make_world(tmp_path / "two")
    with pytest.raises(SetupError, match="does not name"):
        pin(tmp_path / "two" / "audit", world.policy.raw)
    lines = [line for line in world.policy.raw.split(b"\n") if b"kaibiao platform" not in line]
    with pytest.raises(SetupError, match="platform"):
        pin(tmp_path / "one" / "audit", b"\n".join(lines))
    world.close()
    other.close()


def test_an_answer_survives_a_portal_that_is_away_refuses_or_repeats(tmp_path):
    world = make_world(tmp_path)
    world.advance()
    world.net.down = {"portal"}
    assert world.loop().post() == 0
    world.net.down = set()
    world.node.outgoing.hurry()
    world.net.status = 500
    assert world.loop().post() == 0
    world.open("supervisor")
    world.net.status = 204
    world.node.outgoing.hurry()
    assert world.loop().post() == 1
    assert world.loop().post() == 0
    assert len(world.net.taken("cosignature")) == 1
    world.close()


def test_an_answer_the_portal_keeps_refusing_is_given_up_at_last(tmp_path):
    world = make_world(tmp_path)
    outgoing: Outgoing = world.node.outgoing
    outgoing.put("x", "ack", {})
    world.net.status = 422
    for _ in range(40):
        outgoing.hurry()
        world.loop().post()
    assert outgoing.waiting() == 0
    world.close()
