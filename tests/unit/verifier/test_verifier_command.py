"""`kaibiao archive` and `kaibiao verify` as a stranger types them: lines, exit status, both languages, no server alive."""

from __future__ import annotations

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from kernel import canonical
from tests.unit.verifier.honest_tender import LOT, TENDER, TenderPlay
from tests.unit.verifier.rechecked import write
from verifier import archive, cli
from verifier.address import Address, AddressError


@pytest.fixture(scope="module")
def play(tmp_path_factory):
    made = TenderPlay(tmp_path_factory.mktemp("bids"))
    made.files |= made.play()
    return made


@pytest.fixture
def files(play):
    return dict(play.files)


def packed(files, tmp_path, name="tender.zip"):
    archive.pack(write(files, tmp_path / f"{name}.folder"), tmp_path / name)
    return tmp_path / name


def changed(files):
    name = f"lots/{LOT}/record.json"
    told = canonical.decode(files[name])
    told["lot"] = "x"
    return {**files, name: canonical.encode(told)}


def run(capsys, *argv):
    status = cli.verify_main([str(word) for word in argv])
    return status, capsys.readouterr()


def test_an_honest_archive_ends_with_zero_and_a_summary(files, tmp_path, capsys):
    status, said = run(capsys, packed(files, tmp_path), "--lang", "en")
    assert status == 0
    lines = said.out.splitlines()
    assert any(line.startswith("ok   roll: 5 bids, 3 live, root ") for line in lines)
    assert f"lot {LOT}" in lines
    assert re.fullmatch(r"4\d claims rechecked: 4\d hold, 0 lie; 0 not due or not public yet\.", lines[-1])


def test_the_first_lie_is_the_last_line_and_the_status_is_one(files, tmp_path, capsys):
    path = packed(changed(files), tmp_path)
    status, said = run(capsys, path, "--lang", "en")
    assert status == 1
    lines = said.out.splitlines()
    assert lines[-2].startswith("LIE  record: ")
    status, said = run(capsys, path, "--lang", "en", "--all")
    assert status == 1
    assert any(line.startswith("ok   award: ") for line in said.out.splitlines())


def test_it_speaks_chinese_unless_told_otherwise(files, tmp_path, capsys):
    status, said = run(capsys, packed(files, tmp_path))
    assert status == 0
    assert "份投标" in said.out
    assert "属实" in said.out.splitlines()[-1]


def test_a_folder_is_as_good_as_a_zip(files, tmp_path, capsys):
    assert run(capsys, write(files, tmp_path / "folder"))[0] == 0


def test_the_checkpoint_is_kept_only_if_all_of_it_holds_and_serves_the_next_time(files, tmp_path, capsys):
    kept = tmp_path / "kept"
    assert run(capsys, packed(changed(files), tmp_path, "bad.zip"), "--keep", kept)[0] == 1
    assert not kept.exists()
    good = packed(files, tmp_path)
    assert run(capsys, good, "--keep", kept)[0] == 0
    status, said = run(capsys, good, "--checkpoint", kept, "--lang", "en")
    assert status == 0
    assert "ok   kept: continues the" in said.out


def test_policy_and_roots_of_ones_own_are_used(files, play, tmp_path, capsys):
    (tmp_path / "policy").write_bytes(files["policy.txt"])
    pem = x509.load_der_x509_certificate(play.ca.der).public_bytes(Encoding.PEM)
    (tmp_path / "roots.pem").write_bytes(pem)
    options = ("--policy", tmp_path / "policy", "--roots", tmp_path / "roots.pem", "--lang", "en")
    status, said = run(capsys, packed(files, tmp_path), *options)
    assert status == 0
    assert "ok   policy: yours" in said.out
    assert "each chain ends in itself" not in said.out


@pytest.mark.parametrize("name", ["nothing-there", "http://portal/elsewhere", TENDER])
def test_a_target_that_is_none_is_status_two(name, capsys):
    status, said = run(capsys, name)
    assert status == 2
    assert said.err.startswith("kaibiao: ")


def test_a_file_that_is_no_archive_is_status_two(tmp_path, capsys):
    path = tmp_path / "x.zip"
    path.write_bytes(b"no zip")
    assert run(capsys, path)[0] == 2


def test_an_empty_archive_proves_nothing(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    status, said = run(capsys, tmp_path / "empty", "--lang", "en")
    assert status == 1
    assert "LIE  tender: " in said.out


def test_addresses_are_a_tenders_page_or_its_code():
    expected = Address("http://portal:8000/prefix", TENDER)
    assert Address.parse(f"http://portal:8000/prefix/tenders/{TENDER}/") == expected
    assert Address.parse(TENDER, "http://portal:8000/prefix/") == expected
    for text in ("ftp://portal/tenders/x", f"http://portal/lots/{TENDER}", "x"):
        with pytest.raises(AddressError):
            Address.parse(text, "http://portal" if text != "x" else None)


# over the wire ----------------------------------------------------------------------------------------------------


def _served(files, path, query):
    """What a portal answers at its addresses."""
    if path == "/log/disclosures":
        found = files.get(f"lots/{query.removeprefix('lot=')}/disclosures.json", b"[]")
        return canonical.encode({"lot": LOT, "disclosures": canonical.decode(found)})
    if path.startswith("/log/cosigned/"):
        sizes = sorted(int(name.rsplit("/", 1)[1]) for name in files if name.startswith("log/cosigned/"))
        size = next((size for size in sizes if size >= int(path.rsplit("/", 1)[1])), None)
        return files.get(f"log/cosigned/{size}")
    names = {
        "/log/checkpoint.cosigned": "log/checkpoint",
        "/log/policy": "policy.txt",
        f"/public/tenders/{TENDER}/tender.json": "tender.json",
        f"/tenders/{TENDER}/documents/{canonical.sha(b'%PDF')}": "%PDF",
    }
    name = names.get(path, path.removeprefix("/public/").removeprefix("/"))
    return b"%PDF" if name == "%PDF" else files.get(name)


@pytest.fixture
def portal(files):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            parts = urlsplit(self.path)
            raw = _served(files, parts.path, parts.query)
            self.send_response(404 if raw is None else 200)
            self.send_header("Content-Length", str(len(raw or b"")))
            self.end_headers()
            self.wfile.write(raw or b"")

        def log_message(self, *_):
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_an_archive_by_address_and_by_code_is_one_file_that_holds(portal, tmp_path, capsys):
    first, second = tmp_path / "one.zip", tmp_path / "two.zip"
    assert cli.archive_main([f"{portal}/tenders/{TENDER}", "-o", str(first)]) == 0
    assert cli.archive_main([TENDER, "--url", portal, "-o", str(second)]) == 0
    assert first.read_bytes() == second.read_bytes()
    capsys.readouterr()
    assert run(capsys, first)[0] == 0


def test_the_documents_come_along_when_asked_and_are_hashed(portal, tmp_path, capsys):
    path = tmp_path / "whole.zip"
    assert cli.archive_main([TENDER, "--url", portal, "-o", str(path), "--documents"]) == 0
    status, said = run(capsys, path, "--lang", "en")
    assert status == 0
    assert "1 in the archive, hashes right" in said.out


def test_a_portal_is_rechecked_by_its_address(portal, capsys):
    assert run(capsys, f"{portal}/tenders/{TENDER}")[0] == 0


def test_a_document_that_is_another_is_found(files, tmp_path, capsys):
    path = packed({**files, f"documents/{canonical.sha(b'%PDF')}": b"%pdf"}, tmp_path)
    status, said = run(capsys, path, "--lang", "en")
    assert status == 1
    assert "招标文件.pdf is not the file whose hash was published" in said.out


def test_a_portal_that_is_down_is_status_two(capsys):
    status, said = run(capsys, f"http://127.0.0.1:1/tenders/{TENDER}")
    assert status == 2
    assert "http://127.0.0.1:1/log/policy" in said.err
