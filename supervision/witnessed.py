"""Since when a quorum of independent clocks has stood behind an entry: what deadlines and cuts are measured by."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from supervision.policy import Policy


@dataclass(frozen=True)
class Witnessed:
    """A tree head of the one log and its verified cosignatures: (node, Unix seconds), any number for each node."""

    size: int
    root: bytes
    times: tuple[tuple[str, int], ...]


class Cosignatures(Protocol):
    """What is known of the quorum's clocks: a list of tree heads, or a store of them."""

    def since(self, index: int) -> int | None: ...

    def cut(self, size: int, start: int, end: int) -> Witnessed | None: ...


@dataclass(frozen=True)
class Cosigned:
    """The known tree heads, smallest first. Knowing more of them only ever makes an entry older, never younger."""

    policy: Policy
    heads: tuple[Witnessed, ...]

    def since(self, index: int) -> int | None:
        """When (Unix seconds) a quorum had cosigned trees that hold entry `index`; None while it has not.

        A node's sizes and times never fall, so its first line on a tree of that size is its earliest.
        """
        first: dict[str, int] = {}
        start = bisect.bisect_right(self.heads, index, key=lambda head: head.size)
        for head in itertools.islice(self.heads, start, None):
            for name, time in head.times:
                first[name] = min(time, first.get(name, time))
            if self.policy.is_quorum(first.keys()):
                return self._quorum_at(first)
        return None

    def cut(self, size: int, start: int, end: int) -> Witnessed | None:
        """The tree head of exactly `size` that a quorum cosigned at times in [start, end]."""
        for head in self.heads:
            if head.size == size and self.policy.is_quorum(_within(head.times, start, end)):
                return head
        return None

    def _quorum_at(self, first: dict[str, int]) -> int | None:
        names: set[str] = set()
        for time, name in sorted((time, name) for name, time in first.items()):
            names.add(name)
            if self.policy.is_quorum(names):
                return time
        return None


def _within(times: Iterable[tuple[str, int]], start: int, end: int) -> set[str]:
    return {name for name, time in times if start <= time <= end}
