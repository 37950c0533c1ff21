"""Padding, so that a ciphertext's length tells little about what is inside.

Padmé (Nikitin et al., PURBs, 2019) lets a length leak O(log log) bits and adds at most 12 %, 3-6 % at usual sizes.
Stock tools read the padded plaintext unchanged: tar stops at the zeros, JSON ignores trailing blanks.
"""

from __future__ import annotations

MIN_SHEET = 16 * 1024
TAR_BLOCK = 512


def padme(length: int) -> int:
    """The least padded length for `length` bytes; padded lengths are their own."""
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    free_bits = exponent - exponent.bit_length()
    mask = (1 << free_bits) - 1
    return (length + mask) & ~mask


def padded_tar_length(length: int) -> int:
    """Padmé for a tar of `length` bytes, which stays a whole number of blocks."""
    return -(-padme(length) // TAR_BLOCK) * TAR_BLOCK


def padded_sheet_length(length: int) -> int:
    """16 KiB for every usual sheet, Padmé above."""
    return max(MIN_SHEET, padme(length))


def pad_sheet(raw: bytes) -> bytes:
    return raw.ljust(padded_sheet_length(len(raw)), b" ")


def is_padded_tar(length: int) -> bool:
    return length > 0 and length % TAR_BLOCK == 0 and padme(length) == length


def is_padded_sheet(length: int) -> bool:
    return length >= MIN_SHEET and padme(length) == length


def whole_blocks(size: int) -> int:
    """`size` in whole tar blocks."""
    return -(-size // TAR_BLOCK) * TAR_BLOCK


def filled(raw: bytes) -> bytes:
    """`raw` with zeros up to whole tar blocks."""
    return raw.ljust(whole_blocks(len(raw)), b"\0")
