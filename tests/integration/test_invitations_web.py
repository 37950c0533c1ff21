"""Pages about who is invited, in both languages and by who looks: owner, invited, stranger."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tendering import service as tendering
from tendering.invitations import service
from tendering.invitations.rules import Ground
from tests.bidding_stage import BiddingStage, staged
from tests.invitation_stage import construction, draws, invitation, invite, out, publicize, single
from tests.tendering_stage import seconds
from tests.tendering_web import checked, chinese, opened_door

THREE = ("甲", "乙", "丙")


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


@pytest.fixture
def web(stage: BiddingStage) -> FlaskClient:
    for name in (*THREE, "外人"):
        stage.actors[f"bidder-{THREE.index(name) if name in THREE else 'x'}"] = stage.bidder_of(name).actor
    return opened_door(stage)


def by(name: str, language: str = "zh") -> dict[str, str]:
    return {"X-Test-Actor": name, "X-Test-Language": language}


def rows(stage: BiddingStage, ground: str = "own") -> dict[str, str]:
    found: dict[str, str] = {}
    for n, name in enumerate(THREE):
        found |= {f"uscc.{n}": stage.bidder_of(name).actor.uscc, f"ground.{n}": ground}
    return {**found, "uscc.3": "", "ground.3": ground}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_owner_lists_and_fixes_on_the_page(stage: BiddingStage, web: FlaskClient, language: str) -> None:
    code = construction(stage)
    path, owner = f"/owner/tenders/{code}", by("owner", language)
    before = web.get(path, headers=owner)
    assert before.status_code == 200
    assert 'name="uscc.3"' in before.text
    assert web.post(f"{path}/invitations", data=rows(stage), headers=owner).status_code == 303
    page = web.get(path, headers=owner)
    assert stage.bidder_of("乙").actor.uscc in page.text
    checked(page.text)
    if language == "en":
        assert "Fix the list" in page.text
    assert web.post(f"{path}/invitations/fix", headers=owner).status_code == 303
    assert "uscc.0" not in web.get(path, headers=owner).text


def test_what_is_wrong_with_a_list_is_said_with_its_rule(stage: BiddingStage, web: FlaskClient) -> None:
    code = construction(stage)
    path = f"/owner/tenders/{code}/invitations"
    data = {**rows(stage), "uscc.1": "", "uscc.2": ""}
    assert web.post(path, data=data, headers=by("owner")).status_code == 303
    shown = web.get(f"/owner/tenders/{code}", headers=by("owner")).text
    assert "邀请的单位不得少于 3 家" in shown
    assert "C03 《招标投标法》第十七条" in shown
    refused = web.post(f"{path}/fix", headers=by("owner"))
    assert refused.status_code == 422
    assert "C03" in refused.text
    assert web.post(path, data={**rows(stage), "ground.0": "magic"}, headers=by("owner")).status_code == 422


@pytest.mark.parametrize("bad", ["", "x", "99999999999999", "-1"])
def test_an_odd_draw_is_no_draw(stage: BiddingStage, web: FlaskClient, bad: str) -> None:
    code = invitation(stage)
    data = {**rows(stage, "library"), "draw": bad, "witnesses": "张三\n李四"}
    assert web.post(f"/owner/tenders/{code}/invitations", data=data, headers=by("owner")).status_code == 303
    assert web.post(f"/owner/tenders/{code}/invitations/fix", headers=by("owner")).status_code == 422


def test_nobody_else_writes_a_list(stage: BiddingStage, web: FlaskClient) -> None:
    code = construction(stage)
    for name in ("bidder", "other_owner", "manager", "supervising", "operator"):
        for path in ("invitations", "invitations/fix", "source"):
            answer = web.post(f"/owner/tenders/{code}/{path}", data=rows(stage), headers=by(name))
            assert answer.status_code in (403, 404, 422), (name, path)
    with stage.act(write=False):
        assert service.of(tendering.tender_of(code)) is None


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_tenders_page_says_that_it_goes_by_invitation(stage: BiddingStage, web: FlaskClient, language: str) -> None:
    code = construction(stage)
    invite(stage, code, THREE)
    out(stage, code)
    path = f"/tenders/{code}"
    stranger = web.get(path, headers=by("bidder-x", language)).text
    invited = web.get(path, headers=by("bidder-0", language)).text
    checked(stranger)
    words = {
        "zh": ("邀请招标", "只有受邀单位", "贵单位受邀"),
        "en": ("Invited tender", "by invitation", "You are invited"),
    }
    procedure, told, greeted = words[language]
    assert procedure in stranger
    assert told in stranger
    assert "《招标投标法》第十七条" in stranger
    assert greeted not in stranger
    assert greeted in invited
    for text in (stranger, invited, web.get(path).text):
        assert not any(stage.bidder_of(name).actor.uscc in text for name in THREE)
        assert "邀请名单" not in text


def test_documents_are_given_to_the_invited_alone(stage: BiddingStage, web: FlaskClient) -> None:
    code = construction(stage)
    invite(stage, code, THREE)
    out(stage, code)
    with stage.act(write=False):
        sha256 = tendering.tender_of(code).documents[0].sha256
    path = f"/tenders/{code}/documents/{sha256}"
    assert web.get(path, headers=by("bidder-1")).status_code == 200
    for headers in (by("bidder-x"), {}, {**by("bidder-x"), "Range": "bytes=0-3"}):
        assert web.get(path, headers=headers).status_code == 403
    assert web.head(path, headers=by("bidder-x")).status_code == 403


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_invitation_is_found_and_answered(stage: BiddingStage, web: FlaskClient, language: str) -> None:
    code = construction(stage)
    invite(stage, code, THREE)
    assert code not in web.get("/invitations", headers=by("bidder-0", language)).text
    out(stage, code)
    shown = web.get("/invitations", headers=by("bidder-0", language)).text
    assert code in shown
    checked(shown)
    answered = web.post(f"/invitations/{code}", data={"accepts": "no"}, headers=by("bidder-0", language))
    assert answered.status_code == 303
    after = web.get("/invitations", headers=by("bidder-0", language)).text
    assert {"zh": "已答复：不参加", "en": "Answered: not taking part"}[language] in after
    assert code not in web.get("/invitations", headers=by("bidder-x", language)).text
    assert web.post(f"/invitations/{code}", data={"accepts": "yes"}, headers=by("bidder-x")).status_code == 422
    assert len(stage.facts("invitation.answered")) == 1
    owner = web.get(f"/owner/tenders/{code}", headers=by("owner", language)).text
    assert {"zh": "不参加", "en": "Not taking part"}[language] not in owner


@pytest.mark.parametrize("language", ["zh", "en"])
def test_n12_a_single_source_is_published_and_objected_to_on_pages(
    stage: BiddingStage, web: FlaskClient, language: str
) -> None:
    code = single(stage)
    invite(stage, code, THREE[:1], Ground.SOURCE)
    empty = web.get("/single-sources", headers=by("bidder-1", language)).text
    checked(empty)
    publicize(stage, code)
    shown = web.get("/single-sources", headers=by("bidder-1", language)).text
    checked(shown)
    assert stage.bidder_of("甲").actor.uscc in shown
    number = shown.split('id="source-')[1].split('"')[0]
    made = web.post(f"/single-sources/{number}", data={"text": "我单位也能供应同类设备"}, headers=by("bidder-1"))
    assert made.status_code == 303
    assert web.post(f"/single-sources/{number}", data={"text": "无"}, headers=by("bidder-1")).status_code == 422
    owner = web.get(f"/owner/tenders/{code}", headers=by("owner", language)).text
    checked(owner)
    assert "我单位也能供应同类设备" in owner
    assert stage.bidder_of("乙").actor.uscc not in owner
    objection = owner.split('id="findings-')[1].split('"')[0]
    given = {"findings": "经三名专家论证，接口不公开", "upheld": "no"}
    argued = web.post(f"/owner/tenders/{code}/source/{objection}", data=given, headers=by("owner"))
    assert argued.status_code == 303
    assert "经三名专家论证" in web.get("/single-sources").text
    stage.now += seconds(6)
    over = web.get("/single-sources", headers=by("bidder-1", language)).text
    assert {"zh": "公示期已满", "en": "The time to object is over"}[language] in over


def test_a_draw_shows_what_drew(stage: BiddingStage, web: FlaskClient) -> None:
    code = invitation(stage)
    invite(stage, code, (*THREE, "丁", "戊", "己"), Ground.LIBRARY, draw=3)
    waiting = web.get(f"/owner/tenders/{code}", headers=by("owner")).text
    assert "等待监督节点共同签署" in waiting
    draws(stage)
    drawn = web.get(f"/owner/tenders/{code}", headers=by("owner")).text
    assert drawn.count("受邀</span>") == 3
    assert drawn.count("未抽中") == 3


@pytest.mark.parametrize("path", ["/invitations", "/single-sources"])
def test_empty_pages_say_so_in_english_alone(web: FlaskClient, path: str) -> None:
    shown = web.get(path, headers=by("bidder-x", "en"))
    assert shown.status_code == 200
    assert not chinese(checked(shown.text))


def test_g06_programs_list_fix_and_answer_by_the_api(stage: BiddingStage, web: FlaskClient) -> None:
    code = construction(stage)
    path = f"/api/v1/tenders/{code}/invitations"
    given = {"rows": [{"uscc": stage.bidder_of(name).actor.uscc, "ground": "own"} for name in THREE]}
    assert web.put(path, json=given, headers=by("other_owner")).status_code == 404
    written = web.put(path, json=given, headers=by("owner"))
    assert written.status_code == 200, written.text
    fixed = web.post(f"{path}/fix", headers=by("owner")).json
    assert fixed["fixed_at"] is not None
    assert web.put(path, json=given, headers=by("owner")).status_code == 409
    out(stage, code)
    assert web.get(path, headers=by("bidder-0")).status_code == 403
    assert [row["tender"] for row in web.get("/api/v1/invitations", headers=by("bidder-0")).json] == [code]
    assert web.get("/api/v1/invitations", headers=by("bidder-x")).json == []
    answered = web.post(f"/api/v1/invitations/{code}", json={"accepts": True}, headers=by("bidder-0")).json
    assert answered["accepts"] is True
    assert [row["accepts"] for row in web.get(path, headers=by("owner")).json["rows"]] == [None, None, None]


def test_n12_programs_publish_a_single_source_object_and_argue_by_the_api(
    stage: BiddingStage, web: FlaskClient
) -> None:
    code = single(stage)
    invite(stage, code, THREE[:1], Ground.SOURCE)
    said = web.post(f"/api/v1/tenders/{code}/single-source", json={"reasons": "只有该供应商持有此设备的接口专利"}, headers=by("owner"))  # fmt: skip
    assert said.status_code == 201, said.text
    where = f"/api/v1/single-sources/{said.json['id']}/objections"
    (heard,) = web.post(where, json={"text": "我单位也能供应。"}, headers=by("bidder-x")).json["objections"]
    findings = {"findings": "经专家论证，异议人的产品不能接入。", "upheld": False}
    told = web.post(
        f"/api/v1/tenders/{code}/single-source/objections/{heard['id']}", json=findings, headers=by("owner")
    )
    assert told.json["objections"][0]["upheld"] is False
    (public,) = web.get("/api/v1/single-sources").json
    assert public["objections"][0]["findings"] == findings["findings"]
    assert stage.bidder_of("外人").actor.organization not in str(public["objections"])
