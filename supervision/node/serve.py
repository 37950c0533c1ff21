"""The node's own address: what it serves to anybody, within limits of size and time."""

from __future__ import annotations

import re
import sqlite3
import threading
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from kernel import canonical
from supervision.node.clock import ClockError
from supervision.node.counter import Counter, RefusedError, read_signed
from supervision.node.disputes import ORDER, Publishing
from supervision.node.node import Node
from supervision.node.page import page
from supervision.node.peers import origin_hash
from supervision.node.request import MAX_BODY
from supervision.node.sharing import Sharing, held
from supervision.node.status import status
from supervision.node.witness import Reply
from supervision.node.words import EN, ZH

JSON, HTML, CSS, BYTES = (
    "application/json",
    "text/html; charset=utf-8",
    "text/css; charset=utf-8",
    "application/octet-stream",
)
MAX_PAPERS = 1024 * 1024
MAX_DRAINED = 4 * 1024 * 1024
MAX_CONNECTIONS = 64
TIMEOUT_S = 10
PAGE_CSP = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
SEAL_CSP = (
    "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; worker-src blob:; style-src 'unsafe-inline';"
    " img-src data:; connect-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_STYLE = (Path(__file__).parent / "style.css").read_bytes()
_NUMBER = re.compile(r"[0-9]{1,18}")
_NOT_FOUND = Reply(404, b"not found\n")

Query = dict[str, str]


@dataclass(frozen=True)
class Desk:
    """Answers GET and POST for `node`; `bundle` is the offline sealing page's file."""

    node: Node
    bundle: Path | None = None
    _busy: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(MAX_CONNECTIONS))

    def get(self, path: str, query: Query) -> Reply:
        for pattern, answer in self._pages:
            match = re.fullmatch(pattern, path)
            if match is not None:
                return answer(*(urllib.parse.unquote(part) for part in match.groups()), query)
        return _NOT_FOUND

    def post(self, path: str, body: bytes) -> Reply:
        """What could not be written down was not decided: a full disk or a broken one answers 503."""
        try:
            return self._taken(path, body)
        except sqlite3.Error as error:
            return Reply(503, f"the node's state cannot be written: {error}\n".encode())

    def _taken(self, path: str, body: bytes) -> Reply:
        if path == "/add-checkpoint":
            return self.node.witness.add_checkpoint(body)
        counter = Counter(self.node)
        takers = {
            "/receipts": counter.receipt,
            "/statements": self._statement,
            "/holds": counter.hold,
            "/presented": counter.present,
            "/releases": Sharing(self.node).take,
        }
        if path not in takers:
            return _NOT_FOUND
        try:
            return _json(takers[path](body))
        except RefusedError as error:
            return Reply(422, f"{error}\n".encode())
        except ClockError as error:
            return Reply(503, f"{error}\n".encode())

    def _statement(self, raw: bytes) -> dict[str, Any]:
        """A signed statement: the owner's order to publish an identity, or what people bring."""
        signed = read_signed(raw)
        if canonical.decode(signed.raw).get("type") == ORDER:
            return Publishing(self.node).take(signed)
        return Counter(self.node).statement(raw)

    def limit(self, path: str) -> int:
        """The largest body taken at `path`."""
        return MAX_BODY if path == "/add-checkpoint" else MAX_PAPERS

    @property
    def _pages(self) -> list[tuple[str, Callable[..., Reply]]]:
        return [
            (r"/", self._page),
            (r"/style\.css", lambda _: Reply(200, _STYLE, CSS)),
            (r"/status\.json", lambda _: _json(status(self.node))),
            (r"/card\.json", lambda _: Reply(200, self.node.card.encode(), JSON)),
            (r"/policy\.txt", lambda _: Reply(200, self.node.policy.raw)),
            (r"/([0-9a-f]{64})/checkpoint", self._checkpoint),
            (r"/alerts/([0-9a-f]{32})\.json", self._alert),
            (r"/holds/([^/]+)\.json", self._holds),
            (r"/lots/([^/]+)/statements\.json", self._statements),
            (r"/lots/([^/]+)/releases/([a-z][a-z0-9-]*)", self._release),
            (r"/lots/([^/]+)/releases/([a-z][a-z0-9-]*)/([1-9])", self._release_of),
            (r"/bag/([^/]+)", self._bag),
            (r"/kaibiao-seal\.(html|sha256)", self._bundle),
        ]

    def _page(self, query: Query) -> Reply:
        language = EN if query.get("lang") == "en" else ZH
        return Reply(200, page(status(self.node), language, self._bundle_sha256()).encode(), HTML)

    def _checkpoint(self, origin: str, query: Query) -> Reply:
        """The latest view; with `?size=&from=` the first lines since then on that tree head."""
        if origin != origin_hash(self.node.policy.log.origin):
            return _NOT_FOUND
        head, size, start = self.node.mirror.head(), query.get("size"), query.get("from", "0")
        if size is None:
            found = self.node.notes.latest(head.size, head.root)
        elif _NUMBER.fullmatch(size) and _NUMBER.fullmatch(start):
            found = self.node.notes.first_since(int(size), int(start))
        else:
            found = None
        return _NOT_FOUND if found is None else Reply(200, found.encode())

    def _alert(self, identifier: str, _: Query) -> Reply:
        found = self.node.alerts.evidence(identifier)
        return _NOT_FOUND if found is None else Reply(200, found.encode(), JSON)

    def _holds(self, lot: str, _: Query) -> Reply:
        return _json([signed.to_json() for signed in self.node.holds.listed(lot)])

    def _statements(self, lot: str, _: Query) -> Reply:
        """What this node signed about the lot, without the releases: those have their own time."""
        said = [
            {"kind": kind, "number": number, **signed.to_json()}
            for kind, number, signed in self.node.statements.all_own(lot)
            if not kind.startswith("release/")
        ]
        return _json(said)

    def _release(self, lot: str, stage: str, query: Query) -> Reply:
        """The release file for the stage's admission `?number=`, once it was given: never a moment before."""
        number = query.get("number", "1")
        if not _NUMBER.fullmatch(number) or self.node.state.setting(f"given/{lot}/{stage}/{int(number)}") is None:
            return _NOT_FOUND
        found = self.node.statements.own(lot, f"release/{stage}", int(number))
        return _NOT_FOUND if found is None else _json(found.to_json())

    def _release_of(self, lot: str, stage: str, i: str, query: Query) -> Reply:
        """The release of trustee `i` for the admission `?number=`, if it was given to this node or is its own."""
        if int(i) == self.node.trustee.i:
            return self._release(lot, stage, query)
        number = query.get("number", "1")
        found = self.node.statements.own(lot, held(stage, int(i)), int(number)) if _NUMBER.fullmatch(number) else None
        return _NOT_FOUND if found is None else _json(found.to_json())

    def _bag(self, name: str, _: Query) -> Reply:
        """What came from outside, for one peer's eyes."""
        found = Sharing(self.node).bag(name)
        return _NOT_FOUND if found is None else Reply(200, found, BYTES)

    def _bundle(self, what: str, _: Query) -> Reply:
        digest = self._bundle_sha256()
        if digest is None or self.bundle is None:
            return _NOT_FOUND
        if what == "sha256":
            return Reply(200, f"{digest}  kaibiao-seal.html\n".encode())
        return Reply(200, self.bundle.read_bytes(), HTML)

    def _bundle_sha256(self) -> str | None:
        if self.bundle is None or not self.bundle.is_file():
            return None
        return canonical.sha(self.bundle.read_bytes())


def server(desk: Desk, host: str, port: int) -> ThreadingHTTPServer:
    """A server that answers for `desk`; port 0 takes a free one."""

    class Handler(_Handler):
        pass

    Handler.desk = desk
    found = ThreadingHTTPServer((host, port), Handler)
    found.daemon_threads = True
    return found


class _Handler(BaseHTTPRequestHandler):
    """One request a connection; a slow one is cut off."""

    desk: Desk
    timeout = TIMEOUT_S
    server_version = "kaibiao-node"
    sys_version = ""

    def do_GET(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(parts.query, max_num_fields=8))
        self._answer(lambda: self.desk.get(parts.path, query))

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:
        path = urllib.parse.urlsplit(self.path).path
        length = self.headers.get("content-length", "")
        if not re.fullmatch(r"[0-9]{1,9}", length):
            self._send(Reply(411, b"a length is needed\n"))
        elif int(length) > self.desk.limit(path):
            self._drain(int(length))
            self._send(Reply(413, b"too large\n"))
        else:
            body = self.rfile.read(int(length))
            short = len(body) != int(length)
            self._answer(lambda: Reply(400, b"cut short\n") if short else self.desk.post(path, body))

    def _drain(self, length: int) -> None:
        """Read away what is not too long, so that the sender hears the answer before the line closes."""
        left = min(length, MAX_DRAINED)
        while left > 0 and (part := self.rfile.read(min(left, 65_536))):
            left -= len(part)

    def _answer(self, act: Callable[[], Reply]) -> None:
        if not self.desk._busy.acquire(blocking=False):  # noqa: SLF001  the desk's own limit
            self._send(Reply(503, b"busy\n"))
            return
        try:
            self._send(act())
        finally:
            self.desk._busy.release()  # noqa: SLF001

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("content-type", reply.content_type)
        self.send_header("content-length", str(len(reply.body)))
        self.send_header(
            "content-security-policy", SEAL_CSP if self.path.startswith("/kaibiao-seal.html") else PAGE_CSP
        )
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def log_message(self, *_: object) -> None:
        """Who looks at a node is nobody's business: nothing is written."""
        return


_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
    "connection": "close",
}


def _json(value: object) -> Reply:
    return Reply(200, canonical.encode(value), JSON)
