"""What every age v1 file has behind its stanzas: the file key they wrap, and the payload under it (c2sp.org/age)."""

from __future__ import annotations

import secrets
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from sealing import age_header, stream
from sealing.age_header import Header, HeaderError, MacError, Stanza

KEY = 16
NONCE = 16
LABEL = b"age-encryption.org/v1/"
SCRYPT = "scrypt"
_ZERO_NONCE = bytes(12)


class Sealed(stream.Source, age_header.Lines, Protocol):
    """What a ciphertext is read from: a binary file, or anything else with `read` and `readline`."""


def fresh_key() -> bytes:
    return secrets.token_bytes(KEY)


def wrapped(key: bytes, file_key: bytes) -> bytes:
    """A stanza's body: the file key under a key that serves once."""
    return ChaCha20Poly1305(key).encrypt(_ZERO_NONCE, file_key, None)


def unwrapped(key: bytes, body: bytes) -> bytes | None:
    """The file key, or None where this key does not fit."""
    try:
        return ChaCha20Poly1305(key).decrypt(_ZERO_NONCE, body, None)
    except InvalidTag:
        return None


def check_alone(header: Header) -> None:
    """HeaderError where a passphrase stanza stands beside another."""
    kinds = [stanza.kind for stanza in header.stanzas]
    if SCRYPT in kinds and len(kinds) > 1:
        raise HeaderError("a passphrase stanza must be the only one")


def write(
    src: stream.Source, dst: stream.Sink, stanzas: list[Stanza], file_key: bytes, tee: stream.Tee | None = None
) -> None:
    """Header and payload of `src`; `tee` sees every block, as `dst` does."""
    nonce = secrets.token_bytes(NONCE)
    head = memoryview(age_header.write(stanzas, file_key) + nonce)
    dst.write(head)
    if tee is not None:
        tee(head)
    for block in stream.seal(src, age_header.derive(file_key, nonce, b"payload")):
        dst.write(block)
        if tee is not None:
            tee(block)


def read(src: Sealed, dst: stream.Sink, header: Header, file_key: bytes) -> None:
    """The payload into `dst`; AgeError on any defect, when what `dst` already holds must be thrown away."""
    if not header.authentic(file_key):
        raise MacError("the header was changed after it was written")
    nonce = stream.read_exactly(src, NONCE)
    if len(nonce) != NONCE:
        raise HeaderError("the file ends before its payload")
    stream.unseal(src, dst, age_header.derive(file_key, nonce, b"payload"))
