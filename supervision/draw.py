"""A draw by the log, as anybody can play it again: a pure function of a root of the log and the list's hash.

The list is fixed by an entry; the seed comes from the first cosigned checkpoint over that entry. So whoever made
the list did not know the seed, and whoever knows the seed cannot change the list. What stands on it are codes: of
organizations where suppliers are drawn, salted hashes of persons where experts are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def seed(root: bytes, list_sha256: str) -> str:
    """SHA-256 of the checkpoint's root and the list's hash, in hex."""
    return hashlib.sha256(root + bytes.fromhex(list_sha256)).hexdigest()


def drawn(codes: Sequence[str], count: int, seed: str) -> tuple[str, ...]:
    """The `count` codes whose SHA-256 after the seed is the lowest, in that order; the list's own order says nothing."""
    return tuple(sorted(codes, key=lambda code: _lot_of(code, seed))[:count])


def _lot_of(code: str, seed: str) -> bytes:
    return hashlib.sha256(bytes.fromhex(seed) + code.encode()).digest()
