"""age v1 files under a passphrase (scrypt): key files and rescue files, which stock `age -d` opens."""

from __future__ import annotations

import io
import secrets

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from sealing import age_header, age_payload, stream
from sealing.age_header import Header, HeaderError, NoMatchError, Stanza, decode64, encode64

DEFAULT_WORK_FACTOR = 18  # as stock age: 256 MiB and most of a second
MAX_WORK_FACTOR = 22  # as stock age accepts at most


def encrypt(raw: bytes, passphrase: str, work_factor: int | None = None) -> bytes:
    """A file that `age -d` opens with the passphrase; memory and time double with each step of `work_factor` (18)."""
    work_factor = DEFAULT_WORK_FACTOR if work_factor is None else work_factor
    file_key, salt, sealed = age_payload.fresh_key(), secrets.token_bytes(16), io.BytesIO()
    body = age_payload.wrapped(_stretch(passphrase, salt, work_factor), file_key)
    stanza = Stanza(age_payload.SCRYPT, (encode64(salt), str(work_factor)), body)
    age_payload.write(io.BytesIO(raw), sealed, [stanza], file_key)
    return sealed.getvalue()


def decrypt(raw: bytes, passphrase: str, max_work_factor: int = MAX_WORK_FACTOR) -> bytes:
    """The whole plaintext; NoMatchError for a wrong passphrase, HeaderError above `max_work_factor`."""
    src, plain = io.BytesIO(raw), io.BytesIO()
    header = age_header.read(src)
    file_key = _unwrap_scrypt(header, passphrase, max_work_factor)
    age_payload.read(src, plain, header, file_key)
    return plain.getvalue()


def _unwrap_scrypt(header: Header, passphrase: str, max_work_factor: int) -> bytes:
    age_payload.check_alone(header)
    stanza = header.stanzas[0]
    if stanza.kind != age_payload.SCRYPT:
        raise NoMatchError("the file was not encrypted by a passphrase")
    salt, work_factor = _scrypt_terms(stanza)
    if work_factor > max_work_factor:
        raise HeaderError(f"the work factor {work_factor} is above the limit of {max_work_factor}")
    found = age_payload.unwrapped(_stretch(passphrase, salt, work_factor), stanza.body)
    if found is None:
        raise NoMatchError("the passphrase is wrong")
    return found


def _scrypt_terms(stanza: Stanza) -> tuple[bytes, int]:
    if len(stanza.args) != 2 or len(stanza.body) != age_payload.KEY + stream.TAG:
        raise HeaderError("a scrypt stanza has a salt, a work factor and a body of 32 bytes")
    salt, factor = decode64(stanza.args[0]), stanza.args[1]
    if len(salt) != 16 or not factor.isdecimal() or factor.startswith("0") or len(factor) > 2:
        raise HeaderError("a scrypt stanza has a salt of 16 bytes and a work factor without leading zeros")
    return salt, int(factor)


def _stretch(passphrase: str, salt: bytes, work_factor: int) -> bytes:
    kdf = Scrypt(age_payload.LABEL + age_payload.SCRYPT.encode("ascii") + salt, 32, 1 << work_factor, 8, 1)
    return kdf.derive(passphrase.encode("utf-8"))
