"""What a request may bring: as many bytes as its door takes, text that a database can hold, JSON of sane depth.

These are the limits of the reader itself, told as refusals before any view; what the fields may say, schemas decide.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from flask import Request

from kernel.errors import Invalid, NotFound, TooLarge

BODY_MAX = 16 * 1024 * 1024
STREAMED = frozenset(
    {"uploads_api.Uploads", "uploads_api.OneUpload", "tendering_api.Documents", "tendering.owner.upload"}
)
"""Doors that take a file of any size as a stream and bound it themselves."""

INTEGER_MAX = 2**53
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def check(asked: Request) -> None:
    """Refuse what no view could read: too many bytes, a NUL or half a surrogate pair, JSON that is none."""
    if "\0" in asked.path or any(_beyond(value) for value in (asked.view_args or {}).values()):
        raise NotFound("http.404", "没有这个页面或对象", "There is no such page or thing", rule="RFC 3986 3.3")
    _check_text(value for values in asked.args.listvalues() for value in values)
    if asked.endpoint in STREAMED or asked.method not in UNSAFE:
        return
    _check_size(asked)
    if asked.is_json:
        _check_json(asked.get_data(cache=True))
    elif asked.mimetype in _FORMS:
        _check_text(value for values in asked.form.listvalues() for value in values)


def _check_size(asked: Request) -> None:
    if (asked.content_length or 0) > BODY_MAX:
        raise _too_large()
    asked.max_content_length = BODY_MAX + 1  # a chunked body names no length: reading it stops here


def _too_large() -> TooLarge:
    return TooLarge(
        "body.too-large",
        f"请求内容超过 {BODY_MAX // 1024**2} MB",
        f"the body is larger than {BODY_MAX // 1024**2} MiB",
        rule="OWASP ASVS 5.2.1",
    )


def _check_json(raw: bytes) -> None:
    if not raw:
        return
    if len(raw) > BODY_MAX:
        raise _too_large()
    try:
        value = json.loads(raw.decode("utf-8", "strict"), parse_constant=_no_constant, parse_int=_whole)
        if b"\\u" in raw:  # neither can be written without an escape
            _check_text(_texts(value))
    except (ValueError, RecursionError) as error:
        raise Invalid(
            "body.unreadable", "请求内容不是可读的 JSON", "The body is not JSON that can be read", rule="RFC 8259"
        ) from error


def _texts(value: object) -> Iterator[str]:
    """Every string in a JSON value, names of fields included."""
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _texts(item)
        case dict():
            for name, item in value.items():
                yield name
                yield from _texts(item)
        case _:
            return


def _beyond(value: object) -> bool:
    """A number that no counter of ours reaches and no database column holds."""
    return isinstance(value, int) and abs(value) >= INTEGER_MAX


def _whole(text: str) -> int:
    if len(text) > 17 or _beyond(int(text)):
        raise ValueError("RFC 7493 2.2: no integers beyond 2**53")
    return int(text)


def _no_constant(name: str) -> None:
    raise ValueError(f"JSON knows no {name}")


def _check_text(values: Iterable[str]) -> None:
    """A NUL does not fit into a text of the database; half a surrogate pair is no character at all."""
    for value in values:
        if "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value if sign > "\ud7ff"):
            raise Invalid(
                "text.unstorable",
                "内容含有无法保存的字符(空字符或不成对的代理码)",
                "The text contains a character that cannot be kept (NUL or half a surrogate pair)",
                rule="RFC 8259 8.2",
            )
