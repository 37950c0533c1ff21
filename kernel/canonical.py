"""Canonical JSON (RFC 8785) for everything that is hashed or signed, and a strict reader for what comes back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import rfc8785

MAX_DEPTH = 32


def encode(value: Any) -> bytes:
    """The RFC 8785 bytes of `value`; TypeError or ValueError on what JSON cannot say (floats are refused)."""
    _refuse_floats(value, 0)
    return rfc8785.dumps(value)


def decode(raw: bytes) -> Any:
    """Parse JSON strictly: UTF-8, no duplicate keys, no floats, no NaN, depth <= 32; ValueError otherwise."""
    try:
        value = json.loads(
            raw.decode("utf-8", "strict"),
            object_pairs_hook=_unique,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    _refuse_floats(value, 0)
    return value


def sha(raw: bytes) -> str:
    """Lower-case hex SHA-256: the notation `sha(x)` of the sealing protocol."""
    return hashlib.sha256(raw).hexdigest()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _refuse_number(text: str) -> Any:
    raise ValueError(f"not an integer: {text}")


def _refuse_floats(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    if isinstance(value, float):
        raise TypeError("floats are banned: use integers or decimal strings")
    for item in _children(value):
        _refuse_floats(item, depth + 1)


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list | tuple) else ()
