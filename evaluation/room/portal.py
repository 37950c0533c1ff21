"""How the evaluator reaches the portal: signed requests over HTTP, streamed to disk, nothing believed."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx

from evaluation import asking
from evaluation.asking import Asked
from kernel import canonical, clock, keys

_TIMES = httpx.Timeout(60, connect=5)
_BLOCK = 1024 * 1024
_RESERVE = 64 * 1024 * 1024
BASE = "/api/v1/evaluator"


class UnreachableError(Exception):
    """The portal did not answer, or not with what was asked for; the evaluator tries again later."""


class Portal(Protocol):
    """The portal as the evaluator sees it."""

    def get(self, path: str) -> bytes: ...

    def save(self, path: str, dst: Path, size: int) -> None:
        """Store the body at `dst`; UnreachableError unless it has exactly `size` bytes."""
        ...

    def post(self, path: str, value: dict[str, Any]) -> None: ...


@dataclass(frozen=True)
class HttpPortal:
    """httpx, without redirects: an address is an address."""

    address: str
    key: keys.PrivateKey
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=_TIMES, follow_redirects=False))

    def get(self, path: str) -> bytes:
        return self._sent(Asked("GET", BASE + path)).content

    def post(self, path: str, value: dict[str, Any]) -> None:
        self._sent(Asked("POST", BASE + path, canonical.encode(value)))

    def save(self, path: str, dst: Path, size: int) -> None:
        if shutil.disk_usage(dst.parent).free < 2 * size + _RESERVE:
            raise UnreachableError(f"no room on the disk for {size} bytes")
        asked = Asked("GET", BASE + path)
        try:
            with self.client.stream("GET", self._url(asked), headers=self._headers(asked)) as answer:
                answer.raise_for_status()
                _store(answer, dst, size)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UnreachableError(f"{asked.path}: {error}") from error

    def _sent(self, asked: Asked) -> httpx.Response:
        content_type = {"content-type": "application/json"} if asked.body else {}
        headers = self._headers(asked) | content_type
        try:
            answer = self.client.request(asked.method, self._url(asked), content=asked.body, headers=headers)
            return answer.raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UnreachableError(f"{asked.path}: {error}") from error

    def _headers(self, asked: Asked) -> dict[str, str]:
        return asking.headers(asked, self.key, clock.now())

    def _url(self, asked: Asked) -> str:
        return self.address.rstrip("/") + asked.path


def _store(answer: httpx.Response, dst: Path, size: int) -> None:
    written = 0
    with dst.open("wb") as file:
        for part in answer.iter_bytes(_BLOCK):
            written += file.write(part)
            if written > size:
                break
    if written != size:
        raise UnreachableError(f"{answer.url}: {written} bytes instead of {size}")
