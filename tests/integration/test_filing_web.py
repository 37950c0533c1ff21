"""The pages and the API of filing, in both languages and for each who may."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.tendering_stage import Stage, staged
from tests.tendering_web import checked, opened_door


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


@pytest.fixture
def web(stage: Stage) -> FlaskClient:
    return opened_door(stage)


def by(name: str, language: str = "zh") -> dict[str, str]:
    return {"X-Test-Actor": name, "X-Test-Language": language}


def named(stage: Stage, web: FlaskClient, **more: str) -> None:
    form = {"trade": "construction", "uscc": stage.supervising.uscc, "days": "3", "basis": "", **more}
    assert web.post("/admin/departments", data=form, headers=by("manager")).status_code == 303


def test_the_office_names_departments_on_its_page(stage: Stage, web: FlaskClient) -> None:
    assert "还没有设定部门" in checked(web.get("/admin/departments", headers=by("manager")).text)
    named(stage, web)
    bad = {"trade": "construction", "uscc": stage.supervising.uscc, "days": "x", "approves": "1"}
    refused = web.post("/admin/departments", data=bad, headers=by("manager"))
    assert refused.status_code == 422
    assert "1117号" in checked(refused.text)
    page = checked(web.get("/admin/departments", headers=by("manager", "en")).text)
    assert "supervising 单位" in page
    assert web.get("/admin/departments", headers=by("owner")).status_code == 403
    number = page.partition("/admin/departments/")[2].partition("/")[0]
    assert web.post(f"/admin/departments/{number}/drop", headers=by("manager")).status_code == 303
    assert web.post(f"/admin/departments/{number}/drop", headers=by("manager")).status_code == 422


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_plan_goes_from_the_owners_button_to_the_departments_desk_and_back(
    stage: Stage, web: FlaskClient, language: str
) -> None:
    named(stage, web, approves="1", basis="《建筑法》第七条")
    code = stage.draft()
    page = checked(web.get(f"/owner/tenders/{code}", headers=by("owner", language)).text)
    assert f"/owner/tenders/{code}/filing" in page
    assert web.post(f"/owner/tenders/{code}/filing", headers=by("owner")).status_code == 303
    assert web.post(f"/owner/tenders/{code}/filing", headers=by("owner")).status_code == 422
    assert "《建筑法》第七条" in checked(web.get(f"/owner/tenders/{code}", headers=by("owner", language)).text)
    desk = checked(web.get("/filings", headers=by("supervising", language)).text)
    where = "/filings/" + desk.partition('href="/filings/')[2].partition('"')[0]
    assert "21,846,300.00" in checked(web.get(where, headers=by("supervising", language)).text)
    assert (
        web.post(f"{where}/review", data={"act": "comments", "text": "x"}, headers=by("supervising")).status_code == 422
    )
    assert web.post(f"{where}/review", data={"act": "received"}, headers=by("supervising")).status_code == 303
    sent = {"ground": "law", "reason": "施工图设计文件未经审查"}
    assert web.post(f"{where}/return", data=sent, headers=by("supervising")).status_code == 303
    assert sent["reason"] in checked(web.get(f"/owner/tenders/{code}", headers=by("owner", language)).text)
    checked(web.get(where, headers=by("manager", language)).text)
    for who in ("owner", "bidder", "other_owner"):
        assert web.get(where, headers=by(who)).status_code == 403


def test_the_departments_work_over_the_api_too(stage: Stage, web: FlaskClient) -> None:
    named(stage, web)
    code = stage.draft()
    filed = web.post(f"/api/v1/tenders/{code}/filing", headers=by("owner")).json
    assert (filed["round"], filed["current"], filed["reviews"][0]["act"]) == (1, True, None)
    (row,) = web.get("/api/v1/filings", headers=by("supervising")).json
    where = f"/api/v1/filings/{row['id']}"
    done = web.post(f"{where}/review", json={"act": "received"}, headers=by("supervising"))
    assert (done.status_code, done.json["reviews"][0]["act"]) == (201, "received")
    refused = web.post(f"{where}/return", json={"ground": "law", "reason": "不同意此项目"}, headers=by("supervising"))
    assert refused.status_code == 403
    back = web.post(f"{where}/return", json={"ground": "wrong_form", "reason": "表格填写错误"}, headers=by("manager"))
    assert (back.status_code, back.json["current"]) == (201, False)
    assert web.post(f"{where}/review", json={"act": "sold"}, headers=by("supervising")).status_code == 422


def test_g50_an_intent_is_shown_to_everybody_and_the_draft_is_not(stage: Stage, web: FlaskClient) -> None:
    code = stage.draft(trade="procurement", pack="practice.procurement.open")
    assert "还没有公开的采购意向" in checked(web.get("/intents").text)
    assert web.post(f"/owner/tenders/{code}/intent", headers=by("owner")).status_code == 303
    for language in ("zh", "en"):
        assert "21,846,300.00" in checked(web.get("/intents", headers={"X-Test-Language": language}).text)
    checked(web.get(f"/owner/tenders/{code}", headers=by("owner")).text)
    assert web.get(f"/tenders/{code}").status_code == 404
    assert web.post(f"/api/v1/tenders/{code}/intent", headers=by("owner")).status_code == 409


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_timeline_stands_beside_the_draft_and_follows_the_typed_deadline(
    stage: Stage, web: FlaskClient, language: str
) -> None:
    code = stage.draft()
    where = f"/owner/tenders/{code}/timeline"
    whole = checked(web.get(where, headers=by("owner", language)).text)
    assert 'id="timeline"' in checked(web.get(f"/owner/tenders/{code}", headers=by("owner", language)).text)
    assert 'class="fault"' not in whole
    typed = {"lots.1.closes_at": "2026-11-23T09:00:05", "bid_validity_days": "30"}
    part = web.get(where, query_string=typed, headers={**by("owner", language), "HX-Request": "true"}).text
    assert 'class="fault"' in part
    assert "<html" not in part
    later = {**typed, "publish_at": "2026-11-22T09:00:00"}
    assert 'class="fault"' not in web.get(where, query_string=later, headers=by("owner", language)).text
    assert (
        web.get(where, query_string={"lots.1.closes_at": "soon", "publish_at": "x"}, headers=by("owner")).status_code
        == 200
    )
    assert web.get(where, headers=by("bidder")).status_code == 404


def test_c09_the_earliest_lawful_deadline_is_filled_in_and_nothing_typed_is_lost(
    stage: Stage, web: FlaskClient
) -> None:
    code = stage.draft()
    form = {"title": "新标题", "pack": "practice.construction.open", "lots.1.name": "一标", "lots.1.subject": "works"}
    done = web.post(f"/owner/tenders/{code}/earliest/1", data=form, headers=by("owner"))
    assert done.status_code == 303
    assert stage.tender(code).title == "新标题"
    closes_at = stage.lot(f"{code}001").closes_at
    assert closes_at is not None
    assert (closes_at - stage.now).total_seconds() == 80
    bad = {**form, "lots.1.ceiling": "much"}
    assert web.post(f"/owner/tenders/{code}/earliest/1", data=bad, headers=by("owner")).status_code == 422


def test_a_published_tender_shows_every_period_of_the_law(stage: Stage, web: FlaskClient) -> None:
    code = stage.published()
    page = web.get(f"/tenders/{code}").text
    assert "全部法定期限" in page
    assert "C10" in page
