"""HTTP/1.1 as far as the edge speaks it: a request head in, a response head out. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote_to_bytes

MAX_HEAD = 8 * 1024
END = b"\r\n\r\n"

_LINE = re.compile(rb"([A-Z]{1,16}) (/[!-~]*) HTTP/1\.([01])")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*")


class WireError(ValueError):
    """The bytes are not a request this server takes; `status` says how."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


@dataclass(frozen=True)
class Asked:
    """A request without a body."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    keep_alive: bool


def parse(head: bytes) -> Asked:
    """Read everything before the blank line; WireError on anything malformed, and on requests that bring a body."""
    line, *rest = head.split(b"\r\n")
    found = _LINE.fullmatch(line)
    if found is None:
        raise WireError(HTTPStatus.BAD_REQUEST)
    headers = dict(_field(each) for each in rest)
    if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
        raise WireError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    target, _, query = found[2].partition(b"?")
    connection = headers.get("connection", "").lower()
    return Asked(
        method=found[1].decode("ascii"),
        path=_decoded(target),
        query=dict(parse_qsl(query.decode("ascii"), max_num_fields=20)),
        headers=headers,
        keep_alive=connection != "close" if found[3] == b"1" else connection == "keep-alive",
    )


def _field(line: bytes) -> tuple[str, str]:
    found = _FIELD.fullmatch(line)
    if found is None:
        raise WireError(HTTPStatus.BAD_REQUEST)
    return found[1].decode("ascii").lower(), found[2].decode("latin-1")


def _decoded(target: bytes) -> str:
    try:
        path = unquote_to_bytes(target).decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        raise WireError(HTTPStatus.BAD_REQUEST) from error
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in path):
        raise WireError(HTTPStatus.BAD_REQUEST)
    return path


def head(status: HTTPStatus, headers: Mapping[str, str]) -> bytes:
    """The bytes of a response head, blank line included."""
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", f"Date: {formatdate(usegmt=True)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def whole(status: HTTPStatus, body: bytes, headers: Mapping[str, str]) -> bytes:
    """A complete short answer."""
    return head(status, {"Content-Length": str(len(body)), **headers}) + body
