"""Sealing on the bidder's machine: certificates, key files, sheets, documents, and the commands (sealing.md 1.2, 4)."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import resource
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from sealed_lot import CLIENT, CREATED_AT, LOT, NOW, make_lot

from kernel import keys, money
from sealing import (
    age,
    age_header,
    age_passphrase,
    bid,
    certificates,
    cli,
    cli_keygen,
    cli_opening,
    documents,
    keyfile,
    rescue,
    sheet,
    terminal,
)
from sealing.certificates import CertificateError, Subject
from sealing.documents import DocumentsError
from sealing.sheet import Header, Sheet
from sealing.wire import WireError

ROOT = Path(__file__).resolve().parents[3]
HEADER = Header(LOT, "1" * 32, "2" * 64, "甲公司")
DAY = dt.timedelta(days=1)
SECRET = {"KAIBIAO_PASSPHRASE": "key pass", "KAIBIAO_RESCUE_PASSPHRASE": "rescue pass"}


def issued(lot, key, **changed) -> bytes:
    terms = {"serial": 5, "not_before": NOW - DAY, "not_after": NOW + DAY, **changed}
    return certificates.issue(lot.ca, lot.ca_key, key.public_key(), Subject("甲公司", "91X", "p-1"), **terms)


# Certificates


@pytest.mark.parametrize("made", [keys.generate, lambda: ec.generate_private_key(ec.SECP256R1())])
def test_a_certificate_of_the_ca_holds_at_its_time(lot, made):
    der = issued(lot, made())
    for chain in ([der], [der, lot.ca]):
        certificate = certificates.check_chain(chain, [lot.ca], NOW)
        assert certificates.subject_of(certificate) == Subject("甲公司", "91X", "p-1")


@pytest.mark.parametrize("at", [NOW - 2 * DAY, NOW + 2 * DAY])
def test_a_certificate_holds_at_no_other_time(lot, at):
    with pytest.raises(CertificateError, match="not valid at that time"):
        certificates.check_chain([issued(lot, keys.generate())], [lot.ca], at)


def test_a_p256_ca_may_certify_an_ed25519_key_and_nothing_signs_for_a_ca_it_is_not(lot):
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca = certificates.make_ca("外部 CA", ca_key, NOW - DAY, NOW + DAY)
    key = keys.generate()
    der = certificates.issue(
        ca, ca_key, key.public_key(), Subject("乙", "9", "p"), serial=1, not_before=NOW, not_after=NOW + DAY
    )
    assert certificates.check_chain([der], [lot.ca, ca], NOW)
    with pytest.raises(CertificateError, match="trusted root"):
        certificates.check_chain([der], [lot.ca], NOW)
    forged = certificates.issue(
        der, key, key.public_key(), Subject("丙", "9", "p"), serial=2, not_before=NOW, not_after=NOW + DAY
    )
    with pytest.raises(CertificateError, match="no CA"):
        certificates.check_chain([forged, der], [ca], NOW)


def test_a_root_signs_no_bids_and_a_foreign_root_of_the_same_name_proves_nothing(lot):
    with pytest.raises(CertificateError, match="not one for signing"):
        certificates.check_chain([lot.ca], [lot.ca], NOW)
    impostor_key = keys.generate()
    impostor = certificates.make_ca("平台 CA", impostor_key, NOW - DAY, NOW + DAY)
    key = keys.generate()
    der = certificates.issue(
        impostor, impostor_key, key.public_key(), Subject("甲", "9", "p"), serial=1, not_before=NOW, not_after=NOW + DAY
    )  # fmt: skip
    with pytest.raises(CertificateError):
        certificates.check_chain([der], [lot.ca], NOW)
    with pytest.raises(CertificateError):
        certificates.check_chain([der, impostor], [lot.ca], NOW)


@pytest.mark.parametrize("chain", [[], [b""], [b"\x30\x03"], [b"x" * 9000]])
def test_what_is_no_chain_is_refused(lot, chain):
    with pytest.raises(CertificateError):
        certificates.check_chain(chain, [lot.ca], NOW)


def test_a_key_is_certified_only_for_who_proves_to_have_it():
    key = keys.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "甲")])
    request = x509.CertificateSigningRequestBuilder(name).sign(key, None).public_bytes(Encoding.DER)
    assert keys.spell(certificates.public_key_of_request(request)) == keys.spell(key.public_key())
    with pytest.raises(CertificateError):
        certificates.public_key_of_request(request[:-1] + bytes([request[-1] ^ 1]))
    with pytest.raises(CertificateError):
        certificates.public_key_of_request(b"no request")


# Key files


def test_a_key_file_comes_back_and_opens_with_the_passphrase_only(lot):
    key = lot.bidder()
    held = keyfile.KeyFile(key.key, (), "甲公司", "p-1", CREATED_AT).certified(key.cert_chain)
    locked = held.lock("口令", 10)
    assert keyfile.load(locked, "口令").encode() == held.encode()
    with pytest.raises(age_header.NoMatchError):
        keyfile.load(locked, "别的")


def test_the_key_file_vectors_open_here_as_in_the_browser():
    vectors = json.loads((ROOT / "tests/vectors/sealing-keyfile.json").read_text())["vectors"]
    assert len(vectors) == 2
    for vector in vectors:
        held = keyfile.load(keys.unb64(vector["file"]), vector["passphrase"])
        assert keys.spell(held.key.public_key()) == vector["public_key"]
        assert held.encode().decode() == vector["content"]


@pytest.mark.parametrize("raw", [b"", b"{}", b'{"type":"kaibiao-keyfile/1"}'])
def test_what_is_no_key_file_is_refused(raw):
    with pytest.raises(WireError):
        keyfile.KeyFile.parse(raw)


# Sheets


def test_a_sheet_comes_back_padded_or_not():
    made = Sheet(header=HEADER, price=money.parse("21846300.00"), period_days=180, items={"质保期": "24 个月"})
    assert Sheet.parse(made.encode()) == Sheet.parse(made.padded()) == made
    assert len(made.padded()) == 16384


def test_a_sheet_says_all_that_would_make_it_invalid():
    def found(holds_price: bool, **content) -> list[str]:
        faults = sheet.obstacles(sheet.of_content(HEADER, content), holds_price=holds_price)
        return [fault.code for fault in faults]

    assert found(holds_price=True, price="1.00", price_words="壹元整") == []
    assert found(holds_price=True) == ["price_missing"]
    assert found(holds_price=True, price="0.00") == ["price_missing"]
    assert found(holds_price=False, price="1.00") == ["price_in_wrong_stage"]
    assert found(holds_price=True, price="1.00", price_words="贰元整") == ["price_words_differ"]
    assert found(holds_price=True, price_words="贰元整") == ["price_missing", "price_words_differ"]


@pytest.mark.parametrize(
    "content",
    [
        {"price": "1"},
        {"price": "-1.00"},
        {"price": 1},
        {"period_days": 0},
        {"period_days": "3"},
        {"items": {"a": 1}},
        {"unknown": "x"},
        {"quality": ""},
    ],
)
def test_a_sheet_of_another_form_is_refused(content):
    with pytest.raises(WireError):
        sheet.of_content(HEADER, content)


def test_only_the_stage_that_holds_the_price_shows_it(tmp_path, monkeypatch):
    monkeypatch.setattr(age_passphrase, "DEFAULT_WORK_FACTOR", 10)
    lot = make_lot(("sheet", "docs"))
    opening, docs = lot.keyset.stages
    later = replace(opening, name="price-sheet")
    keyset = replace(lot.keyset, stages=(replace(opening, holds_price=False), docs, later))
    made = bid.seal(
        keyset, keyset.encode(), lot.bidder(), {"price": "5.00", "period_days": 9},
        files=[], out=tmp_path / "bid", created_at=CREATED_AT, client=CLIENT, passphrase="secret",
    )  # fmt: skip
    secrets = rescue.read((made.folder / bid.RESCUE).read_bytes(), "secret")
    for stage, price in (("sheet", None), ("price-sheet", 500)):
        raw = age.decrypt_bytes((made.folder / f"{stage}.age").read_bytes(), secrets[stage])
        assert (Sheet.parse(raw).price, Sheet.parse(raw).period_days) == (price, 9)


# Documents


def tar_of(tmp_path: Path, *names: str) -> tuple[bytes, documents.Index]:
    originals = []
    for at, name in enumerate(names):
        (tmp_path / name).write_bytes(os.urandom(700 * at))
        originals.append(documents.hashed(tmp_path / name, lambda count: None))
    index = documents.Index(HEADER, tuple(original.document for original in originals))
    made = documents.Tar(index, originals)
    raw = b""
    while block := made.read(1000):
        raw += block
    assert len(raw) == made.length
    return raw, index


def test_the_tar_is_one_that_everybody_reads(tmp_path):
    raw, index = tar_of(tmp_path, "空.txt", "b.pdf", "很长的文件名" * 12 + ".pdf")
    with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        assert tar.getnames() == ["bid.json", *(document.path for document in index.files)]
        assert {(member.uid, member.uname, member.mtime) for member in tar} == {(0, "", 0)}
    assert documents.read_index(io.BytesIO(raw)) == index
    out = tmp_path / "out"
    out.mkdir()
    assert documents.unpack(io.BytesIO(raw), out) == index


def test_an_index_that_lies_about_a_file_is_refused(tmp_path):
    raw, index = tar_of(tmp_path, "a.pdf", "b.pdf")
    forged = raw.replace(index.files[1].sha256.encode(), b"0" * 64)
    (tmp_path / "out").mkdir()
    with pytest.raises(DocumentsError, match="hash"):
        documents.unpack(io.BytesIO(forged), tmp_path / "out")


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "..", "bid.json", "a\\b", "a\nb", ""])
def test_a_name_that_leads_elsewhere_is_refused(name):
    index = documents.Index(HEADER, (documents.Document(name, 1, "0" * 64),))
    with pytest.raises(WireError):
        documents.Index.parse(index.encode())


def test_a_link_in_the_tar_is_not_followed(tmp_path):
    target = documents.Document("a.pdf", 0, "0" * 64)
    first = documents.Index(HEADER, (target,)).encode()
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        head = tarfile.TarInfo("bid.json")
        head.size = len(first)
        tar.addfile(head, io.BytesIO(first))
        link = tarfile.TarInfo("a.pdf")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    (tmp_path / "out").mkdir()
    with pytest.raises(DocumentsError, match="not where the index says"):
        documents.unpack(io.BytesIO(made.getvalue()), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_file_that_changes_between_hashing_and_sealing_is_refused(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(b"before")
    original = documents.hashed(path, lambda count: None)
    path.write_bytes(b"afterwards")
    made = documents.Tar(documents.Index(HEADER, (original.document,)), [original])
    with pytest.raises(DocumentsError, match="changed while it was sealed"):
        age.encrypt(made, io.BytesIO(), age.generate()[1])


# Sealing


def test_a_folder_appears_only_when_it_is_complete(lot, tmp_path):
    missing = tmp_path / "missing.pdf"
    with pytest.raises(OSError, match="missing"):
        lot.seal(tmp_path / "bid", files=[missing])
    (tmp_path / "bid.json").write_bytes(b"{}")
    with pytest.raises(DocumentsError):
        lot.seal(tmp_path / "bid", files=[tmp_path / "bid.json"])
    assert [path.name for path in tmp_path.iterdir()] == ["bid.json"]


def test_an_existing_folder_is_not_overwritten(lot, tmp_path):
    (tmp_path / "bid").mkdir()
    (tmp_path / "bid" / "x").write_bytes(b"")
    with pytest.raises(FileExistsError):
        lot.seal(tmp_path / "bid")


def test_a_certificate_for_another_key_is_refused(lot, tmp_path):
    mixed = bid.BidderIdentity(lot.bidder().cert_chain, keys.generate())
    with pytest.raises(CertificateError, match="not for this key"):
        lot.seal(tmp_path / "bid", mixed)


def test_two_bids_share_nothing_that_could_link_them(lot, tmp_path):
    bidder = lot.bidder()
    one, two = (lot.seal(tmp_path / name, bidder).manifest for name in ("one", "two"))
    assert one.bidder_ref != two.bidder_ref
    assert one.bid_id != two.bid_id
    assert [e.size for e in one.envelopes] == [e.size for e in two.envelopes]


def test_progress_runs_to_the_end_and_never_back(lot, tmp_path):
    (tmp_path / "a.pdf").write_bytes(bytes(3 << 20))
    seen = []
    lot.seal(tmp_path / "bid", files=[tmp_path / "a.pdf"], progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1] == (6 << 20, 6 << 20)


# Commands


@pytest.fixture
def desk(lot, tmp_path, monkeypatch):
    """A bidder's folder: keyset, certified key file, two documents; passphrases in the environment."""
    monkeypatch.setattr(age_passphrase, "DEFAULT_WORK_FACTOR", 10)
    identity = lot.bidder()
    held = keyfile.KeyFile(identity.key, identity.cert_chain, "甲公司", "p-1", CREATED_AT)
    (tmp_path / "keyset.json").write_bytes(lot.raw)
    (tmp_path / "my.key").write_bytes(held.lock(SECRET["KAIBIAO_PASSPHRASE"], 10))
    (tmp_path / "施工.pdf").write_bytes(os.urandom(300_000))
    (tmp_path / "清单.xlsx").write_bytes(os.urandom(10))
    lines = [
        f"# kaibiao org node{t.i} {t.org}\n# kaibiao sign node{t.i} {keys.spell(t.key.public_key())}"
        for t in lot.trustees
    ]
    (tmp_path / "policy").write_text("\n".join(["log x", *lines, "quorum all", ""]))
    for name, value in SECRET.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sealed_by_command(*more: str) -> int:
    base = ["--keyset", "keyset.json", "--key", "my.key", "--price", "21846300.00", "-o", "bid"]
    return cli.seal_main([*base, *more])


def test_the_command_seals_what_open_shows(lot, desk, capsys):
    assert sealed_by_command("--policy", "policy", "--period-days", "180", "施工.pdf", "清单.xlsx") == 0
    assert "sealed" in capsys.readouterr().out
    assert cli_opening.open_main(["bid", "-o", "out"]) == 0
    shown = Sheet.parse((desk / "out" / "sheet.json").read_bytes())
    assert (shown.price, shown.price_words) == (2184630000, "贰仟壹佰捌拾肆万陆仟叁佰元整")
    for name in ("施工.pdf", "清单.xlsx"):
        assert (desk / "out" / "docs" / name).read_bytes() == (desk / name).read_bytes()
    assert not (desk / "out" / "docs.tar").exists()


def test_the_sheet_may_come_from_a_file(desk):
    (desk / "sheet.json").write_text('{"quality": "合格", "items": {"质保期": "两年"}}')
    assert sealed_by_command("--sheet", "sheet.json") == 0
    assert cli_opening.open_main(["bid", "--stage", "sheet", "-o", "out"]) == 0
    assert Sheet.parse((desk / "out" / "sheet.json").read_bytes()).quality == "合格"


def test_a_keyset_of_other_trustees_than_the_policys_is_not_used(desk, capsys):
    (desk / "policy").write_text("# kaibiao org n 监督\n")
    assert sealed_by_command("--policy", "policy") == terminal.WRONG
    assert "not one of the pinned nodes" in capsys.readouterr().err
    assert not (desk / "bid").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--price", "21846300"], "two decimals"),
        (["--price", "0.00"], "投标报价"),
        (["missing.pdf"], "missing.pdf"),
        (["--keyset", "my.key"], "keyset"),
        (["--sheet", "施工.pdf"], "utf-8"),
        (["--prev", "xyz"], "prev_manifest_sha256"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(desk, capsys, arguments, said):
    assert sealed_by_command(*arguments) in (terminal.REFUSED, terminal.WRONG)
    assert said in capsys.readouterr().err
    assert not (desk / "bid").exists()


def test_a_wrong_passphrase_is_said(desk, capsys, monkeypatch):
    monkeypatch.setenv("KAIBIAO_PASSPHRASE", "wrong")
    assert sealed_by_command() == terminal.WRONG
    assert "passphrase is wrong" in capsys.readouterr().err


def test_a_damaged_bid_does_not_open(desk, capsys):
    assert sealed_by_command("施工.pdf") == 0
    raw = (desk / "bid" / "docs.age").read_bytes()
    (desk / "bid" / "docs.age").write_bytes(raw[:-1])
    assert cli_opening.open_main(["bid", "-o", "out"]) == terminal.WRONG
    assert "1.6(d)" in capsys.readouterr().err
    assert not (desk / "out" / "docs").exists()


def test_a_key_is_made_certified_and_used(lot, desk, capsys, monkeypatch):
    assert cli_keygen.keygen_main(["--org", "甲公司", "--person", "张三", "-o", "new.key"]) == 0
    spelled = capsys.readouterr().out.split()[-1]
    assert (desk / "new.key").stat().st_mode & 0o077 == 0
    assert sealed_by_command("--key", "new.key") == terminal.WRONG
    assert "no certificate" in capsys.readouterr().err
    terms = {"serial": 9, "not_before": NOW, "not_after": NOW + DAY}
    der = certificates.issue(lot.ca, lot.ca_key, keys.parse(spelled), Subject("甲公司", "9", "p"), **terms)
    (desk / "cert.der").write_bytes(der)
    assert cli_keygen.keygen_main(["--certificate", "cert.der", "-o", "new.key"]) == 0
    assert sealed_by_command("--key", "new.key") == 0
    assert cli_keygen.keygen_main(["--org", "甲公司", "--person", "张三", "-o", "new.key"]) == terminal.WRONG
    assert cli_keygen.keygen_main(["-o", "other.key", "--p256", "--org", "甲", "--person", "李四"]) == 0
    assert "p256:" in capsys.readouterr().out


def test_without_a_network_and_in_little_memory(desk):
    """Sealing 96 MiB in a process of its own stays under 64 MiB, so memory does not grow with the bid."""
    with (desk / "big.bin").open("wb") as out:
        for _ in range(96):
            out.write(os.urandom(1 << 20))
    held = keyfile.load((desk / "my.key").read_bytes(), SECRET["KAIBIAO_PASSPHRASE"])
    (desk / "open.key").write_bytes(held.encode())
    code = (
        "import resource, socket, sys\n"
        "def none(*a, **k): raise OSError('no network')\n"
        "socket.socket.connect = none\n"
        "from sealing.cli import seal_main\n"
        "status = seal_main(sys.argv[1:])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
        "sys.exit(status)\n"
    )
    # A small shell in between: a child's peak counts what its parent held when it started.
    argv = [sys.executable, "-c", code, "--keyset", "keyset.json", "--key", "open.key", "--price", "1.00",
            "--no-rescue", "-o", "bid", "big.bin"]  # fmt: skip
    done = subprocess.run(
        ["/bin/sh", "-c", '"$@"; exit $?', "sh", *argv],
        check=True,
        capture_output=True,
        text=True,
        cwd=desk,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert int(done.stdout.split()[-1]) < 64 * 1024
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0
