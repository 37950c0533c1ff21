"""Chinese first, an English twin: the switch keeps the page, the cookie keeps the choice."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

from flask import Flask, Response, request
from flask_babel import Babel, get_locale

from kernel.errors import Words
from supervision import fact_words
from tendering.states import STATE_WORDS

LANGUAGES = ("zh", "en")
COOKIE = "lang"
MARKS = {"，": ", ", "。": ". ", "；": "; ", "：": ": ", "、": ", ", "（": " (", "）": ")"}
SLICES = ("portal", "accounts", "tendering", "escrow", "bidding", "evaluation", "livestream", "oversight")


def chosen() -> str:
    asked = request.args.get("lang") or request.cookies.get(COOKIE)
    return asked if asked in LANGUAGES else LANGUAGES[0]


def install(app: Flask) -> None:
    root = Path(__file__).parent.parent
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join(str(root / name / "translations") for name in SLICES)
    app.config["BABEL_DEFAULT_LOCALE"] = "zh"
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Asia/Shanghai"
    Babel(app, locale_selector=chosen)
    app.jinja_env.globals["language"] = lambda: str(get_locale() or "zh")[:2]
    app.jinja_env.globals["mark"] = mark
    app.jinja_env.filters.update(said=said, state_words=STATE_WORDS.__getitem__, fact_words=fact_words.of)
    app.jinja_env.globals["other_language_url"] = other_language_url
    app.after_request(_keep)


def mark(sign: str) -> str:
    """A full-width mark, or what stands for it between English words."""
    return MARKS[sign] if str(get_locale() or "zh").startswith("en") else sign


def said(words: Words) -> str:
    """The sentence in the language of the page."""
    return words.in_language(str(get_locale() or "zh"))


def other_language_url() -> str:
    """This page in the other language."""
    other = "en" if chosen() == "zh" else "zh"
    kept = [(key, value) for key, value in request.args.items(multi=True) if key != "lang"]
    return f"{request.path}?{urlencode([*kept, ('lang', other)])}"


def _keep(response: Response) -> Response:
    asked = request.args.get("lang")
    if asked in LANGUAGES and asked != request.cookies.get(COOKIE):
        response.set_cookie(COOKIE, asked, max_age=31_536_000, samesite="Lax", secure=request.is_secure)
    return response
