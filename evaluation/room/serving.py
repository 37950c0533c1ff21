"""The rooms over HTTP: a bid's files, by ticket, as bytes that a browser will not execute; and a status page.

What bidders sent is hostile until proven otherwise: every answer is sandboxed and typed, only kinds that browsers show
without running anything are shown at all, the rest is offered as a download.
"""

from __future__ import annotations

import html
import logging
import re
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from typing import BinaryIO

from evaluation import tickets
from evaluation.room import payload
from evaluation.room.payload import Shelved
from evaluation.room.shelves import Place, Shelves
from evaluation.room.work import LOT
from kernel import clock, keys
from kernel.errors import Forbidden
from sealing import wire

SHOWN = {
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".txt": "text/plain; charset=utf-8",
}
_log = logging.getLogger("kaibiao.evaluator")
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_STRICT = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
# Chromium's own viewer does not start inside a sandbox; a PDF has no origin to attack here, so it goes without.
_PDF = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'"


@dataclass
class Rooms:
    """What the handlers share. `platform` is unknown until the portal first answered."""

    shelves: Shelves
    platform: keys.PublicKey | None = None
    status: Callable[[], dict[str, str]] = field(default=dict)


def server(rooms: Rooms, host: str, port: int) -> ThreadingHTTPServer:
    """Listening, not yet serving; port 0 takes any free one."""

    class Handler(RoomHandler):
        pass

    Handler.rooms = rooms
    found = ThreadingHTTPServer((host, port), Handler)
    found.daemon_threads = True
    return found


class RoomHandler(BaseHTTPRequestHandler):
    """GET and HEAD of /rooms/<lot>/<bid_id>/<path>?ticket=, / and /healthz."""

    rooms: Rooms
    protocol_version = "HTTP/1.1"
    server_version = "kaibiao-evaluator"
    sys_version = ""
    timeout = 60

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        match path.strip("/").split("/"):
            case ["rooms", lot, bid_id, name]:
                self._document(Place(lot, bid_id), urllib.parse.unquote(name), query)
            case [""]:
                self._text(HTTPStatus.OK, _status_page(self.rooms), "text/html; charset=utf-8")
            case ["healthz"]:
                self._text(HTTPStatus.OK, "ok\n", "text/plain; charset=utf-8")
            case _:
                self._refuse(HTTPStatus.NOT_FOUND)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002  the base class's signature
        """Addresses here carry tickets: only the status is logged."""
        _log.debug("%s", args[1] if len(args) > 1 else "")

    def _document(self, place: Place, name: str, query: str) -> None:
        if not self._admitted(place, query):
            self._refuse(HTTPStatus.FORBIDDEN)
            return
        found = self.rooms.shelves.shelved(place, name)
        if found is None:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        with self.rooms.shelves.payload(place).open("rb") as src:
            self._send(src, found)

    def _admitted(self, place: Place, query: str) -> bool:
        """The codes are checked before they name a folder."""
        known = LOT.fullmatch(place.lot) and wire.BID_ID.fullmatch(place.bid_id)
        ticket = urllib.parse.parse_qs(query).get("ticket", [""])[0]
        if not known or self.rooms.platform is None:
            return False
        try:
            found = tickets.check(ticket, self.rooms.platform, clock.now())
        except Forbidden:
            return False
        return (found.lot, found.bid_id) == (place.lot, place.bid_id)

    def _send(self, src: BinaryIO, found: Shelved) -> None:
        span = _span(self.headers.get("Range"), found.size)
        if span is None:
            self._refuse(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, {"Content-Range": f"bytes */{found.size}"})
            return
        first, count = span
        partial = self.headers.get("Range") is not None
        self.send_response(HTTPStatus.PARTIAL_CONTENT if partial else HTTPStatus.OK)
        if partial:
            self.send_header("Content-Range", f"bytes {first}-{first + count - 1}/{found.size}")
        self._document_headers(found, count)
        if self.command == "GET":
            for block in payload.blocks(src, found.offset + first, count):
                self.wfile.write(block)

    def _document_headers(self, found: Shelved, count: int) -> None:
        kind = SHOWN.get(PurePosixPath(found.path).suffix.lower())
        name = urllib.parse.quote(found.path, safe="")
        self._headers(
            {
                "Content-Type": kind or "application/octet-stream",
                "Content-Length": str(count),
                "Content-Disposition": f"{'inline' if kind else 'attachment'}; filename*=UTF-8''{name}",
                "Content-Security-Policy": _PDF if kind == SHOWN[".pdf"] else _STRICT,
                "Accept-Ranges": "bytes",
                "ETag": f'"{found.sha256}"',
            }
        )

    def _text(self, status: HTTPStatus, text: str, kind: str) -> None:
        raw = text.encode()
        self.send_response(status)
        self._headers({"Content-Type": kind, "Content-Length": str(len(raw)), "Content-Security-Policy": _STRICT})
        if self.command == "GET":
            self.wfile.write(raw)

    def _refuse(self, status: HTTPStatus, more: dict[str, str] | None = None) -> None:
        raw = f"{status.value} {status.phrase}\n".encode()
        self.send_response(status)
        self._headers(
            {
                "Content-Type": "text/plain; charset=utf-8",
                "Content-Length": str(len(raw)),
                "Content-Security-Policy": _STRICT,
                **(more or {}),
            }
        )
        if self.command == "GET":
            self.wfile.write(raw)

    def _headers(self, headers: dict[str, str]) -> None:
        fixed = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-site",
            "Cache-Control": "private, no-store",
        }
        for name, value in (headers | fixed).items():
            self.send_header(name, value)
        self.end_headers()


def _span(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and count of a single range (RFC 9110, 14.1.2); None when it cannot be satisfied."""
    if header is None:
        return 0, size
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    if not match[1]:
        count = min(int(match[2]), size)
        return (size - count, count) if count else None
    first = int(match[1])
    last = min(int(match[2]), size - 1) if match[2] else size - 1
    return (first, last - first + 1) if first <= last else None


def _status_page(rooms: Rooms) -> str:
    """Counts only: names and contents belong to the committee."""
    counts: dict[str, list[int]] = {}
    for place, found in rooms.shelves.places():
        counts.setdefault(place.lot, [0, 0])[found["result"] != "opened"] += 1
    rows = "".join(
        f"<tr><td>{html.escape(lot)}<td>{opened}<td>{judged}" for lot, (opened, judged) in sorted(counts.items())
    )
    facts = "".join(f"<dt>{html.escape(name)}<dd>{html.escape(value)}" for name, value in rooms.status().items())
    return (
        "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>评审终端 Evaluator</title>"
        "<style>body{font:16px system-ui;margin:2rem;max-width:60rem}td,th{padding:.3rem 1rem;text-align:left}</style>"
        f"<h1>评审终端 <small lang=en>Evaluator</small></h1><dl>{facts}</dl>"
        "<table><thead><tr><th>标段 Lot<th>已开启 Opened<th>无法开启 Judged"
        f"<tbody>{rows}</table></html>\n"
    )
