"""What a door reads at all: size, text and depth, decided before any view."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from kernel.errors import Invalid, NotFound, TooLarge
from portal import bodies


def asked(raw: bytes = b"", *, path: str = "/api/v1/x", kind: str = "application/json", **more: Any) -> Request:
    return Request(EnvironBuilder(path, method="POST", data=raw, content_type=kind, **more).get_environ())


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b"[]",
        b"null",
        b"",
        '{"a": "标段 𠮷"}'.encode(),
        b'{"a": "\\ud842\\udfb7"}',
        b"[9007199254740991]",
        b"[1.5]",
    ],
)
def test_what_json_can_say_passes(raw):
    bodies.check(asked(raw))


@pytest.mark.parametrize(
    "raw",
    [
        b"{", b"\xff", b"[NaN]", b"[Infinity]", b"[" * 100_000, b"[9007199254740992]", b"[-9007199254740992]",
        b"[" + b"9" * 5000 + b"]",
    ],
)  # fmt: skip
def test_what_no_view_could_read_is_refused(raw):
    with pytest.raises(Invalid) as refused:
        bodies.check(asked(raw))
    assert (refused.value.code, refused.value.rule) == ("body.unreadable", "RFC 8259")


@pytest.mark.parametrize("raw", [b'{"a": "\\u0000"}', b'{"\\u0000": 1}', b'["\\ud800"]', b'["\\udc00\\ud800"]'])
def test_text_that_no_database_holds_is_refused(raw):
    with pytest.raises(Invalid) as refused:
        bodies.check(asked(raw))
    assert refused.value.code == "text.unstorable"


def test_a_backslash_before_u_is_no_nul():
    bodies.check(asked(rb'["\\u0000"]'))


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded"])
def test_a_nul_in_a_form_or_a_question_is_refused(kind):
    with pytest.raises(Invalid):
        bodies.check(asked(b"a=%00", kind=kind))
    with pytest.raises(Invalid):
        bodies.check(asked(query_string="q=%00"))


def test_a_nul_in_an_address_is_nowhere():
    with pytest.raises(NotFound):
        bodies.check(asked(path="/api/v1/%00"))


def test_sixteen_megabytes_are_the_most():
    bodies.check(asked(b'"' + b"x" * (bodies.BODY_MAX - 2) + b'"'))
    with pytest.raises(TooLarge):
        bodies.check(asked(b'"' + b"x" * (bodies.BODY_MAX - 1) + b'"'))
