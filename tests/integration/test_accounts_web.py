"""Accounts through the front door: forms, cookies, tokens, and who may see what."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pyotp
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))
from accounts import rules
from accounts.certificates import Possession, statement
from accounts.entrance import inside
from accounts.roles import ROLES_OF, OrgKind, Role
from kernel import keys
from kernel.db import transaction
from supervision import log
from tests.accounts_stage import CODES, NOW, PASSWORD
from tests.accounts_web import Browser, Program, privileged, town

BIDDER = {"uscc": CODES[OrgKind.BIDDER], "name": "清河宏图建设有限公司", "kind": "bidder"}


@pytest.fixture
def app(tmp_path):
    with town(tmp_path) as found:
        yield found


@pytest.fixture
def browser(app):
    return Browser(app)


# Forms ---------------------------------------------------------------------------------------------------------------


def test_a_bidder_registers_group_by_group_signs_in_and_signs_out(browser):
    browser.get("/register")
    assert "您是谁" in browser.post("/register", 200, step="organization", **BIDDER)
    person = {"person_name": "王一", "login": "Wang"}
    assert "设置口令" in browser.post("/register", 200, step="person", **BIDDER, **person)
    browser.post("/register", 303, step="password", **BIDDER, **person, password=PASSWORD, again=PASSWORD)
    browser.sign_in("wang")
    page = browser.get("/account")
    assert "王一" in page
    assert CODES[OrgKind.BIDDER] in page
    assert "制作签名密钥" in page
    browser.get("/sign-out")
    browser.post("/sign-out")
    browser.get("/account", 401)


def test_a_form_says_what_is_wrong_and_links_to_the_field(browser):
    browser.get("/register")
    text = browser.post("/register", 422, step="organization", uscc="123", name="某公司", kind="bidder")
    assert 'href="#uscc"' in text
    assert 'aria-invalid="true"' in text
    assert 'value="某公司"' in text
    browser.post("/register", 422, step="organization", uscc=BIDDER["uscc"], name="某公司", kind="manager")
    both = {**BIDDER, "person_name": "王一", "login": "wang"}
    assert 'href="#again"' in browser.post("/register", 422, step="password", **both, password=PASSWORD, again="x")
    assert 'href="#password"' in browser.post("/register", 422, step="password", **both, password="x", again="x")


def test_a_wrong_check_digit_asks_once_and_then_goes_on(browser):
    body = {**BIDDER, "uscc": "91350100M000100Y40"}
    browser.get("/register")
    assert "uscc_confirmed" in browser.post("/register", 422, step="organization", **body)
    assert "您是谁" in browser.post("/register", 200, step="organization", **body, uscc_confirmed="1")


@pytest.mark.parametrize("path", ["/register", "/sign-in", "/invitation"])
def test_a_page_before_sign_in_stands_in_both_languages(browser, path):
    assert 'data-lang="zh"' in browser.get(path)
    assert 'data-lang="en"' in browser.get(path + "?lang=en")


def test_a_form_without_its_token_is_refused_and_changes_nothing(app, browser):
    app.enter("wang", None, OrgKind.BIDDER)
    Browser(app).post("/sign-in", 403, login="wang", password=PASSWORD)
    browser.sign_in("wang")
    browser.get("/account")
    good, browser.token = browser.token, "0" * 64
    browser.post("/account/totp", 403)
    assert app.ask(browser.client, "POST", "/api/v1/totp").status_code == 403
    headers = {"X-CSRF-Token": good}
    assert app.ask(browser.client, "POST", "/api/v1/totp", headers=headers).status_code == 201


def test_a_token_of_another_session_is_refused(app, browser):
    app.enter("wang", None, OrgKind.BIDDER)
    app.enter("chen", None, OrgKind.BIDDER)
    other = Browser(app)
    browser.sign_in("wang")
    other.sign_in("chen")
    browser.get("/account")
    other.get("/account")
    browser.token = other.token
    assert "csrf" in browser.post("/account/totp", 403)


@pytest.mark.parametrize(
    ("target", "landing"),
    [
        ("/desk", "/desk"),
        ("//evil.example", "/account"),
        ("https://evil.example", "/account"),
        ("/\\evil.example", "/account"),
        ("", "/account"),
        ("/a\r\nSet-Cookie: x", "/account"),
    ],
)
def test_signing_in_leads_only_to_pages_of_this_site(target, landing):
    assert inside(target) == landing


def test_the_sessions_cookie_is_for_the_browser_alone(app, browser):
    app.enter("wang", None, OrgKind.BIDDER)
    browser.get("/sign-in")
    sent = {"csrf_token": browser.token, "login": "wang", "password": PASSWORD}
    answer = app.ask(browser.client, "POST", "/sign-in", data=sent)
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if "session" in value)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_wrong_password_shows_the_form_again_and_after_some_a_wait(app, browser):
    app.enter("wang", None, OrgKind.BIDDER)
    browser.get("/sign-in")
    for _ in range(4):
        assert "不正确" in browser.post("/sign-in", 422, login="wang", password="not the password")
    assert "秒后再试" in browser.post("/sign-in", 422, login="wang", password=PASSWORD)


def test_a_code_is_enrolled_by_its_picture_and_asked_for_at_the_next_sign_in(app, browser):
    app.enter("ops", Role.OPS, OrgKind.CENTRE)
    browser.sign_in("ops")
    assert "启用动态口令" in browser.get("/account")
    page = browser.post("/account/totp", 200)
    assert "<svg" in page
    secret = re.search(r'id="secret">([A-Z2-7]+)<', page)[1]
    assert "不正确" in browser.post("/account/totp/confirm", 422, code="000000")
    browser.post("/account/totp/confirm", 303, code=pyotp.TOTP(secret).at(NOW))
    other = Browser(app)
    other.get("/sign-in")
    assert "动态口令" in other.post("/sign-in", 422, login="ops", password=PASSWORD)
    app.now = NOW + rules.SESSION_IDLE / 2
    other.post("/sign-in", 303, login="ops", password=PASSWORD, totp=pyotp.TOTP(secret).at(app.now))


def test_a_session_in_use_lasts_and_an_idle_one_ends(app, browser):
    app.enter("wang", None, OrgKind.BIDDER)
    browser.sign_in("wang")
    for quarters in (3, 6):
        app.now = NOW + rules.SESSION_IDLE * quarters / 4
        assert "王wang" in browser.get("/account")
    app.now = NOW + rules.SESSION_IDLE * 3
    assert "王wang" not in browser.get("/account", 401)


def test_a_session_is_ended_from_the_list(app, browser):
    app.enter("wang", None, OrgKind.BIDDER)
    program = Program(app, "wang")
    browser.sign_in("wang")
    page = browser.get("/account")
    [other] = [
        found for found in re.findall(r"/account/sessions/([0-9a-f]{16})/end", page) if _is_other(program, found)
    ]
    browser.post(f"/account/sessions/{other}/end")
    program.ask("GET", "me", status=401)
    assert "王wang" in browser.get("/account")


def _is_other(program, public_id):
    listed = program.ask("GET", "sessions", status=200).get_json()
    return any(found["id"] == public_id and found["api"] for found in listed)


def test_a_colleague_is_invited_accepts_and_prepares(app, browser):
    app.enter("wang", None, OrgKind.BIDDER)
    browser.sign_in("wang")
    browser.get("/account")
    page = browser.post("/account/people", 200, name="赵二", login="zhao", parts=["prepare"])
    code = re.search(r"code=([\w-]+)", page)[1]
    guest = Browser(app)
    assert code in guest.get(f"/invitation?code={code}")
    guest.post("/invitation", 303, invitation=code, login="zhao", password=PASSWORD, again=PASSWORD)
    guest.sign_in("zhao")
    assert "没有授权您签署" in guest.get("/account/key")
    guest.get("/account")
    guest.post("/account/people", 422, name="孙三", login="sun", parts=["prepare"])


def test_a_changed_password_is_the_one_that_counts(app, browser):
    app.enter("wang", None, OrgKind.BIDDER)
    browser.sign_in("wang")
    browser.get("/account")
    new = "another long sentence"
    assert 'href="#current"' in browser.post("/account/password", 422, current="x", password=new, again=new)
    browser.post("/account/password", 303, current=PASSWORD, password=new, again=new)
    Program(app).ask("POST", "sessions", {"login": "wang", "password": PASSWORD}, 401)
    Program(app).ask("POST", "sessions", {"login": "wang", "password": new}, 201)


# Who may see what ----------------------------------------------------------------------------------------------------

PLACES = [
    "/admin/",
    "/admin/certificates/0",
    "/account",
    "/account/key",
    "/account/consortia/0",
    "/account/certificates/0.der",
]


@pytest.mark.parametrize("path", PLACES)
def test_a_stranger_is_asked_to_sign_in(browser, path):
    assert f"/sign-in?next={path}" in browser.get(path, 401)


@pytest.mark.parametrize("kind", [kind for kind in OrgKind if kind is not OrgKind.MANAGER])
def test_only_the_management_office_sees_all_people(app, kind):
    role = min(ROLES_OF[kind])
    who = privileged(app, "somebody", role, kind)
    assert who.page("/admin/").status_code == 403
    who.post("grants", {"login": "somebody", "role": "MGR"}, 403)


def test_the_management_office_without_its_code_sees_nothing(app, browser):
    app.enter("office", Role.MGR, OrgKind.MANAGER)
    browser.sign_in("office")
    assert "totp.required" in browser.get("/admin/", 403)


def test_the_office_grants_takes_back_and_admits(app):
    office = privileged(app, "office", Role.MGR, OrgKind.MANAGER)
    app.enter("owner", None, OrgKind.OWNER)
    assert office.post("grants", {"login": "owner", "role": "OWNER"})["role"] == "OWNER"
    office.post("grants", {"login": "owner", "role": "OPS"}, 403)
    office.ask("DELETE", "grants/owner/OWNER", status=204)
    office.ask("DELETE", "grants/owner/NONE", status=404)
    body = {
        "uscc": CODES[OrgKind.SUPERVISOR],
        "name": "住建局",
        "kind": "supervisor",
        "person_name": "李监",
        "login": "lijian",
    }
    Program(app).post("organizations", {**body, "password": PASSWORD}, 403)
    invitation = office.post("organizations", body)["invitation"]
    accepted = {"invitation": invitation, "login": "lijian", "password": PASSWORD}
    Program(app).ask("POST", "people/accept", accepted, 200)
    Program(app).ask("POST", "people/accept", accepted, 404)
    page = office.page("/admin/?q=lijian").text
    assert "李监" in page


def test_the_admin_page_stands_in_both_languages_and_its_forms_work(app, browser):
    app.enter("office", Role.MGR, OrgKind.MANAGER)
    secret = app.enrolled("office", NOW.replace(hour=0))
    app.enter("owner", None, OrgKind.OWNER)
    browser.get("/sign-in")
    browser.post("/sign-in", login="office", password=PASSWORD, totp=pyotp.TOTP(secret).at(NOW))
    browser.get("/admin/?lang=en")
    browser.get("/admin/?lang=zh")
    browser.get("/admin/")
    browser.post("/admin/grants", 303, login="owner", role="OWNER")
    browser.post("/admin/grants", 422, login="owner", role="OWNER")
    browser.post("/admin/grants/owner/OWNER/end", 303)
    body = {"uscc": CODES[OrgKind.CENTRE], "name": "交易中心", "kind": "centre", "person_name": "周五", "login": "zhou"}
    assert "/invitation?code=" in browser.post("/admin/organizations", 200, **body)
    browser.post("/admin/organizations", 422, **{**body, "kind": "none", "login": "zhou2"})


# The API -------------------------------------------------------------------------------------------------------------


def test_a_program_registers_certifies_a_key_and_sees_itself(app):
    program = Program(app)
    answer = program.post("organizations", {**BIDDER, "person_name": "王一", "login": "wang", "password": PASSWORD})
    assert answer["warnings"] == []
    program = Program(app, "wang")
    me = program.ask("GET", "me", status=200).get_json()
    assert (me["roles"], me["parts"], me["second_factor"]) == (["BIDDER"], ["pay", "prepare", "sign"], False)
    key = keys.generate()
    nonce = program.ask("GET", "certificates/challenge", status=200).get_json()["nonce"]
    spelled = keys.spell(key.public_key())
    proof = keys.b64(keys.sign(statement(Possession(spelled, "", nonce)), key))
    made = program.post("certificates", {"public_key": spelled, "proof": proof, "nonce": nonce})
    assert len(made["cert_chain"]) == 2
    assert made["confirmed_at"] is None
    assert program.post(f"certificates/{made['serial']}/confirm", {}, 200)["confirmed_at"] == "2026-11-23T01:30:00Z"
    assert [found["serial"] for found in program.ask("GET", "certificates").get_json()] == [made["serial"]]
    other = privileged(app, "owner", Role.OWNER, OrgKind.OWNER)
    other.post(f"certificates/{made['serial']}/confirm", {}, 404)
    other.ask("DELETE", f"certificates/{made['serial']}", status=403)
    program.ask("DELETE", f"certificates/{made['serial']}", status=204)


def test_a_refused_sign_in_is_recorded_though_nothing_else_is(app):
    app.enter("wang", None, OrgKind.BIDDER)
    Program(app).ask("POST", "sessions", {"login": "wang", "password": "not the password"}, 401)
    assert app.do(refusals) == 1


def refusals():
    with transaction(write=False):
        return len(log.find("attempt.refused"))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("organizations", {}),
        ("organizations", {**BIDDER, "kind": "king", "person_name": "王一", "login": "wang", "password": PASSWORD}),
        ("organizations", {**BIDDER, "person_name": "王一", "login": "wang"}),
        ("organizations", {**BIDDER, "person_name": "王一", "login": "wang", "password": "x", "admin": True}),
        ("sessions", {"login": 7, "password": []}),
        ("sessions", {"login": "x" * 10_000, "password": "x"}),
        ("sessions", []),
        ("people/accept", {"invitation": None}),
    ],
)
def test_bad_input_is_answered_with_its_fields_and_never_an_error_of_ours(app, path, body):
    assert Program(app).ask("POST", path, body).status_code == 422


def test_no_answer_shows_a_hash_a_token_or_a_secret_of_anybody(app):
    office = privileged(app, "office", Role.MGR, OrgKind.MANAGER)
    for path in ("me", "sessions", "certificates", "consortia"):
        text = office.ask("GET", path).text
        assert not re.search(r"argon2|password|token|totp_secret|person_id", text), path
    assert "argon2" not in office.page("/admin/").text
