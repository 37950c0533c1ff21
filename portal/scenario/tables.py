"""Which tables a piece of work read, and which were written since: what stands as it stood need not be looked at again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, event

_NAMED = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE) ([a-z_]+)")


@dataclass
class Tables:
    """Hears every statement of one engine. Writes are numbered; one that is rolled back counts too."""

    _written: dict[str, int] = field(default_factory=dict)
    _number: int = 0
    _read: dict[str, tuple[int, set[str]]] = field(default_factory=dict)
    """By name of the work: the number at which it began, and the tables it read."""
    _under_way: set[str] = field(default_factory=set)

    def listen(self, engine: Engine) -> None:
        event.listen(engine, "before_cursor_execute", self._heard)

    def stand(self, work: str) -> bool:
        """Whether nothing that `work` read when it was last done has been written since it began."""
        if work not in self._read:
            return False
        began, read = self._read[work]
        return all(self._written.get(table, 0) <= began for table in read)

    @contextmanager
    def reading(self, work: str) -> Iterator[None]:
        """What is read in the body is what `work` depends on."""
        began, self._under_way = self._number, set()
        yield
        self._read[work] = began, self._under_way

    def _heard(self, _connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        named = _tables(statement)
        self._under_way |= named
        if not statement.startswith("SELECT"):
            self._number += 1
            self._written |= dict.fromkeys(named, self._number)


@lru_cache(maxsize=2048)
def _tables(statement: str) -> frozenset[str]:
    return frozenset(_NAMED.findall(" ".join(statement.split())))
