"""A log with one key and two trees, shown to the nodes in every way that might hide it (log-and-nodes.md, section 5)."""

from __future__ import annotations

import itertools

import pytest

from kernel import canonical, keys
from supervision import forks, tiles
from supervision.note import Note
from tests.unit.node.node_world import ORGS, check_oracle, make_world


@pytest.fixture
def world(tmp_path):
    made = make_world(tmp_path)
    made.log.cover(9)
    yield made
    made.close()


@pytest.fixture
def four(tmp_path):
    made = make_world(tmp_path, started=tuple(ORGS))
    made.log.cover(9)
    yield made
    made.close()


def evidence(world, name="supervisor"):
    node = world.nodes[name]
    found = [alert for alert in node.alerts.listed() if alert["point"] == "log.fork"]
    assert len(found) == 1
    assert found[0]["color"] == "red"
    return canonical.decode(node.alerts.evidence(found[0]["id"]).encode())


def assert_fork_proved(world, branches, name="supervisor"):
    assert world.nodes[name].witness.halted
    assert forks.is_proof(evidence(world, name), world.policy)
    check_oracle(world, branches)


def fork(world, at, more):
    other = world.log.branch(at)
    other.cover(more)
    return other


def test_a_fork_of_the_same_size_is_proved_and_halts_the_node(world):
    world.advance()
    other = fork(world, 7, 3)
    assert world.add(other.request(10)).status == 422
    assert_fork_proved(world, [world.log])
    assert world.advance().status == 409


def test_a_halted_node_answers_409_without_a_size(world):
    world.advance()
    world.add(fork(world, 7, 3).request(10))
    reply = world.advance()
    assert (reply.status, reply.body, reply.content_type) == (409, b"", "text/plain; charset=utf-8")


def test_a_larger_fork_with_its_tiles_served_is_proved(world):
    world.advance()
    world.net.served = other = fork(world, 6, 20)
    assert world.node.witness.offer(other.note()).status == 409
    assert_fork_proved(world, [world.log])


def test_a_larger_fork_whose_proof_is_wrong_alone_proves_nothing_and_moves_nothing(world):
    world.advance()
    other = fork(world, 6, 20)
    assert world.add(other.request(10)).status == 422
    assert world.node.mirror.head().root == world.log.root()
    assert not world.node.witness.halted


def test_a_larger_fork_without_tiles_is_proved_as_soon_as_our_tree_reaches_its_size(world):
    world.advance()
    other = fork(world, 6, 20)
    world.add(other.request(10))
    world.log.cover(30)
    world.advance()
    assert_fork_proved(world, [world.log])


def test_a_fork_hidden_behind_a_409_is_noticed(world):
    world.advance()
    other = fork(world, 4, 3)
    reply = world.add(other.request(3))
    assert (reply.status, reply.body) == (409, b"")
    assert_fork_proved(world, [world.log])


def test_a_fork_merged_back_is_still_two_trees(world):
    world.advance(5)
    other = fork(world, 4, 4)
    merged = other.branch(8)
    merged.append(*world.log.entries[5:])
    world.net.served = merged
    assert world.node.witness.offer(merged.note()).status == 409
    assert_fork_proved(world, [world.log])


def test_a_fork_shown_to_one_node_only_is_found_by_asking_the_peers(four):
    for name in ("supervisor", "manager", "notary"):
        four.advance(name=name)
    other = four.log.branch(6)
    other.cover(4)
    four.net.served = other
    assert four.add(other.request(0), "audit").status == 409 or four.nodes["audit"].witness.halted
    four.net.served = four.log
    four.settle()
    halted = [name for name in ORGS if four.nodes[name].witness.halted]
    assert "audit" in halted
    assert forks.is_proof(evidence(four, "audit"), four.policy)
    check_oracle(four, [four.log])


def test_two_nodes_shown_two_trees_while_cut_off_find_out_when_they_meet(four):
    other = four.log.branch(6)
    other.cover(8)
    four.net.down = set(ORGS)
    four.advance(name="supervisor")
    four.net.served = other
    four.add(other.request(0), "manager")
    four.net.down = set()
    four.settle(rounds=1)
    four.net.served = four.log
    four.log.cover(20)
    four.net.served = four.log
    four.advance(name="supervisor")
    assert forks.is_proof(evidence(four, "supervisor"), four.policy)
    assert forks.is_proof(evidence(four, "manager"), four.policy)
    check_oracle(four, [four.log, other])


def test_replayed_bodies_get_a_409_and_no_second_signature(world):
    first = world.log.request(0, 5)
    assert world.add(first).status == 200
    world.advance()
    before = len(world.lines())
    for _ in range(5):
        assert world.add(first).status == 409
    assert len(world.lines()) == before
    assert not world.node.witness.halted
    check_oracle(world, [world.log])


@pytest.mark.parametrize("kind", ["entries", "0"])
def test_withheld_tiles_stop_the_signature_and_nothing_else(world, kind):
    world.net.tamper = lambda path, raw: None if path.startswith(f"tile/{kind}/") else raw
    assert world.advance().status == 503
    assert world.node.mirror.head().size == 0
    assert world.node.alerts.listed() == []
    world.net.tamper = lambda _, raw: raw
    assert world.advance().status == 200
    check_oracle(world, [world.log])


@pytest.mark.parametrize("kind", ["entries", "0"])
@pytest.mark.parametrize("place", [2, 40, -1])
def test_a_flipped_bit_stops_the_signature_and_raises_an_alert(world, kind, place):
    def flip(path, raw):
        if not path.startswith(f"tile/{kind}/"):
            return raw
        changed = bytearray(raw)
        changed[place] ^= 1
        return bytes(changed)

    world.net.tamper = flip
    assert world.advance().status == 503
    assert [alert["point"] for alert in world.node.alerts.listed()] == ["log.unserved"]
    world.net.tamper = lambda _, raw: raw
    assert world.advance().status == 200
    assert world.node.alerts.listed()[0]["ended_at"] is not None
    check_oracle(world, [world.log])


def test_a_flipped_upper_tile_is_noticed(world):
    world.log.cover(600)

    def flip(path, raw):
        return bytes([raw[0] ^ 1]) + raw[1:] if path.startswith("tile/1/") else raw

    world.net.tamper = flip
    assert world.advance().status == 503
    assert "tile/1/000.p/2" in world.node.alerts.evidence(world.node.alerts.listed()[0]["id"])


def test_a_log_rolled_back_after_a_restore_is_not_signed_again(world):
    world.log.cover(10)
    world.advance()
    restored = world.log.branch(12)
    assert world.node.witness.offer(restored.note()).status == 409
    world.loop().post()
    ahead = world.net.taken("log.ahead")
    assert [body["size"] for body in ahead] == [20]
    assert Note.parse(ahead[0]["note"].encode()).text == world.log.note().text
    restored.cover(9)
    world.net.served = restored
    assert world.node.witness.offer(restored.note()).status == 409
    assert_fork_proved(world, [world.log])


def test_two_sequencers_with_one_key_are_a_fork(four):
    other = four.log.branch(9)
    four.log.cover(1)
    other.cover(1)
    for name in ORGS:
        four.net.served = four.log
        four.advance(name=name)
    four.add(other.request(10), "notary")
    assert_fork_proved(four, [four.log], "notary")


def test_a_restored_node_signs_nothing_smaller_than_what_its_peers_have_seen(four, tmp_path):
    four.advance(5, "supervisor")
    four.stop("supervisor")
    saved = (tmp_path / "supervisor" / "state.db").read_bytes()
    four.open("supervisor")
    four.pass_(60)
    four.advance(10, "supervisor")
    four.advance(10, "manager")
    four.stop("supervisor")
    for stale in tmp_path.glob("supervisor/state.db*"):
        stale.unlink()
    (tmp_path / "supervisor" / "state.db").write_bytes(saved)
    four.open("supervisor")
    assert four.advance(7, "supervisor").status == 503
    assert four.advance(10, "supervisor").status == 200
    check_oracle(four, [four.log])


def test_a_restored_node_learns_its_own_last_time_from_the_published_note(world, tmp_path):
    world.advance(5)
    world.stop("supervisor")
    saved = (tmp_path / "supervisor" / "state.db").read_bytes()
    world.open("supervisor")
    world.hands["supervisor"].pass_(500)
    reply = world.advance(10)
    note = world.log.note()
    world.net.published = Note.parse(note.encode() + reply.body)
    world.stop("supervisor")
    (tmp_path / "supervisor" / "state.db").write_bytes(saved)
    world.hands["supervisor"].pass_(-400)
    world.open("supervisor")
    assert world.advance(10).status == 200
    check_oracle(world, [world.log])


def test_every_order_of_branches_leaves_one_tree_signed(tmp_path):
    """Three branches offered in every order: per key the signed checkpoints stay consistent, every fork is proved."""
    for number, order in enumerate(itertools.permutations(range(3))):
        world = make_world(tmp_path / str(number))
        world.log.cover(9)
        trees = [world.log, fork(world, 5, 3), fork(world, 8, 12)]
        for place in order:
            world.net.served = trees[place]
            world.node.witness.offer(trees[place].note())
            world.loop().post()
        world.net.served = trees[order[0]]
        trees[order[0]].cover(30)
        world.node.witness.offer(trees[order[0]].note())
        world.loop().post()
        assert_fork_proved(world, trees)
        world.close()


def test_a_long_quiet_run_raises_no_alarm(four):
    for _ in range(40):
        four.log.cover(7)
        four.announce()
        four.pass_(1)
        four.settle(rounds=1)
    assert all(node.alerts.listed() == [] for node in four.nodes.values())
    assert all(node.mirror.head().root == four.log.root() for node in four.nodes.values())
    assert four.nodes["audit"].mirror.head().size == len(four.log.entries) > tiles.WIDTH
    check_oracle(four, [four.log])


def test_a_frozen_log_is_an_alert_until_it_speaks_again(world):
    world.advance()
    world.node.witness.signed_at -= 179
    world.loop().step()
    assert world.node.alerts.listed() == []
    world.node.witness.signed_at -= 2
    world.loop().step()
    world.loop().step()
    assert [(a["point"], a["ended_at"]) for a in world.node.alerts.listed()] == [("log.silent", None)]
    world.log.cover(1)
    world.advance()
    assert world.node.alerts.listed()[0]["ended_at"] is not None


def test_a_fork_bundle_that_is_none_proves_nothing(world):
    world.advance()
    same = forks.bundle(world.log.note(4), world.log.note(), world.node.mirror.leaves(10))
    assert not forks.is_proof(same, world.policy)
    other = fork(world, 3, 7)
    lie = {**forks.same_size(world.log.note(), other.note()), "prefix_root": keys.b64(bytes(32))}
    assert not forks.is_proof(lie, world.policy)
    assert not forks.is_proof({"smaller": "x"}, world.policy)
