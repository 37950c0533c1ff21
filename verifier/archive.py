"""`kaibiao archive`: everything public of a tender in one file, from which it can be rechecked with no server alive.

The same files always give the same bytes: names sorted, nothing compressed, no times.
"""

from __future__ import annotations

import shutil
import time
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

from kernel import canonical, clock, keys
from sealing.keyset import Audience, Keyset, Stage
from sealing.manifest import Manifest
from sealing.replacing import Replacing
from supervision import entries, facts, tiles
from supervision.checkpoint import Checkpoint
from supervision.note import Note
from supervision.vocabulary import KINDS, Fact, from_json
from verifier.address import AddressError
from verifier.release import file_name

SETTLE_S = 30
"""How long the log may take to cosign what the portal already shows."""

DATED = (
    facts.Keyset, facts.Timetable, facts.Suspended, facts.Resumed, facts.OutageOrder, facts.BoxClosed, facts.ReleaseHash,
    facts.Award,
)  # fmt: skip
"""Facts that count by when a quorum first stood behind them: the archive carries the checkpoint that shows it."""

OPENED = (
    "keyset.json", "keyset.sigs.json", "roll.json", "cut.note", "withdrawals.json", "acks.json", "closes.json",
    "admissions.json", "release-hashes.json", "record.json", "record.sigs.json",
)  # fmt: skip
EVALUATED = ("method.json", "committee.json", "docs.json", "report.json", "result.json", "recordings.json")
_EPOCH = (1980, 1, 1, 0, 0, 0)


class Files(Protocol):
    """Where the public files come from, and the folder that becomes the archive."""

    @property
    def folder(self) -> Path: ...

    def save(self, path: str, name: str | None = None) -> bool:
        """Take `path` (kept as `name`) into the folder; False when there is no such file."""
        ...

    def need(self, path: str) -> None:
        """Take what must be there; AddressError when it is not."""
        ...

    def disclosures(self, lot: str) -> None:
        """What of the lot's sealed facts is public now."""
        ...


def collect(downloads: Files, *, documents: bool = False, settle_s: float | None = None) -> list[str]:
    """Fetch everything; what the portal shows but the log does not hold yet is waited for, and named if it never comes."""
    downloads.need("policy.txt")
    until = clock.monotonic() + (SETTLE_S if settle_s is None else settle_s)
    while True:
        told = _tender(downloads)
        _log(downloads)
        ahead = unsettled(downloads.folder, told)
        if not ahead or clock.monotonic() >= until:
            break
        time.sleep(1)
    _cosigned(downloads, told["tender"])
    if documents:
        for document in told["documents"]:
            downloads.need(f"documents/{document['sha256']}")
    return ahead


def pack(folder: Path, target: Path) -> None:
    """Write the archive of a folder; it takes its name only when it is whole."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    with Replacing(target) as replacing, zipfile.ZipFile(replacing.file, "w", zipfile.ZIP_STORED) as file:
        for name in names:
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system, info.external_attr = 3, 0o100644 << 16
            with (folder / name).open("rb") as source, file.open(info, "w", force_zip64=True) as into:
                shutil.copyfileobj(source, into, 1 << 20)
    target.chmod(0o644)


def _tender(downloads: Files) -> dict[str, Any]:
    downloads.need("tender.json")
    told: dict[str, Any] = canonical.decode((downloads.folder / "tender.json").read_bytes())
    downloads.need(str(told["pack"]["path"]))
    downloads.disclosures(str(told["tender"]))
    for lot in told["lots"]:
        _lot(downloads, str(lot["lot"]))
    return told


def _lot(downloads: Files, lot: str) -> None:
    for name in (*OPENED, *EVALUATED):
        downloads.save(f"lots/{lot}/{name}")
    downloads.disclosures(lot)
    for name in _derived(downloads.folder / "lots" / lot):
        downloads.save(f"lots/{lot}/{name}")


def _derived(folder: Path) -> Iterator[str]:
    """Files whose names follow from keyset, roll and committee."""
    if (folder / "roll.json").exists():
        keyset = Keyset.parse((folder / "keyset.json").read_bytes())
        manifests = _live(_read(folder / "roll.json"))
        yield from (f"sheets/{manifest.bid_id}.json" for manifest in manifests)
        for stage in keyset.stages:
            if stage.audience is Audience.PUBLIC:
                yield from _of_stage(stage, manifests, _rounds(folder, stage))
    if (folder / "record.json").exists():
        versions = _read(folder / "record.json").get("version", 1)
        yield from (f"records/{number}.{end}" for number in range(1, versions) for end in ("json", "sigs.json"))
    if (folder / "committee.json").exists():
        yield from (f"scores/{row['alias']}.json" for row in _read(folder / "committee.json")["members"])


def _rounds(folder: Path, stage: Stage) -> int:
    """How many admissions the stage had, each with releases of its own."""
    path = folder / "admissions.json"
    rows = canonical.decode(path.read_bytes()) if path.exists() else []
    return max((row.get("number", 1) for row in rows if row["stage"] == stage.name), default=1)


def _of_stage(stage: Stage, manifests: list[Manifest], rounds: int) -> Iterator[str]:
    for name in (file_name(stage, entry.i, number) for entry in stage.trustees for number in range(1, rounds + 1)):
        yield f"releases/{name}.json"
        yield f"releases/{name}.sig"
    for manifest in manifests:
        yield f"ciphertexts/{manifest.envelope(stage.name).ciphertext_sha256}.age"


def _live(told: dict[str, Any]) -> list[Manifest]:
    rows = [row for row in told["entries"] if row["status"] == "live"]
    return [Manifest.parse(keys.unb64(row["manifest"])) for row in rows]


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = canonical.decode(path.read_bytes())
    return found


def _log(downloads: Files) -> None:
    """The tree of the newest checkpoint with a quorum. A partial tile may be full by now: then the full one serves."""
    shutil.rmtree(downloads.folder / "log", ignore_errors=True)  # partial tiles of an earlier size would stay
    downloads.need("log/checkpoint")
    size = _size(downloads.folder / "log" / "checkpoint")
    for level, number, width in tiles.changed_tiles(0, size):
        _tile(downloads, tiles.tile_path(level, number, width), tiles.tile_path(level, number))
    for number in range(-(-size // tiles.WIDTH)):
        width = tiles.width_of(0, number, size)
        _tile(downloads, tiles.entries_path(number, width), tiles.entries_path(number))


def _tile(downloads: Files, path: str, full: str) -> None:
    if not downloads.save(f"log/{path}"):
        downloads.need(f"log/{full}")


def _size(path: Path) -> int:
    return Checkpoint.parse(Note.parse(path.read_bytes()).text).size


def _cosigned(downloads: Files, tender: str) -> None:
    """The checkpoints that show since when a quorum stood behind deadlines, cuts and promises."""
    wanted = set[int]()
    for index, fact in logged(downloads.folder):
        if isinstance(fact, DATED) and fact.lot.startswith(tender):
            wanted.add(index + 1)
        if isinstance(fact, facts.BoxClosed) and fact.lot.startswith(tender):
            wanted.add(fact.cut_size)
    folder = downloads.folder / "log" / "cosigned"
    for size in sorted(wanted):
        if not downloads.save(f"log/cosigned/{size}", "log/cosigned/.new"):
            raise AddressError(f"no quorum has cosigned entry {size - 1} yet")
        (folder / ".new").replace(folder / str(_size(folder / ".new")))


def logged(folder: Path) -> Iterator[tuple[int, Fact]]:
    """The open facts of a downloaded log, believed as they are: they only say what else to fetch."""
    log = folder / "log"
    tree = tiles.TileTree(tiles.FolderReader(log), _size(log / "checkpoint"))
    for index, raw in enumerate(tree.entries()):
        entry = entries.parse(raw)
        if isinstance(entry, entries.OpenEntry) and entry.fact.get("kind") in KINDS:
            yield index, from_json(entry.fact)


def unsettled(folder: Path, told: dict[str, Any]) -> list[str]:
    """What the portal shows already and the cosigned log does not hold yet."""
    known = list(logged(folder))
    found = list[str]()
    for lot in told["lots"]:
        code = str(lot["lot"])
        moves = [fact for _, fact in known if isinstance(fact, facts.StateChanged) and fact.lot == code]
        if not moves or moves[-1].now != lot["state"]:
            found.append(f"{code}: {lot['state']}")
        found += [f"{code}: {name}" for name in _unlogged(folder / "lots" / code, known)]
    return found


def _unlogged(folder: Path, known: Iterable[tuple[int, Fact]]) -> Iterator[str]:
    records = {fact.record_sha256 for _, fact in known if isinstance(fact, facts.OpeningRecord)}
    results = {fact.result_sha256 for _, fact in known if isinstance(fact, facts.ResultPublished)}
    for name, hashes in (("record.json", records), ("result.json", results)):
        path = folder / name
        if path.exists() and canonical.sha(path.read_bytes()) not in hashes:
            yield name
