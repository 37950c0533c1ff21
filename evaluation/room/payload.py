"""An opened `docs` payload as a shelf: the tar itself is kept, and its files are read in place.

Nothing is ever unpacked, so there is no path to escape by, no archive that grows, and no name a disk could refuse.
Every file is hashed against the index once, before anybody may read it.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self

from kernel import canonical
from sealing.documents import INDEX, Document, DocumentsError, Index, read_index

_BLOCK = 1024 * 1024


@dataclass(frozen=True)
class Shelved:
    """A file inside the payload."""

    path: str
    size: int
    sha256: str
    offset: int

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        return cls(value["path"], value["size"], value["sha256"], value["offset"])

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Catalog:
    """What a payload holds; `sha256` is of its index, which names every file by hash."""

    sha256: str
    files: tuple[Shelved, ...]


def catalog(payload: Path) -> Catalog:
    """Read the whole payload once; DocumentsError (or WireError) unless it is exactly what its index lists."""
    with payload.open("rb") as src:
        index = read_index(src)
    with payload.open("rb") as src:
        files = tuple(_files(src, index))
    return Catalog(canonical.sha(index.encode()), files)


def _files(src: BinaryIO, index: Index) -> Iterator[Shelved]:
    members = _members(src)
    first = next(members, None)
    if first is None or first.name != INDEX:
        raise DocumentsError(f"the first file of the payload is not {INDEX}")
    for document in index.files:
        yield _shelved(src, next(members, None), document)
    if next(members, None) is not None:
        raise DocumentsError("the payload holds a file that its index does not list")


def _members(src: BinaryIO) -> Iterator[tarfile.TarInfo]:
    try:
        with tarfile.open(fileobj=src, mode="r:") as tar:
            yield from tar
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise DocumentsError("the tar archive is damaged") from error


def _shelved(src: BinaryIO, member: tarfile.TarInfo | None, document: Document) -> Shelved:
    # A sparse member claims more bytes than it holds: the one way a plain tar could still grow.
    if member is None or not member.isreg() or member.issparse():
        raise DocumentsError(f"{document.path} is not a plain file of the payload")
    if (member.name, member.size) != (document.path, document.size):
        raise DocumentsError(f"{document.path} is not where the index says")
    if _digest(src, member.offset_data, member.size) != document.sha256:
        raise DocumentsError(f"{document.path} has not the hash that the index says")
    return Shelved(document.path, document.size, document.sha256, member.offset_data)


def _digest(src: BinaryIO, offset: int, size: int) -> str:
    """Leaves the position where the archive's reader expects it."""
    back, digest = src.tell(), hashlib.sha256()
    for block in blocks(src, offset, size):
        digest.update(block)
    src.seek(back)
    return digest.hexdigest()


def blocks(src: BinaryIO, offset: int, size: int) -> Iterator[bytes]:
    """`size` bytes from `offset`, or fewer where the file ends."""
    src.seek(offset)
    while size > 0 and (block := src.read(min(size, _BLOCK))):
        size -= len(block)
        yield block
