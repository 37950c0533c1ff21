"""One PATCH at work: bytes to the blob store while its lease holds, progress row by row, the hash at the last byte."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import update

from bidding import digests, rules
from bidding.models import Upload
from bidding.states import UploadState
from bidding.tus import Checksum
from kernel import clock
from kernel.db import changed, transaction
from kernel.errors import Conflict, Invalid, Refusal, Unavailable
from kernel.site import site

BLOCK = 1 << 20
"""As much as gunicorn receives at once: with less it copies what is left over again for every block."""

SEGMENT = 64 << 20

Chunks = Iterable[bytes]


@dataclass(frozen=True)
class Arriving:
    """The body of one PATCH: where it claims to begin, its bytes, and what the client says their digest is."""

    offset: int
    chunks: Chunks
    checksum: Checksum | None = None


def locked(upload: Upload) -> Refusal:
    if upload.state is not UploadState.OPEN:
        return Conflict(
            "upload.complete", "该文件已上传完整。", "This file is complete.", rule="tus 1.0.0", offset=upload.size
        )
    return Conflict(
        "upload.locked",
        "另一个请求正在写入此文件，请几秒后续传。",
        "Another request is writing this file; go on in a few seconds.",
        retry_after=rules.LEASE.seconds,
    )


class Writer:
    """One PATCH at work, holding the lease."""

    def __init__(self, upload: Upload, arriving: Arriving) -> None:
        self._upload, self._arriving = upload, arriving
        self._blobs = site().blobs
        self._size = upload.size
        self._beaten = clock.monotonic()
        self._whole = digests.Digest("sha256") if upload.size == 0 else digests.begun.take(upload)
        self._said = digests.Digest(arriving.checksum.algorithm) if arriving.checksum else None

    def run(self) -> None:
        chunks = iter(self._arriving.chunks)
        while self._append(chunks):
            self._record(self._size)
        self._check_said()
        self._record(self._size)
        if self._size == self._upload.length:
            self._finish()
        elif self._whole is not None:
            digests.begun.keep(self._upload.blob_key, self._size, self._whole)

    def _append(self, chunks: Iterator[bytes]) -> bool:
        """Store the next segment; whether there may be another. With a checksum all is one segment, kept or dropped whole."""
        segment = _Segment(chunks, self._take, None if self._said else SEGMENT)
        try:
            self._size = self._blobs.append(self._upload.blob_key, self._size, segment)
        except (Interrupted, Unavailable):
            self._keep_what_came()
            raise
        return segment.full

    def _take(self, chunk: bytes) -> None:
        """Called before each chunk is written, so that a request whose lease was taken over never writes again."""
        if clock.monotonic() - self._beaten > rules.LEASE.total_seconds() / 3:
            self._record(self._size)
        for digest in (self._whole, self._said):
            if digest is not None:
                digest.update(chunk)

    def _keep_what_came(self) -> None:
        """The connection broke or the disk is full: what was stored counts, unless a checksum over the whole was promised."""
        if self._said is None:
            held = min(self._blobs.size(self._upload.blob_key), self._upload.length)
            self._size = self._blobs.append(self._upload.blob_key, held, ())
            self._record(self._size)

    def _record(self, size: int) -> None:
        """Renew the lease and publish the durable size; Conflict when somebody else took the lease over."""
        self._update({"size": size, "lease_until": clock.wall() + rules.LEASE})
        self._beaten = clock.monotonic()

    def _update(self, values: dict[str, object]) -> None:
        mine = (Upload.id == self._upload.id, Upload.lease == self._upload.lease)
        with transaction():
            if changed(update(Upload).where(*mine).values(values)) != 1:
                raise locked(self._upload)

    def _check_said(self) -> None:
        promised = self._arriving.checksum
        if self._said is not None and promised is not None and self._said.taken().digest() != promised.digest:
            raise Invalid(
                "upload.checksum",
                "收到的内容与校验和不符，本段未保存，请重传。",
                "The bytes do not match their checksum and were dropped; send them again.",
                rule="tus 1.0.0",
            )

    def _finish(self) -> None:
        digest = self._whole.taken() if self._whole else self._reread()
        self._update({"sha256": digest.hexdigest(), "state": UploadState.DONE, "lease": None, "lease_until": None})

    def _reread(self) -> hashlib._Hash:
        digest = hashlib.sha256()
        with self._blobs.open(self._upload.blob_key) as stored:
            for block in blocks(stored.read, BLOCK):
                digest.update(block)
                if clock.monotonic() - self._beaten > rules.LEASE.total_seconds() / 3:
                    self._record(self._size)
        return digest

    def let_go(self) -> None:
        mine = (Upload.id == self._upload.id, Upload.lease == self._upload.lease)
        with transaction():
            changed(update(Upload).where(*mine).values(lease=None, lease_until=None))


class Interrupted(Invalid):
    """The client's connection ended within the body; what arrived is kept."""

    def __init__(self) -> None:
        super().__init__(
            "upload.interrupted",
            "连接中断，已收到的部分保留，请续传。",
            "The connection broke. What arrived is kept; go on from there.",
            rule="tus 1.0.0",
        )


class _Segment:
    """The chunks of one durable step; `full` when it ended by its limit, not by the end of the body."""

    def __init__(self, chunks: Iterator[bytes], take: Callable[[bytes], None], limit: int | None) -> None:
        self._chunks, self._take, self._limit = chunks, take, limit
        self.full = False

    def __iter__(self) -> Iterator[bytes]:
        passed = 0
        for chunk in self._chunks:
            self._take(chunk)
            yield chunk
            passed += len(chunk)
            if self._limit is not None and passed >= self._limit:
                self.full = True
                return


def blocks(read: Callable[[int], bytes], size: int) -> Iterator[bytes]:
    """All that `read` gives, in pieces of at most `size` bytes."""
    while block := read(size):
        yield block


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Received:
    """A body of known length straight from the server; the framework's guard would copy every block twice more."""

    def __init__(self, stream: Readable, length: int) -> None:
        self._stream, self._left = stream, length

    def read(self, size: int, /) -> bytes:
        """EOFError when the client went away before the end that it named."""
        block = self._stream.read(min(size, self._left)) if self._left else b""
        if self._left and not block:
            raise EOFError("the body ended early")
        self._left -= len(block)
        return block


def body(stream: Readable, room: int) -> Iterator[bytes]:
    """A request's bytes; refuses more than there is room for, and tells a broken connection from a full disk."""
    left = room
    while block := _read(stream):
        left -= len(block)
        if left < 0:
            raise Invalid(
                "upload.overrun",
                "收到的字节多于声明的文件长度。",
                "More bytes arrived than the file was said to have.",
                rule="tus 1.0.0",
            )
        yield block


def _read(stream: Readable) -> bytes:
    try:
        return stream.read(BLOCK)
    except Exception as error:  # each server has its own exception for a client that went away
        raise Interrupted from error
