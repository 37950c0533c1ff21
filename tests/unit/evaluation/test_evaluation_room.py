"""The evaluator: opens what was released, judges what does not open, and shows files by ticket only."""

from __future__ import annotations

import http.client
import io
import subprocess
import sys
import tarfile
import threading
import urllib.parse
from dataclasses import dataclass, field
from dataclasses import replace as replaced
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "sealing"))

from sealed_lot import LOT, SUITE, Lot, make_lot

from evaluation import evaluator as program
from evaluation import tickets
from evaluation.room import keys as room_keys
from evaluation.room import payload, work
from evaluation.room.keys import EvaluatorKeys, FolderError
from evaluation.room.portal import UnreachableError
from evaluation.room.serving import Rooms, server
from evaluation.room.shelves import Place, Shelves
from evaluation.room.unsealing import Unsealing
from evaluation.tickets import Ticket
from kernel import canonical, clock, keys
from sealing.documents import Document, DocumentsError, Index
from sealing.release import Release
from sealing.sheet import Header

ROOT = "1" * 64
CHINESE = "施工组织设计" * 20 + ".pdf"


@dataclass
class FolderPortal:
    """A portal that holds one job in memory; `fail` may raise before any answer."""

    lot: Lot
    sealed: list = field(default_factory=list)
    trustees: tuple[int, ...] = (1, 2, 3)
    reports: list[dict] = field(default_factory=list)
    saves: list[str] = field(default_factory=list)
    platform: keys.PrivateKey = field(default_factory=keys.generate)
    fail: object = staticmethod(lambda path: None)
    left_out: frozenset[str] = frozenset()
    spoil: object = staticmethod(lambda path, raw: raw)

    def get(self, path):
        self.fail(path)
        if path == "/work":
            return work.encode(keys.spell(self.platform.public_key()), [self.job()])
        return self.spoil(path, self.release(int(path.rpartition("/")[2])))

    def save(self, path, dst, size):
        self.fail(path)
        sha = path.rpartition("/")[2]
        self.saves.append(sha)
        for one in self.sealed:
            if one.manifest.envelope("docs").ciphertext_sha256 == sha:
                dst.write_bytes(self.spoil(path, (one.folder / "docs.age").read_bytes()))

    def post(self, path, value):
        self.fail(path)
        self.reports.append(value)

    def job(self):
        reported = {one["bid_id"] for one in self.reports}
        waiting = [one for one in self.sealed if one.manifest.bid_id not in reported]
        return {
            "lot": LOT,
            "stage": "docs",
            "seq": 1,
            "root": ROOT,
            "keyset": keys.b64(self.lot.raw),
            "bids": [{"manifest": keys.b64(one.manifest_raw)} for one in waiting],
            "releases": [{"i": i} for i in self.trustees],
        }

    def release(self, i):
        lines = {
            one.manifest.bid_id: self.lot.lines(one.manifest, "docs", i)[i]
            for one in self.sealed
            if one.manifest.bid_id not in self.left_out
        }
        return Release(LOT, ROOT, "docs", 1, i, lines).file(self.lot.keyset)


@dataclass
class House:
    """An evaluator and the portal it talks to."""

    folder: Path
    portal: FolderPortal
    evaluator: program.Evaluator

    def seal(self, name: str, files: dict[str, bytes]):
        folder = self.folder / f"files-{name}"
        folder.mkdir()
        for path, raw in files.items():
            (folder / path).write_bytes(raw)
        sealed = self.portal.lot.seal(self.folder / name, files=sorted(folder.iterdir()))
        self.portal.sealed.append(sealed)
        return sealed

    def place(self, sealed) -> Place:
        return Place(LOT, sealed.manifest.bid_id)


@pytest.fixture
def house(tmp_path):
    lot = make_lot()
    held = EvaluatorKeys(keys.generate(), lot.evaluator)
    portal = FolderPortal(lot)
    rooms = Rooms(Shelves(tmp_path / "rooms"))
    return House(tmp_path, portal, program.Evaluator(tmp_path, held, portal, rooms))


# opening


def test_released_documents_are_opened_and_reported_by_hash(house):
    house.seal("one", {"方案.pdf": b"%PDF plan", "b.txt": b"bill"})
    assert house.evaluator.poll() == 1
    report = house.portal.reports[0]
    assert (report["result"], report["judgment"]) == ("opened", None)
    assert {one["path"]: one["sha256"] for one in report["files"]} == {
        "方案.pdf": canonical.sha(b"%PDF plan"),
        "b.txt": canonical.sha(b"bill"),
    }
    assert house.evaluator.poll() == 0


def test_nothing_is_opened_with_fewer_than_t_releases(house):
    house.seal("one", {"a.pdf": b"x"})
    house.portal.trustees = (1, 2)
    assert house.evaluator.poll() == 0
    house.portal.trustees = (1, 2, 4)
    assert house.evaluator.poll() == 1


def test_a_release_that_is_not_this_jobs_is_left_out(house):
    house.seal("one", {"a.pdf": b"x"})
    other = Release(LOT, "2" * 64, "docs", 1, 2, {}).file(house.portal.lot.keyset)
    house.portal.spoil = lambda path, raw: other if path.endswith("/2") and "releases" in path else raw
    assert house.evaluator.poll() == 0
    house.portal.trustees = (1, 2, 3, 4)
    assert house.evaluator.poll() == 1


def test_a_release_of_garbage_is_left_out_and_the_others_open_the_bid(house):
    house.seal("one", {"a.pdf": b"x"})
    house.portal.trustees = (1, 2, 3, 4)
    house.portal.spoil = lambda path, raw: b"garbage" if path.endswith("/docs/1") else raw
    assert house.evaluator.poll() == 1


def test_a_ciphertext_that_was_swapped_is_the_platforms_fault(house):
    house.seal("one", {"a.pdf": b"x"})
    house.portal.spoil = lambda path, raw: raw[:-1] + b"?" if "ciphertexts" in path else raw
    house.evaluator.poll()
    assert house.portal.reports[0]["judgment"]["party"] == "platform"
    assert house.portal.reports[0]["sha256"] is None


def test_a_lost_connection_judges_nobody(house):
    house.seal("one", {"a.pdf": b"x"})

    def cut(path):
        if "ciphertexts" in path:
            raise UnreachableError("cut")

    house.portal.fail = cut
    assert program.round_of_work(house.evaluator) is False
    assert house.portal.reports == []
    house.portal.fail = lambda path: None
    assert program.round_of_work(house.evaluator) is True


def test_a_restart_reports_again_without_opening_again(house):
    sealed = house.seal("one", {"a.pdf": b"x"})

    def cut(path):
        if path.endswith("/opened"):
            raise UnreachableError("cut")

    house.portal.fail = cut
    assert program.round_of_work(house.evaluator) is False
    again = program.Evaluator(house.folder, house.evaluator.keys, house.portal, Rooms(Shelves(house.folder / "rooms")))
    house.portal.fail = lambda path: None
    assert again.poll() == 1
    assert len(house.portal.saves) == 1
    assert not again.rooms.shelves.ciphertext(house.place(sealed)).exists()


def test_one_lot_in_trouble_does_not_hold_up_the_others(house):
    first, second = house.seal("one", {"a.pdf": b"x"}), house.seal("two", {"a.pdf": b"y"})
    bad = first.manifest.envelope("docs").ciphertext_sha256

    def cut(path):
        if bad in path:
            raise UnreachableError("cut")

    house.portal.fail = cut
    program.round_of_work(house.evaluator)
    assert [one["bid_id"] for one in house.portal.reports] == [second.manifest.bid_id]


def test_a_portal_that_comes_with_another_key_opens_no_room(house):
    house.evaluator.poll()
    house.portal.platform = keys.generate()
    with pytest.raises(program.PinError):
        house.evaluator.poll()


# the payload


def packed(tmp_path: Path, members, files) -> Path:
    """A tar as a dishonest bidder would make it."""
    index = Index(Header(LOT, "a" * 32, "b" * 64, "x"), tuple(files)).encode()
    path = tmp_path / "payload.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for info, raw in [(tarfile.TarInfo("bid.json"), index), *members]:
            info.size = info.size or len(raw)
            tar.addfile(info, io.BytesIO(raw) if info.isreg() else None)
    return path


def document(path: str, raw: bytes) -> Document:
    return Document(path, len(raw), canonical.sha(raw))


def test_the_catalog_is_what_the_index_lists(tmp_path):
    path = packed(tmp_path, [(tarfile.TarInfo("a.pdf"), b"plan")], [document("a.pdf", b"plan")])
    found = payload.catalog(path)
    assert [(one.path, one.size) for one in found.files] == [("a.pdf", 4)]
    with path.open("rb") as src:
        assert b"".join(payload.blocks(src, found.files[0].offset, 4)) == b"plan"


@pytest.mark.parametrize(
    ("members", "files"),
    [
        ([(tarfile.TarInfo("a.pdf"), b"other")], [document("a.pdf", b"plan")]),
        ([(tarfile.TarInfo("a.pdf"), b"plAn")], [document("a.pdf", b"plan")]),
        ([(tarfile.TarInfo("b.pdf"), b"plan")], [document("a.pdf", b"plan")]),
        ([(tarfile.TarInfo("a.pdf"), b"plan"), (tarfile.TarInfo("b.pdf"), b"x")], [document("a.pdf", b"plan")]),
        ([], [document("a.pdf", b"plan")]),
        ([(tarfile.TarInfo("../a.pdf"), b"plan")], [document("a.pdf", b"plan")]),
    ],
)
def test_a_payload_that_is_not_its_index_is_refused(tmp_path, members, files):
    with pytest.raises(DocumentsError):
        payload.catalog(packed(tmp_path, members, files))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_folders_and_devices_are_refused(tmp_path, kind):
    info = tarfile.TarInfo("a.pdf")
    info.type, info.linkname = kind, "/etc/passwd"
    with pytest.raises(DocumentsError):
        payload.catalog(packed(tmp_path, [(info, b"")], [document("a.pdf", b"")]))


def test_a_sparse_member_that_claims_more_than_it_holds_is_refused(tmp_path):
    size = 1 << 40
    info = tarfile.TarInfo("a.pdf")
    info.pax_headers = {
        "GNU.sparse.major": "0",
        "GNU.sparse.minor": "1",
        "GNU.sparse.name": "a.pdf",
        "GNU.sparse.size": str(size),
        "GNU.sparse.map": "0,1",
    }
    bomb = Document("a.pdf", size, canonical.sha(b""))
    with pytest.raises(DocumentsError):
        payload.catalog(packed(tmp_path, [(info, b"x")], [bomb]))


def test_a_bid_whose_files_are_not_its_index_is_the_bidders_fault(house, monkeypatch):
    sealed = house.seal("one", {"a.pdf": b"x"})

    def refuse(path):
        raise DocumentsError("a.pdf is not where the index says")

    monkeypatch.setattr(payload, "catalog", refuse)
    house.evaluator.poll()
    assert house.portal.reports[0]["judgment"]["party"] == "bidder"
    assert not house.evaluator.rooms.shelves.payload(house.place(sealed)).exists()


# serving


@pytest.fixture
def served(house):
    sealed = house.seal(
        "one", {"方案.pdf": b"%PDF-0123456789", "run.html": b"<script>alert(1)</script>", "a b.txt": b"hi"}
    )
    house.evaluator.poll()
    listening = server(house.evaluator.rooms, "127.0.0.1", 0)
    threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True).start()
    yield house, sealed, listening.server_port
    listening.shutdown()
    listening.server_close()


def ask(served, name, ticket=None, *, method="GET", headers=None, bid_id=None):
    house, sealed, port = served
    bid_id = bid_id or sealed.manifest.bid_id
    if ticket is None:
        ticket = Ticket.issue(LOT, sealed.manifest.bid_id, "E1", clock.now()).signed(house.portal.platform)
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    link.request(
        method, f"/rooms/{LOT}/{bid_id}/{urllib.parse.quote(name, safe='')}?ticket={ticket}", headers=headers or {}
    )
    answer = link.getresponse()
    body = answer.read()
    link.close()
    return answer.status, dict(answer.getheaders()), body


def test_a_ticket_opens_the_file(served):
    status, headers, body = ask(served, "方案.pdf")
    assert (status, body, headers["Content-Type"]) == (200, b"%PDF-0123456789", "application/pdf")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "private, no-store"


def test_what_browsers_would_run_is_a_sandboxed_download(served):
    _, headers, _ = ask(served, "run.html")
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in headers["Content-Security-Policy"]


def test_no_ticket_a_forged_one_or_anothers_opens_nothing(served):
    house, sealed, _ = served
    now, bid_id = clock.now(), sealed.manifest.bid_id
    forged = Ticket.issue(LOT, bid_id, "E1", now).signed(keys.generate())
    other = Ticket.issue(LOT, "f" * 32, "E1", now).signed(house.portal.platform)
    over = Ticket.issue(LOT, bid_id, "E1", now - tickets.LIFETIME - tickets.LIFETIME).signed(house.portal.platform)
    for ticket in ("", "x", "x.y", "....", forged, other, over):
        assert ask(served, "方案.pdf", ticket)[0] == 403


def test_a_ticket_opens_its_own_room_only(served):
    assert ask(served, "方案.pdf", bid_id="f" * 32)[0] == 403
    assert ask(served, "方案.pdf", bid_id="..")[0] == 403


@pytest.mark.parametrize("name", ["../../evaluator.key", "..", "nothing.pdf", "bid.json", "%2e%2e"])
def test_only_names_of_the_index_are_files(served, name):
    assert ask(served, name)[0] == 404


@pytest.mark.parametrize(
    ("asked", "status", "body"),
    [
        ("bytes=0-3", 206, b"%PDF"),
        ("bytes=5-", 206, b"0123456789"),
        ("bytes=-2", 206, b"89"),
        ("bytes=-99", 206, b"%PDF-0123456789"),
        ("bytes=5-99", 206, b"0123456789"),
        ("bytes=15-", 416, None),
        ("bytes=3-1", 416, None),
        ("bytes=-0", 416, None),
        ("bytes=-", 416, None),
        ("bytes=0-1,3-4", 416, None),
        ("lines=1-2", 416, None),
    ],
)
def test_ranges_are_served_as_asked(served, asked, status, body):
    got, headers, raw = ask(served, "方案.pdf", headers={"Range": asked})
    assert got == status
    if body is not None:
        assert raw == body
        assert headers["Content-Range"].endswith("/15")


def test_head_tells_the_size_and_sends_nothing(served):
    status, headers, body = ask(served, "方案.pdf", method="HEAD")
    assert (status, headers["Content-Length"], body) == (200, "15", b"")


def test_the_status_page_counts_and_names_no_bidder(served):
    house, sealed, port = served
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    link.request("GET", "/")
    page = link.getresponse().read().decode()
    link.close()
    assert LOT in page
    assert house.evaluator.keys.recipient in page
    assert sealed.manifest.bid_id not in page
    assert "方案" not in page


# the program


def test_init_makes_keys_once_and_prints_the_card(tmp_path, capsys):
    folder = tmp_path / "evaluator"
    assert program.main(["init", "--dir", str(folder)]) == 0
    card = canonical.decode(capsys.readouterr().out.strip().encode())
    held = EvaluatorKeys.load(folder)
    assert card == {"sign_key": keys.spell(held.sign.public_key()), "recipient": held.recipient}
    assert program.main(["init", "--dir", str(folder)]) == 2
    assert (folder / room_keys.IDENTITY_FILE).stat().st_mode & 0o077 == 0


def test_an_evaluator_without_keys_does_not_start(tmp_path, capsys):
    assert program.main(["run", "--dir", str(tmp_path), "--portal", "http://127.0.0.1:1"]) == 2
    assert "init" in capsys.readouterr().err
    with pytest.raises(FolderError):
        EvaluatorKeys.load(tmp_path)


def test_the_evaluator_loads_neither_flask_nor_a_database():
    code = "import sys, evaluation.evaluator; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(found.stdout.split())
    assert not loaded & {"flask", "sqlalchemy", "flask_sqlalchemy", "portal", "tendering", "bidding", "accounts"}


def test_work_with_a_lot_that_is_a_path_is_refused():
    job = {"lot": "../x", "stage": "docs", "seq": 1, "root": ROOT, "keyset": "", "bids": [], "releases": []}
    with pytest.raises(ValueError, match="lot"):
        work.parse(work.encode("ed25519:", [job]))


def test_a_manifest_of_another_lot_is_refused(house):
    sealed = house.seal("one", {"a.pdf": b"x"})
    other = replaced(sealed.manifest, lot="E9901010000000117001002").encode()
    job = house.portal.job() | {"bids": [{"manifest": keys.b64(other)}]}
    with pytest.raises(ValueError, match="another lot"):
        work.parse(work.encode("ed25519:", [job]))


def test_unsealing_uses_the_suite_of_the_keyset(house):
    house.seal("one", {CHINESE[-60:]: b"long name"})
    job = work.parse(house.portal.get("/work")).jobs[0]
    assert job.keyset.suite == SUITE.id
    assert Unsealing(house.evaluator.keys, house.portal, house.evaluator.rooms.shelves).run(job) == 1
