"""The textual header of an age v1 file (c2sp.org/age): stanzas, their strict grammar, and the header MAC."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION_LINE = b"age-encryption.org/v1\n"
MAX_HEADER = 64 * 1024
COLUMNS = 64
_STANZA = re.compile(rb"-> [\x21-\x7e]+(?: [\x21-\x7e]+)*")
_MAC = re.compile(rb"--- ([A-Za-z0-9+/]{43})")


class AgeError(ValueError):
    """Not an age file, not for this key, or damaged."""


class HeaderError(AgeError):
    """The header breaks the grammar or a rule of its stanza kinds."""


class NoMatchError(AgeError):
    """A well-formed file that no given key opens."""


class MacError(AgeError):
    """The file key fits, but the header was changed afterwards."""


class PayloadError(AgeError):
    """The payload was truncated, extended or damaged."""


class Lines(Protocol):
    """What the header is read from: any binary file object."""

    def readline(self, limit: int, /) -> bytes: ...


@dataclass(frozen=True)
class Stanza:
    kind: str
    args: tuple[str, ...]
    body: bytes

    @property
    def grease(self) -> bool:
        """A stanza without meaning, which some writers add so that readers stay tolerant (rage does, always)."""
        return self.kind.endswith("-grease")

    def encode(self) -> bytes:
        text = encode64(self.body)
        rows = [text[at : at + COLUMNS] for at in range(0, len(text) + 1, COLUMNS)]
        return "\n".join([" ".join(["->", self.kind, *self.args]), *rows, ""]).encode("ascii")


@dataclass(frozen=True)
class Header:
    """`signed` are the exact bytes under the MAC; `length` counts the whole header, the MAC line included."""

    stanzas: tuple[Stanza, ...]
    signed: bytes
    mac: bytes

    @property
    def length(self) -> int:
        return len(self.signed) + len(" ") + 43 + len("\n")

    def authentic(self, file_key: bytes) -> bool:
        return hmac.compare_digest(_mac(self.signed, file_key), self.mac)


def write(stanzas: list[Stanza], file_key: bytes) -> bytes:
    """The whole header, MAC line included."""
    signed = VERSION_LINE + b"".join(stanza.encode() for stanza in stanzas) + b"---"
    return signed + b" " + encode64(_mac(signed, file_key)).encode("ascii") + b"\n"


def read(src: Lines) -> Header:
    """Consume exactly the header from `src`; HeaderError on anything the grammar does not allow."""
    line = _line(src, MAX_HEADER)
    if line != VERSION_LINE:
        raise HeaderError("this is not an age v1 file")
    seen, stanzas = bytearray(line), list[Stanza]()
    while True:
        line = _line(src, MAX_HEADER - len(seen))
        if line.startswith(b"---"):
            return Header(tuple(stanzas), bytes(seen) + b"---", _mac_line(line, stanzas))
        seen += line
        stanzas.append(_stanza(line, src, seen))


def _mac_line(line: bytes, stanzas: list[Stanza]) -> bytes:
    match = _MAC.fullmatch(line[:-1])
    if match is None or not stanzas:
        raise HeaderError("the header ends without stanzas or without a proper MAC line")
    return decode64(match[1].decode("ascii"))


def _stanza(line: bytes, src: Lines, seen: bytearray) -> Stanza:
    if _STANZA.fullmatch(line[:-1]) is None:
        raise HeaderError("a stanza does not begin with an arrow and words of visible ASCII")
    kind, *args = line[3:-1].decode("ascii").split(" ")
    text = ""
    while True:
        row = _line(src, MAX_HEADER - len(seen))
        seen += row
        if len(row) - 1 > COLUMNS or not row.isascii():
            raise HeaderError("a stanza body is not wrapped at 64 columns of ASCII")
        text += row[:-1].decode("ascii")
        if len(row) - 1 < COLUMNS:
            return Stanza(kind, tuple(args), decode64(text))


def _line(src: Lines, limit: int) -> bytes:
    line = src.readline(max(limit, 1))
    if not line.endswith(b"\n"):
        raise HeaderError("the header is cut short or larger than 64 KiB")
    return line


def encode64(raw: bytes) -> str:
    """Base64 without padding, as the age header has it."""
    return base64.b64encode(raw).decode("ascii").rstrip("=")


def decode64(text: str) -> bytes:
    """Canonical base64 without padding; HeaderError otherwise."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise HeaderError("a field of the header is not base64") from error
    if encode64(raw) != text:
        raise HeaderError("a field of the header is base64, but not the canonical spelling")
    return raw


def derive(secret: bytes, salt: bytes, info: bytes) -> bytes:
    """HKDF-SHA-256 to 32 bytes."""
    return HKDF(hashes.SHA256(), 32, salt, info).derive(secret)


def _mac(signed: bytes, file_key: bytes) -> bytes:
    return hmac.digest(derive(file_key, b"", b"header"), signed, "sha256")
