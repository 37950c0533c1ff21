"""The portal's API as a command sees it: a token, JSON in and out, refusals as sentences."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, BinaryIO, Self

import httpx

TOKEN_FILE = Path("~/.config/kaibiao/token")


class RefusedError(Exception):
    """The portal said no; `answer` is its JSON."""

    def __init__(self, status: int, answer: dict[str, Any]) -> None:
        self.status, self.answer = status, answer
        said = answer.get("message_zh"), answer.get("message_en"), str(answer.get("code") or status)
        super().__init__(" / ".join(text for text in said if text))


class Remote:
    """A signed-in portal. A context manager."""

    def __init__(self, url: str, token: str | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.url = url.rstrip("/")
        self._http = httpx.Client(base_url=self.url + "/api/v1/", headers=headers, timeout=30, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str) -> Any:
        return self._answer(self._http.get(path))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._answer(self._http.post(path, json=body))

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        return self._answer(self._http.patch(path, json=body))

    def put(self, path: str, file: BinaryIO, size: int) -> Any:
        """Stream a file as the body; it is never held whole."""
        headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        return self._answer(self._http.put(path, content=file, headers=headers, timeout=None))

    def _answer(self, response: httpx.Response) -> Any:
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        body = response.json() if is_json and response.content else {}
        if response.is_error:
            raise RefusedError(response.status_code, body)
        return body


def token(path: Path | None) -> str:
    """The token of `kaibiao login`: from the file named, KAIBIAO_TOKEN, or the usual file."""
    given = os.environ.get("KAIBIAO_TOKEN", "")
    if given and path is None:
        return given
    return (path or TOKEN_FILE).expanduser().read_text("ascii").strip()


def keep_token(path: Path | None, value: str) -> Path:
    """Write the token where only its owner reads it."""
    target = (path or TOKEN_FILE).expanduser()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    target.unlink(missing_ok=True)
    target.touch(0o600)
    target.write_text(value + "\n", "ascii")
    return target
