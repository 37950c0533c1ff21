"""A digest taken in a second thread beside the cipher: both release the interpreter lock, so two cores share the work."""

from __future__ import annotations

import queue
import threading
from types import TracebackType
from typing import BinaryIO, Self

from sealing.suite import Hash

_WAITING = 4  # batches of about 1 MiB; bounds memory when the digest is the slower of the two


class Digest:
    """Feed it blocks in order; `hexdigest` waits for the last. Use as a context, so that the thread always ends."""

    def __init__(self, running: Hash) -> None:
        self._running = running
        self._blocks: queue.Queue[bytes | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def update(self, block: bytes) -> None:
        self._blocks.put(block)

    def hexdigest(self) -> str:
        self._end()
        return self._running.hexdigest()

    def _end(self) -> None:
        if self._thread.is_alive():
            self._blocks.put(None)
            self._thread.join()

    def _work(self) -> None:
        while (block := self._blocks.get()) is not None:
            self._running.update(block)


class DigestedReader:
    """A source that digests what is read from it; `drain` reads the rest, so that the digest is the whole file's."""

    def __init__(self, src: BinaryIO, digest: Digest) -> None:
        self._src = src
        self._digest = digest
        self.size = 0

    def read(self, size: int, /) -> bytes:
        return self._seen(self._src.read(size))

    def readline(self, limit: int, /) -> bytes:
        return self._seen(self._src.readline(limit))

    def drain(self) -> None:
        while self.read(1 << 20):
            pass

    def _seen(self, block: bytes) -> bytes:
        self.size += len(block)
        self._digest.update(block)
        return block
