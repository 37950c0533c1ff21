"""The portal's guard: headers, no inline code, forged forms, cookies, repeated calls, guessing, secrets in logs."""

from __future__ import annotations

import io
import json
import re
import sys
import threading
from html.parser import HTMLParser

import pytest
from accounts_stage import PASSWORD, STORED
from portal_doors import READING_ROLES, Street, built, doorways
from sqlalchemy import select

from accounts.access import SESSION_COOKIE
from accounts.models import Person
from kernel import clock
from kernel.db import db
from portal import logs
from portal.idempotency import HEADER
from portal.limits import limiter
from tendering.models import Tender

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    for found in built(tmp_path_factory.mktemp("guard")):
        with found.stage.act():
            for person in db.session.scalars(select(Person)):
                person.password_hash = STORED
        yield found


class _Inline(HTMLParser):
    """Collects what a strict policy would block: inline script, style, handlers, and addresses of other hosts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._script = tag == "script" and given.get("type") not in ("application/json", "text/plain")
        if self._script and not given.get("src"):
            self.found.append("script without src")
        if tag == "style":
            self.found.append("style element")
        for name, value in attrs:
            address = name in ("src", "action", "formaction") or (name == "href" and tag == "link")
            if name.startswith("on") or name == "style" or (value or "").startswith("javascript:"):
                self.found.append(f"{tag} {name}")
            if address and re.match(r"(?:https?:)?//", value or ""):
                self.found.append(f"{tag} {name}={value}")


def _pages(street: Street):
    return [door for door in doorways(street.stage.app.url_map.iter_rules()) if door.method == "GET"]


@pytest.mark.parametrize("role", READING_ROLES)
def test_every_page_carries_the_headers_and_nothing_inline(street: Street, role):
    actor = street.people.get(role)
    seen = 0
    for door in _pages(street):
        answer = street.ask("GET", street.path(door), actor)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, (str(door), name)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        if answer.mimetype == "text/html":
            seen += 1
            reader = _Inline()
            reader.feed(answer.get_data(as_text=True))
            assert reader.found == [], (str(door), reader.found)
            assert answer.headers["Cache-Control"] == "no-store"
    assert seen > 20


def _signed_in(street: Street, login: str = "bidder-login"):
    """A browser with a session, as the sign-in form leaves it, and the answer to the form."""
    client = street.stage.app.test_client()
    limiter.reset()
    with clock.at(street.stage.now):
        token = _token(client.get("/sign-in"))
        form = {"login": login, "password": PASSWORD, "csrf_token": token}
        answer = client.post("/sign-in", data=form)
    assert answer.status_code == 303, answer.text
    return client, answer


def _token(answer) -> str:
    found = re.search(r'name="csrf-token" content="([0-9a-f]{64})"', answer.get_data(as_text=True))
    assert found is not None
    return found[1]


def test_an_unsafe_request_of_a_browser_without_the_token_is_refused_everywhere(street: Street):
    client, _ = _signed_in(street)
    doors = [door for door in doorways(street.stage.app.url_map.iter_rules()) if door.method != "GET"]
    assert len(doors) > 80
    with clock.at(street.stage.now):
        for door in doors:
            for given in ({}, {"X-CSRF-Token": "0" * 64}):
                answer = client.open(street.path(door), method=door.method, headers=given)
                assert answer.status_code == 403, str(door)
                assert "csrf" in answer.get_data(as_text=True) or not door.api, str(door)


def test_a_form_before_sign_in_needs_the_token_of_its_visit(street: Street):
    client = street.stage.app.test_client()
    with clock.at(street.stage.now):
        assert client.post("/sign-in", data={"login": "bidder-login", "password": PASSWORD}).status_code == 403
        stolen = _token(street.stage.app.test_client().get("/sign-in"))
        client.get("/sign-in")
        form = {"login": "bidder-login", "password": PASSWORD, "csrf_token": stolen}
        assert client.post("/sign-in", data=form).status_code == 403


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(street: Street):
    _, answer = _signed_in(street)
    cookie = next(line for line in answer.headers.getlist("Set-Cookie") if line.startswith(SESSION_COOKIE))
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie


def test_cookies_are_secure_when_the_address_is(tmp_path):
    for street in built(tmp_path, URL="https://bids.example"):
        client = street.stage.app.test_client()
        with clock.at(street.stage.now):
            answer = client.get("/sign-in", base_url="https://bids.example")
        assert all("Secure" in line for line in answer.headers.getlist("Set-Cookie"))
        assert "max-age" in answer.headers["Strict-Transport-Security"]


def _draft(street: Street, key: str | None, title: str = "重复的请求"):
    headers = {HEADER: key} if key is not None else {}
    body = {"trade": "construction", "pack": "practice.construction.open", "title": title, "region": "990101"}
    return street.ask("POST", "/api/v1/tenders", street.people["OWNER"], json=body, headers=headers)


def _drafts(street: Street, title: str) -> int:
    return len(street.stage.rows(Tender, Tender.title == title))


def test_a_repeated_call_happens_once_and_is_answered_twice(street: Street):
    first, again = _draft(street, "once", "一次"), _draft(street, "once", "一次")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert again.headers["Idempotent-Replay"] == "true"
    assert _drafts(street, "一次") == 1


def test_a_key_is_not_taken_for_another_call_or_another_caller(street: Street):
    _draft(street, "mine", "甲")
    other = _draft(street, "mine", "乙")
    assert (other.status_code, other.json["code"]) == (409, "idempotency.reused")
    body = {"trade": "construction", "pack": "practice.construction.open", "title": "甲", "region": "990101"}
    stranger = street.ask("POST", "/api/v1/tenders", street.people["BIDDER"], json=body, headers={HEADER: "mine"})
    assert stranger.status_code == 403


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_of_odd_length_is_refused(street: Street, key):
    answer = _draft(street, key)
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency.key")


def test_a_refused_call_is_not_remembered(street: Street):
    assert _draft(street, "refused", "\0").status_code == 422
    assert _draft(street, "refused", "后来好了").status_code == 201


def _race(street: Street, count: int = 6) -> list[int]:
    """The same call from several threads at once, each with a client of its own."""
    headers = {"Authorization": f"Bearer {street.token(street.people['OWNER'])}", HEADER: "race"}
    body = {"trade": "construction", "pack": "practice.construction.open", "title": "竞争", "region": "990101"}
    statuses: list[int] = []
    gate = threading.Barrier(count)

    def call() -> None:
        client = street.stage.app.test_client()
        gate.wait()
        with clock.at(street.stage.now):
            statuses.append(client.post("/api/v1/tenders", json=body, headers=headers).status_code)

    threads = [threading.Thread(target=call) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_the_same_call_racing_itself_happens_once(tmp_path, engine):
    for street in built(tmp_path, engine):
        statuses = _race(street)
        assert set(statuses) <= {201, 409}
        assert 201 in statuses
        assert _drafts(street, "竞争") == 1


def test_guessing_a_password_meets_a_wall(street: Street):
    client = street.stage.app.test_client()
    statuses = []
    with clock.at(street.stage.now):
        for _ in range(25):
            body = {"login": "agency-login", "password": "wrong wrong wrong"}
            answer = client.post("/api/v1/sessions", json=body)
            statuses.append(answer.status_code)
    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_metrics_are_for_this_machine_only_and_name_nobody(street: Street):
    here = street.ask("GET", "/metrics")
    assert here.status_code == 200
    assert "kaibiao_requests_total" in here.text
    assert street.lot not in here.text
    away = street.ask("GET", "/metrics", environ_overrides={"REMOTE_ADDR": "203.0.113.9"})
    behind = street.ask("GET", "/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
    assert (away.status_code, behind.status_code) == (403, 403)


def test_health_and_readiness_say_how_it_stands(street: Street):
    assert street.ask("GET", "/health").json["alive"] is True
    assert street.ask("GET", "/ready").json["parts"] == {"database": True, "storage": True, "log_key": True}
    key = street.stage.folder / "keys" / "log.pem"
    key.rename(key.with_suffix(".away"))
    try:
        answer = street.ask("GET", "/ready")
        assert (answer.status_code, answer.json["parts"]["log_key"]) == (503, False)
    finally:
        key.with_suffix(".away").rename(key)


@pytest.fixture
def logged(street, monkeypatch):
    """What the portal writes to its standard error from now on."""
    with monkeypatch.context() as patched:
        stream = io.StringIO()
        patched.setattr(sys, "stderr", stream)
        logs.install(street.stage.app.site.settings)
        yield stream
    logs.install(street.stage.app.site.settings)


def test_no_secret_reaches_the_logs(street: Street, logged, monkeypatch):
    secret = "hunter2-hunter2-hunter2"

    def broken(**_: object) -> None:
        raise RuntimeError("something else broke")

    body = {"login": "owner-login", "password": secret, "totp": "246810"}
    with monkeypatch.context() as patched:
        patched.setitem(street.stage.app.view_functions, "accounts_api.Sessions", broken)
        answer = street.ask("POST", "/api/v1/sessions", street.people["OWNER"], json=body)
    assert (answer.status_code, answer.json["code"]) == (500, "broken")
    street.ask("POST", "/api/v1/sessions", json=body)
    assert "request.broken" in logged.getvalue()
    for word in (secret, "246810", street.token(street.people["OWNER"]), street.stage.app.secret_key):
        assert str(word) not in logged.getvalue()
        assert str(word) not in answer.text


@pytest.mark.parametrize("path", ["/", "/tenders?page=1", "/nodes", "/law", "/api/"])
def test_the_language_switch_keeps_the_page_and_is_kept(street: Street, path):
    client = street.stage.app.test_client()
    with clock.at(street.stage.now):
        chinese = client.get(path).get_data(as_text=True)
        assert 'lang="zh-CN"' in chinese
        other = re.search(r'href="([^"]*lang=en)"', chinese)
        assert other is not None
        address = other[1].replace("&amp;", "&")
        assert address.partition("?")[0] == path.partition("?")[0]
        assert '<html lang="en"' in client.get(address).get_data(as_text=True)
        assert '<html lang="en"' in client.get("/").get_data(as_text=True)


def test_the_contract_is_browsable_and_lists_every_call_of_the_api(street: Street):
    page = street.ask("GET", "/api/").get_data(as_text=True)
    contract = json.loads(street.ask("GET", "/api/openapi.json").data)
    assert contract["openapi"].startswith("3.1")
    for path in contract["paths"]:
        assert path in page


def test_what_nobody_foresaw_is_an_error_page_without_its_cause(street: Street):
    answer = street.ask("GET", "/no/such/page")
    assert answer.status_code == 404
    assert "Traceback" not in answer.text
    assert 'class="' in answer.text
