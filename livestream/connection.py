"""One connection of the edge: reads a head, answers, and again; or becomes a stream of events. Standard library only."""

from __future__ import annotations

import asyncio
import re
import secrets
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, cast

from livestream import released, watching, wire
from livestream.hub import Edge, Waiting
from livestream.released import Part, Released
from livestream.watching import Channel
from livestream.wire import Asked, WireError

HEAD_SECONDS = 10
IDLE_SECONDS = 30
MAX_WAIT = 60

_EVENTS = re.compile(r"/live/([A-Z][0-9]{22})/events")
_INBOX = re.compile(r"/inbox/([A-Za-z0-9][A-Za-z0-9._-]{0,63})/([1-9][0-9]{0,7})")


class Connection(asyncio.Protocol):
    """One client: reads a head, answers, and again; or becomes a stream of events."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge
        self.transport: asyncio.Transport
        self.address = ""
        self.counted = False
        self.buffer = b""
        self.busy = False
        self.channel: Channel | None = None
        self.timer: asyncio.TimerHandle | None = None

    # The protocol's events ------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if peer else ""
        if not self.edge.admits(self.address):
            self.refuse(HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": str(2 + secrets.randbelow(5))})
            return
        self.counted = True
        self.edge.enter(self.address)
        self._patience(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        self._patience(None)
        if self.counted:
            self.edge.leave(self.address)
        if self.channel is not None:
            self.channel.leave(self.transport)

    def data_received(self, data: bytes) -> None:
        if self.channel is not None or self.transport.is_closing():
            return
        self.buffer += data
        if not self.busy:
            self._next()
        elif len(self.buffer) > wire.MAX_HEAD:
            self.transport.abort()

    # One request ----------------------------------------------------------------------------------------------

    def _next(self) -> None:
        """Answer the request in the buffer, if it is whole."""
        if self.busy or self.transport.is_closing():
            return
        head, found, rest = self.buffer.partition(wire.END)
        if len(head) > wire.MAX_HEAD:
            self.refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif found:
            self.buffer, self.busy = rest, True
            self._patience(None)
            self._take(head)

    def _take(self, head: bytes) -> None:
        try:
            asked = wire.parse(head)
        except WireError as error:
            self.refuse(error.status)
            return
        if asked.method not in ("GET", "HEAD"):
            self.answer(asked, HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "GET, HEAD"})
            return
        self._route(asked)

    def _route(self, asked: Asked) -> None:
        plan, events, mail = self.edge.plan, _EVENTS.fullmatch(asked.path), _INBOX.fullmatch(asked.path)
        if asked.path == "/healthz":
            self.answer(asked, HTTPStatus.OK, b"ok\n")
        elif plan.public is not None and events is not None and asked.method == "GET":
            self._stream(asked, events[1])
        elif plan.public is not None and asked.path.startswith("/public/"):
            self._file(asked, released.find(plan.public, asked.path.removeprefix("/public/")))
        elif plan.inbox is not None and mail is not None:
            self._mail(asked, plan.inbox / mail[1] / f"{int(mail[2]):08d}.age")
        else:
            self.answer(asked, HTTPStatus.NOT_FOUND)

    def _stream(self, asked: Asked, lot: str) -> None:
        """Events of a lot from the one after the last seen; before the opening the stream is silent."""
        headers = {
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        }
        retry = 2000 + secrets.randbelow(4001)  # so that a lost crowd does not come back in one instant
        start = wire.head(HTTPStatus.OK, {**headers, **self._common(), "Connection": "close"})
        self.transport.write(start + b"retry: %d\n\n" % retry)
        last = watching.last_event_id(asked.headers.get("last-event-id"), asked.query.get("last_event_id"))
        self.channel = self.edge.channel(lot)
        self.channel.join(self.transport, last)

    def _file(self, asked: Asked, file: Released | None) -> None:
        if file is None:
            self.answer(asked, HTTPStatus.NOT_FOUND)
            return
        headers = {"ETag": file.etag, "Cache-Control": file.caching, "Accept-Ranges": "bytes", "Vary": "Origin"}
        if released.unchanged(file, asked.headers.get("if-none-match", "")):
            self._finish(asked, wire.head(HTTPStatus.NOT_MODIFIED, {**headers, **self._common()}))
            return
        try:
            part = released.part(file, asked.headers.get("range"), asked.headers.get("if-range"))
        except released.UnsatisfiableError:
            wrong = {"Content-Range": f"bytes */{file.size}"}
            self.answer(asked, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=wrong)
            return
        self._send(asked, file, part, {**headers, "Content-Type": file.media_type})

    def _send(self, asked: Asked, file: Released, part: Part | None, headers: dict[str, str]) -> None:
        status, count, start = HTTPStatus.OK, file.size, 0
        if part is not None:
            status, count, start = HTTPStatus.PARTIAL_CONTENT, part.count, part.start
            headers["Content-Range"] = f"bytes {start}-{start + count - 1}/{file.size}"
        head = wire.head(status, {"Content-Length": str(count), **headers, **self._common()})
        if asked.method == "HEAD" or count == 0:
            self._finish(asked, head)
            return
        try:
            body = file.path.open("rb")
        except OSError:
            self.answer(asked, HTTPStatus.NOT_FOUND)
            return
        task = asyncio.get_running_loop().create_task(self._pour(asked, head, body, Part(start, count)))
        self.edge.tasks.add(task)
        task.add_done_callback(self.edge.tasks.discard)

    async def _pour(self, asked: Asked, head: bytes, body: BinaryIO, part: Part) -> None:
        """The kernel copies the file to the socket as fast as the reader takes it."""
        with body:
            try:
                self.transport.write(head)
                sent = await asyncio.get_running_loop().sendfile(self.transport, body, part.start, part.count)
            except (OSError, RuntimeError):  # the reader went away
                self.transport.abort()
                return
        if sent < part.count:  # the file was cut while it was read: the reader must not take it for whole
            self.transport.abort()
            return
        self._finish(asked, b"")

    def _mail(self, asked: Asked, path: Path) -> None:
        """A node's message as soon as it is there, within the time the node is ready to wait."""
        wait = asked.query.get("wait", "0")
        seconds = min(int(wait), MAX_WAIT) if wait.isascii() and wait.isdigit() and len(wait) < 4 else 0
        if not self._handed_out(asked, path, over=seconds == 0):
            until = asyncio.get_running_loop().time() + seconds
            self.edge.waiting.append(Waiting(until, lambda over: self._handed_out(asked, path, over=over)))

    def _handed_out(self, asked: Asked, path: Path, *, over: bool) -> bool:
        """Hand the message out if it is there, or say there is none when the wait is over; whether it is settled."""
        if self.transport.is_closing():
            return True
        headers = {"Cache-Control": "no-store"}
        if path.is_file():
            self.answer(asked, HTTPStatus.OK, path.read_bytes(), headers)
            return True
        if over:
            self.answer(asked, HTTPStatus.NO_CONTENT, headers=headers)
        return over

    # Answers --------------------------------------------------------------------------------------------------

    def _common(self) -> dict[str, str]:
        return {
            "Access-Control-Allow-Origin": self.edge.plan.origin,
            "Access-Control-Expose-Headers": "ETag, Content-Range",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }

    def answer(
        self, asked: Asked, status: HTTPStatus, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        """A short answer."""
        kind = {"Content-Type": "application/octet-stream"} if body else {}
        content = {} if status is HTTPStatus.NO_CONTENT else {"Content-Length": str(len(body))}
        head = wire.head(status, {**content, **kind, **(headers or {}), **self._common()})
        self._finish(asked, head if asked.method == "HEAD" else head + body)

    def _finish(self, asked: Asked, data: bytes) -> None:
        """Send the last bytes of an answer, then wait for the next request or close."""
        if data:
            self.transport.write(data)
        if not asked.keep_alive:
            self.transport.close()
            return
        self.busy = False
        self._patience(IDLE_SECONDS)
        if self.buffer:
            asyncio.get_running_loop().call_soon(self._next)

    def refuse(self, status: HTTPStatus, headers: dict[str, str] | None = None) -> None:
        """A last answer."""
        self.transport.write(wire.whole(status, b"", {**(headers or {}), **self._common(), "Connection": "close"}))
        self.transport.close()

    def _patience(self, seconds: float | None) -> None:
        """Close the connection unless a head arrives within so many seconds; None stops the watch."""
        if self.timer is not None:
            self.timer.cancel()
        self.timer = None
        if seconds is not None:
            self.timer = asyncio.get_running_loop().call_later(seconds, self.transport.abort)
