"""What the browser's code seals, the Python side takes and opens; and the other way round."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import pytest
from client_samples import LOT, NOON, PASSPHRASE, Lot, Tool, sha_of

from kernel import canonical, keys, merkle, money
from kernel.statements import Signed
from sealing import bid, keyfile, rescue, shares, suite
from sealing.documents import unpack
from sealing.manifest import ClientClaim, Manifest
from sealing.opening import Opened, open_envelope
from sealing.receipts import Receipt, sealed_fact
from sealing.sheet import Sheet
from sealing.submission import HEAD_BYTES, FileFacts, Submission, check_submission
from supervision.checkpoint import Checkpoint
from supervision.note import Note
from supervision.proof import TlogProof

pytestmark = pytest.mark.slow

VECTORS = Path(__file__).parents[2] / "vectors"
SHEET = {"price": "21846300.00", "period_days": 180, "quality": "合格", "items": {"质保期": "两年"}}


def documents(folder: Path) -> list[Path]:
    folder.mkdir()
    sizes = {"施工组织设计(第一标段)🙂.pdf": 3_000_001, "plan.txt": 0, "x" * 140 + ".bin": 65_536}
    for name, size in sizes.items():
        (folder / name).write_bytes(bytes(range(256)) * (size // 256) + b"z" * (size % 256))
    return sorted(folder.iterdir())


def sealed_by_client(tool: Tool, lot: Lot, folder: Path) -> Path:
    files = documents(folder / "in")
    out = folder / "out"
    job = {"files": "\n".join(map(str, files)), "sheet": json.dumps(SHEET), "passphrase": PASSPHRASE}
    answer = tool("seal", out=str(out), keyset_sha256=canonical.sha(lot.raw), **lot.paths, **job)
    assert answer["manifest_sha256"] == sha_of(out / "manifest.json"), answer
    return out


def lines_of(manifest: Manifest, stage: str, lot: Lot) -> dict[int, bytes]:
    chosen = suite.named(manifest.suite)
    found = manifest.envelope(stage).shares
    return {share.i: shares.unwrap(share.wrapped, chosen, lot.identities[stage][share.i]) for share in found}


def facts(path: Path) -> FileFacts:
    raw = path.read_bytes()
    return FileFacts(canonical.sha(raw), len(raw), raw[:HEAD_BYTES])


def test_a_bid_sealed_by_the_client_is_taken_and_opens_for_every_three_trustees(
    tool: Tool, lot: Lot, tmp_path: Path
) -> None:
    out = sealed_by_client(tool, lot, tmp_path)
    raw = (out / "manifest.json").read_bytes()
    sig = keys.unb64((out / "manifest.sig").read_text().strip())
    files = {stage: facts(out / f"{stage}.age") for stage in ("sheet", "docs")}
    submission = Submission(raw, sig, (out / "bidder.json").read_bytes(), files)
    assert check_submission(submission, lot.keyset, canonical.sha(lot.raw), [lot.root], NOON) == []

    manifest = Manifest.parse(raw)
    assert raw == manifest.encode()
    lines = lines_of(manifest, "sheet", lot)
    for some in combinations(lines, 3):
        chosen = {i: lines[i] for i in some}
        opened = open_envelope(manifest, "sheet", chosen, out / "sheet.age", tmp_path / "sheet.json")
        assert isinstance(opened, Opened), opened
    sheet = Sheet.parse((tmp_path / "sheet.json").read_bytes())
    assert sheet.price == money.parse("21846300.00")
    assert sheet.price_words == money.words(money.parse("21846300.00"))
    assert sheet.header.bidder == "清河宏图建设有限公司"
    assert (sheet.period_days, sheet.quality, dict(sheet.items)) == (180, "合格", {"质保期": "两年"})

    opened = open_envelope(manifest, "docs", lines_of(manifest, "docs", lot), out / "docs.age", tmp_path / "docs.tar")
    assert isinstance(opened, Opened), opened
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    with (tmp_path / "docs.tar").open("rb") as payload:
        index = unpack(payload, unpacked)
    assert {one.path for one in index.files} == {path.name for path in (tmp_path / "in").iterdir()}
    assert all(sha_of(path) == sha_of(unpacked / path.name) for path in (tmp_path / "in").iterdir())

    rescued = rescue.read((out / "rescue.age").read_bytes(), PASSPHRASE)
    assert {stage: suite.named(manifest.suite).recipient_of(secret) for stage, secret in rescued.items()} == {
        envelope.stage: envelope.recipient for envelope in manifest.envelopes
    }


def test_a_bid_sealed_by_python_passes_the_clients_checks_and_an_altered_one_does_not(
    tool: Tool, lot: Lot, tmp_path: Path
) -> None:
    out = tmp_path / "sealed"
    bid.seal(
        lot.keyset,
        lot.raw,
        lot.bidder,
        SHEET,
        files=documents(tmp_path / "in"),
        out=out,
        created_at="2026-11-23T01:00:00Z",
        client=ClientClaim("kaibiao-cli", "0.1.0", "0" * 64),
    )
    manifest = Manifest.parse((out / "manifest.json").read_bytes())
    assert tool("check", folder=str(out), **lot.paths) == {"bid_id": manifest.bid_id}
    (out / "docs.age").write_bytes((out / "docs.age").read_bytes()[:-1])
    assert "length" in tool("check", folder=str(out), **lot.paths)["refused"]
    altered = (out / "manifest.json").read_bytes().replace(manifest.bid_id.encode(), b"0" * 32)
    (out / "manifest.json").write_bytes(altered)
    assert "signature" in tool("check", folder=str(out), **lot.paths)["refused"]


def test_the_client_refuses_a_keyset_that_is_not_the_notices(tool: Tool, lot: Lot, tmp_path: Path) -> None:
    job = {"files": "", "sheet": "{}", "passphrase": PASSPHRASE, "out": str(tmp_path / "out")}
    assert "notice" in tool("seal", keyset_sha256="0" * 64, **lot.paths, **job)["refused"]


def test_key_files_go_both_ways_and_a_wrong_passphrase_opens_neither(tool: Tool, lot: Lot, tmp_path: Path) -> None:
    file = keyfile.load(Path(lot.paths["keyfile"]).read_bytes(), PASSPHRASE)
    read = tool("openKey", keyfile=lot.paths["keyfile"], passphrase=PASSPHRASE)
    assert read == {
        "key": json.loads(file.encode())["key"],
        "certs": [keys.b64(lot.bidder.cert_chain[0])],
        "org": "清河宏图建设有限公司",
        "person": "7",
        "created_at": "2026-11-23T01:30:00Z",
    }
    assert "refused" in tool("openKey", keyfile=lot.paths["keyfile"], passphrase="wrong")

    plain, locked = tmp_path / "plain", tmp_path / "locked.age"
    plain.write_bytes(file.encode())
    assert tool("lockKey", plain=str(plain), out=str(locked), passphrase=PASSPHRASE) == {"same": True}
    assert keyfile.load(locked.read_bytes(), PASSPHRASE).encode() == file.encode()


def test_amounts_in_words_are_the_kernels(tool: Tool) -> None:
    fen = [0, 5, 10, 101, 1_000, 100_100, 1_000_001, 10_010_000, 2_184_630_000, 10**13, 10**15 + 7, 10**17 - 1]
    amounts = [money.Fen(value * factor) for value in fen for factor in (1, 10) if value * factor < 10**17]
    read = tool("amounts", wire=" ".join(map(money.wire, amounts)))
    assert read == [money.words(amount) for amount in amounts]


def cosigned(lot: Lot, entries: list[bytes], names: list[str]) -> Note:
    root = merkle.root(entries)
    text = Checkpoint("practice/log", len(entries), root).text
    signed = [lot.log.sign(text), *(lot.nodes[name].cosign(text, 1_795_400_000) for name in names)]
    return Note(text, tuple(signed))


@pytest.fixture
def receipt(lot: Lot) -> tuple[Receipt, bytes, bytes]:
    manifest, sig = b'{"a":"manifest"}', bytes(64)
    return Receipt(sealed_fact(LOT, manifest, sig, "2026-11-23T01:00:00Z"), bytes(range(16))), manifest, sig


@pytest.mark.parametrize(
    ("names", "held"), [(["supervisor", "manager", "audit"], True), (["supervisor", "manager"], False)]
)
def test_a_receipt_counts_as_witnessed_only_under_a_quorum(
    tool: Tool, lot: Lot, receipt: tuple[Receipt, bytes, bytes], tmp_path: Path, names: list[str], *, held: bool
) -> None:
    made, manifest, sig = receipt
    entries = [b"a", b"b", made.entry(), b"d", b"e"]
    leaves = [merkle.leaf_hash(entry) for entry in entries]
    proof = TlogProof(2, tuple(merkle.inclusion_proof(leaves, 2, 5)), cosigned(lot, entries, names))
    (tmp_path / "m").write_bytes(manifest)
    (tmp_path / "s").write_bytes(sig)
    answer = {
        "state": "witnessed",
        "receipt": Signed.make(made.content(), lot.platform).to_json(),
        "acks": [_ack(lot, canonical.sha(manifest), i) for i in (1, 2, 3)],
        "proof": proof.encode().decode(),
    }
    job = {"manifest": str(tmp_path / "m"), "sig": str(tmp_path / "s"), **lot.paths}
    found = tool("receipt", answer=json.dumps(answer), **job)
    if not held:
        assert "too few nodes" in found["refused"]
        return
    assert (found["acknowledged"], found["index"]) == ([1, 2, 3], 2)
    forged = {**answer, "receipt": Signed.make(made.content(), keys.generate()).to_json()}
    assert "platform's signature" in tool("receipt", answer=json.dumps(forged), **job)["refused"]
    answer["acks"] = [_ack(lot, "0" * 64, 1)]
    assert "trustee 1" in tool("receipt", answer=json.dumps(answer), **job)["refused"]
    (tmp_path / "m").write_bytes(b"another")
    assert "another bid" in tool("receipt", answer=json.dumps(answer), **job)["refused"]


def _ack(lot: Lot, manifest_sha256: str, i: int) -> dict[str, str]:
    content = {
        "type": "kaibiao-ack/1",
        "manifest_sha256": manifest_sha256,
        "i": i,
        "envelopes": [],
        "time": "2026-11-23T01:00:05Z",
    }
    return Signed.make(content, list(lot.nodes.values())[i - 1].private).to_json()


def test_inclusion_is_proved_for_every_leaf_of_every_small_tree_and_for_no_other(tool: Tool, lot: Lot) -> None:
    names = list(lot.nodes)[:3]
    for size in (1, 2, 5, 8):
        entries = [f"entry {k}".encode() for k in range(size)]
        leaves = [merkle.leaf_hash(entry) for entry in entries]
        index = size - 1
        proof = TlogProof(index, tuple(merkle.inclusion_proof(leaves, index, size)), cosigned(lot, entries, names))
        job = {"proof": proof.encode().decode(), "policy": lot.policy}
        assert tool("proof", entry=f"entry {index}", **job)["index"] == index
        assert "refused" in tool("proof", entry="entry 99", **job)


def test_a_key_file_made_by_the_browser_opens_to_exactly_its_content() -> None:
    vectors = json.loads((VECTORS / "client-keyfile.json").read_text("utf-8"))["vectors"]
    for vector in vectors:
        file = keyfile.load(keys.unb64(vector["file"]), vector["passphrase"])
        assert file.encode().decode() == vector["content"]
        assert keys.spell(file.key.public_key()) == vector["public_key"]
