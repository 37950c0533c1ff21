"""A full disk: uploads, documents and bids are refused in words that say so, nothing that was acknowledged is lost."""

from __future__ import annotations

import errno
import io
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from portal_doors import Street, built

from bidding.models import Bid, Upload
from kernel import blobs
from kernel.blobs import FolderStore
from kernel.errors import Unavailable
from tendering.models import Document

RAW = b"sealed" * 50_000
TUS = {"Tus-Resumable": "1.0.0"}
BODY = {**TUS, "Content-Type": "application/offset+octet-stream"}


class FullFolder(FolderStore):
    """A store on a disk with `room` bytes left: what does not fit fails as the kernel lets it fail, in mid-write."""

    room: int | None = None

    def append(self, key: str, offset: int, chunks) -> int:
        return super().append(key, offset, self._filling(key, chunks))

    def create(self) -> str:
        if self.room == 0:
            with blobs.full_disk_refused():
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().create()

    def _filling(self, key: str, chunks):
        for chunk in chunks:
            if self.room is not None and len(chunk) > self.room:
                yield chunk[: self.room]
                self.room = 0
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if self.room is not None:
                self.room -= len(chunk)
            yield chunk


@pytest.fixture
def street(tmp_path):
    for found in built(tmp_path):
        object.__setattr__(found.stage.app.site, "blobs", FullFolder(found.stage.app.site.settings.var / "blobs"))
        yield found


@pytest.fixture
def disk(street: Street) -> FullFolder:
    found = street.stage.app.site.blobs
    assert isinstance(found, FullFolder)
    return found


def created(street: Street) -> str:
    answer = street.ask(
        "POST", "/api/v1/uploads", street.people["bidding"], headers={**TUS, "Upload-Length": str(len(RAW))}
    )
    assert answer.status_code == 201, answer.text
    return "/api" + answer.headers["Location"].partition("/api")[2]


def patched(street: Street, path: str, offset: int):
    headers = {**BODY, "Upload-Offset": str(offset)}
    return street.ask("PATCH", path, street.people["bidding"], headers=headers, data=io.BytesIO(RAW[offset:]))


def offset_of(street: Street, path: str) -> int:
    return int(street.ask("HEAD", path, street.people["bidding"], headers=TUS).headers["Upload-Offset"])


@pytest.mark.parametrize("room", [0, 1, 100_000, len(RAW) - 1])
def test_an_upload_that_fills_the_disk_goes_on_where_it_stopped(street: Street, disk: FullFolder, room):
    path = created(street)
    disk.room = room
    answer = patched(street, path, 0)
    assert (answer.status_code, answer.json["code"]) == (503, "storage.full")
    assert answer.json["message_zh"]
    kept = offset_of(street, path)
    assert kept == room
    disk.room = None
    assert patched(street, path, kept).status_code == 204
    token = path.rpartition("/")[2]
    upload = street.stage.rows(Upload, Upload.token == token)[0]
    with disk.open(upload.blob_key) as stored:
        assert stored.read() == RAW
    assert upload.state.value == "done"


def test_no_upload_begins_on_a_full_disk_and_none_is_left_behind(street: Street, disk: FullFolder):
    before = len(street.stage.rows(Upload))
    disk.room = 0
    headers = {**TUS, "Upload-Length": "10"}
    answer = street.ask("POST", "/api/v1/uploads", street.people["bidding"], headers=headers)
    assert (answer.status_code, answer.json["code"]) == (503, "storage.full")
    assert len(street.stage.rows(Upload)) == before


def test_a_document_that_does_not_fit_leaves_neither_row_nor_file(street: Street, disk: FullFolder):
    before = len(street.stage.rows(Document)), sum(path.is_file() for path in disk.root.rglob("*"))
    disk.room = 1000
    path = f"/api/v1/tenders/{street.drafted}/documents/big.pdf"
    answer = street.ask("PUT", path, street.people["OWNER"], data=b"%PDF-1.7\n" + b"x" * 100_000)
    assert (answer.status_code, answer.json["code"]) == (503, "storage.full")
    assert (len(street.stage.rows(Document)), sum(path.is_file() for path in disk.root.rglob("*"))) == before


def test_a_database_that_cannot_grow_says_so_and_keeps_every_bid(tmp_path):
    """SQLite's own limit on pages stands for the disk: SQLITE_FULL comes from the same place."""
    for street in built(tmp_path):
        bids = [(bid.id, bid.manifest_sha256) for bid in street.stage.rows(Bid)]
        answers = []
        with street.stage.app.app_context():
            _limit(street)
        for number in range(40):
            body = {
                "trade": "construction", "pack": "practice.construction.open", "title": f"第{number}号" + "长" * 100,
                "region": "990101", "content": "内容" * 900,
            }  # fmt: skip
            answers.append(street.ask("POST", "/api/v1/tenders", street.people["OWNER"], json=body))
        full = [answer for answer in answers if answer.status_code != 201]
        assert full, "the limit was never met"
        assert {(answer.status_code, answer.json["code"]) for answer in full} == {(503, "storage.full")}
        assert [(bid.id, bid.manifest_sha256) for bid in street.stage.rows(Bid)] == bids
        assert street.ask("GET", f"/api/v1/lots/{street.lot}").status_code == 200


def _limit(street: Street) -> None:
    """Let no connection of the portal add pages to the database file."""
    from sqlalchemy import event

    from kernel.db import db

    engine = db.engine
    engine.dispose()

    def limited(connection, _record) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + 2}")

    event.listen(engine, "connect", limited)


def test_a_limit_on_file_sizes_is_a_full_disk_too(tmp_path):
    """EFBIG is what a quota of the service manager says (RLIMIT_FSIZE), by a real write in a process of its own."""
    import subprocess

    program = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from kernel.blobs import FolderStore\n"
        "from kernel.errors import Unavailable\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n"
        "store = FolderStore(Path(sys.argv[1]))\n"
        "key = store.create()\n"
        "try:\n"
        "    store.append(key, 0, [b'x' * (1 << 19)] * 5)\n"
        "except Unavailable as refusal:\n"
        "    print(refusal.code, store.size(key))\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["storage.full", str(1 << 20)]


def test_the_store_tells_a_full_disk_from_other_trouble(tmp_path):
    store = FullFolder(tmp_path)
    store.room = 10
    with pytest.raises(Unavailable):
        store.put([b"x" * 100])
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    with pytest.raises(OSError, match="Input/output"), blobs.full_disk_refused():
        raise OSError(errno.EIO, os.strerror(errno.EIO))
