"""Tiles (c2sp.org/tlog-tiles): the published form of the tree, readable by plain GET and from a folder.

`tile/<L>/<N>[.p/<W>]` holds up to 256 hashes of level 8L; `tile/entries/<N>[.p/<W>]` the entries below them, each
with a u16 length. Full tiles never change. A reader asks for the widths its checkpoint's size implies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NewType, Protocol

import httpx

from kernel import merkle

WIDTH = 256
HEIGHT = 8
MAX_ENTRY = 65_535

TilePath = NewType("TilePath", str)
CHECKPOINT = TilePath("checkpoint")


class TileError(ValueError):
    """A tile is missing, has the wrong length, or does not hash to what it should."""


class TileReader(Protocol):
    """Where published files come from."""

    def get(self, path: str) -> bytes:
        """The bytes at `path` below the log's address; TileError if there are none."""
        ...


@dataclass(frozen=True)
class FolderReader:
    """Reads a published folder or an exported archive's `log/`."""

    root: Path

    def get(self, path: str) -> bytes:
        try:
            return (self.root / path).read_bytes()
        except OSError as error:
            raise TileError(f"cannot read {path}") from error


@dataclass(frozen=True)
class HttpReader:
    """Reads from a log's address; `client` brings its own time-outs."""

    address: str
    client: httpx.Client

    def get(self, path: str) -> bytes:
        try:
            answer = self.client.get(f"{self.address.rstrip('/')}/{path}")
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise TileError(f"cannot fetch {path}") from error
        return answer.content


def tile_path(level: int, number: int, width: int = WIDTH) -> TilePath:
    return TilePath(f"tile/{level}/{_number(number)}{_partial(width)}")


def entries_path(number: int, width: int = WIDTH) -> TilePath:
    return TilePath(f"tile/entries/{_number(number)}{_partial(width)}")


def width_of(level: int, number: int, size: int) -> int:
    """How many hashes the tile has in a tree of `size`; 0 if it does not exist yet."""
    return max(0, min(WIDTH, (size >> (HEIGHT * level)) - number * WIDTH))


def changed_tiles(old: int, new: int) -> Iterator[tuple[int, int, int]]:
    """(level, number, width) of every hash tile that a tree of `new` has and one of `old` had not, lowest level first."""
    level = 0
    while new >> (HEIGHT * level):
        before, after = old >> (HEIGHT * level), new >> (HEIGHT * level)
        if after > before:
            for number in range(before // WIDTH, (after - 1) // WIDTH + 1):
                yield level, number, width_of(level, number, new)
        level += 1


def bundle(entries: Iterable[bytes]) -> bytes:
    """Entries as they stand in `tile/entries/`; ValueError for one of more than 65,535 bytes."""
    return b"".join(_framed(entry) for entry in entries)


def unbundle(raw: bytes, count: int) -> list[bytes]:
    """Exactly `count` entries and nothing after them; TileError otherwise."""
    found: list[bytes] = []
    place = 0
    for _ in range(count):
        length = int.from_bytes(raw[place : place + 2], "big")
        entry = raw[place + 2 : place + 2 + length]
        if len(raw) < place + 2 or len(entry) != length:
            raise TileError("an entry bundle is cut short")
        found.append(entry)
        place += 2 + length
    if place != len(raw):
        raise TileError("an entry bundle goes on after its entries")
    return found


def hashes_of(raw: bytes, width: int) -> list[bytes]:
    """The hashes of a tile; TileError unless it is exactly `width` hashes long."""
    if len(raw) != width * merkle.HASH_SIZE:
        raise TileError(f"a tile of {width} hashes has {len(raw)} bytes")
    return [raw[place : place + merkle.HASH_SIZE] for place in range(0, len(raw), merkle.HASH_SIZE)]


def fold(hashes: Sequence[bytes]) -> bytes:
    """The hash above 2^k hashes."""
    row = list(hashes)
    while len(row) > 1:
        row = [merkle.node_hash(row[place], row[place + 1]) for place in range(0, len(row), 2)]
    return row[0]


@dataclass
class TileTree:
    """A tree of `size` read through its tiles. Nothing here is believed until a root or proof is compared.

    Roots and proofs of any smaller size come from the same tiles: a smaller tree's partial tiles may be gone.
    """

    reader: TileReader
    size: int
    _kept: dict[tuple[int, int], list[bytes]] = field(default_factory=dict)

    def root(self, size: int | None = None) -> bytes:
        return self.range_hash((0, self._at(size)))

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        return [self.range_hash(part) for part in merkle.inclusion_ranges(index, self._at(size))]

    def consistency_proof(self, old: int, new: int | None = None) -> list[bytes]:
        return [self.range_hash(part) for part in merkle.consistency_ranges(old, self._at(new))]

    def range_hash(self, part: merkle.Range) -> bytes:
        return merkle.combined(part, self._perfect)

    def leaf_hash(self, index: int) -> bytes:
        return self._perfect(0, index)

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The entries start <= i < end, hashes not compared: feed them to a `Frontier`."""
        stop = self.size if end is None else end
        if not 0 <= start <= stop <= self.size:
            raise ValueError(f"no entries {start} to {stop} in a tree of {self.size}")
        for number in range(start // WIDTH, -(-stop // WIDTH)):
            first = number * WIDTH
            found = self._bundle(number)
            yield from found[max(0, start - first) : stop - first]

    def checked_entries(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The same, each compared with its leaf hash; TileError at the first that differs."""
        for index, entry in enumerate(self.entries(start, end), start):
            if merkle.leaf_hash(entry) != self.leaf_hash(index):
                raise TileError(f"entry {index} is not the one in the tree")
            yield entry

    def _at(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise ValueError(f"a tree of {self.size} does not show one of {size}")
        return size

    def _perfect(self, level: int, index: int) -> bytes:
        tile_level, above = divmod(level, HEIGHT)
        number, place = divmod(index << above, WIDTH)
        try:
            return fold(self._tile(tile_level, number)[place : place + (1 << above)])
        except TileError:
            if tile_level == 0:
                raise
        # an upper tile of this width is not on the shelf; the tiles below say the same
        return merkle.node_hash(self._perfect(level - 1, 2 * index), self._perfect(level - 1, 2 * index + 1))

    def _tile(self, level: int, number: int) -> list[bytes]:
        if (level, number) not in self._kept:
            width = width_of(level, number, self.size)
            raw = self._fetch(tile_path(level, number, width), tile_path(level, number))
            self._kept[level, number] = hashes_of(raw[: width * merkle.HASH_SIZE], width)
        return self._kept[level, number]

    def _bundle(self, number: int) -> list[bytes]:
        width = width_of(0, number, self.size)
        try:
            return unbundle(self.reader.get(entries_path(number, width)), width)
        except TileError:
            if width == WIDTH:
                raise
        return unbundle(self.reader.get(entries_path(number)), WIDTH)[:width]

    def _fetch(self, path: str, full: str) -> bytes:
        """A log may drop a partial tile once it is full: then the full one serves."""
        try:
            return self.reader.get(path)
        except TileError:
            if path == full:
                raise
        return self.reader.get(full)


def _framed(entry: bytes) -> bytes:
    if len(entry) > MAX_ENTRY:
        raise ValueError(f"an entry has at most {MAX_ENTRY} bytes, not {len(entry)}")
    return len(entry).to_bytes(2, "big") + entry


def _number(number: int) -> str:
    parts = [f"{number % 1000:03d}"]
    while number >= 1000:
        number //= 1000
        parts.append(f"x{number % 1000:03d}")
    return "/".join(reversed(parts))


def _partial(width: int) -> str:
    if not 0 < width <= WIDTH:
        raise ValueError(f"no tile is {width} hashes wide")
    return "" if width == WIDTH else f".p/{width}"
