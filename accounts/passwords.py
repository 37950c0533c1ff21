"""Passwords under Argon2id (RFC 9106, the low-memory profile). Verifying costs tens of milliseconds: never inside a transaction."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from accounts import rules

HASHER = PasswordHasher()
_NOBODY = HASHER.hash(secrets.token_hex(16))


def hashed(password: str, *personal: str) -> str:
    """The hash to store; Invalid when the password may not be used."""
    return HASHER.hash(rules.password(password, *personal))


def matches(stored: str | None, password: str) -> bool:
    """Whether `password` is the stored one; as slow for nobody as for somebody, so that names cannot be probed."""
    if len(password) > rules.MAX_PASSWORD:
        return False
    try:
        HASHER.verify(stored or _NOBODY, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return stored is not None


def outdated(stored: str) -> bool:
    """Whether the stored hash was made with weaker settings than today's."""
    return HASHER.check_needs_rehash(stored)
