"""Shamir's secret sharing over GF(2^8), polynomial 0x11b, in the layout of Vault and Privy: 32 bytes y, 1 byte x.

Fewer than t shares tell nothing about the secret: for each candidate there is exactly one polynomial that fits.
The tables are made once; a table look-up by a secret index is acceptable here, because shares are computed on the
bidder's own machine, and combined only when they have become public.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

LENGTH = 32
SHARE = LENGTH + 1
Rng = Callable[[int], bytes]


def _tables() -> tuple[bytes, bytes]:
    """Powers and logarithms of the generator 3; powers run twice round, which spares the reduction modulo 255."""
    powers, logarithms, value = bytearray(510), bytearray(256), 1
    for exponent in range(255):
        powers[exponent] = powers[exponent + 255] = value
        logarithms[value] = exponent
        value ^= (value << 1) ^ (0x11B if value & 0x80 else 0)
    return bytes(powers), bytes(logarithms)


_POWER, _LOG = _tables()


def multiply(left: int, right: int) -> int:
    return _POWER[_LOG[left] + _LOG[right]] if left and right else 0


def divide(left: int, right: int) -> int:
    """ZeroDivisionError when `right` is zero."""
    if not right:
        raise ZeroDivisionError("division by zero in GF(2^8)")
    return _POWER[_LOG[left] + 255 - _LOG[right]] if left else 0


def split(secret: bytes, n: int, t: int, rng: Rng = secrets.token_bytes) -> list[bytes]:
    """`n` shares of 33 bytes, of which any `t` give the 32-byte secret back; x = 1..n.

    The x are no secret, and trustee i holding x = i is what a person expects who opens a bid by hand.
    """
    if len(secret) != LENGTH:
        raise ValueError("the secret has 32 bytes")
    if not 2 <= t <= n <= 255:
        raise ValueError("2 <= t <= n <= 255")
    rows = [secret, *(rng(LENGTH) for _ in range(t - 1))]
    return [_evaluate(rows, x) + bytes([x]) for x in range(1, n + 1)]


def combine(shares: Sequence[bytes]) -> bytes:
    """The secret behind the shares. Too few or wrong shares give another value, never an error: check the result."""
    return interpolate(shares, 0)


def interpolate(shares: Sequence[bytes], x: int) -> bytes:
    """The 32 bytes y at `x` of the polynomial through `shares`; at 0 stands the secret, elsewhere another share's y."""
    points = [share[LENGTH] for share in shares if len(share) == SHARE]
    if len(points) != len(shares) or len(set(points)) != len(points) or len(points) < 2 or 0 in points:
        raise ValueError("shares are 33 bytes each, at least two, at distinct nonzero x")
    weights = [_weight(points, own, x) for own in points]
    found = bytearray(LENGTH)
    for share, weight in zip(shares, weights, strict=True):
        for place in range(LENGTH):
            found[place] ^= multiply(share[place], weight)
    return bytes(found)


def _weight(points: list[int], own: int, x: int) -> int:
    """Lagrange's basis polynomial of the point `own`, at `x`; minus is plus is XOR in this field."""
    weight = 1
    for other in points:
        if other != own:
            weight = multiply(weight, divide(x ^ other, own ^ other))
    return weight


def _evaluate(rows: list[bytes], x: int) -> bytes:
    """Horner, for the 32 polynomials at once; `rows[k]` holds their coefficients of x^k."""
    found = bytearray(rows[-1])
    for row in reversed(rows[:-1]):
        for place in range(LENGTH):
            found[place] = multiply(found[place], x) ^ row[place]
    return bytes(found)
