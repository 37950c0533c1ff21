"""The seam between the protocol and its ciphers: everything outside sees strings, 32-byte secrets and hashes.

One tender has one suite, named in its keyset; there is no negotiation, because mixing is a way to downgrade.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, Protocol

from cryptography import x509

from kernel import keys
from sealing import age, age_payload, stream


class Hash(Protocol):
    """A running digest, as hashlib has them."""

    def update(self, data: memoryview, /) -> None: ...

    def hexdigest(self) -> str: ...


class Suite(Protocol):
    """Ciphers, digest and signature of one generation; errors are ValueErrors."""

    @property
    def id(self) -> str: ...

    @property
    def recipient_re(self) -> re.Pattern[str]: ...

    def keygen(self) -> tuple[bytes, str]: ...

    def recipient_of(self, secret: bytes) -> str: ...

    def check_recipient(self, recipient: str) -> None: ...

    def seal(self, src: stream.Source, dst: stream.Sink, recipient: str, tee: stream.Tee | None = None) -> None: ...

    def open(self, src: age_payload.Sealed, dst: stream.Sink, secret: bytes) -> None: ...

    def check_header(self, src: BinaryIO, size: int | None = None) -> age.HeaderFacts: ...

    def seal_bytes(self, raw: bytes, recipients: Sequence[str]) -> bytes: ...

    def wrap(self, line: bytes, recipient: str) -> bytes: ...

    def unwrap(self, wrapped: bytes, secret: bytes) -> bytes: ...

    def hash(self, raw: bytes = b"") -> Hash: ...

    def sign(self, raw: bytes, key: keys.PrivateKey) -> bytes: ...

    def verify(self, sig: bytes, raw: bytes, certificate: x509.Certificate) -> bool: ...


class AgeX25519:
    """age files for X25519 recipients, SHA-256, and Ed25519 or P-256 signatures."""

    id = "age-x25519/1"
    recipient_re = re.compile(r"age1[02-9ac-hj-np-z]{58}")

    def keygen(self) -> tuple[bytes, str]:
        return age.generate()

    def recipient_of(self, secret: bytes) -> str:
        return age.recipient_of(secret)

    def check_recipient(self, recipient: str) -> None:
        """ValueError unless the string is a recipient in its only spelling."""
        if self.recipient_re.fullmatch(recipient) is None:
            raise ValueError("not an X25519 recipient")
        age.decode_recipient(recipient)

    def seal(self, src: stream.Source, dst: stream.Sink, recipient: str, tee: stream.Tee | None = None) -> None:
        age.encrypt(src, dst, recipient, tee)

    def open(self, src: age_payload.Sealed, dst: stream.Sink, secret: bytes) -> None:
        age.decrypt(src, dst, secret)

    def check_header(self, src: BinaryIO, size: int | None = None) -> age.HeaderFacts:
        return age.check_header(src, size)

    def seal_bytes(self, raw: bytes, recipients: Sequence[str]) -> bytes:
        """For several readers, each of whom can open it alone: release files of evaluation stages."""
        return age.encrypt_bytes(raw, *recipients)

    def wrap(self, line: bytes, recipient: str) -> bytes:
        return age.encrypt_bytes(line, recipient)

    def unwrap(self, wrapped: bytes, secret: bytes) -> bytes:
        return age.decrypt_bytes(wrapped, secret)

    def hash(self, raw: bytes = b"") -> Hash:
        return hashlib.sha256(raw)

    def sign(self, raw: bytes, key: keys.PrivateKey) -> bytes:
        return keys.sign(raw, key)

    def verify(self, sig: bytes, raw: bytes, certificate: x509.Certificate) -> bool:
        return keys.verified(sig, raw, keys.supported(certificate.public_key()))


SUITES: Mapping[str, Suite] = {suite.id: suite for suite in (AgeX25519(),)}


def named(identifier: Any) -> Suite:
    """The suite of that name; ValueError for one that this version does not know."""
    if not isinstance(identifier, str) or identifier not in SUITES:
        raise ValueError("an unknown suite")
    return SUITES[identifier]
