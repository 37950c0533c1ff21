"""Signed notes to the byte: the golden vector, what spoils a note, and what a strict reader refuses."""

import pytest
from metamorphic_log import VerifyError, verify_signed_note

from supervision.note import MAX_SIGNATURES, Kind, Note, NoteError, Signature, Verifier, open_note
from supervision.note_key import NoteKey

VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
GOLDEN = (
    "This is an example message.\n"
    "\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
TEXT = "practice/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"


@pytest.fixture
def log_key():
    return NoteKey.generate("log.example")


@pytest.fixture
def node_key():
    return NoteKey.generate("node.example", Kind.COSIGNATURE)


def test_the_golden_note_of_the_specification_verifies():
    note = Note.parse(GOLDEN)
    (line,) = open_note(note, [Verifier.parse(VKEY)])
    assert note.text == "This is an example message.\n"
    assert line.verifier.key_id.hex() == "530d903a"
    assert line.time is None
    assert note.encode() == GOLDEN
    assert Verifier.parse(VKEY).vkey == VKEY


def test_a_changed_letter_spoils_the_golden_note():
    note = Note.parse(GOLDEN.replace(b"example message", b"exempla message"))
    with pytest.raises(NoteError):
        open_note(note, [Verifier.parse(VKEY)])


def test_another_implementation_accepts_our_notes(log_key):
    note = Note("hello\n", (log_key.sign("hello\n"),))
    assert verify_signed_note(note.encode().decode(), [log_key.vkey]) == 1
    with pytest.raises(VerifyError):
        verify_signed_note(note.encode().decode().replace("hello", "hallo"), [log_key.vkey])


def test_text_and_signatures_part_at_the_last_blank_line(log_key):
    text = "first\n\nsecond\n\n\nthird\n"
    note = Note.parse(Note(text, (log_key.sign(text),)).encode())
    assert note.text == text
    assert open_note(note, [log_key.verifier])


def test_unknown_keys_are_ignored_even_with_the_name_of_a_known_one(log_key):
    stranger = NoteKey.generate(log_key.name)
    note = Note("x\n", (stranger.sign("other\n"), log_key.sign("x\n")))
    assert [line.verifier for line in open_note(note, [log_key.verifier])] == [log_key.verifier]


def test_a_known_key_whose_signature_fails_spoils_the_note(log_key, node_key):
    forged = Signature(node_key.name, node_key.verifier.key_id, bytes(72))
    note = Note(TEXT, (log_key.sign(TEXT), forged))
    assert open_note(note, [log_key.verifier])
    with pytest.raises(NoteError):
        open_note(note, [log_key.verifier, node_key.verifier])


def test_a_known_key_that_signs_twice_spoils_the_note(node_key):
    note = Note(TEXT, (node_key.cosign(TEXT, 1), node_key.cosign(TEXT, 2)))
    with pytest.raises(NoteError):
        open_note(note, [node_key.verifier])


def test_a_note_that_no_known_key_signed_is_refused(log_key, node_key):
    with pytest.raises(NoteError):
        open_note(Note("x\n", (log_key.sign("x\n"),)), [node_key.verifier])
    with pytest.raises(NoteError):
        open_note(Note("x\n"), [node_key.verifier])


def test_a_cosignature_carries_its_time_and_covers_it(node_key):
    line = node_key.cosign(TEXT, 1_790_000_000)
    assert node_key.verifier.verify(TEXT, line).time == 1_790_000_000
    later = Signature(line.name, line.key_id, (1_790_000_001).to_bytes(8, "big") + line.blob[8:])
    with pytest.raises(NoteError):
        node_key.verifier.verify(TEXT, later)


def test_a_cosignature_time_past_2_63_is_refused(node_key):
    with pytest.raises(NoteError):
        node_key.cosign(TEXT, 2**63)
    blob = (2**63).to_bytes(8, "big") + bytes(64)
    with pytest.raises(NoteError):
        node_key.verifier.verify(TEXT, Signature(node_key.name, node_key.verifier.key_id, blob))


def test_a_key_signs_only_in_its_own_way(log_key, node_key):
    with pytest.raises(NoteError):
        log_key.cosign(TEXT, 1)
    with pytest.raises(NoteError):
        node_key.sign(TEXT)


def test_one_key_under_two_types_is_two_keys(node_key):
    as_log = NoteKey(node_key.name, Kind.ED25519, node_key.private)
    assert as_log.verifier.key_id != node_key.verifier.key_id
    with pytest.raises(NoteError):
        open_note(Note(TEXT, (as_log.sign(TEXT),)), [node_key.verifier])


@pytest.mark.parametrize(
    "raw",
    [
        GOLDEN.replace(b"\n", b"\r\n"),
        GOLDEN.replace(b"example message", b"example\x00message"),
        GOLDEN.replace(b"example message", b"example\tmessage"),
        GOLDEN.replace(b"example message", b"example \xff message"),
        GOLDEN[:-1],
        GOLDEN.replace(b"\n\n", b"\n"),
        GOLDEN.replace("—".encode(), b"-"),
        GOLDEN.replace(b"IneyaQM=", b"IneyaQN="),
        GOLDEN.replace(b"IneyaQM=", b"IneyaQM"),
        GOLDEN.replace(b"IneyaQM=", b"IneyaQM= "),
        GOLDEN.replace(b"/foo U", "/f\u00a0o U".encode()),
        GOLDEN.replace(b"/foo U", b"/f+o U"),
        GOLDEN.replace(b"/foo U", b"/foo  U"),
        "x\n\n— example.com/foo AAAAAA==\n".encode(),
        b"x\n\n",
        b"\n\n",
        b"",
        GOLDEN + b"\n",
        b"a" * 70_000 + GOLDEN,
    ],
)
def test_a_malformed_note_is_refused(raw):
    with pytest.raises(NoteError):
        open_note(Note.parse(raw), [Verifier.parse(VKEY)])


def test_a_hundred_signatures_are_too_many(log_key):
    line = log_key.sign("x\n")
    assert len(Note.parse(Note("x\n", (line,) * MAX_SIGNATURES).encode()).signatures) == MAX_SIGNATURES
    with pytest.raises(NoteError):
        Note.parse(Note("x\n", (line,) * 100).encode())


@pytest.mark.parametrize(
    "vkey",
    [
        VKEY.replace("530d903a", "530d903b"),
        VKEY.replace("530d903a", "530D903A"),
        VKEY.replace("AekyeRrm", "AukyeRrm"),
        VKEY[:-4],
        "example.com/foo",
        "+530d903a+" + VKEY.rsplit("+", 1)[1],
        "",
    ],
)
def test_a_malformed_verifier_key_is_refused(vkey):
    with pytest.raises(NoteError):
        Verifier.parse(vkey)


def test_a_vkey_whose_base64_holds_a_plus_is_read():
    while "+" not in (key := NoteKey.generate("a")).vkey.split("+", 2)[2]:
        pass
    assert Verifier.parse(key.vkey) == key.verifier


def test_a_stored_key_is_the_owners_alone_and_is_never_overwritten(tmp_path, node_key):
    path = tmp_path / "node.key"
    node_key.store(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert NoteKey.load(path).vkey == node_key.vkey
    assert NoteKey.load(path).kind is Kind.COSIGNATURE
    with pytest.raises(FileExistsError):
        node_key.store(path)


def test_a_damaged_private_key_is_refused(log_key):
    text = log_key.spell()
    with pytest.raises(NoteError):
        NoteKey.parse(text.replace("log.example", "log.examples"))
    with pytest.raises(NoteError):
        NoteKey.parse(text.removeprefix("PRIVATE+KEY+"))
    with pytest.raises(NoteError):
        NoteKey.generate("two words")


def test_a_private_key_never_shows_itself(log_key):
    assert log_key.spell() not in repr(log_key)
    assert "private" not in repr(log_key)
