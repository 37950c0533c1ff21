"""age v1 files (c2sp.org/age) over `cryptography`, for X25519 recipients; `age_passphrase` has the other kind.

Written here rather than taken from a binding because it is 1.5 times as fast, keeps memory constant, and lets the
digest of the ciphertext be taken in the same pass. Every file opens with the stock `age` command, and the other way
round. Not supported, because the protocol needs neither: ASCII armor, plugins, SSH and hybrid recipients.
"""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from sealing import age_header, age_payload, bech32, stream
from sealing.age_header import AgeError, Header, HeaderError, NoMatchError, Stanza, decode64, encode64
from sealing.replacing import Replacing

_X25519 = "X25519"


@dataclass(frozen=True)
class HeaderFacts:
    """What a ciphertext tells without any key: lengths in bytes, and how many grease stanzas it carries."""

    header_length: int
    payload_length: int
    grease: int


def generate() -> tuple[bytes, str]:
    """A fresh identity: (secret of 32 bytes, recipient string)."""
    secret = secrets.token_bytes(32)
    return secret, recipient_of(secret)


def recipient_of(secret: bytes) -> str:
    """The `age1...` string of a 32-byte X25519 secret."""
    return bech32.encode("age", X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw())


def encode_identity(secret: bytes) -> str:
    """`AGE-SECRET-KEY-1...`, what `age -i` reads."""
    return bech32.encode("age-secret-key-", secret).upper()


def decode_identity(text: str) -> bytes:
    """The 32 bytes of `AGE-SECRET-KEY-1...` in upper case; AgeError otherwise."""
    if text != text.upper():
        raise AgeError("an age identity is written in upper case")
    return _decode_bech32("age-secret-key-", text.lower())


def decode_recipient(text: str) -> bytes:
    """The 32 bytes of an `age1...` string in lower case; AgeError otherwise."""
    return _decode_bech32("age", text)


def _decode_bech32(prefix: str, text: str) -> bytes:
    try:
        raw = bech32.decode(prefix, text)
    except ValueError as error:
        raise AgeError(str(error)) from error
    if len(raw) != 32:
        raise AgeError("an X25519 key has 32 bytes")
    return raw


def encrypt(src: stream.Source, dst: stream.Sink, recipient: str, tee: stream.Tee | None = None) -> None:
    """Encrypt `src` into `dst` for one recipient; `tee` sees every ciphertext block in order (for a digest).

    A block's memory is used again after six more: whoever keeps blocks copies them.
    """
    file_key = age_payload.fresh_key()
    age_payload.write(src, dst, [_wrap_x25519(file_key, decode_recipient(recipient))], file_key, tee)


def decrypt(src: age_payload.Sealed, dst: stream.Sink, secret: bytes) -> None:
    """Decrypt `src` into `dst`; AgeError on any defect, when what `dst` already holds must be thrown away."""
    header = age_header.read(src)
    file_key = _file_key(header, secret)
    age_payload.read(src, dst, header, file_key)


def encrypt_bytes(raw: bytes, *recipients: str) -> bytes:
    """For one recipient, or several of whom each can open it alone."""
    file_key, sealed = age_payload.fresh_key(), io.BytesIO()
    stanzas = [_wrap_x25519(file_key, decode_recipient(recipient)) for recipient in recipients]
    age_payload.write(io.BytesIO(raw), sealed, stanzas, file_key)
    return sealed.getvalue()


def decrypt_bytes(raw: bytes, secret: bytes) -> bytes:
    """The whole plaintext or AgeError, never a part of it."""
    plain = io.BytesIO()
    decrypt(io.BytesIO(raw), plain, secret)
    return plain.getvalue()


def decrypt_file(src_path: Path, dst_path: Path, secret: bytes) -> None:
    """Decrypt beside `dst_path` and rename only on a clean end, so that half a plaintext never has that name."""
    with src_path.open("rb") as src, Replacing(dst_path) as dst:
        decrypt(src, dst.file, secret)


def check_header(src: BinaryIO, size: int | None = None) -> HeaderFacts:
    """What the beginning of a ciphertext of `size` bytes says (all of `src` when not given).

    Refuses (AgeError) anything but exactly one real stanza of kind X25519, and a length no STREAM has: a second real
    stanza would be a second door into the bid.
    """
    header = age_header.read(src)
    real = [stanza for stanza in header.stanzas if not stanza.grease]
    if len(real) != 1 or real[0].kind != _X25519:
        raise HeaderError("the header must hold exactly one stanza, of kind X25519")
    _share_of(real[0])
    total = src.seek(0, io.SEEK_END) if size is None else size
    payload = stream.plain_length(total - header.length - age_payload.NONCE)
    return HeaderFacts(header.length, payload, len(header.stanzas) - 1)


def _wrap_x25519(file_key: bytes, public: bytes) -> Stanza:
    ephemeral = X25519PrivateKey.generate()
    share = ephemeral.public_key().public_bytes_raw()
    body = age_payload.wrapped(_shared_key(ephemeral, public, share + public), file_key)
    return Stanza(_X25519, (encode64(share),), body)


def _shared_key(private: X25519PrivateKey, public: bytes, salt: bytes) -> bytes:
    try:
        secret = private.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError as error:  # a point of low order: the shared secret would be zero
        raise HeaderError("an X25519 key of low order") from error
    return age_header.derive(secret, salt, age_payload.LABEL + _X25519.encode("ascii"))


def _share_of(stanza: Stanza) -> bytes:
    """The ephemeral key of an X25519 stanza; HeaderError when the stanza has not that form."""
    share = decode64(stanza.args[0]) if len(stanza.args) == 1 else b""
    if len(share) != 32 or len(stanza.body) != age_payload.KEY + stream.TAG:
        raise HeaderError("an X25519 stanza has one share of 32 bytes and a body of 32")
    return share


def _file_key(header: Header, secret: bytes) -> bytes:
    age_payload.check_alone(header)
    private = X25519PrivateKey.from_private_bytes(secret)
    public = private.public_key().public_bytes_raw()
    for stanza in header.stanzas:
        if stanza.kind == _X25519:
            share = _share_of(stanza)
            found = age_payload.unwrapped(_shared_key(private, share, share + public), stanza.body)
            if found is not None:
                return found
    raise NoMatchError("this key does not open the file")
