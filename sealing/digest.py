"""A digest taken in a second thread beside the cipher: both release the interpreter lock, so two cores share the work."""

from __future__ import annotations

import queue
import threading
from types import TracebackType
from typing import BinaryIO, Self, TypeVar

from sealing.stream import RING
from sealing.suite import Hash

_WAITING = RING - 4  # so that no buffer is filled anew before it was digested
_Block = TypeVar("_Block", bytes, memoryview)


class Digest:
    """Feed it blocks in order; `hexdigest` waits for the last. Use as a context, so that the thread always ends."""

    def __init__(self, running: Hash) -> None:
        self._running = running
        self._blocks: queue.Queue[memoryview | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def update(self, block: memoryview) -> None:
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
    """A source that digests what is read from it; `drain` reads the rest, so that the digest is the whole file's.

    The reader's buffers must keep what was read for as long as the digest may be behind: those of `stream` do.
    """

    def __init__(self, src: BinaryIO, digest: Digest) -> None:
        self._src = src
        self._digest = digest
        self.size = 0

    def read(self, size: int, /) -> bytes:
        return self._seen(self._src.read(size))

    def readinto(self, buffer: memoryview, /) -> int:
        count: int = self._src.readinto(buffer)  # type: ignore[attr-defined]  # BinaryIO omits it; all have it
        self._seen(buffer[:count])
        return count

    def readline(self, limit: int, /) -> bytes:
        return self._seen(self._src.readline(limit))

    def drain(self) -> None:
        while self.read(1 << 20):
            pass

    def _seen(self, block: _Block) -> _Block:
        self.size += len(block)
        self._digest.update(memoryview(block))
        return block
