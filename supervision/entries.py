"""What an entry of the log says: a fact in the open, or a seal that looks like every other seal.

Open: `{"fact":{...},"v":1}`. Sealed: `{"seal":"<base64 sha256(salt16 || canonical fact)>","v":1}`, 61 bytes whatever
it stands for. A cover entry is a seal over nothing: 32 random bytes.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any

from kernel import canonical, keys

VERSION = 1
SALT_SIZE = 16
SEAL_SIZE = 32
MAX_ENTRY = 65_535


class EntryError(ValueError):
    """The bytes are not an entry, or not one that a salt and fact open."""


@dataclass(frozen=True)
class OpenEntry:
    """A fact for everybody."""

    fact: dict[str, Any]


@dataclass(frozen=True)
class SealedEntry:
    """A commitment; which fact, or whether any, is not to be seen."""

    seal: bytes


def open_entry(fact: dict[str, Any]) -> bytes:
    """EntryError if the fact is too long for the log."""
    raw = canonical.encode({"v": VERSION, "fact": fact})
    if len(raw) > MAX_ENTRY:
        raise EntryError(f"an entry has at most {MAX_ENTRY} bytes, this one has {len(raw)}")
    return raw


def sealed_entry(seal: bytes) -> bytes:
    if len(seal) != SEAL_SIZE:
        raise EntryError("a seal is 32 bytes")
    return canonical.encode({"v": VERSION, "seal": keys.b64(seal)})


def new_salt() -> bytes:
    return secrets.token_bytes(SALT_SIZE)


def seal_of(salt: bytes, fact: bytes) -> bytes:
    """The commitment to the canonical bytes of a fact; 16 random bytes keep short facts from being guessed."""
    if len(salt) != SALT_SIZE:
        raise EntryError("a salt is 16 bytes")
    return hashlib.sha256(salt + fact).digest()


def cover_entry() -> bytes:
    """A sealed entry that seals nothing."""
    return sealed_entry(secrets.token_bytes(SEAL_SIZE))


def parse(raw: bytes) -> OpenEntry | SealedEntry:
    """Read an entry; EntryError unless it is canonical and of one of the two forms."""
    try:
        value = canonical.decode(raw)
        if canonical.encode(value) != raw:
            raise EntryError("the entry is not canonical")
        return _entry(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise EntryError(f"not an entry: {error}") from error


def _entry(value: Any) -> OpenEntry | SealedEntry:
    match value:
        case {"v": int(version), "fact": dict(fact), **rest} if _is_version(version) and not rest:
            return OpenEntry(fact)
        case {"v": int(version), "seal": str(seal), **rest} if _is_version(version) and not rest:
            return SealedEntry(_seal(seal))
        case _:
            raise EntryError("an entry is a fact or a seal, version 1")


def check_disclosure(entry: bytes, salt: bytes, fact: bytes) -> bool:
    """Whether salt and fact are what the sealed entry committed to."""
    try:
        found = parse(entry)
        return isinstance(found, SealedEntry) and hmac.compare_digest(found.seal, seal_of(salt, fact))
    except EntryError:
        return False


def _is_version(value: int) -> bool:
    return value == VERSION and not isinstance(value, bool)


def _seal(text: str) -> bytes:
    raw = keys.unb64(text)
    if len(raw) != SEAL_SIZE:
        raise EntryError("a seal is 32 bytes")
    return raw
