"""How a node reaches the outside: plain GET and POST, bounded in time and size, nothing believed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import httpx

from supervision.tiles import TileError

MAX_ANSWER = 64 * 1024 * 1024
_TIMES = httpx.Timeout(10, connect=2)


class UnreachableError(Exception):
    """Nobody answered, or not with what was asked for."""


class Transport(Protocol):
    """The network as the node sees it."""

    def get(self, url: str, wait: int = 0) -> bytes | None:
        """The body, or None for 204 and 404; UnreachableError otherwise. `wait`: seconds the other side may hold it."""
        ...

    def post(self, url: str, body: bytes, content_type: str) -> int:
        """The status; UnreachableError if there was none."""
        ...


@dataclass(frozen=True)
class HttpTransport:
    """httpx, without redirects: an address is an address."""

    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=_TIMES, follow_redirects=False))

    def get(self, url: str, wait: int = 0) -> bytes | None:
        times = httpx.Timeout(10 + wait, connect=2)
        try:
            with self.client.stream("GET", url, timeout=times) as answer:
                if answer.status_code in (204, 404):
                    return None
                answer.raise_for_status()
                return _bounded(answer)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UnreachableError(f"{url}: {error}") from error

    def post(self, url: str, body: bytes, content_type: str) -> int:
        try:
            return self.client.post(url, content=body, headers={"content-type": content_type}).status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UnreachableError(f"{url}: {error}") from error


@dataclass(frozen=True)
class TransportReader:
    """A log's tiles by address (a `tiles.TileReader`)."""

    address: str
    transport: Transport

    def get(self, path: str) -> bytes:
        try:
            found = self.transport.get(f"{self.address.rstrip('/')}/{path}")
        except UnreachableError as error:
            raise TileError(f"cannot fetch {path}") from error
        if found is None:
            raise TileError(f"there is no {path}")
        return found


def _bounded(answer: httpx.Response) -> bytes:
    found = bytearray()
    for part in answer.iter_bytes():
        found += part
        if len(found) > MAX_ANSWER:
            raise UnreachableError(f"{answer.url}: more than {MAX_ANSWER} bytes")
    return bytes(found)
