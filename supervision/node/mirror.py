"""The node's own copy of the log: every entry fetched, hashed and kept before the root over it is signed.

Rows at or beyond the head's size are on the way and count for nothing; they become the mirror only when the head
moves over them (`advance`), in the transaction that also decides the cosignature.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kernel import canonical, merkle
from supervision import entries, facts, tiles
from supervision.checkpoint import Checkpoint
from supervision.node.state import Row, State
from supervision.vocabulary import Fact

BATCH = 4096
UNKNOWN = "unknown"


class UnservedError(Exception):
    """The log does not serve what its checkpoint promises: something is missing, or hashes to another root."""


class ForeignError(UnservedError):
    """Everything is served, but it is another tree than the one under the checkpoint."""


@dataclass(frozen=True)
class Head:
    """The last checkpoint this node cosigned, and when (Unix seconds)."""

    size: int
    root: bytes
    time: int
    frontier: tuple[bytes, ...] = ()


EMPTY = Head(0, merkle.EMPTY_ROOT, 0)


@dataclass(frozen=True)
class Mirror:
    """The copy of one log, read from `reader`."""

    state: State
    origin: str
    reader: tiles.TileReader

    def head(self) -> Head:
        found = self.state.row("SELECT size, root, time, frontier FROM head WHERE origin = ?", self.origin)
        return EMPTY if found is None else Head(found[0], found[1], found[2], _split(found[3]))

    def fetch(self, checkpoint: Checkpoint) -> merkle.Frontier:
        """Bring every entry up to `checkpoint` into the state; UnservedError unless they hash to its root."""
        head = self.head()
        frontier = merkle.Frontier.of(head.size, head.frontier)
        self.discard(head.size)
        try:
            for batch in self._fetched(head.size, checkpoint.size):
                self._keep(frontier, batch)
        except tiles.TileError as error:
            raise UnservedError(str(error)) from error
        if frontier.root() != checkpoint.root:
            raise ForeignError(f"the entries up to {checkpoint.size} hash to another root")
        self._compare_tiles(head.size, checkpoint.size)
        return frontier

    def advance(self, was: Head, frontier: merkle.Frontier, time: int) -> bool:
        """Move the head in the caller's transaction by compare-and-swap; False if it is no longer at `was`."""
        hashes = b"".join(frontier.hashes)
        if was == EMPTY:
            sql = "INSERT INTO head VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
            return self.state.change(sql, self.origin, frontier.size, frontier.root(), time, hashes) == 1
        sql = (
            "UPDATE head SET size = ?, root = ?, time = ?, frontier = ?"
            " WHERE origin = ? AND size = ? AND root = ? AND time = ?"
        )
        now, then = ((frontier.size, frontier.root(), time, hashes), (self.origin, was.size, was.root, was.time))
        return self.state.change(sql, *now, *then) == 1

    def discard(self, size: int) -> None:
        """Forget what was on the way: a crash or a lying log left it."""
        with self.state.transaction():
            self.state.change("DELETE FROM entry WHERE idx >= ?", size)
            self.state.change("DELETE FROM fact WHERE idx >= ?", size)

    def root_of(self, size: int) -> bytes:
        """The root of the first `size` entries at hand, those on the way included; ValueError if they are fewer."""
        leaves = self.leaves(size)
        if len(leaves) != size:
            raise ValueError(f"only {len(leaves)} of {size} entries are here")
        return merkle.root_of_hashes(leaves)

    def leaves(self, size: int) -> list[bytes]:
        """The leaf hashes of the first `size` entries."""
        return [row[0] for row in self.state.rows("SELECT leaf FROM entry WHERE idx < ? ORDER BY idx", size)]

    def entry(self, index: int) -> bytes | None:
        found = self.state.row("SELECT raw FROM entry WHERE idx = ? AND idx < ?", index, self.head().size)
        return None if found is None else bytes(found[0])

    def facts_of(self, lot: str) -> list[tuple[int, Fact]]:
        """Every open fact of the lot with its index, in the log's order."""
        sql = "SELECT idx, raw FROM fact WHERE lot = ? AND kind <> ? AND idx < ? ORDER BY idx"
        rows = self.state.rows(sql, lot, UNKNOWN, self.head().size)
        return [(row[0], facts.parse(row[1].encode())) for row in rows]

    def facts_of_kinds(self, kinds: Sequence[str]) -> list[tuple[int, Fact]]:
        """Every open fact of these kinds with its index, in the log's order."""
        sql = f"SELECT idx, raw FROM fact WHERE kind IN ({','.join('?' * len(kinds))}) AND idx < ? ORDER BY idx"  # noqa: S608  marks only
        rows = self.state.rows(sql, *kinds, self.head().size)
        return [(row[0], facts.parse(row[1].encode())) for row in rows]

    def lots(self) -> list[str]:
        """Every lot that has a keyset in the log."""
        sql = "SELECT DISTINCT lot FROM fact WHERE kind = 'keyset' AND idx < ? AND lot IS NOT NULL ORDER BY lot"
        return [row[0] for row in self.state.rows(sql, self.head().size)]

    def genesis(self) -> Fact | None:
        """The log's first fact of that kind, also while it is still on the way."""
        found = self.state.row("SELECT raw FROM fact WHERE kind = 'genesis' ORDER BY idx LIMIT 1")
        return None if found is None else facts.parse(found[0].encode())

    def _fetched(self, start: int, end: int) -> Iterator[tuple[int, list[bytes]]]:
        tree = tiles.TileTree(self.reader, end)
        remaining, place = tree.entries(start, end), start
        while batch := list(itertools.islice(remaining, BATCH)):
            yield place, batch
            place += len(batch)

    def _keep(self, frontier: merkle.Frontier, batch: tuple[int, list[bytes]]) -> None:
        start, raws = batch
        hashes = [merkle.leaf_hash(raw) for raw in raws]
        frontier.extend(hashes)
        rows: list[Row] = [(start + at, hashes[at], raw) for at, raw in enumerate(raws)]
        with self.state.transaction():
            self.state.change_many("INSERT INTO entry VALUES (?, ?, ?)", rows)
            self.state.change_many("INSERT INTO fact VALUES (?, ?, ?, ?)", list(_open_facts(start, raws)))

    def _compare_tiles(self, old: int, new: int) -> None:
        """UnservedError if a hash tile that readers will rely on is not what the entries hash to."""
        for level, number, width in tiles.changed_tiles(old, new):
            ours = b"".join(self._hashes(level, number, width))
            if self._served_tile(level, number, width) != ours:
                raise UnservedError(f"the tile {tiles.tile_path(level, number, width)} holds other hashes")

    def _served_tile(self, level: int, number: int, width: int) -> bytes:
        """A log may drop a partial tile once it is full: then the full one serves."""
        partial, full = tiles.tile_path(level, number, width), tiles.tile_path(level, number)
        try:
            return self.reader.get(partial)[: merkle.HASH_SIZE * width]
        except tiles.TileError as error:
            if partial == full:
                raise UnservedError(str(error)) from error
        try:
            return self.reader.get(full)[: merkle.HASH_SIZE * width]
        except tiles.TileError as error:
            raise UnservedError(str(error)) from error

    def _hashes(self, level: int, number: int, width: int) -> list[bytes]:
        """A tile of our own, folded up from the leaves, those on the way included."""
        first = number * tiles.WIDTH
        if level == 0:
            sql = "SELECT leaf FROM entry WHERE idx >= ? AND idx < ? ORDER BY idx"
            return [row[0] for row in self.state.rows(sql, first, first + width)]
        return [tiles.fold(self._hashes(level - 1, first + place, tiles.WIDTH)) for place in range(width)]


def _open_facts(start: int, raws: Iterable[bytes]) -> Iterator[Row]:
    """Rows of the open entries. What cannot be read is kept as unknown: the log's order does not depend on it."""
    for index, raw in enumerate(raws, start):
        try:
            found = entries.parse(raw)
            if isinstance(found, entries.OpenEntry):
                yield _row(index, found)
        except entries.EntryError:
            yield index, UNKNOWN, None, ""


def _row(index: int, found: entries.OpenEntry) -> Row:
    try:
        fact = facts.from_json(found.fact)
    except facts.FactError:
        return index, UNKNOWN, None, canonical.encode(found.fact).decode()
    return index, fact.kind, getattr(fact, "lot", None), fact.canonical().decode()


def _split(raw: bytes) -> tuple[bytes, ...]:
    return tuple(raw[at : at + merkle.HASH_SIZE] for at in range(0, len(raw), merkle.HASH_SIZE))
