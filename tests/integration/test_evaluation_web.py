"""Evaluation over HTTP: each evaluator sees only the own sheet, on pages and by API; the evaluator is known by its key."""

from __future__ import annotations

import pytest

from evaluation import asking, evaluator, sheetform, steps
from evaluation.asking import Asked
from evaluation.room.portal import BASE, UnreachableError
from evaluation.room.serving import Rooms
from evaluation.room.shelves import Place, Shelves
from kernel import canonical, keys
from kernel.db import db
from kernel.site import site
from tests.evaluation_stage import APPOINTED, COMMITTEE, WITHOUT_THE_FIRST, EvaluationStage, evaluation_staged
from tests.evaluation_web import checked, opened_door
from tests.tendering_stage import seconds


class Door:
    """A stage and a client in front of it."""

    def __init__(self, stage: EvaluationStage) -> None:
        self.stage = stage
        self.client = opened_door(stage)

    def ask(self, method, path, who=None, language="zh", **more):
        headers = {"X-Test-Language": language, **more.pop("headers", {})}
        if who:
            headers["X-Test-Actor"] = who
        return self.client.open(path, method=method, headers=headers, **more)

    def api(self, method, path, who=None, **more):
        return self.ask(method, f"/api/v1/lots/{self.stage.lot}{path}", who, **more)

    def page(self, path, who=None, language="zh"):
        answer = self.ask("GET", path, who, language)
        assert answer.status_code == 200, answer.text
        return checked(answer.text)

    def signed(self, name, raw):
        signed = self.stage.signed(name, raw)
        return {"file": keys.b64(raw), "sig": keys.b64(signed.sig), "cert": keys.b64(self.stage.keys[name][1])}

    def posted(self, name, raw):
        """As sign.js sends it."""
        parts = self.signed(name, raw)
        return {"statement": parts["file"], "signature": parts["sig"], "cert": parts["cert"], "csrf_token": "token"}


@pytest.fixture
def door(tmp_path):
    with evaluation_staged(tmp_path) as stage:
        yield Door(stage)


class ClientPortal:
    """The evaluator's portal over the test client: the same signed requests, without a socket."""

    def __init__(self, door: Door) -> None:
        self.door = door

    def _send(self, method, path, body=b""):
        asked = Asked(method, BASE + path, body)
        headers = asking.headers(asked, self.door.stage.evaluator.sign, self.door.stage.stage.now)
        answer = self.door.ask(
            method, asked.path, data=body, headers=headers, content_type="application/json" if body else None
        )
        if answer.status_code >= 400:
            raise UnreachableError(answer.text)
        return answer.data

    def get(self, path):
        return self._send("GET", path)

    def save(self, path, dst, size):
        dst.write_bytes(self._send("GET", path))
        assert dst.stat().st_size == size

    def post(self, path, value):
        self._send("POST", path, canonical.encode(value))


def test_the_whole_course_over_the_api(door):
    stage = door.stage
    answer = door.api(
        "POST",
        "/committee",
        "operator",
        json={"persons": [f"{name}-login" for name in COMMITTEE], "appointed": vars(APPOINTED)},
    )
    assert answer.status_code == 201
    assert {one["name"] for one in answer.json["members"]} == {f"{name} 某" for name in COMMITTEE}
    for name in COMMITTEE:
        assert door.api("POST", "/seat/declaration", name, json={"conflict": None}).status_code == 204
        raw = keys.unb64(door.api("GET", "/seat/admission", name).json["statement"])
        assert canonical.decode(raw)["bids"] == sorted(stage.bid_ids.values())
        assert door.api("POST", "/seat/admission", name, json=door.signed(name, raw)).status_code == 204
    stage.released()
    evaluating = evaluator.Evaluator(
        stage.folder, stage.evaluator, ClientPortal(door), Rooms(Shelves(stage.folder / "rooms"))
    )
    assert evaluating.poll() == 3
    assert evaluating.poll() == 0
    assert stage.step(steps.step_begin_scoring)
    for name in COMMITTEE:
        bids = door.api("GET", "/room", name).json["bids"]
        assert bids[0]["files"][0]["path"] == "bidder 施工组织设计.pdf"
        assert door.api("PUT", "/sheet", name, json={"bids": stage.draft()}).status_code == 204
        raw = keys.unb64(door.api("GET", "/sheet/statement", name).json["statement"])
        assert door.api("POST", "/sheet", name, json=door.signed(name, raw)).status_code == 204
    assert door.api("GET", "/result").status_code == 409
    assert stage.conclude()
    assert door.api("GET", "/result").json["outcome"] == "ranked"
    assert door.api("POST", "/publicity", "owner", json={}).status_code == 201
    stage.stage.now += seconds(3600)
    query = {"bid_id": stage.bid_ids["bidder2"]}
    raw = keys.unb64(door.api("GET", "/award/statement", "owner", query_string=query).json["statement"])
    given = {"file": keys.b64(raw), "sig": keys.b64(keys.sign(raw, stage.stage.owner_key))}
    assert door.api("POST", "/award", "owner", json=given).json["bid_id"] == stage.bid_ids["bidder2"]
    assert len(door.api("GET", "/sheets").json) == len(COMMITTEE)


def test_a_ticket_from_the_portal_opens_the_evaluators_room(door):
    stage = door.stage
    stage.admitted()
    stage.released()
    rooms = Rooms(Shelves(stage.folder / "rooms"))
    evaluator.Evaluator(stage.folder, stage.evaluator, ClientPortal(door), rooms).poll()
    stage.step(steps.step_begin_scoring)
    bid_id = stage.bid_ids["bidder"]
    asked = {"bid_id": bid_id, "path": "bidder 施工组织设计.pdf"}
    url = door.api("POST", "/tickets", "expert1", json=asked).json["url"]
    assert url.startswith(site().settings.evaluator_url + f"/rooms/{stage.lot}/{bid_id}/bidder%20")
    from evaluation import tickets

    ticket = tickets.check(url.partition("ticket=")[2], site().key("platform").public_key(), stage.stage.now)
    assert (ticket.lot, ticket.bid_id) == (stage.lot, bid_id)
    assert rooms.shelves.shelved(Place(stage.lot, bid_id), asked["path"]) is not None
    answer = door.ask("GET", f"/evaluate/{stage.lot}/documents/{bid_id}/{asked['path']}", "expert1")
    assert answer.status_code == 303
    for name, status in (("expert6", 404), ("owner", 403), ("operator", 403), ("bidder", 403)):
        assert door.api("POST", "/tickets", name, json=asked).status_code == status
    assert door.api("POST", "/tickets", json=asked).status_code == 401
    assert door.api("POST", "/tickets", "expert1", json={**asked, "path": "bid.json"}).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/work"),
        ("GET", "/lots/X/releases/docs/1"),
        ("GET", f"/lots/X/ciphertexts/{'0' * 64}"),
        ("POST", "/lots/X/opened"),
    ],
)
def test_only_the_registered_evaluator_is_served(door, method, path):
    now = door.stage.stage.now
    asked = Asked(method, BASE + path)
    assert door.ask(method, asked.path).status_code == 401
    assert door.ask(method, asked.path, "operator").status_code == 401
    stranger = asking.headers(asked, keys.generate(), now)
    assert door.ask(method, asked.path, headers=stranger).status_code == 403
    stale = asking.headers(asked, door.stage.evaluator.sign, now - seconds(61))
    assert door.ask(method, asked.path, headers=stale).status_code == 403
    other = asking.headers(Asked(method, BASE + "/other"), door.stage.evaluator.sign, now)
    assert door.ask(method, asked.path, headers=other).status_code == 403


def test_the_evaluator_gets_nothing_before_the_committee_admitted(door):
    door.stage.form()
    portal = ClientPortal(door)
    assert canonical.decode(portal.get("/work"))["jobs"] == []
    with door.stage.act(write=False):
        from bidding.models import Envelope

        sha = db.session.query(Envelope).filter_by(stage="docs").first().sha256
        sheet = db.session.query(Envelope).filter_by(stage="sheet").first().sha256
    for one in (sha, sheet):
        with pytest.raises(UnreachableError):
            portal.get(f"/lots/{door.stage.lot}/ciphertexts/{one}")


def test_a_report_on_a_bid_that_was_not_admitted_is_refused(door):
    door.stage.admitted()
    body = {"bid_id": "f" * 32, "stage": "docs", "result": "opened", "sha256": "0" * 64, "files": [], "judgment": None}
    with pytest.raises(UnreachableError, match="not_admitted"):
        ClientPortal(door).post(f"/lots/{door.stage.lot}/opened", body)


def test_each_evaluator_sees_only_the_own_sheet_by_api_and_on_the_page(door):
    stage = door.stage
    stage.scoring()
    secret = "只有我知道的理由"
    draft = stage.draft(plan="37.5")
    for entry in draft.values():
        entry["notes"] = {"plan": secret}
    stage.sign("expert1", draft)
    stage.save("expert2", stage.draft())
    assert [one["evaluator"] for one in door.api("GET", "/sheets", "expert1").json] != []
    for name in ("expert2", "expert3", "expert6", "operator", "owner", "supervising", "bidder", None):
        assert door.api("GET", "/sheets", name).json == []
    own = door.page(f"/evaluate/{stage.lot}", "expert2")
    assert secret not in own
    assert "37.5" not in own
    assert 'value="30"' in own
    assert secret not in door.page(f"/evaluate/{stage.lot}", "expert3")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_members_page_leads_from_step_to_step(door, language):
    stage = door.stage
    stage.form()
    path = f"/evaluate/{stage.lot}"

    def page():
        return door.page(path, "expert1", language)

    assert 'name="declared"' in page()
    stage.declare("expert1")
    assert 'name="statement"' in page()
    stage.admit("expert1")
    assert "data-sign" not in page().replace("data-sign-state", "")
    for name in COMMITTEE[1:]:
        stage.declare(name)
        stage.admit(name)
    stage.opened()
    stage.step(steps.step_begin_scoring)
    shown = page()
    assert "data-prepare" in shown
    for bid_id in stage.bid_ids.values():
        assert sheetform.score(bid_id, "plan") in shown
    for name in COMMITTEE:
        stage.sign(name, stage.draft())
    assert "data-prepare" not in page()
    stage.conclude()
    assert "56.19" in page() or "rank-first" in page()


def test_the_form_keeps_prepares_and_signs_the_sheet(door):
    stage = door.stage
    stage.scoring()
    path = f"/evaluate/{stage.lot}"
    typed = {"csrf_token": "token"}
    for bid_id in stage.bid_ids.values():
        typed |= {
            sheetform.conforms(bid_id): "yes",
            sheetform.score(bid_id, "plan"): "30",
            sheetform.score(bid_id, "record"): "15",
        }
    answer = door.ask("POST", f"{path}/sheet", "expert1", data={"csrf_token": "token"})
    assert (answer.status_code, answer.json["code"]) == (422, "sheet.incomplete")
    answer = door.ask("POST", f"{path}/draft", "expert1", data=typed, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "可以签署" in answer.text
    raw = keys.unb64(door.ask("POST", f"{path}/sheet", "expert1", data={"csrf_token": "token"}).json["statements"][0])
    assert (
        door.ask("POST", f"{path}/draft", "expert1", data={**typed, sheetform.score(bid_id, "plan"): "31"}).status_code
        == 303
    )
    stale = door.ask("POST", f"{path}/sign", "expert1", data=door.posted("expert1", raw))
    assert stale.status_code == 422
    assert "草稿已变化" in checked(stale.text)
    raw = keys.unb64(door.ask("POST", f"{path}/sheet", "expert1", data={"csrf_token": "token"}).json["statements"][0])
    assert door.ask("POST", f"{path}/sign", "expert1", data=door.posted("expert1", raw)).status_code == 303
    assert [sheet.file for sheet in stage.sheets() if sheet.file] == [raw]


def test_an_unfinished_form_says_what_is_missing_and_keeps_what_was_typed(door):
    stage = door.stage
    stage.scoring()
    bid_id = stage.bid_ids["bidder"]
    typed = {
        sheetform.conforms(bid_id): "no",
        sheetform.score(bid_id, "plan"): "41",
        sheetform.note(bid_id, "plan"): "<b>好</b>",
    }
    door.ask("POST", f"/evaluate/{stage.lot}/draft", "expert1", data=typed)
    shown = door.page(f"/evaluate/{stage.lot}", "expert1")
    assert 'value="41"' in shown
    assert "&lt;b&gt;好&lt;/b&gt;" in shown
    assert "请认定是否符合" in shown


def test_a_form_without_a_signature_is_refused_on_the_page(door):
    stage = door.stage
    stage.form()
    stage.declare("expert1")
    answer = door.ask("POST", f"/evaluate/{stage.lot}/admission", "expert1", data={"csrf_token": "token"})
    assert answer.status_code == 422
    assert "没有收到签名" in checked(answer.text)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_c38_the_centre_names_a_special_projects_committee_on_its_page(door, language):
    stage = door.stage
    assert stage.lot in door.page("/ops/committees", "operator", language)
    path = f"/ops/committees/{stage.lot}"
    assert 'value="expert1-login"' in door.page(path, "operator", language)
    wrong = door.ask("POST", path, "operator", language, data={"persons": ["expert1-login"]})
    assert wrong.status_code == 422
    chosen = [f"{name}-login" for name in WITHOUT_THE_FIRST]
    assert door.ask("POST", path, "operator", language, data={"persons": chosen}).status_code == 422
    reasoned = {"persons": chosen, **vars(APPOINTED)}
    assert door.ask("POST", path, "operator", language, data=reasoned).status_code == 303
    assert "E3" in door.page(path, "operator", language)
    assert door.ask("GET", path, "owner").status_code == 403


@pytest.mark.parametrize("language", ["zh", "en"])
def test_c38_the_centre_draws_the_committee_on_its_page_and_replaces_by_the_order(door, language):
    stage = door.stage
    path = f"/ops/committees/{stage.lot}"
    assert "市政工程" in door.page(path, "operator", language)
    nothing = {"fields": [], "seats": "5"}
    assert door.ask("POST", f"{path}/draw", "operator", language, data=nothing).status_code == 422
    assert door.ask("POST", f"{path}/draw", "owner", data={"fields": ["市政工程"], "seats": "5"}).status_code in (
        403,
        422,
    )
    asked = {"fields": ["市政工程"], "seats": "5"}
    assert door.ask("POST", f"{path}/draw", "operator", language, data=asked).status_code == 303
    assert "callout-due" in door.page(path, "operator", language)
    stage.drawn()
    assert "E5" in door.page(path, "operator", language)
    leaving = {"alias": "E2", "why": "declined", "text": "当日另有手术安排"}
    wrong = door.ask("POST", f"{path}/replacement", "operator", language, data={**leaving, "text": ""})
    assert wrong.status_code == 422
    assert door.ask("POST", f"{path}/replacement", "operator", language, data=leaving).status_code == 303
    shown = door.page(path, "operator", language)
    assert "E6" in shown
    assert "当日另有手术安排" in shown


def test_c38_the_draw_goes_over_the_api_and_everybody_reads_it_without_names(door):
    stage = door.stage
    assert door.api("GET", "/committee/draw").json["state"] == "none"
    need = {"fields": ["市政工程"], "seats": 5}
    assert door.api("POST", "/committee/draw", "owner", json=need).status_code == 403
    assert door.api("POST", "/committee/draw", "operator", json=need).status_code == 201
    stage.drawn()
    found = door.api("GET", "/committee/draw").json
    assert (found["state"], found["lists"][0]["listed"]) == ("drawn", 6)
    names = [stage.actor(name).name for name in WITHOUT_THE_FIRST]
    assert not any(name in str(found) for name in names)
    leaving = {"alias": "E1", "why": "absent", "text": "未按时到场"}
    assert door.api("POST", "/committee/replacement", "operator", json=leaving).status_code == 201
    assert [row["why"] for row in door.api("GET", "/committee/draw").json["order"]].count("absent") == 1


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_owner_publicizes_and_signs_the_award_on_one_page(door, language):
    stage = door.stage
    path = f"/owner/lots/{stage.lot}/award"
    door.page(path, "owner", language)
    stage.scored()
    assert "/publicity" in door.page(path, "owner", language)
    assert door.ask("POST", f"/owner/lots/{stage.lot}/publicity", "owner").status_code == 303
    assert "data-countdown" in door.page(path, "owner", language)
    stage.stage.now += seconds(3600)
    shown = door.page(path, "owner", language)
    raw = keys.unb64(shown.partition('name="statement" value="')[2].partition('"')[0])
    posted = {"statement": keys.b64(raw), "signature": keys.b64(keys.sign(raw, stage.stage.owner_key)), "cert": "AA=="}
    forged = {**posted, "signature": keys.b64(keys.sign(raw, keys.generate()))}
    assert door.ask("POST", path, "owner", data=forged).status_code == 422
    assert door.ask("POST", path, "owner", data=posted).status_code == 303
    assert stage.state() == "awarded"
    door.page(path, "owner", language)
    assert door.ask("GET", path, "other_owner").status_code == 403


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_result_page_shows_ranking_and_working_to_everybody(door, language):
    stage = door.stage
    assert door.ask("GET", f"/lots/{stage.lot}/result").status_code == 404
    stage.scored()
    shown = door.page(f"/lots/{stage.lot}/result", None, language)
    assert "19,000,000.00" in shown
    assert (
        "S_price: rule cn.55 | base 19000000.00 / 20000000.00 x 40 = 38.00 -&gt; 38.00 (price_score, 0.01, HALF_UP)"
        in shown
    )
    assert "bidder2 单位" in shown


def test_seats_are_listed_for_their_member_alone(door):
    door.stage.form()
    assert door.stage.lot in door.page("/evaluate", "expert1")
    assert door.stage.lot not in door.page("/evaluate", "expert6")
    assert door.ask("GET", "/evaluate", "bidder").status_code == 403
    assert door.ask("GET", "/evaluate").status_code == 401
    assert door.ask("GET", "/api/v1/seats", "expert1").json[0]["alias"].startswith("E")


def test_c39_names_are_secret_until_the_award(door):
    door.stage.form()
    for who, named in (("operator", True), ("supervising", True), ("owner", False), ("bidder", False), (None, False)):
        members = door.api("GET", "/committee", who).json["members"]
        assert [("name" in one) for one in members] == [named] * len(COMMITTEE)
    own = [one for one in door.api("GET", "/committee", "expert1").json["members"] if "name" in one]
    assert [one["name"] for one in own] == ["expert1 某"]


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"bids": []}, {"bids": {"x": {}}}, {"bids": {"0" * 32: 5}}, {"bids": {"f" * 32: {"scores": 1.5}}}],
)
def test_a_malformed_draft_is_refused_and_never_breaks(door, body):
    door.stage.scoring()
    answer = door.api("PUT", "/sheet", "expert1", json=body)
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize("file", ["", "AAAA", keys.b64(b"{}"), keys.b64(b'{"type":"kaibiao-score-sheet/1"}')])
def test_a_malformed_sheet_is_refused_and_never_breaks(door, file):
    door.stage.scoring()
    body = {"file": file, "sig": keys.b64(b"s" * 64), "cert": keys.b64(door.stage.keys["expert1"][1])}
    assert 400 <= door.api("POST", "/sheet", "expert1", json=body).status_code < 500


@pytest.mark.parametrize(
    "entry",
    [
        {"conforms": "maybe"},
        {"ground": ["x"]},
        {"scores": "none"},
        {"notes": 7},
        {"scores": {"plan": 30}},
        {"more": "x"},
        {"scores": {"plan": "3o"}},
        {"scores": {"plan": "\x00"}, "ground": "\u202e"},
        {},
    ],
)
def test_whatever_a_draft_holds_can_be_shown_again(door, entry):
    stage = door.stage
    stage.scoring()
    bid_id = stage.bid_ids["bidder"]
    status = door.api("PUT", "/sheet", "expert1", json={"bids": {bid_id: entry}}).status_code
    assert status in (204, 422)
    shown = door.page(f"/evaluate/{stage.lot}", "expert1")
    assert ("可以签署" in shown) is False
    if status == 204:
        assert door.api("GET", "/room", "expert1").json["faults"]
