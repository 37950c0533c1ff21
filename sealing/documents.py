"""The `docs` payload: a tar whose first member lists the others by hash, padded with zeros; made and read in one pass.

Nothing is copied to disk for it: the tar is composed while it is encrypted, from headers in memory and the files.
"""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from kernel import canonical
from sealing import padding, wire
from sealing.sheet import Header

TYPE = "kaibiao-docs/1"
INDEX = "bid.json"
MAX_FILES = 2_000
MAX_INDEX = 2 * 1024 * 1024
MAX_FILE = 1 << 46
MAX_NAME = 240
_BLOCK = 1024 * 1024
_PATH = re.compile(r"[^\x00-\x1f\x7f/\\\ud800-\udfff]{1,160}")
_NAMES = ("lot", "bid_id", "bidder_ref", "bidder", "files")

Progress = Callable[[int], None]


class DocumentsError(ValueError):
    """A file that cannot be sealed, or a payload that is not what its index says."""


@dataclass(frozen=True)
class Document:
    """One file as the index lists it; `path` is a bare name."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Index:
    header: Header
    files: tuple[Document, ...]

    def encode(self) -> bytes:
        files = [asdict(document) for document in self.files]
        return canonical.encode({"type": TYPE, **asdict(self.header), "files": files})

    @classmethod
    def parse(cls, raw: bytes) -> Index:
        """WireError on any other form, or when two files share a name."""
        fields = wire.parse(raw, TYPE, _NAMES)
        files = tuple(
            Document(
                path=item.text("path", _PATH),
                size=item.integer("size", 0, MAX_FILE),
                sha256=item.text("sha256", wire.SHA256),
            )
            for item in fields.items("files", ("path", "size", "sha256"), MAX_FILES)
        )
        names = {document.path for document in files}
        if len(names) != len(files) or names & {INDEX, ".", ".."}:
            raise wire.WireError("docs.files: two files share a name, or one has a reserved name")
        return cls(Header.of(fields), files)


@dataclass(frozen=True)
class Original:
    """A file on the bidder's disk, hashed; `changed_at` (ns) shows whether it is still the same when it is sealed."""

    path: Path
    document: Document
    changed_at: int


def hashed(path: Path, progress: Progress) -> Original:
    """Read `path` once for its hash; DocumentsError for what is no plain file or has an impossible name."""
    if not _usable(path.name) or not path.is_file():
        raise DocumentsError(f"cannot seal {path.name!r}: not a file, or a name that a bid cannot hold")
    digest, before = hashlib.sha256(), path.stat()
    size, block = 0, bytearray(_BLOCK)
    with path.open("rb", buffering=0) as src:
        while count := src.readinto(block):
            digest.update(memoryview(block)[:count])
            size += count
            progress(count)
    if size != before.st_size:
        raise DocumentsError(f"{path.name} changed while it was read")
    return Original(path, Document(path.name, size, digest.hexdigest()), before.st_mtime_ns)


def _usable(name: str) -> bool:
    """Whether the name can stand in a bid, and on the disk of whoever opens it (which counts bytes)."""
    return _PATH.fullmatch(name) is not None and name != INDEX and len(name.encode()) <= MAX_NAME


class _Part(Protocol):
    """A piece of the tar; `readinto` gives 0 only at its end."""

    def readinto(self, buffer: memoryview, /) -> int: ...


class Tar:
    """The padded tar as a stream to read from; DocumentsError when a file is no longer what was hashed."""

    def __init__(self, index: Index, originals: Sequence[Original]) -> None:
        raw = index.encode()
        first = _head(Document(INDEX, len(raw), "")) + padding.filled(raw)
        heads = [_head(original.document) for original in originals]
        content = (
            len(first) + sum(map(len, heads)) + sum(padding.whole_blocks(part.document.size) for part in originals)
        )
        self.length = padding.padded_tar_length(content + 2 * padding.TAR_BLOCK)
        parts = _parts(first, list(zip(heads, originals, strict=True)), self.length - content)
        self._parts = parts
        self._part: _Part = io.BytesIO()

    def read(self, size: int) -> bytes:
        """At most `size` bytes; nothing only at the end."""
        buffer = memoryview(bytearray(size))
        return bytes(buffer[: self.readinto(buffer)])

    def readinto(self, buffer: memoryview) -> int:
        while not (count := self._part.readinto(buffer)):
            following = next(self._parts, None)
            if following is None:
                return 0
            self._part = following
        return count


class _Content:
    """A file's bytes; refuses a file that changed since it was hashed, for its bid would not open."""

    def __init__(self, original: Original) -> None:
        self._original = original
        self._missing = original.document.size
        self._src = original.path.open("rb", buffering=0)

    def readinto(self, buffer: memoryview) -> int:
        count = self._src.readinto(buffer[: self._missing])
        self._missing -= count
        if not count:
            self._finish()
        return count

    def _finish(self) -> None:
        self._src.close()
        if self._missing or self._original.path.stat().st_mtime_ns != self._original.changed_at:
            raise DocumentsError(f"{self._original.path.name} changed while it was sealed")


class _Zeros:
    def __init__(self, count: int) -> None:
        self._missing = count

    def readinto(self, buffer: memoryview) -> int:
        count = min(len(buffer), self._missing)
        self._missing -= count
        buffer[:count] = bytes(count)
        return count


def _parts(first: bytes, files: list[tuple[bytes, Original]], tail: int) -> Iterator[_Part]:
    yield io.BytesIO(first)
    for head, original in files:
        yield io.BytesIO(head)
        yield _Content(original)
        yield _Zeros(padding.whole_blocks(original.document.size) - original.document.size)
    yield _Zeros(tail)


def read_index(payload: BinaryIO) -> Index:
    """The index of a decrypted payload, from its first member; DocumentsError or WireError otherwise."""
    with _tar(payload) as tar:
        return _index(tar)


def unpack(payload: BinaryIO, folder: Path) -> Index:
    """Write the files into `folder` (which must exist); DocumentsError unless they are exactly those of the index.

    A wrong file is noticed after it was written: only a clean return makes the folder's content valid.
    """
    with _tar(payload) as tar:
        index = _index(tar)
        for document in index.files:
            _unpack_one(tar, document, folder)
        if _next(tar) is not None:
            raise DocumentsError("the payload holds a file that its index does not list")
    return index


def _tar(payload: BinaryIO) -> tarfile.TarFile:
    try:
        return tarfile.open(fileobj=payload, mode="r:")
    except (tarfile.TarError, EOFError) as error:
        raise DocumentsError("the payload is not a tar archive") from error


def _next(tar: tarfile.TarFile) -> tarfile.TarInfo | None:
    try:
        return tar.next()
    except (tarfile.TarError, ValueError, EOFError) as error:
        raise DocumentsError("the tar archive is damaged") from error


def _index(tar: tarfile.TarFile) -> Index:
    member = _next(tar)
    if member is None or member.name != INDEX or not member.isreg() or member.size > MAX_INDEX:
        raise DocumentsError(f"the first file of the payload is not {INDEX}")
    return Index.parse(_opened(tar, member).read())


def _unpack_one(tar: tarfile.TarFile, document: Document, folder: Path) -> None:
    member = _next(tar)
    if member is None or not member.isreg() or (member.name, member.size) != (document.path, document.size):
        raise DocumentsError(f"{document.path} is not where the index says")
    if len(document.path.encode()) > MAX_NAME:
        raise DocumentsError(f"{document.path} is too long a name for a file")
    digest = hashlib.sha256()
    with _opened(tar, member) as src, (folder / document.path).open("xb") as dst:
        while block := src.read(_BLOCK):
            digest.update(block)
            dst.write(block)
    if digest.hexdigest() != document.sha256:
        raise DocumentsError(f"{document.path} has not the hash that the index says")


def _opened(tar: tarfile.TarFile, member: tarfile.TarInfo) -> io.BufferedIOBase:
    found = tar.extractfile(member)
    if found is None:
        raise DocumentsError(f"{member.name} has no content")
    return found  # type: ignore[return-value]  # typeshed says IO[bytes]; it is a BufferedReader


def _head(document: Document) -> bytes:
    """A tar header that tells nothing about the bidder's machine: no owner, no time, one mode."""
    info = tarfile.TarInfo(document.path)
    info.size = document.size
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")
