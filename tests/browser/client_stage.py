"""A stage for the client's pages: just enough of a portal on loopback, strict CSP included, to play them in Chromium.

It judges what the client sends with the product's own rules (sealing.submission), so a bid taken here would be taken there.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import secrets
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from client_samples import LOT, NODES, Lot

from kernel import canonical, clock, keys, merkle
from kernel.statements import Signed
from sealing import certificates
from sealing.receipts import Receipt, sealed_fact
from sealing.submission import HEAD_BYTES, FileFacts, Submission, check_submission
from supervision.checkpoint import Checkpoint
from supervision.note import Note
from supervision.proof import TlogProof

STATIC = Path(__file__).parents[2] / "portal" / "static" / "dist"
PAGES = Path(__file__).parent / "client_pages"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; worker-src 'self'; img-src 'self' data:; "
    "media-src 'self' blob:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
NOON = dt.datetime(2026, 11, 23, 4, 0, tzinfo=dt.UTC)
SCRIPTS = {"hall": ("board", "recheck"), "seal": ("seal",), "upload": ("seal",), "front": ("htmx",)}


@dataclass
class World:
    """What the stage remembers."""

    lot: Lot
    csp: str = CSP
    worker_csp: str = CSP
    uploads: dict[str, bytearray] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    receipts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    forms: list[bytes] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)
    cut_after: int | None = None
    streams: bool = True
    language: str = "zh"


def manifest() -> dict[str, dict[str, str]]:
    return json.loads((STATIC / "manifest.json").read_text())


def serve(world: World) -> ThreadingHTTPServer:
    handler = type("Stage", (_Stage,), {"world": world})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


def page(name: str, world: World) -> bytes:
    assets = {key: value["file"] for key, value in manifest().items()}
    scripts = "".join(
        f'<script type="module" src="/static/dist/{assets[s + ".js"]}" integrity="{manifest()[s + ".js"]["integrity"]}"></script>'
        for s in SCRIPTS.get(name, (name,))
    )
    soon = clock.rfc3339(clock.wall() + dt.timedelta(minutes=14, seconds=26))
    fills = {
        **assets,
        "scripts": scripts,
        "title": name,
        "lot": LOT,
        "edge": "",
        "soon": soon,
        "lang": world.language,
        "keyset_sha256": canonical.sha(world.lot.raw),
    }
    text = (PAGES / "frame.html").read_text().replace("{{main}}", (PAGES / f"{name}.html").read_text())
    return re.sub(r"\{\{([\w.-]+)\}\}", lambda match: fills[match[1]], text).encode()


class _Stage(BaseHTTPRequestHandler):
    world: World
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def answer(self, status: int, body: bytes = b"", kind: str = "text/html; charset=utf-8", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        worker = "seal-worker" in self.path
        self.send_header("Content-Security-Policy", self.world.worker_csp if worker else self.world.csp)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def json(self, value: Any, status: int = 200) -> None:
        self.answer(status, json.dumps(value).encode(), "application/json")

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        parts = path.strip("/").split("/")
        doors = {"static": self.asset, "page": self.page, "live": self.events, "public": self.pages, "log": self.log}
        doors[parts[0]](path) if parts[0] in doors else self.terms(path)

    def terms(self, path: str) -> None:
        fixed = {"/keyset": "keyset", "/keyset.sigs": "sigs"}
        if path.startswith("/api/v1/receipts/"):
            waiting = self.world.receipts[path.rpartition("/")[2]]
            self.json(waiting.pop(0) if len(waiting) > 1 else waiting[0])
        elif path == "/api/v1/clock":
            self.json({"now": clock.wall().isoformat(timespec="milliseconds").replace("+00:00", "Z")})
        elif path == "/api/v1/certificates/challenge":
            self.json({"nonce": "a-nonce"})
        elif path in fixed:
            self.answer(200, Path(self.world.lot.paths[fixed[path]]).read_bytes(), "application/octet-stream")
        else:
            self.answer(404)

    def asset(self, path: str) -> None:
        kind = "text/css" if path.endswith(".css") else "text/javascript"
        self.answer(200, (STATIC / path.rpartition("/")[2]).read_bytes(), kind)

    def page(self, path: str) -> None:
        self.answer(200, page(path.rpartition("/")[2], self.world))

    def pages(self, path: str) -> None:
        head = {"last": len(self.world.events), "pages": 1}
        self.json(head if path.endswith("head.json") else self.world.events)

    def events(self, _path: str) -> None:
        if not self.world.streams:
            return self.answer(503)
        last = int(self.path.partition("last_event_id=")[2] or 0)
        told = [event for event in self.world.events if event["seq"] > last]
        raw = "".join(f"id: {e['seq']}\nevent: {e['kind']}\ndata: {json.dumps(e)}\n\n" for e in told)
        return self.answer(200, f"retry: 100\n\n{raw}".encode(), "text/event-stream", Cache_Control="no-store")

    def log(self, path: str) -> None:
        entries = log_entries()
        hashes = b"".join(merkle.leaf_hash(entry) for entry in entries)
        bundle = b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
        files = {
            "/log/policy": Path(self.world.lot.paths["policy"]).read_bytes(),
            "/log/checkpoint": checkpoint(self.world.lot, entries, list(NODES)[:3]).encode(),
            f"/log/tile/0/000.p/{len(entries)}": hashes,
            f"/log/tile/entries/000.p/{len(entries)}": bundle,
        }
        return self.answer(200, files[path], "application/octet-stream") if path in files else self.answer(404)

    def do_POST(self) -> None:
        body = self.body()
        if self.path == "/signed":
            self.world.forms.append(body)
            return self.answer(200, b"<!doctype html><title>signed</title><p id=done>done</p>")
        if self.headers.get("X-CSRF-Token") != "a-token":
            return self.json({"code": "csrf", "message": "no token"}, 403)
        if self.path == "/api/v1/uploads":
            token = secrets.token_hex(8)
            self.world.uploads[token] = bytearray()
            self.world.lengths[token] = int(self.headers["Upload-Length"])
            return self.answer(201, Location=f"/api/v1/uploads/{token}", Tus_Resumable="1.0.0")
        if self.path.endswith("/bids"):
            return self.bid(json.loads(body))
        if self.path == "/api/v1/certificates":
            return self.certificate(json.loads(body))
        self.world.confirmed.append(self.path)
        return self.json({})

    def do_HEAD(self) -> None:
        token = self.path.rpartition("/")[2]
        if token not in self.world.uploads:
            return self.answer(404)
        size = str(len(self.world.uploads[token]))
        return self.answer(200, Upload_Offset=size, Upload_Length=str(self.world.lengths[token]), Tus_Resumable="1.0.0")

    def do_PATCH(self) -> None:
        token, raw = self.path.rpartition("/")[2], self.body()
        held = self.world.uploads[token]
        if self.world.cut_after is not None and len(held) + len(raw) > self.world.cut_after:
            return self.answer(503)
        assert int(self.headers["Upload-Offset"]) == len(held)
        held += raw
        return self.answer(204, Upload_Offset=str(len(held)), Tus_Resumable="1.0.0")

    def do_DELETE(self) -> None:
        del self.world.uploads[self.path.rpartition("/")[2]]
        return self.answer(204, Tus_Resumable="1.0.0")

    def certificate(self, asked: dict[str, str]) -> None:
        key = keys.parse(asked["public_key"])
        proved = canonical.encode({"type": "kaibiao-certify/1", "public_key": asked["public_key"], "nonce": "a-nonce"})
        if not keys.verified(keys.unb64(asked["proof"]), proved, key):
            return self.json({"code": "certificate.proof", "message_zh": "私钥持有证明不成立"}, 400)
        terms = {"not_before": NOON - dt.timedelta(days=1), "not_after": NOON + dt.timedelta(days=365)}
        ca = keys.generate()
        root = certificates.make_ca("CA", ca, **terms)
        leaf = certificates.issue(root, ca, key, certificates.Subject("某公司", "91", "7"), serial=77, **terms)
        return self.json({"serial": "77", "cert_chain": [keys.b64(leaf)]}, 201)

    def bid(self, sent: dict[str, Any]) -> None:
        raw, sig = keys.unb64(sent["manifest"]), keys.unb64(sent["sig"])
        files = {stage: _facts(bytes(self.world.uploads[token])) for stage, token in sent["envelopes"].items()}
        submission = Submission(raw, sig, keys.unb64(sent["bidder"]), files)
        found = check_submission(
            submission, self.world.lot.keyset, canonical.sha(self.world.lot.raw), [self.world.lot.root], NOON
        )
        self.world.faults += [fault.code for fault in found]
        if found:
            return self.json({"code": found[0].code, "message_zh": found[0].zh, "message_en": found[0].en}, 400)
        receipt = Receipt(sealed_fact(LOT, raw, sig, "2026-11-23T01:12:07Z"), secrets.token_bytes(16))
        receipt_id = receipt.fact.receipt_id
        self.world.receipts[receipt_id] = _answers(self.world.lot, receipt, canonical.sha(raw))
        return self.json({"receipt_id": receipt_id, "state": "received"}, 201)


def _facts(raw: bytes) -> FileFacts:
    return FileFacts(canonical.sha(raw), len(raw), raw[:HEAD_BYTES])


def log_entries() -> list[bytes]:
    return [
        b'{"v":1,"fact":{"kind":"genesis"}}',
        b"b",
        '{"v":1,"fact":{"kind":"notice.published","title":"清江东路"}}'.encode(),
        b"d",
        b"e",
    ]


def checkpoint(lot: Lot, entries: list[bytes], names: list[str]) -> Note:
    text = Checkpoint("practice/log", len(entries), merkle.root(entries)).text
    cosignatures = [lot.nodes[name].cosign(text, 1_795_400_000) for name in names]
    return Note(text, (lot.log.sign(text), *cosignatures))


def _answers(lot: Lot, receipt: Receipt, manifest_sha256: str) -> list[dict[str, Any]]:
    """Received at first, witnessed at the second look."""
    signed = Signed.make(receipt.content(), lot.platform).to_json()
    entries = [b"a", receipt.entry(), b"c"]
    leaves = [merkle.leaf_hash(entry) for entry in entries]
    proof = TlogProof(1, tuple(merkle.inclusion_proof(leaves, 1, 3)), checkpoint(lot, entries, list(NODES)[:3]))
    ack = {"type": "kaibiao-ack/1", "manifest_sha256": manifest_sha256, "envelopes": [], "time": "2026-11-23T01:12:09Z"}
    acks = [
        Signed.make({**ack, "i": i}, lot.nodes[name].private).to_json() for i, name in enumerate(NODES[:3], start=1)
    ]
    first = {"state": "received", "receipt": signed, "acks": [], "proof": None, "refusals": []}
    return [first, {**first, "state": "witnessed", "acks": acks, "proof": proof.encode().decode()}]
