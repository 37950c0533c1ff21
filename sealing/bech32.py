"""Bech32 (BIP 173) as the age format uses it: no length limit, one spelling only, lower case."""

from __future__ import annotations

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}


def encode(prefix: str, raw: bytes) -> str:
    """`prefix` + "1" + `raw` in groups of five bits + six letters of checksum."""
    data = _regroup(list(raw), 8, 5)
    residue = _polymod([*_expand(prefix), *data, 0, 0, 0, 0, 0, 0]) ^ 1
    check = [residue >> 5 * (5 - place) & 31 for place in range(6)]
    return prefix + "1" + "".join(_ALPHABET[value] for value in [*data, *check])


def decode(prefix: str, text: str) -> bytes:
    """The bytes behind `text`; ValueError on another prefix, any upper case, a bad checksum or set padding bits."""
    head, separator, tail = text.rpartition("1")
    if not separator or head != prefix or len(tail) < 6:
        raise ValueError(f"not a Bech32 string that begins with {prefix}1")
    if not set(tail) <= set(_ALPHABET):
        raise ValueError("a letter that Bech32 does not have")
    data = [_VALUES[letter] for letter in tail]
    if _polymod([*_expand(prefix), *data]) != 1:
        raise ValueError("the Bech32 checksum does not match")
    return bytes(_regroup(data[:-6], 5, 8))


def _expand(prefix: str) -> list[int]:
    codes = prefix.encode("ascii")
    return [code >> 5 for code in codes] + [0] + [code & 31 for code in codes]


def _polymod(values: list[int]) -> int:
    residue = 1
    for value in values:
        top = residue >> 25
        residue = (residue & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(_GENERATORS):
            residue ^= generator if top >> place & 1 else 0
    return residue


def _regroup(values: list[int], width_in: int, width_out: int) -> list[int]:
    """Cut a row of `width_in`-bit numbers into `width_out`-bit ones; when widening, no padding bit may be set."""
    bits, held, found = 0, 0, []
    for value in values:
        bits, held = bits << width_in | value, held + width_in
        while held >= width_out:
            held -= width_out
            found.append(bits >> held)
            bits &= (1 << held) - 1
    if width_out < width_in and held:
        found.append(bits << width_out - held)
    elif width_out > width_in and (held >= width_in or bits):
        raise ValueError("Bech32 padding is not zero")
    return found
