"""Pages of late changes, visits and receipts."""

from __future__ import annotations

import io

import pytest
from flask.testing import FlaskClient

from kernel import keys
from tendering import service
from tests.tendering_stage import PDF, Stage, seconds, staged
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


def sign(stage: Stage, web: FlaskClient, where: str) -> int:
    made = web.post(f"{where}/prepare", headers=by("owner")).json
    raws = [keys.unb64(one) for one in made["statements"]]
    posted = {"statement": made["statements"], "signature": [keys.b64(keys.sign(raw, stage.owner_key)) for raw in raws]}
    return web.post(where, data=posted, headers=by("owner")).status_code


@pytest.mark.parametrize("language", ["zh", "en"])
def test_c10_a_late_answer_is_read_in_words_signed_and_seen_by_all(
    stage: Stage, web: FlaskClient, language: str
) -> None:
    code = stage.published()
    sha256 = stage.facts("notice.published")[0].documents[0].sha256
    web.get(f"/tenders/{code}/documents/{sha256}", headers=by("bidder"))
    with stage.act() as now:
        token = service.ask(stage.bidder, service.tender_of(code), "限价是否调整？", now).token
    stage.now += seconds(50)
    assert "amendments/answer" in checked(web.get(f"/owner/tenders/{code}", headers=by("owner", language)).text)
    laid = web.post(
        f"/owner/tenders/{code}/amendments/answer", data={"token": token, "answer": "工程量调整。"}, headers=by("owner")
    )
    assert laid.status_code == 303
    where = laid.headers["Location"]
    page = checked(web.get(where, headers=by("owner", language)).text)
    assert "2026-11-23 09:01:35" in page, "the deadline that it becomes, in words"
    assert "C10" in page
    assert web.get(where, headers=by("bidder")).status_code in (403, 404)
    assert web.post(where, data={}, headers=by("owner")).status_code == 422
    assert sign(stage, web, where) == 303
    seen = checked(web.get(f"/tenders/{code}", headers=by("bidder", language)).text)
    assert "工程量调整。" in seen
    assert f"/tenders/{code}/amendments/read" in seen
    assert web.post(f"/tenders/{code}/amendments/read", headers=by("bidder")).status_code == 303
    assert f"/tenders/{code}/amendments/read" not in web.get(f"/tenders/{code}", headers=by("bidder")).text
    assert web.post(f"/tenders/{code}/amendments/read", headers=by("bidder")).status_code == 422
    assert "工程量调整。" in checked(web.get(f"/tenders/{code}").text)


def test_c10_a_late_document_goes_up_and_is_signed(stage: Stage, web: FlaskClient) -> None:
    code = stage.published()
    stage.now += seconds(50)
    where = f"/owner/tenders/{code}/amendments/document"
    assert web.post(where, data={}, headers=by("owner")).status_code == 422
    laid = web.post(where, data={"document": (io.BytesIO(PDF), "补遗.pdf")}, headers=by("owner"))
    assert laid.status_code == 303
    assert "补遗.pdf" not in web.get(f"/tenders/{code}").text
    assert sign(stage, web, laid.headers["Location"]) == 303
    assert "补遗.pdf" in checked(web.get(f"/tenders/{code}").text)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_c21_a_visit_stands_on_the_tenders_page_for_everybody(stage: Stage, web: FlaskClient, language: str) -> None:
    code = stage.published()
    form = {"place": "工地东门", "visit_at": "2026-11-23T09:00:30"}
    assert web.post(f"/owner/tenders/{code}/visits", data={}, headers=by("owner")).status_code == 422
    assert web.post(f"/owner/tenders/{code}/visits", data=form, headers=by("owner")).status_code == 303
    page = checked(web.get(f"/tenders/{code}", headers={"X-Test-Language": language}).text)
    assert "工地东门" in page
    assert "《招标投标法实施条例》第二十八条" in page
