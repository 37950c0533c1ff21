"""The bidder's side of a submission: sealed files to the platform, resumable at any point, until the receipt is kept.

Everything learnt on the way lies in `delivery.json` beside the sealed files, written before it is relied on: a
killed program started again goes on where it stood, and the same manifest is never submitted twice (Idempotency-Key).
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

from accounts.remote import RefusedError
from kernel import canonical, keys

PIECE = 1 << 20
TUS = {"Tus-Resumable": "1.0.0"}
STATE_FILE = "delivery.json"
_GONE = {404, 410}
_BUSY = {423, 429, 502, 503, 504}

Progress = Callable[[str, int, int], None]
"""Told stage, bytes arrived, bytes in all."""


class AgainError(Exception):
    """Nothing is decided: the connection broke or the platform is busy. The same step can be tried again."""


@dataclass(frozen=True)
class Address:
    """Where the bid goes: the portal, the lot, and the consortium it is made for, if any."""

    url: str
    lot: str
    party: str | None = None

    def api(self, path: str) -> str:
        return f"{self.url.rstrip('/')}/api/v1/{path}"


@dataclass
class State:
    """What is known of a delivery; `save` replaces the file at once or not at all."""

    path: Path
    values: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path, manifest_sha256: str, address: Address) -> State:
        """The state of this very manifest to this very address; of another one, nothing is reused."""
        path, mark = folder / STATE_FILE, [address.url, address.lot, manifest_sha256]
        found = json.loads(path.read_text("utf-8")) if path.exists() else {}
        if found.get("of") != mark:
            found = {"of": mark, "uploads": {}}
        return cls(path, found)

    def save(self) -> None:
        fresh = self.path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(self.values, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)


@dataclass(frozen=True)
class SealedFiles:
    """A folder as `kaibiao seal` and the offline page leave it."""

    folder: Path
    manifest: bytes
    sig: bytes
    bidder: bytes
    stages: tuple[str, ...]
    warrant: dict[str, str] | None = None

    @classmethod
    def read(cls, folder: Path) -> SealedFiles:
        """FileNotFoundError or ValueError when the folder is not a sealed bid."""
        manifest = (folder / "manifest.json").read_bytes()
        stages = tuple(str(envelope["stage"]) for envelope in canonical.decode(manifest)["envelopes"])
        for stage in stages:
            (folder / f"{stage}.age").stat()
        return cls(folder, manifest, _sig(folder), (folder / "bidder.json").read_bytes(), stages)

    @property
    def sha256(self) -> str:
        return canonical.sha(self.manifest)


def _sig(folder: Path) -> bytes:
    raw = (folder / "manifest.sig").read_bytes()
    return raw if len(raw) == 64 else keys.unb64(raw.decode("ascii").strip())


@dataclass(frozen=True)
class Delivery:
    """One bid on its way over one client (which carries the bearer token)."""

    client: httpx.Client
    address: Address
    files: SealedFiles
    state: State
    progress: Progress

    def upload_all(self) -> dict[str, str]:
        """Each stage's upload token, once all its bytes have arrived. AgainError: call it again."""
        return {stage: self._upload(stage) for stage in self.files.stages}

    def submit(self, envelopes: dict[str, str]) -> dict[str, Any]:
        """The platform's answer to the submission, kept in the state; RefusedError when it refuses."""
        if "answer" not in self.state.values:
            found = {"manifest": self.files.manifest, "sig": self.files.sig, "bidder": self.files.bidder}
            body: dict[str, Any] = {name: keys.b64(raw) for name, raw in found.items()}
            body["envelopes"] = envelopes
            if self.address.party:
                body["party"] = self.address.party
            if self.files.warrant is not None:
                body["warrant"] = self.files.warrant
            key = {"Idempotency-Key": self.files.sha256}
            url = self.address.api(f"lots/{self.address.lot}/bids")
            self.state.values["answer"] = _json(_send(self.client, "POST", url, json=body, headers=key))
            self.state.save()
        answer: dict[str, Any] = self.state.values["answer"]
        return answer

    def receipt(self) -> dict[str, Any]:
        """How far the receipt has come; the first answer already holds the platform's signature."""
        receipt_id = self.state.values["answer"]["receipt_id"]
        return _json(_send(self.client, "GET", self.address.api(f"receipts/{receipt_id}")))

    def _upload(self, stage: str) -> str:
        path = self.files.folder / f"{stage}.age"
        size = path.stat().st_size
        location = self.state.values["uploads"].get(stage) or self._create(stage, size)
        offset = self._offset(location)
        if offset is None:
            location, offset = self._create(stage, size), 0
        while offset < size:
            offset = self._append(stage, location, offset)
        return str(location).rstrip("/").rpartition("/")[2]

    def _create(self, stage: str, size: int) -> str:
        said = {"filename": f"{stage}.age", "lot": self.address.lot, "stage": stage}
        metadata = ",".join(f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in said.items())
        headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata}
        url = self.address.api("uploads")
        answer = _send(self.client, "POST", url, headers=headers)
        location = urljoin(url, answer.headers["Location"])
        self.state.values["uploads"][stage] = location
        self.state.save()
        return location

    def _offset(self, location: str) -> int | None:
        """Where to go on; None when the platform no longer has the upload."""
        try:
            answer = _send(self.client, "HEAD", location, headers=TUS)
        except RefusedError as refused:
            if refused.status in _GONE:
                return None
            raise
        return int(answer.headers["Upload-Offset"])

    def _append(self, stage: str, location: str, offset: int) -> int:
        headers = {
            **TUS,
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str((self.files.folder / f"{stage}.age").stat().st_size - offset),
        }
        pieces = self._pieces(stage, offset)
        answer = _send(self.client, "PATCH", location, headers=headers, content=pieces)
        return int(answer.headers["Upload-Offset"])

    def _pieces(self, stage: str, offset: int) -> Iterator[bytes]:
        path = self.files.folder / f"{stage}.age"
        size = path.stat().st_size
        with path.open("rb") as file:
            file.seek(offset)
            while piece := file.read(PIECE):
                yield piece
                offset += len(piece)
                self.progress(stage, offset, size)


def _send(client: httpx.Client, method: str, url: str, **request: Any) -> httpx.Response:
    """The answer; RefusedError on a refusal, AgainError where trying again makes sense."""
    try:
        answer = client.request(method, url, **request)
    except httpx.TransportError as error:
        raise AgainError(str(error) or type(error).__name__) from error
    if answer.status_code in _BUSY or (answer.status_code == 409 and method == "PATCH"):
        raise AgainError(f"HTTP {answer.status_code}")
    if answer.is_error:
        raise RefusedError(answer.status_code, _said(answer))
    return answer


def _json(answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()
    return found


def _said(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
