"""Checkpoints: strict text, golden agreement with another implementation, and merging of lines."""

import pytest
from metamorphic_log import checkpoint_parse, checkpoint_verify

from kernel import keys, merkle
from supervision.checkpoint import MAX_SIZE, Checkpoint, CheckpointError, decimal, hash_of_line, merge
from supervision.note import Kind, Note
from supervision.note_key import NoteKey

ROOT = merkle.leaf_hash(b"x")
LINE = keys.b64(ROOT)


def test_text_and_parse_are_inverse_and_another_implementation_reads_it():
    checkpoint = Checkpoint("kaibiao.example/log", 20_852_163, ROOT)
    assert Checkpoint.parse(checkpoint.text) == checkpoint
    head = checkpoint_parse(checkpoint.text)
    assert (head.origin, head.size) == ("kaibiao.example/log", 20_852_163)


def test_another_implementation_verifies_our_signed_checkpoint():
    key = NoteKey.generate("kaibiao.example/log")
    text = Checkpoint(key.name, 7, ROOT).text
    note = Note(text, (key.sign(text),))
    assert checkpoint_verify(note.encode().decode(), [key.vkey]).size == 7


@pytest.mark.parametrize(
    "text",
    [
        f"o\n1\n{LINE}",
        f"o\n1\n{LINE}\nextension\n",
        f"o\n1\n{LINE}\n\n",
        f"o\n01\n{LINE}\n",
        f"o\n+1\n{LINE}\n",
        f"o\n-1\n{LINE}\n",
        f"o\n1 \n{LINE}\n",
        f"o\n١\n{LINE}\n",
        f"o\n{2**63}\n{LINE}\n",
        f"o\n{'9' * 5000}\n{LINE}\n",
        f"\n1\n{LINE}\n",
        f"o o\n1\n{LINE}\n",
        f"o+o\n1\n{LINE}\n",
        f"o\n1\n{LINE[:-1]}\n",
        f"o\n1\n{LINE[:-2]}B=\n",
        f"o\n1\n{keys.b64(ROOT[:31])}\n",
        f"o\n1\n{keys.b64(ROOT + b'x')}\n",
        f"o\n0\n{LINE}\n",
        "o\r\n1\r\n\r\n",
        "",
    ],
)
def test_a_malformed_checkpoint_is_refused(text):
    with pytest.raises(CheckpointError):
        Checkpoint.parse(text)


def test_the_largest_size_is_read_and_the_next_is_not():
    assert Checkpoint.parse(f"o\n{MAX_SIZE}\n{LINE}\n").size == 2**63 - 1
    assert decimal("0") == 0
    with pytest.raises(CheckpointError):
        Checkpoint("o", 2**63, ROOT)


def test_only_32_bytes_are_a_hash():
    assert hash_of_line(LINE) == ROOT
    for bad in ("", "AA==", LINE + "=", LINE + "\n", keys.b64(bytes(33))):
        with pytest.raises(CheckpointError):
            hash_of_line(bad)


def test_merging_keeps_one_line_for_each_key_and_the_newest():
    log, node = NoteKey.generate("o"), NoteKey.generate("n", Kind.COSIGNATURE)
    text = Checkpoint("o", 1, ROOT).text
    first, second = node.cosign(text, 1), node.cosign(text, 2)
    note = merge(merge(Note(text, (log.sign(text),)), [first]), [second])
    assert [line.name for line in note.signatures] == ["o", "n"]
    assert note.signatures[1] == second
