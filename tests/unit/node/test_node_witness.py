"""`POST /add-checkpoint`: every status, in the order of log-and-nodes.md, section 1."""

from __future__ import annotations

import pytest

from kernel import keys, merkle
from supervision.checkpoint import Checkpoint
from supervision.node.request import AddCheckpoint, MalformedError
from supervision.note import Kind, Note, Signature
from supervision.note_key import NoteKey
from tests.unit.node.node_world import Log, make_world


@pytest.fixture
def world(tmp_path):
    made = make_world(tmp_path)
    yield made
    made.close()


def body(old: str, lines: list[str], note: Note) -> bytes:
    return "\n".join([f"old {old}", *lines, "", ""]).encode() + note.encode()


def signed(key: NoteKey, text: str) -> Note:
    return Note(text, (key.sign(text),))


def test_a_right_checkpoint_is_cosigned_after_it_was_mirrored(world):
    world.log.cover(4)
    reply = world.advance()
    assert reply.status == 200
    note = world.log.note()
    line = Signature.parse(reply.body.decode().strip())
    assert world.policy.witnesses["supervisor"].verifier.verify(note.text, line).time == int(
        world.hands["supervisor"].now().timestamp()
    )
    assert [world.node.mirror.entry(i) for i in range(5)] == world.log.entries


@pytest.mark.parametrize("old", ["", "-1", "+1", "01", " 1", "1 ", "0x1", "9223372036854775808", "1e3", "１"])
def test_400_for_an_old_size_that_is_no_decimal(world, old):
    assert world.add(body(old, [], world.log.note())).status == 400


def test_400_for_an_old_size_above_the_checkpoint(world):
    assert world.add(body("2", [], world.log.note())).status == 400


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b"\n", b"\r\n"),
        lambda raw: raw.replace(b"practice/log", b"practice/l\x00g", 1),
        lambda raw: raw.replace(b"practice/log", b"practice/l\xffg", 1),
        lambda raw: raw.replace(b"old ", b"OLD ", 1),
        lambda raw: raw.replace(b"\n\n", b"\n", 1),
        lambda raw: raw[:-1],
        lambda raw: raw.replace(b"\n1\n", b"\n01\n", 1),
        lambda raw: raw.replace(b"\n1\n", b"\n9223372036854775808\n", 1),
        lambda _: b"",
        lambda raw: raw + b"x" * 200_000,
    ],
    ids=["crlf", "nul", "bad utf-8", "no old", "no blank line", "no last newline", "zero", "2^63", "empty", "huge"],
)
def test_400_for_a_malformed_body(world, change):
    assert world.add(change(world.log.request(0).encode())).status == 400


def test_400_for_64_proof_lines_and_for_hashes_that_are_not_canonical(world):
    line = keys.b64(bytes(32))
    assert world.add(body("0", [line] * 64, world.log.note())).status == 400
    assert world.add(body("0", [line.rstrip("=")], world.log.note())).status == 400
    assert world.add(body("0", [keys.b64(bytes(31))], world.log.note())).status == 400
    assert world.add(body("0", [line[:-2] + "B="], world.log.note())).status == 400


def test_400_for_a_note_of_100_signatures(world):
    note = world.log.note()
    assert world.add(body("0", [], Note(note.text, note.signatures * 100))).status == 400


def test_404_for_another_origin_comes_before_the_signature(world):
    other = NoteKey.generate("practice/other")
    text = Checkpoint(other.name, 1, bytes(32)).text
    assert world.add(body("0", [], signed(other, text))).status == 404


def test_403_without_the_logs_signature(world):
    stranger = NoteKey.generate("practice/log")
    assert world.add(body("0", [], signed(stranger, world.log.note().text))).status == 403


def test_403_when_a_trusted_key_signed_something_else(world):
    good = world.log.note()
    bad = Signature(good.signatures[0].name, good.signatures[0].key_id, bytes(64))
    assert world.add(body("0", [], Note(good.text, (bad,)))).status == 403


def test_403_for_a_forged_line_with_the_nodes_own_key_id(world):
    own = world.node.keys.witness.verifier
    forged = Signature(own.name, own.key_id, bytes(72))
    good = world.log.note()
    assert world.add(body("0", [], Note(good.text, (*good.signatures, forged)))).status == 403


def test_an_unknown_signature_line_is_ignored_and_never_stored(world):
    stranger = NoteKey.generate("practice/stranger", Kind.COSIGNATURE)
    good = world.log.note()
    line = stranger.cosign(good.text, 1)
    assert world.add(body("0", [], Note(good.text, (*good.signatures, line)))).status == 200
    kept = world.node.notes.latest(1, world.log.root())
    assert "practice/stranger" not in kept.encode().decode()


def test_409_says_the_last_size_cosigned(world):
    world.log.cover(4)
    assert world.advance(3).status == 200
    reply = world.add(world.log.request(2))
    assert (reply.status, reply.body, reply.content_type) == (409, b"3\n", "text/x.tlog.size")


def test_409_comes_before_the_proof_is_looked_at(world):
    world.log.cover(4)
    world.advance(3)
    assert world.add(body("1", [keys.b64(bytes(32))], world.log.note())).status == 409


def test_422_for_a_wrong_proof(world):
    world.log.cover(7)
    world.advance(3)
    proof = [keys.b64(bytes(32)) for _ in world.log.proof(3)]
    assert world.add(body("3", proof, world.log.note())).status == 422
    assert world.node.mirror.head().size == 3


def test_422_for_a_proof_from_nothing(world):
    world.log.cover(4)
    assert world.add(body("0", [keys.b64(bytes(32))], world.log.note())).status == 422


def test_422_for_the_same_size_with_another_root(world):
    world.log.cover(4)
    world.advance()
    other = world.log.branch(3)
    other.cover(2)
    assert world.add(body("5", [], other.note())).status == 422


def test_422_for_size_0_with_a_root_that_is_not_empty(world):
    text = f"{world.log.key.name}\n0\n{keys.b64(bytes(32))}\n"
    assert world.add(body("0", [], signed(world.log.key, text))).status == 422


def test_an_empty_tree_is_cosigned(world):
    text = Checkpoint(world.log.key.name, 0, merkle.EMPTY_ROOT).text
    assert world.add(body("0", [], signed(world.log.key, text))).status == 200
    assert world.advance().status == 200


def test_old_equal_to_size_without_proof_is_the_heartbeat(world):
    world.advance()
    world.pass_(60)
    reply = world.add(body("1", [], world.log.note()))
    assert reply.status == 200
    line = Signature.parse(reply.body.decode().strip())
    assert int.from_bytes(line.blob[:8], "big") == int(world.hands["supervisor"].now().timestamp())


def test_a_body_read_and_written_again_is_the_same(world):
    world.log.cover(6)
    raw = world.log.request(3).encode()
    assert AddCheckpoint.parse(raw).encode() == raw
    with pytest.raises(MalformedError):
        AddCheckpoint.parse(raw + b"\n")


def test_a_log_of_another_policy_is_not_cosigned(tmp_path):
    made = make_world(tmp_path)
    try:
        stranger = Log(made.log.key)
        stranger.cover(3)
        made.net.served = stranger
        assert made.add(stranger.request(0)).status == 503
        assert made.node.mirror.head().size == 0
    finally:
        made.close()


def test_the_first_checkpoint_and_the_policy_are_pinned(world):
    world.log.cover(2)
    world.advance(2)
    world.advance(3)
    assert Checkpoint.parse(world.node.state.setting("first_checkpoint")).size == 2
    assert world.node.state.setting("policy_sha256") == world.policy.sha256
