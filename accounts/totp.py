"""One-time codes (RFC 6238: SHA-1, 6 digits, 30 seconds), each good for one session; secrets stored encrypted."""

from __future__ import annotations

import datetime as dt
import hmac
import secrets

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kernel.keys import b64, unb64

STEP = 30
DRIFT = 1


def new_secret() -> str:
    """Base32, 160 bits."""
    return pyotp.random_base32()


def address(secret: str, login: str, issuer: str) -> str:
    """The otpauth:// address an authenticator app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)


def step_of(secret: str, code: str, now: dt.datetime) -> int | None:
    """The time step whose code this is, one step of drift either way; None when it is no code of now."""
    current = int(now.timestamp()) // STEP
    digits = code.replace(" ", "")
    for step in range(current - DRIFT, current + DRIFT + 1):
        if hmac.compare_digest(pyotp.HOTP(secret).at(step).encode(), digits.encode()):
            return step
    return None


def sealed(secret: str, secret_key: str, person_id: int) -> str:
    """Encrypted for the database and bound to the person, so that a copied row opens nobody else's account."""
    nonce = secrets.token_bytes(12)
    return b64(nonce + AESGCM(_key(secret_key)).encrypt(nonce, secret.encode(), str(person_id).encode()))


def unsealed(stored: str, secret_key: str, person_id: int) -> str:
    """The secret back; ValueError when the site's secret key is another."""
    raw = unb64(stored)
    try:
        plain = AESGCM(_key(secret_key)).decrypt(raw[:12], raw[12:], str(person_id).encode())
    except InvalidTag as error:
        raise ValueError("the secret was stored under another secret key") from error
    return plain.decode()


def _key(secret_key: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"kaibiao-totp/1").derive(secret_key.encode())
