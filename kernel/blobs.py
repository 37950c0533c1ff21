"""Where ciphertexts and documents lie: a folder by default, behind the seam that an object store will share."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, Protocol, Self

from kernel.errors import Unavailable

FLUSH = 8 << 20
_flushers = ThreadPoolExecutor(4, "blob-flush")


class BlobStore(Protocol):
    """Append-only byte strings under random keys."""

    def create(self) -> str:
        """Make an empty blob and return its key."""
        ...

    def append(self, key: str, offset: int, chunks: Iterable[bytes]) -> int:
        """Cut the blob to `offset`, append the chunks durably, return the new size; Unavailable when full."""
        ...

    def put(self, chunks: Iterable[bytes]) -> tuple[str, int, str]:
        """Store a whole blob while hashing it: (key, size, hex SHA-256)."""
        ...

    def size(self, key: str) -> int: ...

    def open(self, key: str) -> BinaryIO: ...

    def delete(self, key: str) -> None: ...


class _Flushing:
    """Sends a file's bytes to the disk while more are coming, and at the end, whatever the end, waits until all are there."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._unsent = file, 0
        self._running: Future[None] | None = None

    def wrote(self, size: int) -> None:
        self._unsent += size
        if self._unsent >= FLUSH and (self._running is None or self._running.done()):
            self._wait()
            self._file.flush()
            self._running = _flushers.submit(os.fdatasync, self._file.fileno())
            self._unsent = 0

    def _wait(self) -> None:
        """An error of the disk is an error of this append."""
        if self._running is not None:
            self._running.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._wait()
        finally:
            self._file.flush()
            os.fsync(self._file.fileno())


class FolderStore:
    """Blobs as files, spread over 256 folders by the first byte of their key."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def create(self) -> str:
        key = secrets.token_hex(16)
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with full_disk_refused():
            path.open("xb").close()
        return key

    def append(self, key: str, offset: int, chunks: Iterable[bytes]) -> int:
        # Bytes past `offset` were never acknowledged: a crash or a full disk left them behind.
        with full_disk_refused(), self._path(key).open("r+b") as file:
            file.truncate(offset)
            file.seek(offset)
            with _Flushing(file) as flushing:
                for chunk in chunks:
                    file.write(chunk)
                    flushing.wrote(len(chunk))
            return file.tell()

    def put(self, chunks: Iterable[bytes]) -> tuple[str, int, str]:
        digest = hashlib.sha256()

        def hashed() -> Iterable[bytes]:
            for chunk in chunks:
                digest.update(chunk)
                yield chunk

        key = self.create()
        try:
            size = self.append(key, 0, hashed())
        except BaseException:
            self.delete(key)
            raise
        return key, size, digest.hexdigest()

    def size(self, key: str) -> int:
        return self._path(key).stat().st_size

    def open(self, key: str) -> BinaryIO:
        return self._path(key).open("rb")

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        if len(key) != 32 or not set(key) <= set("0123456789abcdef"):
            raise ValueError("not a blob key")
        return self.root / key[:2] / key[2:]


class full_disk_refused:  # noqa: N801  reads as the sentence it makes
    """Turn a full disk (ENOSPC, EDQUOT, EFBIG) into the refusal that tells the sender to try again."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise Unavailable(
                "storage.full",
                "存储空间不足,已收到的部分保留,请稍后继续上传",
                "storage is full; what arrived is kept, continue later",
            ) from error
