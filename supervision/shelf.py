"""The published folder: tiles and checkpoints as files, each put in place whole by an atomic rename.

Tiles are derived and can be rebuilt; the guard is not. It holds the last published checkpoint outside of every
backup, so that a log restored from one is seen to be behind itself.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kernel import merkle
from supervision import tiles
from supervision.note import Note

COSIGNED = "checkpoint.cosigned"

Entries = Callable[[int, int], list[bytes]]
"""The entries start <= i < end, from storage."""


def put(path: Path, raw: bytes) -> None:
    """Write a whole file or nothing: a reader and a crash see the old bytes or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with draft.open("xb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True)
class Shelf:
    """The `log/` folder that everybody reads."""

    folder: Path

    @property
    def reader(self) -> tiles.FolderReader:
        return tiles.FolderReader(self.folder)

    def extend(self, old: int, new: int, entries: Entries) -> None:
        """Add what a tree of `new` has beyond one of `old`; lower levels first, so an upper tile finds its own below."""
        for level, number, width in tiles.changed_tiles(old, new):
            hashes = self._put_entries(number, width, entries) if level == 0 else self._row(level, number, width, old)
            put(self.folder / tiles.tile_path(level, number, width), b"".join(hashes))
            if width == tiles.WIDTH:
                self._drop_partials(level, number)

    def root(self, size: int) -> bytes | None:
        """The root the tiles say; None if they are not all there."""
        try:
            return tiles.TileTree(self.reader, size).root()
        except tiles.TileError:
            return None

    def checkpoint(self) -> bytes | None:
        return read(self.folder / tiles.CHECKPOINT)

    def put_checkpoint(self, note: Note, name: str = tiles.CHECKPOINT) -> bool:
        """Publish the note if it is not there already; whether the file changed."""
        if read(self.folder / name) == note.encode():
            return False
        put(self.folder / name, note.encode())
        return True

    def _put_entries(self, number: int, width: int, entries: Entries) -> list[bytes]:
        first = number * tiles.WIDTH
        found = entries(first, first + width)
        put(self.folder / tiles.entries_path(number, width), tiles.bundle(found))
        return [merkle.leaf_hash(entry) for entry in found]

    def _row(self, level: int, number: int, width: int, old: int) -> list[bytes]:
        known = self._known(level, number, tiles.width_of(level, number, old))
        first = number * tiles.WIDTH
        below = (self._full(level - 1, first + place) for place in range(len(known), width))
        return known + [tiles.fold(row) for row in below]

    def _known(self, level: int, number: int, width: int) -> list[bytes]:
        raw = read(self.folder / tiles.tile_path(level, number, width)) if width else None
        return [] if raw is None else tiles.hashes_of(raw, width)

    def _full(self, level: int, number: int) -> list[bytes]:
        return tiles.hashes_of(self.reader.get(tiles.tile_path(level, number)), tiles.WIDTH)

    def _drop_partials(self, level: int, number: int) -> None:
        """The full tile says all they said; whoever still asks for one takes it instead."""
        shutil.rmtree(self.folder / f"{tiles.tile_path(level, number)}.p", ignore_errors=True)
        if level == 0:
            shutil.rmtree(self.folder / f"{tiles.entries_path(number)}.p", ignore_errors=True)


@dataclass(frozen=True)
class Guard:
    """The last published checkpoint and, if something is badly wrong, why the log stands still.

    Its folder belongs in no backup: restoring it would hide exactly what it is there to show.
    """

    folder: Path

    @contextmanager
    def held(self) -> Iterator[None]:
        """One publisher at a time, over processes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def note(self) -> Note | None:
        raw = read(self.folder / "checkpoint")
        return None if raw is None else Note.parse(raw)

    def remember(self, note: Note) -> None:
        put(self.folder / "checkpoint", note.encode())

    def halted(self) -> str | None:
        raw = read(self.folder / "halted")
        return None if raw is None else raw.decode()

    def halt(self, reason: str) -> None:
        """Stop the log until somebody has understood `reason` and removed the file; the first reason stays."""
        if self.halted() is None:
            put(self.folder / "halted", reason.encode())


def read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
