"""Signing keys and detached signatures: Ed25519, and P-256 with SHA-256 whose signature is r || s (64 bytes).

A public key on the wire is `ed25519:<base64 of 32 bytes>` or `p256:<base64 of the 65-byte uncompressed point>`;
a signature is the base64 of 64 bytes (sealing.md, section 1, Notation).
"""

from __future__ import annotations

import base64
import binascii
import functools

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey
PublicKey = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey

_RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
_POINT = (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
_ECDSA = ec.ECDSA(hashes.SHA256())
_REMEMBERED_BYTES = 16 * 1024


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def unb64(text: str) -> bytes:
    """Strict base64: canonical, padded, no white space; ValueError otherwise."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64") from error
    if b64(raw) != text:
        raise ValueError("base64 is not canonical")
    return raw


def generate() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def spell(key: PublicKey) -> str:
    """The wire form of a public key."""
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "ed25519:" + b64(key.public_bytes(*_RAW))
    return "p256:" + b64(key.public_bytes(*_POINT))


def parse(text: str) -> PublicKey:
    """Read the wire form; ValueError on anything else."""
    kind, _, body = text.partition(":")
    raw = unb64(body)
    if kind == "ed25519" and len(raw) == 32:
        return ed25519.Ed25519PublicKey.from_public_bytes(raw)
    if kind == "p256" and len(raw) == 65:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    raise ValueError(f"not a public key: {kind}")


def supported(key: object) -> PublicKey:
    """Narrow a key taken from a certificate to the two kinds of the protocol; ValueError otherwise."""
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise ValueError("only Ed25519 and P-256 keys sign here")


def sign(raw: bytes, key: PrivateKey) -> bytes:
    """64 bytes over exactly `raw`."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(raw)
    r, s = decode_dss_signature(key.sign(raw, _ECDSA))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verified(signature: bytes, raw: bytes, key: PublicKey) -> bool:
    """Whether `signature` (64 bytes) is `key`'s over exactly `raw`.

    What is derived from the log is derived anew at every tree head, so the same statements are checked again and again.
    """
    if len(signature) != 64:
        return False
    if len(raw) > _REMEMBERED_BYTES:
        return _holds(signature, raw, key)
    return _remembered(signature, raw, spell(key))


@functools.lru_cache(maxsize=4096)
def _remembered(signature: bytes, raw: bytes, spelled: str) -> bool:
    return _holds(signature, raw, parse(spelled))


def _holds(signature: bytes, raw: bytes, key: PublicKey) -> bool:
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, raw)
        else:
            r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
            key.verify(encode_dss_signature(r, s), raw, _ECDSA)
    except InvalidSignature:
        return False
    return True
