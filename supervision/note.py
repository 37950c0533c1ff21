"""Signed notes (c2sp.org/signed-note) with Ed25519 signatures and timestamped cosignatures (cosignature/v1).

A note is `text`, a blank line, and lines `— <name> <base64(keyID || signature)>`. Unknown keys are ignored; a
known key whose signature fails, or that signs twice, spoils the whole note.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from cryptography.hazmat.primitives.asymmetric import ed25519

from kernel import keys

MAX_BYTES = 65_536
MAX_SIGNATURES = 64
MAX_TIME = 2**63 - 1

_DASH = "\N{EM DASH} "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteError(ValueError):
    """The note is malformed, spoiled, or signed by nobody we know."""


class Kind(IntEnum):
    """The signature type byte of a key; values are the registry's."""

    ED25519 = 0x01
    COSIGNATURE = 0x04


@dataclass(frozen=True)
class Signature:
    """One signature line, verified or not: `blob` is what follows the key id."""

    name: str
    key_id: bytes
    blob: bytes

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read one line without its newline; NoteError on anything else."""
        name, _, body = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not is_key_name(name):
            raise NoteError("not a signature line")
        raw = unb64(body)
        if len(raw) < 5:
            raise NoteError("a signature is longer than its key id")
        return cls(name, raw[:4], raw[4:])

    @property
    def line(self) -> str:
        """The line without its newline."""
        return f"{_DASH}{self.name} {keys.b64(self.key_id + self.blob)}"


@dataclass(frozen=True)
class Note:
    """Text (with its final newline) and signature lines, none of them verified yet."""

    text: str
    signatures: tuple[Signature, ...] = ()

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read a note strictly; NoteError on bad UTF-8, control characters, a missing part or too many lines."""
        whole = _text(raw)
        text, blank, lines = whole.rpartition("\n\n")
        if not blank or not lines.endswith("\n") or not text:
            raise NoteError("a note is text, a blank line and signature lines")
        rows = lines[:-1].split("\n")
        if len(rows) > MAX_SIGNATURES:
            raise NoteError(f"more than {MAX_SIGNATURES} signatures")
        return cls(text + "\n", tuple(Signature.parse(row) for row in rows))

    def encode(self) -> bytes:
        rows = "".join(signature.line + "\n" for signature in self.signatures)
        return f"{self.text}\n{rows}".encode()


@dataclass(frozen=True)
class Verified:
    """A signature line that its key made; `time` in Unix seconds, for cosignatures only."""

    verifier: Verifier
    signature: Signature
    time: int | None


@dataclass(frozen=True)
class Verifier:
    """A public key under a name: what a vkey says."""

    name: str
    kind: Kind
    public: bytes

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """Read `name+hex8+base64`; NoteError if the key id is not the key's own or the type is unknown."""
        name, _, rest = vkey.partition("+")
        spelled, plus, body = rest.partition("+")
        raw = unb64(body)
        if not plus or not is_key_name(name) or len(raw) != 33 or raw[0] not in list(Kind):
            raise NoteError("not a verifier key of a supported type")
        found = cls(name, Kind(raw[0]), raw[1:])
        if spelled != found.key_id.hex():
            raise NoteError("the key id is not the key's")
        return found

    @property
    def key_id(self) -> bytes:
        return hashlib.sha256(f"{self.name}\n".encode() + bytes([self.kind]) + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{keys.b64(bytes([self.kind]) + self.public)}"

    @property
    def key(self) -> ed25519.Ed25519PublicKey:
        return ed25519.Ed25519PublicKey.from_public_bytes(self.public)

    def made(self, signature: Signature) -> bool:
        """Whether the line claims to be this key's."""
        return signature.name == self.name and signature.key_id == self.key_id

    def verify(self, text: str, signature: Signature) -> Verified:
        """The verified line; NoteError if it is not this key's over `text`."""
        time, sig = self._parts(signature.blob)
        signed = text.encode() if time is None else cosigned(text, time)
        if not self.made(signature) or not keys.verified(sig, signed, self.key):
            raise NoteError(f"the signature of {self.name} is not over this text")
        return Verified(self, signature, time)

    def _parts(self, blob: bytes) -> tuple[int | None, bytes]:
        match self.kind:
            case Kind.ED25519:
                return None, blob
            case Kind.COSIGNATURE:
                return int.from_bytes(blob[:8], "big"), blob[8:]


def open_note(note: Note, verifiers: Iterable[Verifier]) -> tuple[Verified, ...]:
    """The lines of known keys, in the note's order; NoteError if one fails, one repeats, or there is none."""
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    found: dict[Verifier, Verified] = {}
    for signature in note.signatures:
        verifier = known.get((signature.name, signature.key_id))
        if verifier is None:
            continue
        if verifier in found:
            raise NoteError(f"{verifier.name} signed twice")
        found[verifier] = verifier.verify(note.text, signature)
    if not found:
        raise NoteError("no known key signed the note")
    return tuple(found.values())


def cosigned(text: str, time: int) -> bytes:
    """The bytes a cosignature/v1 signs."""
    if not 0 <= time <= MAX_TIME:
        raise NoteError("a cosignature's time is out of range")
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def is_key_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(mark.isspace() for mark in name)


def _text(raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise NoteError("the note is too long")
    try:
        text = raw.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        raise NoteError("the note is not UTF-8") from error
    if _CONTROL.search(text):
        raise NoteError("the note holds control characters")
    return text


def unb64(text: str) -> bytes:
    """NoteError, where `keys.unb64` says ValueError."""
    try:
        return keys.unb64(text)
    except ValueError as error:
        raise NoteError(str(error)) from error
