"""Which files may be tender documents: names, media types and first bytes. Pure."""

from __future__ import annotations

import re

from kernel.errors import Invalid

RULE = "OWASP ASVS V5"
HEAD = 8
"""How many first bytes `check_head` looks at."""

_NAME = re.compile(r"[^/\\\x00-\x1f\x7f]{1,200}")
_ZIP = b"PK\x03\x04"
_OFFICE = "application/vnd.openxmlformats-officedocument."

MEDIA: dict[str, tuple[str, bytes]] = {
    "pdf": ("application/pdf", b"%PDF-"),
    "ofd": ("application/ofd", _ZIP),
    "docx": (_OFFICE + "wordprocessingml.document", _ZIP),
    "xlsx": (_OFFICE + "spreadsheetml.sheet", _ZIP),
    "zip": ("application/zip", _ZIP),
    "dwg": ("image/vnd.dwg", b"AC10"),
    "png": ("image/png", b"\x89PNG\r\n\x1a\n"),
    "jpg": ("image/jpeg", b"\xff\xd8\xff"),
    "jpeg": ("image/jpeg", b"\xff\xd8\xff"),
    "csv": ("text/csv", b""),
    "txt": ("text/plain", b""),
}
"""Extension to media type and the bytes such a file begins with. Nothing a browser would run is on the list."""


def media_type(name: str) -> str:
    """The media type of a document's name; Invalid when the name or its extension is not allowed."""
    if not _NAME.fullmatch(name) or name.startswith(".") or name != name.strip():
        raise _invalid(
            "document.name",
            "文件名不能为空、含斜杠或控制字符，且不超过200字。",
            "A file's name has no slashes or control characters and at most 200 letters.",
        )
    found = MEDIA.get(_extension(name))
    if found is None:
        raise _invalid(
            "document.type",
            f"不接受此类文件，可用：{'、'.join(sorted(MEDIA))}。",
            f"Files of this kind are not taken; allowed are {', '.join(sorted(MEDIA))}.",
        )
    return found[0]


def check_head(name: str, head: bytes) -> None:
    """Invalid when the first bytes are not those of the kind that the name claims, or there are none."""
    if not head:
        raise _invalid("document.empty", "文件是空的。", "The file is empty.")
    if not head.startswith(MEDIA[_extension(name)][1]):
        raise _invalid(
            "document.disguised",
            "文件内容与扩展名不符。",
            "The file's contents are not of the kind that its name claims.",
        )


def _extension(name: str) -> str:
    return name.rpartition(".")[2].lower()


def _invalid(code: str, zh: str, en: str) -> Invalid:
    return Invalid(code, zh, en, rule=RULE, fields={"name": zh})
