"""SHA-256 of files on their way: beside the writing, and from one piece of a file to the next."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import Future, ThreadPoolExecutor

from bidding.models import Upload

BEGUN = 1000
_hashers = ThreadPoolExecutor(4, "upload-hash")


class Digest:
    """A hash that grows beside the writing: while one chunk goes to the store another thread hashes it."""

    def __init__(self, algorithm: str) -> None:
        self._digest = hashlib.new(algorithm)
        self._running: Future[None] | None = None

    def update(self, chunk: bytes) -> None:
        """Wait for the chunk before, so that no more than one is held."""
        self.taken()
        self._running = _hashers.submit(self._digest.update, chunk)

    def taken(self) -> hashlib._Hash:
        """The hash of all chunks so far."""
        if self._running is not None:
            self._running.result()
        return self._digest


class Begun:
    """Hashes of files of which this process has stored the beginning; whichever process gets the rest may go on.

    Bytes below a row's size never change, so that a blob's key and a size name one beginning. A hash that is not here
    any more costs a second reading of the file, nothing else.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int], Digest] = {}
        self._lock = threading.Lock()

    def keep(self, blob_key: str, size: int, digest: Digest) -> None:
        with self._lock:
            while len(self._kept) >= BEGUN:
                del self._kept[next(iter(self._kept))]
            self._kept[blob_key, size] = digest

    def take(self, upload: Upload) -> Digest | None:
        """The hash so far, for one writer only."""
        with self._lock:
            return self._kept.pop((upload.blob_key, upload.size), None)


begun = Begun()
