"""The evaluator's folder: which bids stand open, what was found, what the portal has been told. Survives a restart.

Order of the durable steps for a bid: the payload takes its name (sealing.replacing), then the finding takes its
name, then the portal is told, then the ciphertext goes. A crash between any two repeats the next step only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.room.payload import Catalog, Shelved
from kernel import canonical
from sealing.faults import Judgment
from sealing.replacing import Replacing


@dataclass(frozen=True)
class Place:
    """A bid of a lot; both are codes that were checked when the work was read."""

    lot: str
    bid_id: str


@dataclass(frozen=True)
class Shelves:
    root: Path

    def payload(self, place: Place) -> Path:
        return self._folder(place) / f"{place.bid_id}.tar"

    def ciphertext(self, place: Place) -> Path:
        return self._folder(place) / f"{place.bid_id}.age"

    def finding(self, place: Place) -> dict[str, Any] | None:
        """What was found when this bid was opened, if it was."""
        path = self._finding(place)
        return canonical.decode(path.read_bytes()) if path.exists() else None

    def keep_opened(self, place: Place, catalog: Catalog) -> dict[str, Any]:
        files = [one.to_json() for one in catalog.files]
        return self._keep(place, {"result": "opened", "sha256": catalog.sha256, "files": files, "judgment": None})

    def keep_judged(self, place: Place, judgment: Judgment) -> dict[str, Any]:
        words = {"party": judgment.party.value, "rule": judgment.rule, "zh": judgment.zh, "en": judgment.en}
        self.payload(place).unlink(missing_ok=True)
        return self._keep(place, {"result": "judged", "sha256": None, "files": [], "judgment": words})

    def shelved(self, place: Place, path: str) -> Shelved | None:
        """One file of an opened bid, by the name its bidder gave it."""
        found = self.finding(place)
        files = found["files"] if found else []
        return next((Shelved.from_json(one) for one in files if one["path"] == path), None)

    def places(self) -> Iterator[tuple[Place, dict[str, Any]]]:
        """Everything found so far, for the status page."""
        for path in sorted(self.root.glob("*/*.json")):
            yield Place(path.parent.name, path.stem), canonical.decode(path.read_bytes())

    def _keep(self, place: Place, value: dict[str, Any]) -> dict[str, Any]:
        with Replacing(self._finding(place)) as target:
            target.file.write(canonical.encode(value))
        return value

    def _finding(self, place: Place) -> Path:
        return self._folder(place) / f"{place.bid_id}.json"

    def _folder(self, place: Place) -> Path:
        folder = self.root / place.lot
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder
