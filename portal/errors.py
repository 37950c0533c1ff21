"""The one table from refusal to HTTP status, and the two shapes of an error: JSON and a page."""

from __future__ import annotations

from typing import Any

import structlog
from flask import Flask, Response, jsonify, render_template, request
from flask_babel import get_locale
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from kernel import errors
from kernel.db import transaction
from kernel.errors import Refusal, Words
from supervision import log

STATUS: dict[type[Refusal], int] = {
    errors.Invalid: 422,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.TooLate: 409,
    errors.TooEarly: 409,
    errors.TooLarge: 413,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}

_FULL = ("database or disk is full", "No space left on device", "disk full")
_log = structlog.get_logger()

_HTTP: dict[int, Words] = {
    400: Words("请求格式不正确", "The request is malformed"),
    404: Words("没有这个页面或对象", "There is no such page or thing"),
    405: Words("此地址不支持这种请求方法", "This address does not take that method"),
    413: Words("内容太大", "The content is too large"),
    415: Words("不支持的内容类型", "That content type is not supported"),
    422: Words("提交的内容有误", "What was submitted does not hold"),
    429: Words("请求过于频繁,请稍后再试", "Too many requests: try again later"),
}
_BROKEN = Words("系统出错,已记录;未提交的内容没有改变", "Something broke and was recorded; nothing was changed")


def status_of(refusal: Refusal) -> int:
    for kind in type(refusal).__mro__:
        if kind in STATUS:
            return STATUS[kind]
    return 400


def install(app: Flask) -> None:
    app.register_error_handler(Refusal, refused)
    app.register_error_handler(HTTPException, from_http)
    app.register_error_handler(IntegrityError, raced)
    app.register_error_handler(StaleDataError, raced)
    app.register_error_handler(DataError, unstorable)
    app.register_error_handler(OperationalError, database_trouble)
    app.register_error_handler(Exception, broken)


def refused(refusal: Refusal) -> Response:
    """Say no; a refused attempt that matters becomes a fact of its own, after the roll-back."""
    if refusal.record is not None:
        with transaction():
            log.append(refusal.record.fact, lot=refusal.record.lot, subject=refusal.record.subject)
    response = answer(status_of(refusal), refusal.code, refusal.words, rule=refusal.rule, detail=refusal.detail)
    if "retry_after" in refusal.detail:
        response.headers["Retry-After"] = str(refusal.detail["retry_after"])
    return response


def from_http(error: HTTPException) -> Response:
    """Errors of the framework in our shape; webargs puts the fields at fault into `data`."""
    status = error.code or 500
    if error.response is not None and status < 400:
        return error.response  # type: ignore[return-value]
    fields = getattr(error, "data", {}).get("messages", {})
    words = _HTTP.get(status, Words(error.name, error.name))
    response = answer(status, f"http.{status}", words, detail={"fields": fields} if fields else {})
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def raced(_error: Exception) -> Response:
    words = Words("内容刚被他人改动,请刷新后重试", "Somebody changed this just now: reload and try again")
    return answer(409, "conflict.raced", words)


def unstorable(_error: DataError) -> Response:
    """A value that a column cannot hold; only PostgreSQL says so itself."""
    words = Words("有数值超出可保存的范围", "A value is out of the range that can be kept")
    return answer(422, "value.unstorable", words)


def database_trouble(error: OperationalError) -> Response:
    if any(sign in str(error) for sign in _FULL):
        words = Words("存储空间不足,未提交的内容没有改变,请稍后再试", "Storage is full; nothing was changed, try later")
        return answer(503, "storage.full", words)
    if "locked" in str(error):
        return answer(503, "database.busy", Words("系统繁忙,请重试", "The database is busy: try again"))
    return broken(error)


def broken(error: Exception) -> Response:
    """What nobody foresaw: logged whole, told in one sentence."""
    _log.exception("request.broken", path=request.path, method=request.method, error=repr(error))
    return answer(500, "broken", _BROKEN)


def answer(
    status: int, code: str, words: Words, *, rule: str | None = None, detail: dict[str, Any] | None = None
) -> Response:
    language = str(get_locale() or "zh")
    body = {
        "code": code,
        "message": words.in_language(language),
        "message_zh": words.zh,
        "message_en": words.en,
        "rule": rule,
        "detail": detail or {},
    }
    if request.path.startswith(("/api/", "/log/", "/public/")):
        response = jsonify(body)
    else:
        with transaction(write=False):
            response = Response(render_template("error.html", status=status, error=body), mimetype="text/html")
    response.status_code = status
    return response
