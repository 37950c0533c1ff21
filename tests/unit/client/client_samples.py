"""The browser's code in Node, and a lot made by the Python side for it to seal to."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernel import canonical, keys
from sealing import age, certificates
from sealing.bid import BidderIdentity
from sealing.keyfile import KeyFile
from sealing.keyset import Audience, AudienceRecipient, FactKeys, Keyset, Stage, TrusteeEntry, trustee_statement
from supervision.note import Kind
from supervision.note_key import NoteKey

CLIENT = Path(__file__).parents[3] / "portal" / "client"
LOT = "E9901010000000117001001"
NODES = ("supervisor", "manager", "audit", "notary")
PASSPHRASE = "correct horse battery staple"
NOON = dt.datetime(2026, 11, 23, 4, 0, tzinfo=dt.UTC)

Tool = Callable[..., Any]


@dataclass(frozen=True)
class Lot:
    """A keyset on disk with everything secret behind it."""

    keyset: Keyset
    raw: bytes
    paths: dict[str, str]
    nodes: dict[str, NoteKey]
    log: NoteKey
    identities: dict[str, dict[int, bytes]]
    bidder: BidderIdentity
    root: bytes
    policy: str
    platform: keys.PrivateKey


def built_tool() -> Tool:
    """Bundle the client's test programs and give a way to run them; each test process has its own bundle."""
    folder = Path("build") / f"test-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    subprocess.run(["node", "build.mjs", "--tests", str(folder)], cwd=CLIENT, check=True)

    def run(command: str, **job: str) -> Any:
        program = ["node", str(CLIENT / folder / "seal.tool.mjs"), command]
        done = subprocess.run(program, input=json.dumps(job), capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    return run


def made_lot(folder: Path) -> Lot:
    nodes = {name: NoteKey.generate(f"practice/{name}", Kind.COSIGNATURE) for name in NODES}
    identities: dict[str, dict[int, bytes]] = {}
    stages = tuple(_stage(name, nodes, identities) for name in ("sheet", "docs"))
    owner = keys.generate()
    spelled = keys.spell(owner.public_key())
    facts = FactKeys(spelled, spelled, keys.spell(nodes["supervisor"].verifier.key))
    raw = Keyset.build(lot=LOT, version=1, fact_keys=facts, stages=stages)
    sigs = {"owner": keys.b64(keys.sign(raw, owner)), "supervisor": keys.b64(nodes["supervisor"].private.sign(raw))}
    log = NoteKey.generate("practice/log")
    platform = keys.generate()
    policy = _policy(nodes, log, platform)
    bidder, root = _bidder()
    paths = {"keyset": raw, "sigs": json.dumps(sigs).encode(), "policy": policy.encode(), "keyfile": _key_file(bidder)}
    for name, content in paths.items():
        (folder / name).write_bytes(content)
    found = {name: str(folder / name) for name in paths}
    return Lot(Keyset.parse(raw), raw, found, nodes, log, identities, bidder, root, policy, platform)


def _stage(name: str, nodes: dict[str, NoteKey], identities: dict[str, dict[int, bytes]]) -> Stage:
    identities[name] = {}
    entries = []
    for i, (node, key) in enumerate(nodes.items(), start=1):
        identities[name][i], recipient = age.generate()
        fields = {"i": i, "org": f"{node} office", "recipient": recipient, "sign_key": keys.spell(key.verifier.key)}
        statement = trustee_statement(lot=LOT, stage=name, version=1, **fields)
        entries.append(TrusteeEntry(**fields, sig=keys.b64(key.private.sign(statement))))
    readers = () if name == "sheet" else (AudienceRecipient("evaluator", age.generate()[1]),)
    audience = Audience.EVALUATION if readers else Audience.PUBLIC
    return Stage(name, 3, name == "sheet", audience, readers, tuple(entries))


def _policy(nodes: dict[str, NoteKey], log: NoteKey, platform: keys.PrivateKey) -> str:
    lines = [f"log {log.vkey}", f"# kaibiao platform {keys.spell(platform.public_key())}"]
    for name, key in nodes.items():
        lines += [f"witness {name} {key.vkey}", f"# kaibiao org {name} {name} office"]
    return "\n".join([*lines, f"group nodes 3 {' '.join(nodes)}", "quorum nodes", ""])


def _bidder() -> tuple[BidderIdentity, bytes]:
    ca, key = keys.generate(), keys.generate()
    terms = {"not_before": NOON - dt.timedelta(days=1), "not_after": NOON + dt.timedelta(days=365)}
    root = certificates.make_ca("practice CA", ca, **terms)
    subject = certificates.Subject("清河宏图建设有限公司", "91990101MA00000001", "7")
    leaf = certificates.issue(root, ca, key.public_key(), subject, serial=7, **terms)
    return BidderIdentity((leaf,), key), root


def _key_file(bidder: BidderIdentity) -> bytes:
    subject = certificates.subject_of_der(bidder.cert_chain[0])
    file = KeyFile(bidder.key, bidder.cert_chain, subject.org, subject.person, "2026-11-23T01:30:00Z")
    return file.lock(PASSPHRASE, work_factor=10)


def sha_of(path: Path) -> str:
    return canonical.sha(path.read_bytes())
