"""Pages of pre-qualification, in both languages and by who looks: applicant, owner, committee, stranger."""

from __future__ import annotations

import io

import pytest
from flask.testing import FlaskClient

from kernel import keys
from kernel.db import db
from supervision.models import LogFact
from tendering import service as tendering
from tendering.prequal import applying, result
from tests.bidding_stage import BiddingStage, staged
from tests.prequal_stage import FOUR, apply, close, opened, plan, review, seated
from tests.tendering_stage import seconds
from tests.tendering_web import checked, chinese, opened_door

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


@pytest.fixture
def web(stage: BiddingStage) -> FlaskClient:
    for number, name in enumerate(FOUR, 1):
        stage.actors[f"b{number}"] = stage.bidder_of(name).actor
    return opened_door(stage)


def by(name: str, language: str = "zh") -> dict[str, str]:
    return {"X-Test-Actor": name, "X-Test-Language": language}


def said(**changes: object) -> dict[str, object]:
    return {"q1": "三级资质证书", "q2": "完成过一项", **changes}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_applicant_hands_in_replaces_and_withdraws_on_the_page(stage, web, language):
    lot = opened(stage)
    path, who = f"/lots/{lot}/application", by("b1", language)
    before = web.get(path, headers=who)
    assert before.status_code == 200
    checked(before.text)
    files = [(io.BytesIO(PDF), "资质.pdf"), (io.BytesIO(PDF + b"x"), "业绩.pdf")]
    assert web.post(path, data=said(files=files), headers=who).status_code == 303
    page = web.get(f"{path}?done=1", headers=who)
    checked(page.text)
    assert "三级资质证书" in page.text
    with stage.act(write=False):
        row = applying.own(stage.actors["b1"], tendering.lot_of(lot))
        first = row.files[0].sha256
    got = web.get(f"{path}/files/{first}", headers=who)
    assert got.data == PDF
    assert got.headers["Cache-Control"] == "private, no-store"
    assert web.get(f"{path}/files/{first}", headers=by("b2")).status_code == 404
    assert web.post(path, data=said(q2="完成过两项"), headers=who).status_code == 303
    assert web.get(f"{path}/files/{first}", headers=who).status_code == 404
    assert web.post(f"{path}/withdraw", headers=who).status_code == 303
    mine = web.get("/prequal", headers=who)
    checked(mine.text)
    assert ("已撤回" if language == "zh" else "Withdrawn") in mine.text
    if language == "en":
        assert not chinese(web.get("/prequal", headers=by("b2", "en")).text)


def test_what_is_left_out_is_said_at_its_field(stage, web):
    lot = opened(stage)
    answer = web.post(f"/lots/{lot}/application", data={"q1": "有", "q2": ""}, headers=by("b1"))
    assert answer.status_code == 422
    assert 'href="#q2"' in answer.text
    bad = web.post(f"/lots/{lot}/application", data=said(files=[(io.BytesIO(b"MZ"), "x.exe")]), headers=by("b1"))
    assert bad.status_code == 422


def test_c07_a_late_application_is_refused_on_the_page_and_kept_as_a_fact(stage, web):
    lot = opened(stage)
    stage.now = stage.lot(lot).applications_due
    answer = web.post(f"/lots/{lot}/application", data=said(), headers=by("b1"))
    assert answer.status_code == 422
    assert "《招标投标法实施条例》第十七条" in answer.text
    assert len(stage.rows(LogFact, LogFact.kind == "prequal.refused")) == 1
    assert len(list((stage.folder / "blobs").rglob("*.pdf"))) == 0


def test_nobody_sees_applications_before_the_deadline_on_any_page(stage, web):
    lot = opened(stage)
    apply(stage, lot, "甲")
    for who in ("owner", "operator"):
        page = web.get(f"/lots/{lot}/prequal", headers=by(who))
        assert page.status_code == 200
        checked(page.text)
        assert stage.bidder_of("甲").actor.organization not in page.text
    assert web.get(f"/lots/{lot}/prequal", headers=by("b2")).status_code == 404
    tender = web.get(f"/tenders/{lot[:20]}")
    checked(tender.text)
    assert f"/lots/{lot}/application" in tender.text
    with stage.act(write=False):
        token = db.session.query(applying.PrequalApplication).one().token
    assert web.get(f"/lots/{lot}/prequal/applications/{token}/{'0' * 64}", headers=by("owner")).status_code == 404
    assert web.post(f"/lots/{lot}/prequal/applications/{token}", headers=by("owner")).status_code == 422


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_owner_reviews_and_signs_the_result_on_the_page(stage, web, language):
    lot = opened(stage)
    for name in FOUR:
        apply(stage, lot, name)
    close(stage, lot)
    path, who = f"/lots/{lot}/prequal", by("owner", language)
    with stage.act(write=False):
        tokens = {row.organization_id: row.token for row in applying.live(tendering.lot_of(lot))}
    missing = web.post(f"{path}/applications/{next(iter(tokens.values()))}", data={"q1.passes": "yes"}, headers=who)
    assert missing.status_code == 422
    for organization, token in tokens.items():
        fails = organization == stage.bidder_of("丁").actor.organization_id
        verdicts = {"q1.passes": "yes", "q2.passes": "no" if fails else "yes", "q2.reason": "没有证明材料"}
        assert web.post(f"{path}/applications/{token}", data=verdicts, headers=who).status_code == 303
    page = web.get(path, headers=who)
    checked(page.text)
    assert "data-sign" in page.text
    closes = (stage.now + seconds(40)).astimezone().isoformat()
    prepared = web.post(f"{path}/prepare", data={"closes_at": closes}, headers=who)
    sheet = prepared.get_json()["statements"]
    assert len(sheet) == 2
    assert web.post(f"{path}/result", data={}, headers=who).status_code == 422
    signed = [keys.b64(keys.sign(keys.unb64(one), stage.owner_key)) for one in sheet]
    form = {"statement": sheet, "signature": signed}
    assert web.post(f"{path}/result", data=form, headers=who).status_code == 303
    checked(web.get(path, headers=who).text)
    assert stage.lot(lot).state == "collecting"
    own = web.get(f"/lots/{lot}/application", headers=by("b4", language))
    checked(own.text)
    assert "没有证明材料" in own.text
    assert stage.bidder_of("甲").actor.organization not in own.text
    tender = web.get(f"/tenders/{lot[:20]}", headers=by("b4", language))
    checked(tender.text)
    assert ("贵单位未通过资格预审" if language == "zh" else "You did not pass") in tender.text
    assert stage.bidder_of("甲").actor.organization not in web.get(f"/tenders/{lot[:20]}").text


def test_the_centre_seats_a_committee_and_a_member_reviews(stage, web):
    lot = opened(stage, state_funded=True)
    for name in FOUR[:3]:
        apply(stage, lot, name)
    close(stage, lot)
    path = f"/lots/{lot}/prequal"
    few = web.post(f"{path}/committee", data={"members": "nobody"}, headers=by("operator"))
    assert few.status_code == 422
    assert stage.bidder_of("甲").actor.organization not in web.get(path, headers=by("operator")).text
    names = seated(stage, lot)
    page = web.get(path, headers=by(names[0]))
    checked(page.text)
    assert page.text.count("<fieldset>") == 6
    assert "expert1 某" not in web.get(path, headers=by("owner")).text
    assert lot in web.get("/prequal", headers=by(names[0])).text
    for name in names:
        review(stage, lot, actor=name)
    with stage.act(write=False):
        assert result.enough(tendering.lot_of(lot), result._complete(tendering.lot_of(lot)))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_draft_asks_for_what_a_pre_qualification_needs(stage, web, language):
    code = stage.draft(pack="practice.construction.prequalified", prequal=plan(stage))
    page = web.get(f"/owner/tenders/{code}", headers=by("owner", language))
    checked(page.text)
    assert 'name="prequal.applications_due"' in page.text
    assert 'name="lots.1.closes_at"' not in page.text
    lines = web.get(f"/owner/tenders/{code}/timeline", headers=by("owner", language))
    assert ("资格预审申请截止" if language == "zh" else "Applications due") in lines.text
    form = {
        "title": "改名后的公告",
        "pack": "practice.construction.prequalified",
        "prequal.criteria": "资质：二级\n\n业绩:两项\n财务",
    }
    form |= {"prequal.documents_end": "2026-12-01T17:00:00", "prequal.applications_due": "", "lots.1.name": "第一标段"}
    assert web.post(f"/owner/tenders/{code}", data=form, headers=by("owner")).status_code == 303
    with stage.act(write=False):
        saved = tendering.tender_of(code).draft["prequal"]
    assert saved["documents_end"] == "2026-12-01T09:00:00Z"
    assert [(one["name"], one["asks"]) for one in saved["criteria"]] == [
        ("资质", "二级"),
        ("业绩", "两项"),
        ("财务", "财务"),
    ]
    plain = stage.draft()
    assert "prequal." not in web.get(f"/owner/tenders/{plain}", headers=by("owner")).text


def test_the_project_page_and_the_powers_lead_to_the_review(stage, web):
    lot = opened(stage)
    page = web.get(f"/owner/tenders/{lot[:20]}", headers=by("owner"))
    checked(page.text)
    assert f"/lots/{lot}/prequal" in page.text
    powers = web.get(f"/tenders/{lot[:20]}/powers", headers=by("b1"))
    assert powers.status_code == 200
    assert f"/lots/{lot}/application" in powers.text
    assert web.get(f"/tenders/{lot[:20]}/notice").status_code == 200
    assert web.get(f"/tenders/{lot[:20]}/objections").status_code == 200
