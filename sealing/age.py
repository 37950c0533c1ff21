"""age v1 files (c2sp.org/age) over `cryptography`: X25519 recipients and scrypt passphrases.

Written here rather than taken from a binding because it is 1.5 times as fast, keeps memory constant, and lets the
digest of the ciphertext be taken in the same pass. Every file opens with the stock `age` command, and the other way
round. Not supported, because the protocol needs neither: ASCII armor, plugins, SSH and hybrid recipients.
"""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from sealing import age_header, bech32, stream
from sealing.age_header import AgeError, Header, HeaderError, MacError, NoMatchError, Stanza, decode64, encode64
from sealing.replacing import Replacing

FILE_KEY = 16
PAYLOAD_NONCE = 16
DEFAULT_WORK_FACTOR = 18  # as stock age: 256 MiB and most of a second
MAX_WORK_FACTOR = 22  # as stock age accepts at most
_X25519 = "X25519"
_SCRYPT = "scrypt"
_LABEL = b"age-encryption.org/v1/"
_ZERO_NONCE = bytes(12)


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
    file_key = secrets.token_bytes(FILE_KEY)
    _encrypt(src, dst, [_wrap_x25519(file_key, decode_recipient(recipient))], file_key, tee)


class Sealed(stream.Source, age_header.Lines, Protocol):
    """What a ciphertext is read from: a binary file, or anything else with `read` and `readline`."""


def decrypt(src: Sealed, dst: stream.Sink, secret: bytes) -> None:
    """Decrypt `src` into `dst`; AgeError on any defect, when what `dst` already holds must be thrown away."""
    header = age_header.read(src)
    file_key = _file_key(header, secret)
    _open_payload(src, dst, header, file_key)


def encrypt_bytes(raw: bytes, *recipients: str) -> bytes:
    """For one recipient, or several of whom each can open it alone."""
    file_key, sealed = secrets.token_bytes(FILE_KEY), io.BytesIO()
    stanzas = [_wrap_x25519(file_key, decode_recipient(recipient)) for recipient in recipients]
    _encrypt(io.BytesIO(raw), sealed, stanzas, file_key, None)
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


def encrypt_passphrase(raw: bytes, passphrase: str, work_factor: int | None = None) -> bytes:
    """A file that `age -d` opens with the passphrase; memory and time double with each step of `work_factor` (18)."""
    work_factor = DEFAULT_WORK_FACTOR if work_factor is None else work_factor
    file_key, salt, sealed = secrets.token_bytes(FILE_KEY), secrets.token_bytes(16), io.BytesIO()
    body = ChaCha20Poly1305(_stretch(passphrase, salt, work_factor)).encrypt(_ZERO_NONCE, file_key, None)
    stanza = Stanza(_SCRYPT, (encode64(salt), str(work_factor)), body)
    _encrypt(io.BytesIO(raw), sealed, [stanza], file_key, None)
    return sealed.getvalue()


def decrypt_passphrase(raw: bytes, passphrase: str, max_work_factor: int = MAX_WORK_FACTOR) -> bytes:
    """The whole plaintext; NoMatchError for a wrong passphrase, HeaderError above `max_work_factor`."""
    src, plain = io.BytesIO(raw), io.BytesIO()
    header = age_header.read(src)
    file_key = _unwrap_scrypt(header, passphrase, max_work_factor)
    _open_payload(src, plain, header, file_key)
    return plain.getvalue()


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
    payload = stream.plain_length(total - header.length - PAYLOAD_NONCE)
    return HeaderFacts(header.length, payload, len(header.stanzas) - 1)


def _encrypt(
    src: stream.Source, dst: stream.Sink, stanzas: list[Stanza], file_key: bytes, tee: stream.Tee | None
) -> None:
    nonce = secrets.token_bytes(PAYLOAD_NONCE)
    head = memoryview(age_header.write(stanzas, file_key) + nonce)
    dst.write(head)
    if tee is not None:
        tee(head)
    for block in stream.seal(src, age_header.derive(file_key, nonce, b"payload")):
        dst.write(block)
        if tee is not None:
            tee(block)


def _open_payload(src: Sealed, dst: stream.Sink, header: Header, file_key: bytes) -> None:
    if not header.authentic(file_key):
        raise MacError("the header was changed after it was written")
    nonce = stream.read_exactly(src, PAYLOAD_NONCE)
    if len(nonce) != PAYLOAD_NONCE:
        raise HeaderError("the file ends before its payload")
    stream.unseal(src, dst, age_header.derive(file_key, nonce, b"payload"))


def _wrap_x25519(file_key: bytes, public: bytes) -> Stanza:
    ephemeral = X25519PrivateKey.generate()
    share = ephemeral.public_key().public_bytes_raw()
    body = ChaCha20Poly1305(_shared_key(ephemeral, public, share + public))
    return Stanza(_X25519, (encode64(share),), body.encrypt(_ZERO_NONCE, file_key, None))


def _shared_key(private: X25519PrivateKey, public: bytes, salt: bytes) -> bytes:
    try:
        secret = private.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError as error:  # a point of low order: the shared secret would be zero
        raise HeaderError("an X25519 key of low order") from error
    return age_header.derive(secret, salt, _LABEL + _X25519.encode("ascii"))


def _share_of(stanza: Stanza) -> bytes:
    """The ephemeral key of an X25519 stanza; HeaderError when the stanza has not that form."""
    share = decode64(stanza.args[0]) if len(stanza.args) == 1 else b""
    if len(share) != 32 or len(stanza.body) != FILE_KEY + stream.TAG:
        raise HeaderError("an X25519 stanza has one share of 32 bytes and a body of 32")
    return share


def _file_key(header: Header, secret: bytes) -> bytes:
    _only_scrypt_stands_alone(header)
    private = X25519PrivateKey.from_private_bytes(secret)
    public = private.public_key().public_bytes_raw()
    for stanza in header.stanzas:
        if stanza.kind == _X25519:
            share = _share_of(stanza)
            found = _open_body(_shared_key(private, share, share + public), stanza.body)
            if found is not None:
                return found
    raise NoMatchError("this key does not open the file")


def _open_body(key: bytes, body: bytes) -> bytes | None:
    try:
        return ChaCha20Poly1305(key).decrypt(_ZERO_NONCE, body, None)
    except InvalidTag:
        return None


def _only_scrypt_stands_alone(header: Header) -> None:
    kinds = [stanza.kind for stanza in header.stanzas]
    if _SCRYPT in kinds and len(kinds) > 1:
        raise HeaderError("a passphrase stanza must be the only one")


def _unwrap_scrypt(header: Header, passphrase: str, max_work_factor: int) -> bytes:
    _only_scrypt_stands_alone(header)
    stanza = header.stanzas[0]
    if stanza.kind != _SCRYPT:
        raise NoMatchError("the file was not encrypted by a passphrase")
    salt, work_factor = _scrypt_terms(stanza)
    if work_factor > max_work_factor:
        raise HeaderError(f"the work factor {work_factor} is above the limit of {max_work_factor}")
    found = _open_body(_stretch(passphrase, salt, work_factor), stanza.body)
    if found is None:
        raise NoMatchError("the passphrase is wrong")
    return found


def _scrypt_terms(stanza: Stanza) -> tuple[bytes, int]:
    if len(stanza.args) != 2 or len(stanza.body) != FILE_KEY + stream.TAG:
        raise HeaderError("a scrypt stanza has a salt, a work factor and a body of 32 bytes")
    salt, factor = decode64(stanza.args[0]), stanza.args[1]
    if len(salt) != 16 or not factor.isdecimal() or factor.startswith("0") or len(factor) > 2:
        raise HeaderError("a scrypt stanza has a salt of 16 bytes and a work factor without leading zeros")
    return salt, int(factor)


def _stretch(passphrase: str, salt: bytes, work_factor: int) -> bytes:
    kdf = Scrypt(_LABEL + _SCRYPT.encode("ascii") + salt, 32, 1 << work_factor, 8, 1)
    return kdf.derive(passphrase.encode("utf-8"))
