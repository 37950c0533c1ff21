"""The Merkle tree of RFC 6962 and RFC 9162: hashes, proofs, and a frontier that grows by one leaf at a time.

Leaf = SHA-256(00 || entry), node = SHA-256(01 || left || right), empty root = SHA-256(""). Makers raise ValueError
on hashes that are not 32 bytes or on impossible sizes; verifiers answer False.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

Range = tuple[int, int]
"""Leaves start <= i < end whose subtree hash a proof carries."""


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def checked(value: bytes) -> bytes:
    """The same hash; ValueError unless it is exactly 32 bytes (a shorter one could stand for another tree)."""
    if len(value) != HASH_SIZE:
        raise ValueError(f"a hash is 32 bytes, not {len(value)}")
    return value


def root(entries: Iterable[bytes]) -> bytes:
    return root_of_hashes(leaf_hash(entry) for entry in entries)


def root_of_hashes(leaf_hashes: Iterable[bytes]) -> bytes:
    frontier = Frontier()
    frontier.extend(leaf_hashes)
    return frontier.root()


def split(size: int) -> int:
    """The largest power of two below `size` (RFC 9162, 2.1.1); size >= 2."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The subtrees, leaf's sibling first, that prove leaf `index` in a tree of `size` (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    found: list[Range] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    return found[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """The subtrees that prove the tree of `old` to be a prefix of the tree of `new` (RFC 9162, 2.1.4.1)."""
    if not 0 <= old <= new:
        raise ValueError(f"no consistency from {old} to {new}")
    if old in (0, new):
        return []
    found: list[Range] = []
    start, end = 0, new
    while end != old:
        middle = start + split(end - start)
        if old <= middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    if start:
        found.append((start, end))
    return found[::-1]


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int, size: int) -> list[bytes]:
    """Hashes proving leaf `index` under the root of the first `size` leaves."""
    return [_subtree(leaf_hashes, part) for part in inclusion_ranges(index, _known(leaf_hashes, size))]


def consistency_proof(leaf_hashes: Sequence[bytes], old: int, new: int) -> list[bytes]:
    """Hashes proving that the first `old` leaves are a prefix of the first `new`; empty when `old` is 0 or `new`."""
    return [_subtree(leaf_hashes, part) for part in consistency_ranges(old, _known(leaf_hashes, new))]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows `leaf` at `index` under `root` of a tree of `size` (RFC 9162, 2.1.3.2)."""
    if not (0 <= index < size and _sound(leaf, root, *proof)):
        return False
    number, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if number & 1 or number == last:
            found = node_hash(sibling, found)
            number, last = _skip(number, last)
        else:
            found = node_hash(found, sibling)
        number, last = number >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows the old tree to be a prefix of the new one (RFC 9162, 2.1.4.2)."""
    if not (0 <= old_size <= new_size and _sound(old_root, new_root, *proof)):
        return False
    if old_size == new_size:
        return not proof and old_root == new_root and (old_size > 0 or old_root == EMPTY_ROOT)
    if old_size == 0:
        return not proof and old_root == EMPTY_ROOT
    if old_size & (old_size - 1) == 0:
        proof = [old_root, *proof]
    return bool(proof) and _climbed(old_size, new_size, proof) == (old_root, new_root)


def _climbed(old_size: int, new_size: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    number, last = old_size - 1, new_size - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if number & 1 or number == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            number, last = _skip(number, last)
        else:
            new = node_hash(new, sibling)
        number, last = number >> 1, last >> 1
    return (old, new) if last == 0 else None


def _skip(number: int, last: int) -> tuple[int, int]:
    """Climb past the levels where the rightmost subtree has no sibling."""
    while not number & 1 and number:
        number, last = number >> 1, last >> 1
    return number, last


def _sound(*hashes: bytes) -> bool:
    return all(len(value) == HASH_SIZE for value in hashes)


def _known(leaf_hashes: Sequence[bytes], size: int) -> int:
    if size > len(leaf_hashes):
        raise ValueError(f"{len(leaf_hashes)} leaves are not {size}")
    return size


def _subtree(leaf_hashes: Sequence[bytes], part: Range) -> bytes:
    return root_of_hashes(leaf_hashes[part[0] : part[1]])


def combined(part: Range, perfect: Callable[[int, int], bytes]) -> bytes:
    """The hash over any aligned range, from `perfect(level, index)`: the hash over leaves [index << level, +1 << level).

    Every range of a proof begins at a multiple of the largest power of two it holds, so the pieces
    fold from the right as the tree does.
    """
    start, end = part
    pieces: list[bytes] = []
    while start < end:
        level = (end - start).bit_length() - 1
        pieces.append(perfect(level, start >> level))
        start += 1 << level
    found = pieces.pop() if pieces else EMPTY_ROOT
    while pieces:
        found = node_hash(pieces.pop(), found)
    return found


@dataclass
class Frontier:
    """The compact range of a growing tree: one hash per bit set in `size`, largest subtree first.

    A million leaves cost a million appends and never more than 63 hashes kept.
    """

    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    @classmethod
    def of(cls, size: int, hashes: Sequence[bytes]) -> Self:
        """Take up a stored frontier; ValueError if the hashes cannot be those of `size`."""
        if size < 0 or len(hashes) != size.bit_count():
            raise ValueError(f"a frontier of {size} leaves has {size.bit_count()} hashes, not {len(hashes)}")
        return cls(size, [checked(value) for value in hashes])

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        found, hashes, size = checked(leaf), self.hashes, self.size
        while size & 1:
            found = node_hash(hashes.pop(), found)
            size >>= 1
        hashes.append(found)
        self.size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        for leaf in leaves:
            self.append(leaf)

    def root(self) -> bytes:
        if not self.hashes:
            return EMPTY_ROOT
        found = self.hashes[-1]
        for left in self.hashes[-2::-1]:
            found = node_hash(left, found)
        return found

    def copy(self) -> Frontier:
        return Frontier(self.size, list(self.hashes))
