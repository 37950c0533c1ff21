"""What a draft may not ask without a word: doubtful conditions, too high a deposit, one form of deposit only."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from kernel import canonical
from tendering import service
from tests.integration.test_tendering_web import form_of
from tests.tendering_stage import Stage, notice, staged
from tests.tendering_web import checked, opened_door

OWNER = {"X-Test-Actor": "owner"}
DOUBTFUL = {"qualification": "公路工程施工总承包三级及以上，须为本县企业"}


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


@pytest.fixture
def web(stage: Stage) -> FlaskClient:
    return opened_door(stage)


def missing(stage: Stage, code: str) -> dict[str, str]:
    with stage.act(write=False) as now:
        return {one.code: one.rule for one in service.obstacles(service.tender_of(code), now)}


def with_lot(stage: Stage, **terms: str) -> list[dict[str, object]]:
    (lot,) = notice(stage.now)["lots"]
    return [{**lot, **terms}]


def test_c22_a_doubtful_word_keeps_the_notice_back_until_its_reason_stands_in_public(stage: Stage) -> None:
    code = stage.draft(**DOUBTFUL)
    assert missing(stage, code)["wording.review"].startswith("C22 ")
    with stage.act() as now:
        service.update_draft(
            stage.owner, service.tender_of(code), {"wording_reasons": {"本县企业": "应急抢修须两小时到场"}}, now
        )
    assert "wording.review" not in missing(stage, code)
    stage.document(code)
    stage.keyed(code)
    stage.file(code)
    stage.publish(code)
    said = canonical.decode(stage.tender(code).notice or b"")
    assert said["wording_reasons"] == [{"quote": "本县企业", "reason": "应急抢修须两小时到场"}]


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh", "“本县企业”：以所在地限制投标人"), ("en", "limits bidders by where they are registered")],
)
def test_c22_the_form_asks_for_the_reason_and_keeps_it(
    stage: Stage, web: FlaskClient, language: str, words: str
) -> None:
    code, who = stage.draft(**DOUBTFUL), {**OWNER, "X-Test-Language": language}
    assert words in checked(web.get(f"/owner/tenders/{code}", headers=who).text)
    with stage.act() as now:
        service.update_draft(stage.owner, service.tender_of(code), {"wording_reasons": {"本县企业": "应急抢修"}}, now)
    assert 'value="应急抢修"' in checked(web.get(f"/owner/tenders/{code}", headers=who).text)


def test_c15_a_deposit_above_its_cap_is_an_obstacle_and_a_lawful_one_stands_in_the_notice(stage: Stage) -> None:
    code = stage.draft(deposit_forms=["transfer", "guarantee"], lots=with_lot(stage, deposit="436926.01"))
    assert missing(stage, code)["deposit.too_much"].startswith("C15 ")
    with stage.act() as now:
        service.update_draft(stage.owner, service.tender_of(code), {"lots": with_lot(stage, deposit="436926.00")}, now)
    assert "deposit.too_much" not in missing(stage, code)


def test_a_deposit_in_one_form_only_is_an_obstacle(stage: Stage) -> None:
    code = stage.draft(deposit_forms=["transfer"], lots=with_lot(stage, deposit="1000.00"))
    assert missing(stage, code)["deposit.forms"] == "发改法规〔2023〕27号"


def test_the_form_keeps_deposit_forms_and_reasons(stage: Stage, web: FlaskClient) -> None:
    code = stage.draft()
    posted = form_of(
        **{
            "qualification": "须为本县企业", "lots.1.deposit": "20000.00", "deposit_forms.guarantee": "on",
            "deposit_forms.transfer": "on", "wording.1.quote": "本县企业", "wording.1.reason": "应急抢修须两小时到场",
        }
    )  # fmt: skip
    assert web.post(f"/owner/tenders/{code}", data=posted, headers=OWNER).status_code == 303
    draft = stage.tender(code).draft
    assert draft["lots"][0]["deposit"] == "20000.00"
    assert (draft["deposit_forms"], draft["wording_reasons"]) == (
        ["transfer", "guarantee"], {"本县企业": "应急抢修须两小时到场"},
    )  # fmt: skip
    shown = checked(web.get(f"/owner/tenders/{code}", headers=OWNER).text)
    assert 'name="deposit_forms.guarantee" checked' in shown
    notice_page = checked(web.get(f"/tenders/{code}/notice", headers=OWNER).text)
    assert "20,000.00" in notice_page
    assert "有效期与投标有效期一致" in notice_page
