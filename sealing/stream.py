"""age's STREAM payload: ChaCha20-Poly1305 over 64 KiB chunks, an 11-byte counter and a last-chunk flag as nonce.

Work goes in batches of sixteen chunks, so memory stays constant and Python's share of the time small; the cipher
releases the interpreter lock, so a digest can run beside it in another thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from sealing.age_header import PayloadError

CHUNK = 64 * 1024
TAG = 16
SEALED = CHUNK + TAG
CHUNKS_PER_BATCH = 16

Tee = Callable[[bytes], None]


class Source(Protocol):
    """Plain or sealed bytes to read; `read` may return fewer than asked, and nothing only at the end."""

    def read(self, size: int, /) -> bytes: ...


class Sink(Protocol):
    def write(self, data: bytes, /) -> object: ...


def seal(src: Source, key: bytes) -> Iterator[bytes]:
    """The sealed batches of everything in `src`."""
    cipher, counter = ChaCha20Poly1305(key), 0
    for batch, last in _batches(src, CHUNK):
        yield _seal_batch(cipher, counter, batch, last=last)
        counter += CHUNKS_PER_BATCH


def unseal(src: Source, dst: Sink, key: bytes) -> None:
    """Write the plaintext to `dst`; PayloadError on any damage, with what came before it already written."""
    cipher, counter = ChaCha20Poly1305(key), 0
    for batch, last in _batches(src, SEALED):
        _unseal_batch(cipher, counter, batch, dst, last=last)
        counter += CHUNKS_PER_BATCH


def sealed_length(plain: int) -> int:
    """Bytes of payload for `plain` bytes: an empty file still has one (empty) chunk."""
    return plain + TAG * max(1, -(-plain // CHUNK))


def plain_length(sealed: int) -> int:
    """The reverse; PayloadError for a length that no writer produces."""
    whole, rest = divmod(sealed, SEALED)
    if (rest and rest < TAG) or (whole and rest == TAG) or sealed < TAG:
        raise PayloadError("no payload has this length: it was cut or extended")
    return sealed - TAG * (whole + (rest > 0))


def _batches(src: Source, unit: int) -> Iterator[tuple[bytes, bool]]:
    """Batches of sixteen units, each with whether it is the last; one batch of read-ahead tells."""
    size = unit * CHUNKS_PER_BATCH
    batch = read_exactly(src, size)
    while len(batch) == size and (following := read_exactly(src, size)):
        yield batch, False
        batch = following
    yield batch, True


def read_exactly(src: Source, size: int) -> bytes:
    """`size` bytes, fewer only at the end of `src`."""
    first = src.read(size)
    if len(first) == size or not first:
        return first
    parts, missing = [first], size - len(first)
    while missing and (part := src.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _nonce(counter: int, *, last: bool) -> bytes:
    return counter.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def _seal_batch(cipher: ChaCha20Poly1305, counter: int, batch: bytes, *, last: bool) -> bytes:
    view, sealed = memoryview(batch), []
    for start in range(0, max(len(batch), 1), CHUNK):
        ends_here = last and start + CHUNK >= len(batch)
        sealed.append(cipher.encrypt(_nonce(counter, last=ends_here), view[start : start + CHUNK], None))
        counter += 1
    return b"".join(sealed)


def _unseal_batch(cipher: ChaCha20Poly1305, counter: int, batch: bytes, dst: Sink, *, last: bool) -> None:
    view, plain = memoryview(batch), list[bytes]()
    try:
        for start in range(0, max(len(batch), 1), SEALED):
            ends_here = last and start + SEALED >= len(batch)
            plain.append(_unseal_chunk(cipher, counter, view[start : start + SEALED], last=ends_here))
            counter += 1
    finally:
        dst.write(b"".join(plain))


def _unseal_chunk(cipher: ChaCha20Poly1305, counter: int, chunk: memoryview, *, last: bool) -> bytes:
    if len(chunk) < TAG or (len(chunk) == TAG and counter):
        raise PayloadError("the payload ends in the middle of a chunk or with an empty one")
    try:
        return cipher.decrypt(_nonce(counter, last=last), chunk, None)
    except InvalidTag as error:
        raise PayloadError(f"the payload is damaged, cut or extended at chunk {counter}") from error
