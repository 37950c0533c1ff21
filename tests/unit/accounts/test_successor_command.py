"""`kaibiao key name-successor` and `kaibiao node key-order`: what they write is what the protocol takes (sealing.md 1.3)."""

from __future__ import annotations

import datetime as dt

from accounts.cli import key_main
from kernel import canonical, keys
from kernel.statements import Signed
from sealing import certificates
from sealing.keyfile import KeyFile
from sealing.succession import KeyOrder, Naming
from supervision.node import cli as node_cli
from supervision.node.card import NodeKeys

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
YEAR = dt.timedelta(days=365)


def certified(path, made: keys.PrivateKey, passphrase: str = "") -> KeyFile:
    ca_key = keys.generate()
    ca = certificates.make_ca("CA", ca_key, NOW - YEAR, NOW + YEAR)
    subject = certificates.Subject("甲公司", "91110000100000001A", "p")
    der = certificates.issue(
        ca, ca_key, made.public_key(), subject, serial=1, not_before=NOW - YEAR, not_after=NOW + YEAR
    )
    found = KeyFile(made, (der,), "甲公司", "张三", "2026-11-23T01:00:00Z")
    path.write_bytes(found.lock(passphrase, 10) if passphrase else found.encode())
    return found


def test_a_key_names_its_successor_offline(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("KAIBIAO_PASSPHRASE", "old passphrase")
    old = certified(tmp_path / "old.age", keys.generate(), "old passphrase")
    new = certified(tmp_path / "new.json", keys.generate())
    out = tmp_path / "successor.json"
    argv = ["name-successor", "--key", str(tmp_path / "old.age"), "--to", str(tmp_path / "new.json"), "-o", str(out)]
    assert key_main(argv) == 0
    signed = Signed.from_json(canonical.decode(out.read_bytes()))
    said = Naming.read(signed)
    assert (said.lot, said.new_cert_sha256) == (None, canonical.sha(new.cert_chain[0]))
    assert said.old_key == keys.spell(old.key.public_key())
    assert signed.signed_by(old.key.public_key())
    assert said.new_cert_sha256 in capsys.readouterr().out
    assert key_main(argv) == 2, "a naming is never written over"
    assert "exists already" in capsys.readouterr().err


def test_a_successor_without_certificate_or_a_wrong_passphrase_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("KAIBIAO_PASSPHRASE", "wrong")
    certified(tmp_path / "old.age", keys.generate(), "right")
    bare = tmp_path / "bare.json"
    bare.write_bytes(KeyFile(keys.generate(), (), "甲", "张", "2026-11-23T01:00:00Z").encode())
    base = ["name-successor", "--to", str(bare), "-o", str(tmp_path / "out")]
    assert key_main([*base, "--key", str(tmp_path / "old.age")]) == 2
    assert key_main([*base, "--key", str(bare)]) == 2
    assert "no certificate" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_supervising_node_orders_a_successor_for_one_bid(tmp_path, capsys):
    folder, out = tmp_path / "node", tmp_path / "order.json"
    assert node_cli.main(["init", "--dir", str(folder), "--name", "practice/supervisor", "--org", "监督"]) == 0
    lot = "E9901010000000001001001"
    asked = [
        "key-order",
        "--dir",
        str(folder),
        "--lot",
        lot,
        "--certificate-sha256",
        "b" * 64,
        "--cause",
        "丢失",
        "-o",
        str(out),
    ]
    assert node_cli.main([*asked, "--manifest-sha256", "a" * 64]) == 0
    signed = Signed.from_json(canonical.decode(out.read_bytes()))
    said = KeyOrder.read(signed)
    assert (said.lot, said.manifest_sha256, said.new_cert_sha256, said.cause) == (lot, "a" * 64, "b" * 64, "丢失")
    assert signed.signed_by(NodeKeys.load(folder).witness.private.public_key())
    out.unlink()
    assert node_cli.main([*asked, "--manifest-sha256", "short"]) == 1
    assert "manifest_sha256" in capsys.readouterr().err
    assert not out.exists()
