"""Viewers of one opening: each event is one bytes object, written once to every viewer's transport.

Standard library only. A channel follows the lot's `events.ndjson`, whose line number is the event's id.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path

MAX_PENDING = 64 * 1024
SLICE = 32 * 1024
PING = b": ping\n\n"

Transport = asyncio.Transport


@dataclass
class Channel:
    """One lot's events and who watches them."""

    path: Path
    watchers: set[Transport] = field(default_factory=set)
    events: list[bytes] = field(default_factory=list)
    _behind: dict[Transport, int] = field(default_factory=dict)
    _offset: int = 0
    _file: tuple[int, int] | None = None

    def follow(self) -> int:
        """Read what was appended and pass it on; how many events there were."""
        fresh = self._appended()
        if fresh:
            self.send(b"".join(fresh))
        return len(fresh)

    def send(self, data: bytes) -> None:
        """One write for each viewer; who cannot keep up is dropped and returns with its last event id."""
        for transport in list(self.watchers):
            if transport.get_write_buffer_size() > MAX_PENDING:
                self.watchers.discard(transport)
                transport.abort()
            else:
                transport.write(data)

    def join(self, transport: Transport, last_seen: int) -> None:
        """Replay everything after `last_seen`, then go on live; an id from the future replays all."""
        self.follow()  # those already here get the news first, the newcomer gets it in its replay
        self._behind[transport] = last_seen if last_seen <= len(self.events) else 0
        self._replay(transport)

    def leave(self, transport: Transport) -> None:
        self.watchers.discard(transport)
        self._behind.pop(transport, None)

    def catch_up(self) -> None:
        """Go on with replays that were too long for one write."""
        for transport in list(self._behind):
            self._replay(transport)

    @property
    def empty(self) -> bool:
        return not self.watchers and not self._behind

    def _replay(self, transport: Transport) -> None:
        """Write what fits, so that a long replay does not look like a reader who cannot keep up."""
        at = self._behind[transport]
        room = SLICE - transport.get_write_buffer_size()
        while at < len(self.events) and room > 0:
            transport.write(self.events[at])
            room -= len(self.events[at])
            at += 1
        self._behind[transport] = at
        if at == len(self.events):
            del self._behind[transport]
            self.watchers.add(transport)

    def _appended(self) -> list[bytes]:
        raw = self._read()
        whole, _, _ = raw.rpartition(b"\n")
        if not whole:
            return []
        self._offset += len(whole) + 1
        lines = whole.split(b"\n")
        fresh = [spoken(len(self.events) + number, line) for number, line in enumerate(lines, 1)]
        self.events.extend(fresh)
        return fresh

    def _read(self) -> bytes:
        try:
            with self.path.open("rb") as file:
                found = os.fstat(file.fileno())
                self._start_over_if_replaced((found.st_dev, found.st_ino), found.st_size)
                if found.st_size == self._offset:
                    return b""
                file.seek(self._offset)
                return file.read()
        except FileNotFoundError:
            return b""

    def _start_over_if_replaced(self, file: tuple[int, int], size: int) -> None:
        """A restored or rebuilt file is read from its beginning; who watches already keeps what it has."""
        if self._file not in (None, file) or size < self._offset:
            self._offset, self.events = 0, []
        self._file = file


def spoken(number: int, line: bytes) -> bytes:
    """An event as server-sent text; a JSON line holds no newline of its own."""
    return b"id: %d\ndata: %s\n\n" % (number, line)


def last_event_id(header: str | None, query: str | None) -> int:
    """The last event the viewer saw, by header (a reconnect) or address (a first connect); 0 when it is no number."""
    text = header if header is not None else query or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
