"""C04: one notice, one text on every medium, compared word for word; a difference alerts the supervisor."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from kernel.clock import beijing
from tests.tendering_stage import Stage, seconds, staged
from tests.tendering_web import checked, opened_door

MEDIUM = {"medium": "某省招标公告发布平台", "url": "https://notices.example/1"}


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


@pytest.fixture
def web(stage: Stage) -> FlaskClient:
    return opened_door(stage)


def by(name: str, language: str = "zh") -> dict[str, str]:
    return {"X-Test-Actor": name, "X-Test-Language": language}


def enter(stage: Stage, web: FlaskClient, code: str, pasted: str, **changes: str):
    at = beijing(stage.now).strftime("%Y-%m-%dT%H:%M:%S")
    data = {**MEDIUM, "published_at": at, "text": pasted, **changes}
    return web.post(f"/owner/tenders/{code}/media", data=data, headers=by("owner"))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_c04_the_same_words_between_other_words_are_the_same_notice(
    stage: Stage, web: FlaskClient, language: str
) -> None:
    code = stage.published()
    text = web.get(f"/tenders/{code}/notice.txt").text
    assert code in text
    stage.now += seconds(5)
    around = "本网首页 > 公告\r\n" + text.replace("\n", "\r\n  ") + "\r\n版权所有"
    assert enter(stage, web, code, around).status_code == 303
    (fact,) = stage.facts("notice.elsewhere")
    assert (fact.tender, fact.medium, fact.same) == (code, MEDIUM["medium"], True)
    assert stage.facts("alert") == []
    page = checked(web.get(f"/tenders/{code}", headers=by("bidder", language)).text)
    assert MEDIUM["url"] in page
    checked(web.get(f"/owner/tenders/{code}/media", headers=by("owner", language)).text)


def test_c04_another_word_is_a_red_alert_for_every_lot(stage: Stage, web: FlaskClient) -> None:
    code = stage.published()
    text = web.get(f"/tenders/{code}/notice.txt").text
    stage.now += seconds(5)
    assert enter(stage, web, code, text.replace("标", "本地标", 1)).status_code == 303
    assert [fact.same for fact in stage.facts("notice.elsewhere")] == [False]
    alerts = stage.facts("alert")
    assert {(fact.point, fact.color, fact.category) for fact in alerts} == {("S02.C04", "red", "content")}
    assert {fact.lot for fact in alerts} == set(stage.lots(code))


def test_c04_half_a_day_late_is_a_yellow_alert(stage: Stage, web: FlaskClient) -> None:
    code = stage.published()
    text = web.get(f"/tenders/{code}/notice.txt").text
    stage.now += seconds(12 * 3600 + 1)
    assert enter(stage, web, code, text).status_code == 303
    assert {fact.color for fact in stage.facts("alert")} == {"yellow"}


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"url": "javascript:alert(1)"}, "url"), ({"published_at": "yesterday"}, "published_at"),
        ({"published_at": "2036-01-01T08:00:00"}, "published_at"), ({"medium": " "}, "medium"), ({"text": " "}, "text"),
    ],
)  # fmt: skip
def test_c04_what_cannot_be_compared_is_refused_with_its_field(
    stage: Stage, web: FlaskClient, changes: dict[str, str], where: str
) -> None:
    code = stage.published()
    answer = enter(stage, web, code, "全文", **changes)
    assert answer.status_code == 422
    assert f'href="#{where}"' in answer.text
    assert stage.facts("notice.elsewhere") == []


def test_c04_nobody_outside_the_project_enters_media(stage: Stage, web: FlaskClient) -> None:
    code = stage.published()
    path = f"/owner/tenders/{code}/media"
    assert web.get(path, headers=by("bidder")).status_code == 403
    assert web.post(path, data={**MEDIUM, "text": "x"}, headers=by("bidder")).status_code in (403, 422)
    assert stage.facts("notice.elsewhere") == []
