"""Progress of sealing, counted in bytes."""

from __future__ import annotations

import threading
from collections.abc import Callable

Progress = Callable[[int, int], None]


class Meter:
    """Counts bytes hashed and bytes sealed towards the total; two threads hash, so it takes a lock."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total = progress, total
        self._done, self._lock = 0, threading.Lock()

    def add(self, count: int) -> None:
        if self._progress is not None:
            with self._lock:
                self._done = min(self._done + count, self._total)
                self._progress(self._done, self._total)
