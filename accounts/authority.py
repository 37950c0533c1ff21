"""The platform's certificate authority, and the folder of outside ones it trusts."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import secrets
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from kernel.site import site
from sealing import certificates

LIFE = dt.timedelta(days=3650)
NAME = "Kaibiao {origin} bidder CA"


def certificate(now: dt.datetime) -> bytes:
    """The CA's own certificate (DER): made at first need, and one for ever, whichever process was first."""
    path = site().folder("keys") / "ca.der"
    if not path.exists():
        # 64 characters are all a common name holds.
        name = NAME.format(origin=site().settings.origin)[:64]
        _link(path, certificates.make_ca(name, site().key("ca"), now - dt.timedelta(days=1), now + LIFE))
    return path.read_bytes()


def _link(path: Path, der: bytes) -> None:
    """Put the file there whole or not at all; the first of two racing processes wins."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    draft.write_bytes(der)
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()


def outside() -> list[bytes]:
    """DER of every certificate in the folder of trusted outside CAs (PEM or DER files)."""
    folder = site().settings.trusted_cas
    if folder is None or not folder.is_dir():
        return []
    found = [path for path in sorted(folder.iterdir()) if path.suffix in (".pem", ".crt", ".cer", ".der")]
    return [der for path in found for der in _read(path.read_bytes())]


def _read(raw: bytes) -> list[bytes]:
    if b"-----BEGIN CERTIFICATE-----" in raw:
        return [found.public_bytes(Encoding.DER) for found in x509.load_pem_x509_certificates(raw)]
    return [raw]
