"""Where public files come from: an archive (zip or folder), or a portal's address while an archive is being made.

A path is the same everywhere: `log/...`, `policy.txt`, `tender.json`, `law/<pack>.json`, `lots/<lot>/...`,
`documents/<sha256>`. A missing file is a TileError like a missing tile, so that the log's tree reads from here too.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol, cast

from kernel import canonical
from supervision.tiles import TileError

MAX_FILE = 256 * 1024 * 1024
"""No file that is read whole is longer; ciphertexts and documents are streamed."""


class MissingError(TileError):
    """There is no such public file."""


class Archive(Protocol):
    """The public files of one tender."""

    def get(self, path: str) -> bytes:
        """The whole file; MissingError when there is none."""
        ...

    def open(self, path: str) -> BinaryIO:
        """The file as a stream; MissingError when there is none."""
        ...

    def names(self, prefix: str) -> list[str]:
        """The paths that begin with `prefix`, sorted."""
        ...


@dataclass(frozen=True)
class FolderArchive:
    """An archive that was unpacked."""

    root: Path

    def get(self, path: str) -> bytes:
        with self.open(path) as file:
            return bounded(file, path)

    def open(self, path: str) -> BinaryIO:
        try:
            return (self.root / inside(path)).open("rb")
        except OSError as error:
            raise MissingError(f"{path} is missing") from error

    def names(self, prefix: str) -> list[str]:
        found = (path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file())
        return sorted(name for name in found if name.startswith(prefix))


@dataclass(frozen=True)
class ZipArchive:
    """An archive as `kaibiao archive` writes it."""

    file: zipfile.ZipFile

    def get(self, path: str) -> bytes:
        with self.open(path) as file:
            return bounded(file, path)

    def open(self, path: str) -> BinaryIO:
        try:
            return cast("BinaryIO", self.file.open(inside(path)))
        except KeyError as error:
            raise MissingError(f"{path} is missing") from error

    def names(self, prefix: str) -> list[str]:
        return sorted(name for name in self.file.namelist() if name.startswith(prefix))


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """The archive at `path`; OSError or ValueError when it is neither a folder nor a zip file."""
    if path.is_dir():
        yield FolderArchive(path)
        return
    try:
        file = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path} is not an archive") from error
    with file:
        names = file.namelist()
        if len(set(names)) != len(names):
            raise ValueError(f"{path} holds two files of one name")
        yield ZipArchive(file)


def find(archive: Archive, path: str) -> bytes | None:
    """The whole file, or None."""
    try:
        return archive.get(path)
    except MissingError:
        return None


def read_json(archive: Archive, path: str) -> dict[str, object]:
    """A JSON object, read strictly; ValueError naming the file otherwise."""
    found = canonical.decode(archive.get(path))
    if not isinstance(found, dict):
        raise TypeError(f"{path} is not a JSON object")
    return found


def bounded(file: BinaryIO, path: str) -> bytes:
    """The rest of the file; ValueError past MAX_FILE, so that a small archive cannot fill the memory."""
    try:
        raw = file.read(MAX_FILE + 1)
    except (zipfile.BadZipFile, OSError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    if len(raw) > MAX_FILE:
        raise ValueError(f"{path} is too long")
    return raw


def inside(path: str) -> str:
    """The path, if it stays below its folder; MissingError otherwise."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts:
        raise MissingError(f"{path} is not a path of an archive")
    return path
