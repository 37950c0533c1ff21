"""Private keys that sign notes, and the file each lies in (c2sp.org/signed-note)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric import ed25519

from kernel import keys
from supervision.note import Kind, NoteError, Signature, Verifier, cosigned, is_key_name, unb64

_PRIVATE = "PRIVATE+KEY+"


@dataclass(frozen=True, repr=False)
class NoteKey:
    """A private key under a name. The same Ed25519 key signs the node's other statements (`private`)."""

    name: str
    kind: Kind
    private: ed25519.Ed25519PrivateKey

    @classmethod
    def generate(cls, name: str, kind: Kind = Kind.ED25519) -> Self:
        if not is_key_name(name):
            raise NoteError("a key name has no spaces and no plus")
        return cls(name, kind, ed25519.Ed25519PrivateKey.generate())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `spell` writes; NoteError otherwise."""
        name, _, rest = text.removeprefix(_PRIVATE).partition("+")
        raw = unb64(rest.partition("+")[2])
        if not text.startswith(_PRIVATE) or len(raw) != 33 or raw[0] not in list(Kind):
            raise NoteError("not a private note key")
        key = cls(name, Kind(raw[0]), ed25519.Ed25519PrivateKey.from_private_bytes(raw[1:]))
        if key.spell() != text:
            raise NoteError("the private note key is damaged")
        return key

    @classmethod
    def load(cls, path: Path) -> Self:
        return cls.parse(path.read_text("utf-8").strip())

    def spell(self) -> str:
        body = keys.b64(bytes([self.kind]) + self.private.private_bytes_raw())
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{body}"

    def store(self, path: Path) -> None:
        """Write a new file that only its owner reads; FileExistsError rather than lose a key."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(self.spell() + "\n")

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, self.kind, self.private.public_key().public_bytes_raw())

    @property
    def vkey(self) -> str:
        return self.verifier.vkey

    def sign(self, text: str) -> Signature:
        """A plain signature over `text`; NoteError for a cosigner's key, which signs nothing without a time."""
        if self.kind is not Kind.ED25519:
            raise NoteError("a cosigner's key signs with a time")
        return Signature(self.name, self.verifier.key_id, self.private.sign(text.encode()))

    def cosign(self, text: str, time: int) -> Signature:
        """A cosignature/v1 over a checkpoint's `text` at `time` (Unix seconds)."""
        if self.kind is not Kind.COSIGNATURE:
            raise NoteError("a log's key does not cosign")
        sig = self.private.sign(cosigned(text, time))
        return Signature(self.name, self.verifier.key_id, time.to_bytes(8, "big") + sig)
