"""The portal as people and programs meet it, with real sign-in, over a fresh installation."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyotp

from kernel import clock
from kernel import site as installation
from kernel.db import db
from kernel.settings import load
from portal.app import Platform, create_app
from tests.accounts_stage import NOW, PASSWORD, enrolled, enter


class Town:
    """An installation with its portal; `now` is the test's to move."""

    def __init__(self, app: Platform) -> None:
        self.app, self.now = app, NOW

    def do(self, act: Callable[..., Any], *args: Any) -> Any:
        """Something behind the portal's back, in a context of its own."""
        with self.app.app_context(), installation.used(self.app.site), clock.at(self.now):
            try:
                return act(*args)
            finally:
                db.session.remove()

    def enter(self, *args: Any) -> None:
        self.do(enter, *args)

    def enrolled(self, login: str, at: dt.datetime) -> str:
        return str(self.do(enrolled, login, at))

    def ask(self, client: Any, method: str, path: str, **more: Any) -> Any:
        with clock.at(self.now):
            return client.open(path, method=method, **more)


@contextmanager
def town(folder: Path) -> Iterator[Town]:
    settings = load(
        {
            "KAIBIAO_VAR": str(folder),
            "KAIBIAO_DATABASE": f"sqlite:///{folder / 'town.sqlite'}",
            "KAIBIAO_ORIGIN": "practice/town",
        }
    )
    app = create_app(settings)
    for name in ("ca", "platform", "log"):
        installation.make_key(app.site, name)
    with app.app_context():
        db.create_all()
    yield Town(app)
    with app.app_context():
        db.engine.dispose()


class Browser:
    """A client that keeps cookies and fills the hidden token of the last page into its forms."""

    def __init__(self, where: Town) -> None:
        self.where, self.client = where, where.app.test_client()
        self.token = self.text = ""

    def get(self, path: str, status: int = 200) -> str:
        return self._seen(self.where.ask(self.client, "GET", path), status)

    def post(self, path: str, status: int = 303, **fields: Any) -> str:
        sent = {"csrf_token": self.token, **fields}
        return self._seen(self.where.ask(self.client, "POST", path, data=sent), status)

    def sign_in(self, login: str, code: str = "") -> None:
        self.get("/sign-in")
        self.post("/sign-in", login=login, password=PASSWORD, totp=code)

    def _seen(self, answer: Any, status: int) -> str:
        assert answer.status_code == status, (answer.status_code, answer.text[-3000:])
        self.text = answer.text
        if answer.mimetype == "text/html" and status != 303:
            checked(self.text)
            found = re.search(r'name="csrf-token" content="([0-9a-f]+)"', self.text)
            assert found is not None
            self.token = found[1]
        return self.text


class Program:
    """A caller of the API, with a token once a name is given."""

    def __init__(self, where: Town, login: str | None = None, code: str | None = None) -> None:
        self.where, self.client = where, where.app.test_client()
        self.headers: dict[str, str] = {}
        if login:
            body = {"login": login, "password": PASSWORD, "totp": code}
            self.headers = {"Authorization": f"Bearer {self.post('sessions', body)['token']}"}

    def ask(self, method: str, path: str, body: Any = None, status: int | None = None) -> Any:
        answer = self.where.ask(self.client, method, f"/api/v1/{path}", json=body, headers=self.headers)
        assert status is None or answer.status_code == status, (answer.status_code, answer.text)
        return answer

    def post(self, path: str, body: Any, status: int = 201) -> Any:
        return self.ask("POST", path, body, status).get_json()

    def page(self, path: str) -> Any:
        return self.where.ask(self.client, "GET", path, headers=self.headers)


def privileged(where: Town, login: str, role: Any, kind: Any) -> Program:
    """Somebody in office, signed in with a one-time code."""
    where.enter(login, role, kind)
    secret = where.enrolled(login, NOW.replace(hour=0))
    return Program(where, login, pyotp.TOTP(secret).at(where.now))


class _Wellformed(HTMLParser):
    """Every element that is opened is closed, in order; every id stands once."""

    void = frozenset({"meta", "input", "br", "link", "img", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another element"


def checked(html: str) -> str:
    """The page, if it is well formed with unique ids and nothing undefined in it."""
    reader = _Wellformed()
    reader.feed(html)
    assert reader.open == []
    assert len(set(reader.ids)) == len(reader.ids), "an id stands twice"
    assert not re.search(r"\{\{|\{%|Undefined", html)
    return html
