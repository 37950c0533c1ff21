"""The clock seals a lot's archive once all of it stands in the cosigned log (T27, rules.md 1.12).

The file is the one that `kaibiao archive` makes from outside, with the tender documents and a published contract; it is put
together from the released folder without asking over the network.
"""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import structlog
from sqlalchemy import func, select

from kernel import canonical
from kernel.clock import rfc3339
from kernel.db import db, transaction
from kernel.law import holds
from kernel.site import site
from livestream.recording import steps as recording
from supervision import checkpoints, contract_facts, log
from supervision.models import LogFact
from supervision.shelf import COSIGNED
from tendering import documents, packs, publishing
from tendering.contracts import after, papers, rules
from tendering.contracts.models import Sealed
from tendering.lifecycle import lot_of, move, tender_of
from tendering.models import Lot
from tendering.states import CLOCK, LotEvent, LotState
from verifier import archive
from verifier.address import AddressError
from verifier.source import inside

FINISHED = (LotState.FULFILLED, LotState.FAILED, LotState.RETENDERED, LotState.CANCELLED, LotState.VOIDED)
RETRY = dt.timedelta(seconds=10)
CHUNK = 1 << 20

_log = structlog.get_logger()
_tried: dict[str, dt.datetime] = {}
"""When this process last tried a lot whose files were not all there yet."""


@dataclass(frozen=True)
class Shelves:
    """The public files as they lie here, under the paths of an archive."""

    tender: str
    folder: Path

    def save(self, path: str, name: str | None = None) -> bool:
        """Copy one file; False when there is none."""
        target = self.folder / (name or path)
        source = self._opened(path)
        if source is None:
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        with source, target.open("wb") as into:
            shutil.copyfileobj(source, into, CHUNK)
        return True

    def need(self, path: str) -> None:
        """Copy what must be there; AddressError when it is not."""
        if not self.save(path):
            raise AddressError(f"{path}: there is no such file")

    def disclosures(self, lot: str) -> None:
        with transaction(write=False):
            self._put(f"lots/{lot}/disclosures.json", canonical.encode(log.disclosures(lot)))

    def _put(self, path: str, raw: bytes) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(raw)

    def _opened(self, path: str) -> BinaryIO | None:
        first, _, rest = path.partition("/")
        if first == "log" and rest.startswith("cosigned/"):
            return self._cosigned(int(rest.partition("/")[2]))
        if first == "documents":
            with transaction(write=False):
                return documents.opened(tender_of(self.tender), rest)[1]
        public = site().public
        where = {
            "log/checkpoint": public / "log" / COSIGNED,
            "policy.txt": site().settings.policy,
            "tender.json": public / "tenders" / self.tender / "tender.json",
        }.get(path, public / inside(path))
        return where.open("rb") if where.is_file() else None

    def _cosigned(self, size: int) -> BinaryIO | None:
        with transaction(write=False):
            found = checkpoints.quorum_checkpoint_at_least(size)
        if found is None:
            return None
        target = self.folder / "log" / "cosigned" / ".found"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(found.note.encode())
        opened = target.open("rb")
        target.unlink()
        return opened


def step_archives(now: dt.datetime) -> bool:
    """Seal one archive that is due; whether there was one."""
    with transaction(write=False):
        due = [code for code in _finished() if _ripe(code, now) and recording.ready(code) and _in_the_log(code)]
    for code in due:
        _tried[code] = now
        if _seal(code, now):
            return True
    return False


def _finished() -> list[str]:
    sealed = select(Sealed.lot)
    wanted = select(Lot.code).where(Lot.state.in_(FINISHED), Lot.code.not_in(sealed)).order_by(Lot.id)
    return list(db.session.scalars(wanted))


def _ripe(code: str, now: dt.datetime) -> bool:
    last = _tried.get(code)
    return last is None or not last <= now < last + RETRY


def _in_the_log(code: str) -> bool:
    """The checklist's first half: every fact of lot and tender has its place below a checkpoint with a quorum."""
    about = LogFact.lot.in_([code, code[:20]])
    waiting, last = db.session.execute(
        select(func.count().filter(LogFact.index.is_(None)), func.max(LogFact.index)).where(about)
    ).one()
    newest = checkpoints.newest_with_quorum()
    return waiting == 0 and last is not None and newest is not None and newest.size > last


def _seal(code: str, now: dt.datetime) -> bool:
    with tempfile.TemporaryDirectory(prefix="kaibiao-archive-") as folder:
        try:
            file = _packed(code, Path(folder))
        except (AddressError, OSError, ValueError) as error:
            _log.warning("archive.waiting", lot=code, error=str(error))
            return False
        if file is None:
            return False
        with file.open("rb") as whole:
            key, size, sha256 = site().blobs.put(iter(partial(whole.read, CHUNK), b""))
    try:
        with transaction():
            _enter(lot_of(code, lock=True), (key, size, sha256), now)
    except BaseException:
        site().blobs.delete(key)
        raise
    return True


def _packed(code: str, folder: Path) -> Path | None:
    """The archive in a file; None while the public files lag behind the log."""
    shelves = Shelves(code[:20], folder / "files")
    shelves.folder.mkdir()
    if archive.collect(shelves, documents=True, settle_s=0):
        return None
    _contract(code, shelves)
    archive.pack(shelves.folder, folder / "archive.zip")
    return folder / "archive.zip"


def _contract(code: str, shelves: Shelves) -> None:
    with transaction(write=False):
        lot = lot_of(code)
        paper = papers.signed_contract(lot)
        if paper is None or paper.blob_key is None or not after.text_is_public(lot):
            return
        target = shelves.folder / "documents" / str(paper.document_sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        with site().blobs.open(paper.blob_key) as source, target.open("wb") as into:
            shutil.copyfileobj(source, into, CHUNK)


@holds("T27", "archive")
def _enter(lot: Lot, file: tuple[str, int, str], now: dt.datetime) -> None:
    key, size, sha256 = file
    until, law = rules.retain_until(packs.load(lot.tender.pack_id), now)
    db.session.add(
        Sealed(lot=lot.code, sha256=sha256, size=size, blob_key=key, retain_until=until, law=law, sealed_at=now)
    )
    db.session.flush()
    if lot.state == LotState.FULFILLED:
        move(lot, LotEvent.ARCHIVE, CLOCK, now, ["every fact in the cosigned log", "public files complete"])
    log.append(
        contract_facts.ArchiveSealed(
            lot=lot.code, archive_sha256=sha256, size=size, retain_until=rfc3339(until), law=law, at=rfc3339(now)
        )
    )
    publishing.queue(lot.tender.code)
