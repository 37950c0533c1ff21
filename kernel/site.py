"""The installation that a request or a worker step runs on: settings, blobs, keys, folders."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kernel.blobs import BlobStore, FolderStore
from kernel.settings import Settings

_current: ContextVar[Site] = ContextVar("site")


@dataclass(frozen=True)
class Site:
    """One installation; made once by each process from its settings."""

    settings: Settings
    blobs: BlobStore
    _keys: dict[str, Ed25519PrivateKey] = field(default_factory=dict)

    @property
    def public(self) -> Path:
        """The released folder: everything in it may be read by anybody."""
        return self.folder("public")

    def folder(self, name: str) -> Path:
        path = self.settings.var / name
        path.mkdir(parents=True, exist_ok=True, mode=0o755 if name == "public" else 0o700)
        return path

    def key(self, name: str) -> Ed25519PrivateKey:
        """The platform's key `log`, `platform` or `ca`; FileNotFoundError before `kaibiao init` made them."""
        if name not in self._keys:
            raw = (self.folder("keys") / f"{name}.pem").read_bytes()
            key = serialization.load_pem_private_key(raw, password=None)
            if not isinstance(key, Ed25519PrivateKey):
                raise TypeError(f"{name}.pem is not an Ed25519 key")
            self._keys[name] = key
        return self._keys[name]


def make(settings: Settings) -> Site:
    return Site(settings, FolderStore(settings.var / "blobs"))


def make_key(site: Site, name: str) -> None:
    """Write a fresh key `name`, readable by its owner only; FileExistsError rather than replace one."""
    raw = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = site.folder("keys") / f"{name}.pem"
    path.touch(0o600, exist_ok=False)
    path.write_bytes(raw)


def site() -> Site:
    """The current installation; LookupError outside of a request, a worker step or `used`."""
    return _current.get()


@contextmanager
def used(current: Site) -> Iterator[Site]:
    token = _current.set(current)
    try:
        yield current
    finally:
        _current.reset(token)
