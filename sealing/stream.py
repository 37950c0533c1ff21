"""age's STREAM payload: ChaCha20-Poly1305 over 64 KiB chunks, an 11-byte counter and a last-chunk flag as nonce.

Work goes in batches of sixteen chunks through a ring of buffers made once, so memory stays constant and Python's
share of the time small; the cipher releases the interpreter lock, so a digest can run beside it in another thread.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from sealing.age_header import PayloadError

CHUNK = 64 * 1024
TAG = 16
SEALED = CHUNK + TAG
CHUNKS_PER_BATCH = 16
RING = 8
"""Buffers: a block given to somebody stays as it is until RING - 2 more were given."""

Tee = Callable[[memoryview], None]


class Source(Protocol):
    """Plain or sealed bytes to read; `read` may return fewer than asked, and nothing only at the end.

    `readinto` is used where there is one, which spares a copy.
    """

    def read(self, size: int, /) -> bytes: ...


class Sink(Protocol):
    """Takes all of what it is given, as buffered files do."""

    def write(self, data: memoryview, /) -> object: ...


def seal(src: Source, key: bytes) -> Iterator[memoryview]:
    """The sealed batches of everything in `src`, each valid until RING - 2 more were taken."""
    cipher, counter, chunks = ChaCha20Poly1305(key), 0, chunks_for(src)
    ring = _Ring(SEALED * chunks)
    for batch, last in _batches(src, CHUNK * chunks):
        yield _seal_batch(cipher, counter, (batch, ring.next()), last=last)
        counter += chunks


def unseal(src: Source, dst: Sink, key: bytes) -> None:
    """Write the plaintext to `dst`; PayloadError on any damage, with what came before it already written."""
    cipher, counter, chunks = ChaCha20Poly1305(key), 0, chunks_for(src)
    plain = memoryview(bytearray(CHUNK * chunks))
    for batch, last in _batches(src, SEALED * chunks):
        _unseal_batch(cipher, counter, (batch, plain), dst, last=last)
        counter += chunks


def chunks_for(src: Source) -> int:
    """How many chunks a batch should have: bytes in memory are mostly small and need no megabytes of buffers."""
    if not isinstance(src, io.BytesIO):
        return CHUNKS_PER_BATCH
    return min(CHUNKS_PER_BATCH, 1 + src.getbuffer().nbytes // CHUNK)


def sealed_length(plain: int) -> int:
    """Bytes of payload for `plain` bytes: an empty file still has one (empty) chunk."""
    return plain + TAG * max(1, -(-plain // CHUNK))


def plain_length(sealed: int) -> int:
    """The reverse; PayloadError for a length that no writer produces."""
    whole, rest = divmod(sealed, SEALED)
    if (rest and rest < TAG) or (whole and rest == TAG) or sealed < TAG:
        raise PayloadError("no payload has this length: it was cut or extended")
    return sealed - TAG * (whole + (rest > 0))


def read_exactly(src: Source, size: int) -> bytes:
    """`size` bytes, fewer only at the end of `src`."""
    buffer = memoryview(bytearray(size))
    return bytes(buffer[: _filler(src)(buffer)])


class _Ring:
    """RING buffers in turn, each made when it is first needed."""

    def __init__(self, size: int) -> None:
        self._size, self._number = size, 0
        self._buffers: list[memoryview] = []

    def next(self) -> memoryview:
        if len(self._buffers) < RING:
            self._buffers.append(memoryview(bytearray(self._size)))
        self._number += 1
        return self._buffers[(self._number - 1) % RING]


def _batches(src: Source, size: int) -> Iterator[tuple[memoryview, bool]]:
    """Batches of `size` bytes, each with whether it is the last; one batch of read-ahead tells."""
    fill, ring = _filler(src), _Ring(size)
    buffer = ring.next()
    batch = buffer[: fill(buffer)]
    while len(batch) == size:
        buffer = ring.next()
        following = buffer[: fill(buffer)]
        if not following:
            break
        yield batch, False
        batch = following
    yield batch, True


def _filler(src: Source) -> Callable[[memoryview], int]:
    """A function that fills a buffer from `src` and says how far it came; short of full only at the end."""
    into: Callable[[memoryview], int | None] = getattr(src, "readinto", None) or _copying(src)

    def fill(buffer: memoryview) -> int:
        done = 0
        while done < len(buffer) and (count := into(buffer[done:])):
            done += count
        return done

    return fill


def _copying(src: Source) -> Callable[[memoryview], int]:
    def into(buffer: memoryview) -> int:
        block = src.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)

    return into


def _nonce(counter: int, *, last: bool) -> bytes:
    return counter.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def _seal_batch(
    cipher: ChaCha20Poly1305, counter: int, buffers: tuple[memoryview, memoryview], *, last: bool
) -> memoryview:
    plain, sealed = buffers
    done = 0
    for start in range(0, max(len(plain), 1), CHUNK):
        chunk = plain[start : start + CHUNK]
        ends_here = last and start + CHUNK >= len(plain)
        size = len(chunk) + TAG
        cipher.encrypt_into(_nonce(counter, last=ends_here), chunk, None, sealed[done : done + size])
        counter, done = counter + 1, done + size
    return sealed[:done]


def _unseal_batch(
    cipher: ChaCha20Poly1305, counter: int, buffers: tuple[memoryview, memoryview], dst: Sink, *, last: bool
) -> None:
    sealed, plain = buffers
    done = 0
    try:
        for start in range(0, max(len(sealed), 1), SEALED):
            chunk, ends_here = sealed[start : start + SEALED], last and start + SEALED >= len(sealed)
            done += _unseal_chunk((cipher, counter), chunk, plain[done:], last=ends_here)
            counter += 1
    finally:
        dst.write(plain[:done])


def _unseal_chunk(at: tuple[ChaCha20Poly1305, int], chunk: memoryview, plain: memoryview, *, last: bool) -> int:
    cipher, counter = at
    if len(chunk) < TAG or (len(chunk) == TAG and counter):
        raise PayloadError("the payload ends in the middle of a chunk or with an empty one")
    size = len(chunk) - TAG
    try:
        return cipher.decrypt_into(_nonce(counter, last=last), chunk, None, plain[:size])
    except InvalidTag as error:
        raise PayloadError(f"the payload is damaged, cut or extended at chunk {counter}") from error
