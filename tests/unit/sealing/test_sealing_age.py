"""Our age files against the C2SP test kit, the stock `age` command and rage's binding, both ways."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import re
import shutil
import subprocess
import zlib
from dataclasses import dataclass
from pathlib import Path

import pyrage
import pytest

from sealing import age, age_header, age_passphrase, stream
from sealing.age_header import AgeError, HeaderError, MacError, NoMatchError, PayloadError

KIT = Path(__file__).resolve().parents[3] / "portal/client/node_modules/cctv-age/index.js"
SIZES = (0, 1, 65535, 65536, 65537, 1 << 20, (1 << 20) + 1, (3 << 20) + 17)
OUTCOMES = {
    "no match": NoMatchError,
    "HMAC failure": MacError,
    "header failure": HeaderError,
    "payload failure": PayloadError,
}


@dataclass(frozen=True)
class Vector:
    """One file of the kit: its textual header and the age file."""

    name: str
    facts: dict[str, list[str]]
    body: bytes

    @property
    def expected(self) -> str:
        return self.facts["expect"][0]


def kit() -> list[Vector]:
    """All vectors of the npm package; AssertionError when it is not installed."""
    assert KIT.is_file(), "the age test kit is missing: run npm ci in portal/client"
    found = re.findall(r'var (\w+)_default = __toBinary\("([^"]*)"\)', KIT.read_text())
    return [vector(name, base64.b64decode(text)) for name, text in found]


def vector(name: str, raw: bytes) -> Vector:
    head, _, body = raw.partition(b"\n\n")
    facts: dict[str, list[str]] = {}
    for line in head.decode().splitlines():
        key, _, value = line.partition(": ")
        facts.setdefault(key, []).append(value)
    if facts.get("compressed") == ["zlib"]:
        body = zlib.decompress(body)
    return Vector(name, facts, body)


def ours(vector: Vector) -> bool:
    """Armor and hybrid recipients are not part of the protocol; the kit allows to leave features out."""
    keys = vector.facts.get("identity", []) + vector.facts.get("passphrase", [])
    return "armored" not in vector.facts and bool(keys) and "hybrid" not in vector.name


def opened(vector: Vector) -> bytes:
    for passphrase in vector.facts.get("passphrase", []):
        return age_passphrase.decrypt(vector.body, passphrase)
    return age.decrypt_bytes(vector.body, age.decode_identity(vector.facts["identity"][0]))


def test_the_kit_is_there_and_whole():
    usable = [vector for vector in kit() if ours(vector)]
    assert len(usable) >= 80, "the age test kit holds fewer vectors than it should"
    assert {vector.expected for vector in usable} == {*OUTCOMES, "success"}
    assert any("passphrase" in vector.facts for vector in usable)


def test_every_vector_of_the_kit_ends_as_it_should():
    wrong = []
    for vector in filter(ours, kit()):
        try:
            plain = opened(vector)
            outcome: object = "success"
            if hashlib.sha256(plain).hexdigest() != vector.facts["payload"][0]:
                outcome = "another payload"
        except AgeError as error:
            outcome = type(error)
        if outcome != OUTCOMES.get(vector.expected, "success"):
            wrong.append((vector.name, vector.expected, outcome))
    assert wrong == []


def test_every_success_of_the_kit_passes_the_header_check_if_it_has_one_stanza():
    for vector in filter(ours, kit()):
        if vector.expected == "success" and "identity" in vector.facts:
            header = age_header.read(io.BytesIO(vector.body))
            real = [stanza.kind for stanza in header.stanzas if not stanza.grease]
            if real == ["X25519"]:
                found = age.check_header(io.BytesIO(vector.body))
                assert found.payload_length == len(opened(vector))


@pytest.mark.parametrize("size", SIZES)
def test_rage_opens_ours_and_we_open_rages(size):
    secret, recipient = age.generate()
    identity = pyrage.x25519.Identity.from_str(age.encode_identity(secret))
    assert str(identity.to_public()) == recipient
    plain = os.urandom(size)
    assert pyrage.decrypt(age.encrypt_bytes(plain, recipient), [identity]) == plain
    theirs = pyrage.encrypt(plain, [identity.to_public()])
    assert age.decrypt_bytes(theirs, secret) == plain
    facts = age.check_header(io.BytesIO(theirs))
    assert facts.payload_length == size
    assert facts.grease == 1  # rage always adds one


@pytest.mark.parametrize("size", SIZES)
def test_stock_age_opens_ours_and_we_open_its(size, tmp_path):
    assert shutil.which("age"), "install age: bids must open with the stock command"
    secret, recipient = age.generate()
    (tmp_path / "key").write_text(age.encode_identity(secret) + "\n")
    plain = os.urandom(size)
    sealed = age.encrypt_bytes(plain, recipient)
    done = subprocess.run(["age", "-d", "-i", tmp_path / "key"], input=sealed, capture_output=True, check=True)
    assert done.stdout == plain
    theirs = subprocess.run(["age", "-r", recipient], input=plain, capture_output=True, check=True).stdout
    assert age.decrypt_bytes(theirs, secret) == plain


def test_several_readers_each_open_alone():
    first, second, stranger = (age.generate() for _ in range(3))
    sealed = age.encrypt_bytes(b"lines", first[1], second[1])
    assert age.decrypt_bytes(sealed, first[0]) == age.decrypt_bytes(sealed, second[0]) == b"lines"
    with pytest.raises(NoMatchError):
        age.decrypt_bytes(sealed, stranger[0])


def test_rage_opens_our_passphrase_files():
    sealed = age_passphrase.encrypt("钥匙".encode(), "口令", 12)
    assert pyrage.passphrase.decrypt(sealed, "口令") == "钥匙".encode()


def test_a_wrong_passphrase_and_an_excessive_work_factor_are_refused():
    sealed = age_passphrase.encrypt(b"key", "right", 10)
    with pytest.raises(NoMatchError):
        age_passphrase.decrypt(sealed, "wrong")
    with pytest.raises(HeaderError, match="work factor"):
        age_passphrase.decrypt(sealed, "right", max_work_factor=9)
    with pytest.raises(NoMatchError, match="passphrase"):
        age_passphrase.decrypt(age.encrypt_bytes(b"key", age.generate()[1]), "right")


def test_a_second_real_stanza_is_refused_and_grease_is_not():
    one, other = age.generate(), age.generate()
    with pytest.raises(HeaderError, match="exactly one"):
        age.check_header(io.BytesIO(age.encrypt_bytes(b"x", one[1], other[1])))
    with pytest.raises(HeaderError, match="exactly one"):
        age.check_header(io.BytesIO(age_passphrase.encrypt(b"x", "p", 10)))
    sealed = age.encrypt_bytes(b"x", one[1])
    head, mac, rest = sealed.partition(b"---")
    grease = age_header.Stanza("joint-grease", ("word",), b"nothing").encode()
    assert age.check_header(io.BytesIO(head + grease + mac + rest)).grease == 1


@pytest.mark.parametrize("size", [0, 1, 65536, 65537, 200_000])
@pytest.mark.parametrize("cut", [1, 15, 16, 17])
def test_a_cut_or_extended_payload_never_passes(size, cut):
    secret, recipient = age.generate()
    sealed = age.encrypt_bytes(os.urandom(size), recipient)
    for broken in (sealed[:-cut], sealed + bytes(cut)):
        with pytest.raises(AgeError):
            age.decrypt_bytes(broken, secret)


def test_chunks_cannot_be_left_out_or_change_places():
    secret, recipient = age.generate()
    sealed = age.encrypt_bytes(os.urandom(3 * 65536), recipient)
    start = len(sealed) - 3 * stream.SEALED
    first, second, third = (sealed[start + at * stream.SEALED : start + (at + 1) * stream.SEALED] for at in (0, 1, 2))
    head = sealed[:start]
    for broken in (second + first + third, first + third, first + second, first + second + third + third):
        with pytest.raises(PayloadError):
            age.decrypt_bytes(head + broken, secret)


def test_a_file_takes_its_name_only_when_all_of_it_is_right(tmp_path):
    secret, recipient = age.generate()
    sealed = age.encrypt_bytes(os.urandom(3 << 20), recipient)
    (tmp_path / "good.age").write_bytes(sealed)
    (tmp_path / "cut.age").write_bytes(sealed[:-1])
    age.decrypt_file(tmp_path / "good.age", tmp_path / "good", secret)
    assert (tmp_path / "good").stat().st_size == 3 << 20
    with pytest.raises(PayloadError):
        age.decrypt_file(tmp_path / "cut.age", tmp_path / "cut", secret)
    assert {path.name for path in tmp_path.iterdir()} == {"good.age", "cut.age", "good"}


def test_the_tee_sees_every_byte_in_order():
    seen, sealed = hashlib.sha256(), io.BytesIO()
    age.encrypt(io.BytesIO(os.urandom(5 << 20)), sealed, age.generate()[1], seen.update)
    assert seen.digest() == hashlib.sha256(sealed.getvalue()).digest()


class Dribble:
    """A source that gives seven bytes at a time, and no readinto."""

    def __init__(self, raw: bytes) -> None:
        self._src = io.BytesIO(raw)

    def read(self, size: int, /) -> bytes:
        return self._src.read(min(size, 7))


def test_a_source_that_gives_a_little_at_a_time_is_read_whole():
    secret, recipient = age.generate()
    plain, sealed = os.urandom(70_000), io.BytesIO()
    age.encrypt(Dribble(plain), sealed, recipient)
    assert age.decrypt_bytes(sealed.getvalue(), secret) == plain


@pytest.mark.parametrize(
    "text",
    [
        "",
        "age1",
        "AGE1QL3Z7HJY54PW3HYWW5AYYFG7ZQGVC7W3J2ELW8ZMRJ2KG5SFN9AQMCAC8P",
        "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8q",
        "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p ",
        "age1yubikey1q2w7u3vpya839jxxuq8g0sedh3d740d4xvn639sqhr95ejj8vu3hyfumptt",
        "ssh-ed25519 AAAA",
    ],
)
def test_only_one_spelling_of_a_recipient_is_taken(text):
    with pytest.raises(AgeError):
        age.decode_recipient(text)


def test_identities_and_recipients_come_back():
    secret, recipient = age.generate()
    assert age.decode_identity(age.encode_identity(secret)) == secret
    assert age.recipient_of(secret) == recipient
    assert len(age.decode_recipient(recipient)) == 32
    with pytest.raises(AgeError):
        age.decode_identity(age.encode_identity(secret).lower())


@pytest.mark.parametrize(
    "raw",
    [b"", b"\n", b"age-encryption.org/v1", b"-----BEGIN AGE", b"age-encryption.org/v1\n" + b"-> X " + b"a" * 70_000],
)
def test_what_is_no_age_file_is_said_to_be_none(raw):
    with pytest.raises(HeaderError):
        age.check_header(io.BytesIO(raw))
