"""Tiles: paths, widths, bundles, and trees read back from a published folder."""

import httpx
import pytest

from kernel import merkle
from supervision.tiles import (
    FolderReader,
    HttpReader,
    TileError,
    TileTree,
    bundle,
    changed_tiles,
    entries_path,
    tile_path,
    unbundle,
    width_of,
)

ENTRIES = [b"entry %d" % number for number in range(70_000)]
LEAVES = [merkle.leaf_hash(entry) for entry in ENTRIES]


class Shelf:
    """Published files in memory, cut from the leaves as the specification says."""

    def __init__(self, size):
        self.files = {}
        row, level = LEAVES[:size], 0
        while row:
            for number in range(-(-len(row) // 256)):
                part = row[number * 256 : number * 256 + 256]
                self.files[tile_path(level, number, len(part))] = b"".join(part)
                if level == 0:
                    self.files[entries_path(number, len(part))] = bundle(
                        ENTRIES[number * 256 : number * 256 + len(part)]
                    )
            full = len(row) // 256
            row = [merkle.root_of_hashes(row[place * 256 : place * 256 + 256]) for place in range(full)]
            level += 1

    def get(self, path):
        if path not in self.files:
            raise TileError(path)
        return self.files[path]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (tile_path(0, 0), "tile/0/000"),
        (tile_path(1, 1234067), "tile/1/x001/x234/067"),
        (tile_path(0, 999, 5), "tile/0/999.p/5"),
        (tile_path(2, 1000, 255), "tile/2/x001/000.p/255"),
        (entries_path(67), "tile/entries/067"),
        (entries_path(1067, 1), "tile/entries/x001/067.p/1"),
    ],
)
def test_paths_are_those_of_the_specification(path, expected):
    assert path == expected


def test_no_tile_is_empty_or_wider_than_256():
    for width in (0, 257, -1):
        with pytest.raises(ValueError):
            tile_path(0, 0, width)


def test_only_full_tiles_feed_the_level_above():
    assert width_of(1, 0, 255) == 0
    assert width_of(1, 0, 256) == 1
    assert width_of(1, 0, 511) == 1
    assert width_of(1, 0, 70_000) == 256
    assert width_of(2, 0, 70_000) == 1
    assert width_of(0, 273, 70_000) == 112


@pytest.mark.parametrize(("old", "new"), [(0, 1), (255, 256), (256, 257), (0, 70_000), (65_535, 65_536), (300, 300)])
def test_changed_tiles_are_the_tiles_one_tree_has_and_the_other_has_not(old, new):
    before, after = Shelf(old).files, Shelf(new).files
    expected = {path for path in after if path not in before and "entries" not in path}
    assert {tile_path(*spot) for spot in changed_tiles(old, new)} == expected


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 1000, 65_536, 65_537, 70_000])
def test_a_tree_read_from_tiles_has_the_root_and_the_entries(size):
    tree = TileTree(Shelf(size), size)
    assert tree.root() == merkle.root_of_hashes(LEAVES[:size])
    tail = max(0, size - 300)
    assert list(tree.checked_entries(tail)) == ENTRIES[tail:size]


def test_proofs_from_tiles_are_the_proofs_from_leaves():
    size = 66_000
    tree = TileTree(Shelf(size), size)
    for index in (0, 1, 255, 256, 12_345, 65_535, 65_536, 65_999):
        assert tree.inclusion_proof(index) == merkle.inclusion_proof(LEAVES, index, size)
    for old in (0, 1, 2, 255, 256, 300, 65_535, 65_536, 65_999, 66_000):
        assert tree.consistency_proof(old) == merkle.consistency_proof(LEAVES, old, size)


def test_smaller_trees_are_read_from_the_tiles_of_a_larger_one():
    tree = TileTree(Shelf(66_000), 66_000)
    for size in (1, 255, 256, 300, 511, 65_535, 65_536, 65_999):
        assert tree.root(size) == merkle.root_of_hashes(LEAVES[:size])
        assert tree.inclusion_proof(size // 2, size) == merkle.inclusion_proof(LEAVES, size // 2, size)
        assert tree.consistency_proof(size // 2, size) == merkle.consistency_proof(LEAVES, size // 2, size)
    for wrong in (-1, 66_001):
        with pytest.raises(ValueError):
            tree.root(wrong)


def test_a_dropped_partial_tile_is_read_from_the_full_one():
    shelf = Shelf(512)
    tree = TileTree(shelf, 300)
    assert tree.root() == merkle.root_of_hashes(LEAVES[:300])
    assert list(tree.entries(250, 300)) == ENTRIES[250:300]


def test_a_missing_upper_tile_is_computed_from_the_tiles_below():
    shelf = Shelf(66_000)
    del shelf.files[tile_path(1, 0)], shelf.files[tile_path(2, 0, 1)]
    assert TileTree(shelf, 66_000).root() == merkle.root_of_hashes(LEAVES[:66_000])
    del shelf.files[tile_path(0, 9)]
    with pytest.raises(TileError):
        TileTree(shelf, 66_000).root()


def test_an_entry_that_is_not_the_one_in_the_tree_is_found():
    shelf = Shelf(300)
    path = entries_path(1, 44)
    shelf.files[path] = shelf.files[path].replace(b"entry 270", b"entry 27o")
    with pytest.raises(TileError, match="270"):
        list(TileTree(shelf, 300).checked_entries())


def test_a_tile_of_the_wrong_length_is_refused():
    shelf = Shelf(300)
    shelf.files[tile_path(0, 1, 44)] = shelf.files[tile_path(0, 1, 44)][:-1]
    with pytest.raises(TileError):
        TileTree(shelf, 300).root()
    with pytest.raises(TileError):
        TileTree(Shelf(300), 301).root()


def test_entries_beyond_the_tree_are_refused():
    tree = TileTree(Shelf(300), 300)
    for start, end in ((0, 301), (-1, 2), (5, 4)):
        with pytest.raises(ValueError):
            list(tree.entries(start, end))


def test_a_missing_full_bundle_or_tile_is_an_error_and_not_an_empty_one():
    shelf = Shelf(600)
    del shelf.files[entries_path(0)], shelf.files[tile_path(0, 1)]
    with pytest.raises(TileError):
        list(TileTree(shelf, 600).entries())
    with pytest.raises(TileError):
        TileTree(shelf, 600).leaf_hash(300)


def test_bundles_are_read_exactly():
    raw = bundle([b"", b"a", b"x" * 65_535])
    assert unbundle(raw, 3) == [b"", b"a", b"x" * 65_535]
    for wrong, count in ((raw, 2), (raw, 4), (raw[:-1], 3), (raw[:3], 2), (b"\x00", 1)):
        with pytest.raises(TileError):
            unbundle(wrong, count)
    with pytest.raises(ValueError):
        bundle([b"x" * 65_536])


def test_a_folder_and_an_address_serve_the_same_tree(tmp_path):
    for path, raw in Shelf(300).files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(raw)

    def serve(request):
        file = tmp_path / request.url.path.removeprefix("/log/")
        return httpx.Response(200, content=file.read_bytes()) if file.is_file() else httpx.Response(404)

    with httpx.Client(transport=httpx.MockTransport(serve)) as client:
        far = HttpReader("http://127.0.0.1/log/", client)
        assert TileTree(far, 300).root() == TileTree(FolderReader(tmp_path), 300).root() == merkle.root(ENTRIES[:300])
        with pytest.raises(TileError):
            far.get("tile/0/009")
    with pytest.raises(TileError):
        FolderReader(tmp_path).get("tile/0/009")
