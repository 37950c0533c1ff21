"""The .tlog-proof file: strict, self-contained, and worth nothing without log, quorum and inclusion."""

import pytest

from kernel import keys, merkle
from supervision.checkpoint import Checkpoint
from supervision.note import Kind, Note
from supervision.note_key import NoteKey
from supervision.policy import Policy
from supervision.proof import ProofError, TlogProof

ENTRIES = [b"entry %d" % number for number in range(11)]
LEAVES = [merkle.leaf_hash(entry) for entry in ENTRIES]
LOG = NoteKey.generate("kaibiao.example")
NODE = NoteKey.generate("notary", Kind.COSIGNATURE)
POLICY = Policy.parse(f"log {LOG.vkey}\nwitness notary {NODE.vkey}\nquorum notary\n".encode())
TEXT = Checkpoint(LOG.name, 11, merkle.root_of_hashes(LEAVES)).text


def proof_of(index, note=None):
    whole = Note(TEXT, (LOG.sign(TEXT), NODE.cosign(TEXT, 9)))
    return TlogProof(index, tuple(merkle.inclusion_proof(LEAVES, index, 11)), note or whole)


def test_every_entry_is_proved_and_read_back():
    for index, entry in enumerate(ENTRIES):
        proof = TlogProof.parse(proof_of(index).encode())
        assert proof == proof_of(index, proof.note)
        assert proof.verify(entry, POLICY).size == 11


def test_another_entry_or_index_is_not_proved():
    with pytest.raises(ProofError):
        proof_of(3).verify(ENTRIES[4], POLICY)
    moved = TlogProof(4, proof_of(3).hashes, proof_of(3).note)
    with pytest.raises(ProofError):
        moved.verify(ENTRIES[3], POLICY)


def test_a_checkpoint_without_quorum_proves_nothing():
    with pytest.raises(ProofError, match="quorum"):
        proof_of(3, Note(TEXT, (LOG.sign(TEXT),))).verify(ENTRIES[3], POLICY)
    with pytest.raises(ProofError):
        proof_of(3, Note(TEXT, (NODE.cosign(TEXT, 9),))).verify(ENTRIES[3], POLICY)


def test_the_format_is_the_specifications():
    raw = proof_of(0).encode()
    lines = raw.decode().split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 0"]
    assert lines[2] == keys.b64(LEAVES[1])
    assert raw.endswith(b"\n\n" + proof_of(0, TlogProof.parse(raw).note).note.encode())


def test_extra_data_is_carried_and_not_trusted():
    plain = proof_of(2)
    extra = TlogProof(2, plain.hashes, plain.note, b"any thing")
    assert TlogProof.parse(extra.encode()) == extra
    assert TlogProof.parse(extra.encode()).verify(ENTRIES[2], POLICY)


def test_a_single_leaf_needs_no_hash_lines():
    text = Checkpoint(LOG.name, 1, LEAVES[0]).text
    proof = TlogProof(0, (), Note(text, (LOG.sign(text), NODE.cosign(text, 1))))
    assert TlogProof.parse(proof.encode()).verify(ENTRIES[0], POLICY).size == 1


GOOD = proof_of(5).encode()


@pytest.mark.parametrize(
    "raw",
    [
        GOOD.replace(b"@v1", b"@v2"),
        GOOD.replace(b"index 5", b"index 05"),
        GOOD.replace(b"index 5", b"index -5"),
        GOOD.replace(b"index 5", b"index %d" % 2**63),
        GOOD.replace(b"index 5\n", b""),
        GOOD.replace(b"index 5\n", b"index 5\n" + keys.b64(bytes(31)).encode() + b"\n"),
        GOOD.replace(b"index 5\n", b"index 5\n" + (keys.b64(bytes(32)).encode() + b"\n") * 64),
        GOOD.replace(b"index 5\n", b"index 5\r\n"),
        GOOD.replace(b"index 5\n", b"extra ??\nindex 5\n"),
        GOOD.replace(b"index 5\n", b"extra AA==\n"),
        GOOD.replace(b"\n\n", b"\n", 1),
        b"c2sp.org/tlog-proof@v1",
        b"",
        b"\xff" + GOOD,
    ],
)
def test_a_malformed_proof_is_refused(raw):
    with pytest.raises(ProofError):
        TlogProof.parse(raw)
