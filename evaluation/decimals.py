"""Decimal strings and exact fractions: scores and rates enter and leave as text, and are fractions in between."""

from __future__ import annotations

import re
from fractions import Fraction

_WRITTEN = re.compile(r"(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,6})?")
SHOWN_PLACES = 6


def parse(text: object) -> Fraction:
    """A non-negative decimal below 10^9 with at most six places, no sign, no exponent; ValueError otherwise."""
    if not isinstance(text, str) or _WRITTEN.fullmatch(text) is None:
        raise ValueError(f"not a plain decimal: {text!r}")
    return Fraction(text)


def spell(value: Fraction, places: int) -> str:
    """`value` with exactly `places` decimals; ValueError when it does not fit (rounding is never done here)."""
    scaled = value * 10**places
    if scaled.denominator != 1:
        raise ValueError(f"{value} has more than {places} decimals")
    return _pointed(int(scaled), places)


def exact(value: Fraction) -> str:
    """The fraction itself, for the record: `492/17`."""
    return f"{value.numerator}/{value.denominator}"


def shown(value: Fraction, places: int = SHOWN_PLACES) -> str:
    """For people: at least two decimals, cut after `places` with `..` when it goes on."""
    scaled = value * 10**places
    text = _pointed(_toward_zero(scaled), places)
    if scaled.denominator != 1:
        return text + ".."
    whole, _, rest = text.partition(".")
    return f"{whole}.{rest.rstrip('0').ljust(2, '0')}"


def plain(value: Fraction) -> str:
    """The shortest spelling of a parameter: `40`, `12.5`."""
    text = shown(value)
    return text.rstrip("0").rstrip(".") if "." in text and not text.endswith("..") else text


def places(quantum: Fraction) -> int:
    """How many decimals a power of ten between 1 and 0.000001 stands for; ValueError for anything else."""
    for count in range(SHOWN_PLACES + 1):
        if quantum * 10**count == 1:
            return count
    raise ValueError(f"not a unit of rounding: {quantum}")


def _toward_zero(value: Fraction) -> int:
    return abs(value.numerator) // value.denominator * (-1 if value < 0 else 1)


def _pointed(scaled: int, places: int) -> str:
    sign = "-" if scaled < 0 else ""
    whole, rest = divmod(abs(scaled), 10**places)
    return f"{sign}{whole}.{rest:0{places}d}" if places else f"{sign}{whole}"
