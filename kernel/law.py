"""Marks in the code what holds a rule of the law packs, for readers and for `kaibiao packs coverage`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

F = TypeVar("F")


def holds(*subjects: str) -> Callable[[F], F]:
    """Says that the function enforces, times, alerts or records the packs' rules about `subjects`.

    A subject is what a rule is about (`bids_at_close`), the two moments between which its period runs
    (`documents_issued:bids_due`), or the id of one rule (`C64`)
    or transition (`T23`). The mark changes nothing; it is read from the source.
    """
    if not subjects:
        raise ValueError("a mark names at least one subject")
    return lambda function: function
