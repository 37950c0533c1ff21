"""Files of the released public folder: which path may be served, as what, for how long, and which part of it.

Standard library only. Nothing outside the folder is reachable: no dot segments, no hidden files, no links.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

MAX_DEPTH = 16
FOREVER = "public, max-age=31536000, immutable"
FRESH = "public, max-age=1"
NEVER = "no-store"
SOON = "public, max-age=5"

TYPES = {
    ".json": "application/json",
    ".ndjson": "application/x-ndjson",
    ".txt": "text/plain; charset=utf-8",
    ".note": "text/plain; charset=utf-8",
    ".vtt": "text/vtt; charset=utf-8",
    ".pdf": "application/pdf",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4s": "video/iso.segment",
    ".mp4": "video/mp4",
}
_SEGMENT = re.compile(r"[\w@=+,()·-][\w@=+,()·. -]*", re.UNICODE)
_PAGE = re.compile(r"(.*/events/p/)([0-9]{6})\.json")
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


@dataclass(frozen=True)
class Released:
    """A file that may be served. `path` lies inside the public folder."""

    path: Path
    size: int
    etag: str
    media_type: str
    caching: str


@dataclass(frozen=True)
class Part:
    """`count` bytes from `start`."""

    start: int
    count: int


class UnsatisfiableError(ValueError):
    """The range lies outside the file."""


def find(root: Path, name: str) -> Released | None:
    """The file `name` (a URL path below the folder); None unless it is a regular file in plain sight there."""
    segments = name.split("/")
    if len(segments) > MAX_DEPTH or not all(_SEGMENT.fullmatch(segment) for segment in segments):
        return None
    path = root.joinpath(*segments)
    try:
        found = os.lstat(path)
        inside = Path(os.path.realpath(path)) == Path(os.path.realpath(root)).joinpath(*segments)
    except OSError:
        return None
    if not (inside and stat.S_ISREG(found.st_mode)):
        return None
    etag = f'"{found.st_mtime_ns:x}-{found.st_size:x}"'
    kind = TYPES.get(path.suffix, "application/octet-stream")
    return Released(path, found.st_size, etag, kind, _caching(root, name))


def _caching(root: Path, name: str) -> str:
    page = _PAGE.fullmatch(name)
    if page is not None:
        # A page is complete, and never changes again, once the next one exists.
        following = root / f"{page[1]}{int(page[2]) + 1:06d}.json"
        return FOREVER if following.exists() else FRESH
    if "/ciphertexts/" in name or name.startswith("log/tile/"):
        return FOREVER
    if name.startswith("log/"):
        return NEVER
    return FRESH if name.endswith(("/events/head.json", ".m3u8", "/events.ndjson")) else SOON


def unchanged(file: Released, if_none_match: str) -> bool:
    """Whether the client's copy is this very one."""
    given = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return file.etag in given or "*" in given


def part(file: Released, wanted: str | None, if_range: str | None) -> Part | None:
    """The part a Range header asks for; None for the whole file, UnsatisfiableError when there is no such part.

    Several ranges, other units and a copy that has changed since all get the whole file (RFC 9110, 14.2).
    """
    if wanted is None or (if_range is not None and if_range != file.etag):
        return None
    found = _RANGE.fullmatch(wanted.strip())
    if found is None or not (found[1] or found[2]):
        return None
    start, end = _bounds(file.size, found[1], found[2])
    if found[1] and found[2] and int(found[1]) > int(found[2]):
        return None
    if start >= file.size or end < start:
        raise UnsatisfiableError
    return Part(start, end - start + 1)


def _bounds(size: int, first: str, last: str) -> tuple[int, int]:
    if not first:
        return max(size - int(last), 0) if int(last) else size, size - 1
    return int(first), min(int(last), size - 1) if last else size - 1
