"""The wire of tus 1.0.0 (https://tus.io/protocols/resumable-upload): headers read strictly, no I/O.

Core, creation (with upload), termination, expiration and checksum; lengths are never deferred, because a sealed
file's size is known and a quota is checked before the first byte.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from kernel.errors import Invalid, TooLarge

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,expiration,checksum"
ALGORITHMS = "sha256,sha1"
BODY_TYPE = "application/offset+octet-stream"

_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}")
_KEY = re.compile(r"[\x21-\x2b\x2d-\x7e]+")
_RULE = "tus 1.0.0"
_DIGEST_SIZES = {"sha256": 32, "sha1": 20}


@dataclass(frozen=True)
class Checksum:
    """What the client says about the bytes of one PATCH."""

    algorithm: str
    digest: bytes


def number(text: str | None, header: str) -> int:
    """A header's whole number, in its one spelling."""
    if text is None or _NUMBER.fullmatch(text) is None:
        raise Invalid(
            "upload.header",
            f"请求头 {header} 缺失或不是整数。",
            f"The header {header} is missing or not a whole number.",
            rule=_RULE,
            header=header,
        )
    return int(text)


def length(text: str | None, limit: int) -> int:
    """`Upload-Length`: between one byte and the limit."""
    size = number(text, "Upload-Length")
    if size == 0:
        raise Invalid("upload.empty", "文件是空的，请重新选择。", "The file is empty; choose another.", rule=_RULE)
    if size > limit:
        raise TooLarge(
            "upload.too_large",
            f"文件为 {size} 字节，超过上限 {limit} 字节。",
            f"The file has {size} bytes; at most {limit} are taken.",
            rule=_RULE,
            limit=limit,
        )
    return size


def metadata(text: str | None) -> dict[str, str]:
    """`Upload-Metadata`: `key base64,key base64`; Invalid on a repeated key or bad base64."""
    found: dict[str, str] = {}
    for pair in (text or "").split(","):
        key, _, value = pair.strip().partition(" ")
        if key:
            _put(found, key, value)
    return found


def _put(found: dict[str, str], key: str, value: str) -> None:
    try:
        decoded = base64.b64decode(value, validate=True).decode("utf-8", "strict")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise _bad_metadata() from None
    if key in found or _KEY.fullmatch(key) is None or len(decoded) > 512 or "\0" in decoded:
        raise _bad_metadata()
    found[key] = decoded


def checksum(text: str | None) -> Checksum | None:
    """`Upload-Checksum: sha256 <base64>`; None when the client sends none."""
    if text is None:
        return None
    algorithm, _, value = text.partition(" ")
    try:
        digest = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != _DIGEST_SIZES.get(algorithm, -1):
        raise Invalid(
            "upload.checksum_header",
            f"请求头 Upload-Checksum 只支持 {ALGORITHMS} 及其 Base64 摘要。",
            f"Upload-Checksum takes {ALGORITHMS} and a base64 digest.",
            rule=_RULE,
        )
    return Checksum(algorithm, digest)


def check_version(text: str | None) -> None:
    """Every request but OPTIONS names the one version spoken here."""
    if text != VERSION:
        raise Invalid(
            "upload.version",
            f"上传协议版本不是 tus {VERSION}，请更新客户端。",
            f"The upload does not speak tus {VERSION}; update your client.",
            rule=_RULE,
        )


def check_body_type(text: str | None) -> None:
    if text != BODY_TYPE:
        raise Invalid(
            "upload.content_type",
            f"上传内容的类型必须是 {BODY_TYPE}。",
            f"Uploaded bytes are of type {BODY_TYPE}.",
            rule=_RULE,
        )


def http_date(instant: datetime) -> str:
    """RFC 9110 date, as `Upload-Expires` wants it."""
    return format_datetime(instant.astimezone(UTC), usegmt=True)


def _bad_metadata() -> Invalid:
    return Invalid(
        "upload.metadata", "请求头 Upload-Metadata 无法读懂。", "The header Upload-Metadata cannot be read.", rule=_RULE
    )
