"""The evaluator's two secrets and its public card: what it signs with, and what evaluation stages are encrypted to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kernel import canonical, keys
from sealing import age

SIGN_FILE = "evaluator.pem"
IDENTITY_FILE = "evaluator.key"
CARD_FILE = "evaluator.json"
_PEM = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


class FolderError(ValueError):
    """The folder holds no evaluator, or already holds one."""


@dataclass(frozen=True, repr=False)
class EvaluatorKeys:
    """Read once at the start; nobody else has a copy."""

    sign: Ed25519PrivateKey
    secret: bytes

    @property
    def recipient(self) -> str:
        return age.recipient_of(self.secret)

    def card(self) -> bytes:
        """What the platform keeps in its keys folder as `evaluator.json`."""
        value = {"sign_key": keys.spell(self.sign.public_key()), "recipient": self.recipient}
        return canonical.encode(value)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """FolderError when `folder` was never initialized."""
        if not (folder / SIGN_FILE).exists():
            raise FolderError(f"{folder} holds no evaluator: run `kaibiao evaluator init --dir {folder}` first")
        key = serialization.load_pem_private_key((folder / SIGN_FILE).read_bytes(), None)
        if not isinstance(key, Ed25519PrivateKey):
            raise FolderError(f"{folder / SIGN_FILE} is not an Ed25519 key")
        return cls(key, age.decode_identity((folder / IDENTITY_FILE).read_text("ascii").strip()))


def make(folder: Path) -> EvaluatorKeys:
    """Make keys and card in `folder`; FolderError rather than replace a key."""
    if (folder / SIGN_FILE).exists() or (folder / IDENTITY_FILE).exists():
        raise FolderError(f"{folder} already holds an evaluator's keys")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = EvaluatorKeys(keys.generate(), age.generate()[0])
    _write_secret(folder / SIGN_FILE, made.sign.private_bytes(*_PEM))
    _write_secret(folder / IDENTITY_FILE, age.encode_identity(made.secret).encode("ascii") + b"\n")
    (folder / CARD_FILE).write_bytes(made.card() + b"\n")
    return made


def _write_secret(path: Path, raw: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(raw)
