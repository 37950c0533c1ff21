"""Pages of a sale, in both languages and by who looks: applicant, centre, seller, stranger."""

from __future__ import annotations

import io

import pytest
from flask.testing import FlaskClient

from kernel import keys
from tendering import service
from tendering.offers import deals, reserve
from tests.bidding_stage import BiddingStage, staged
from tests.offer_stage import apply, confirm, land, listed, over, signed
from tests.tendering_stage import PDF
from tests.tendering_web import checked, chinese, opened_door

LANGUAGES = ("zh", "en")


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


@pytest.fixture
def web(stage: BiddingStage) -> FlaskClient:
    stage.actors |= {name: stage.bidder_of(name).actor for name in ("甲", "乙")}
    stage.actors |= {"taker": stage.actors["甲"], "rival": stage.actors["乙"]}
    return opened_door(stage)


def by(name: str, language: str = "zh") -> dict[str, str]:
    return {"X-Test-Actor": name, "X-Test-Language": language}


def seen(web: FlaskClient, path: str, name: str) -> str:
    """Well formed in both languages, with nothing Chinese left in the English one but names and citations."""
    pages = {language: web.get(path, headers=by(name, language)) for language in LANGUAGES}
    assert {page.status_code for page in pages.values()} == {200}
    for page in pages.values():
        checked(page.text)
    return pages["zh"].text


FORM = {"contact": "李经理人", "phone": "0990-7654321", "standing": "符合公告所列条件"}


def test_a1_an_applicant_applies_on_the_page_and_reads_its_result_there(stage: BiddingStage, web: FlaskClient) -> None:
    lot = listed(stage)
    path = f"/lots/{lot}/apply"
    assert 'name="offer"' in seen(web, path, "taker")
    low = web.post(path, data={**FORM, "offer": "1"}, headers=by("taker"))
    assert low.status_code == 422
    assert "P08" in low.text
    data = {**FORM, "offer": "9,100,000", "files": (io.BytesIO(PDF), "营业执照.pdf")}
    assert web.post(path, data=data, headers=by("taker")).status_code == 303
    assert "9,100,000.00" in seen(web, path, "taker")
    assert "9,100,000.00" not in seen(web, path, "rival")
    desk = seen(web, "/applications", "operator")
    assert "9,100,000.00" not in desk
    token = desk.split("/applications/")[1].split("/")[0]
    file = f"/applications/{token}/files/"
    sha256 = desk.split(file)[1][:64]
    assert web.get(file + sha256, headers=by("operator")).data == PDF
    assert web.get(file + sha256, headers=by("taker")).data == PDF
    for stranger in ("rival", "owner", "supervising"):
        assert web.get(file + sha256, headers=by(stranger)).status_code == 404
    assert web.post(f"/applications/{token}", data={"act": "complete"}, headers=by("operator")).status_code == 303
    assert token not in seen(web, "/applications", "operator")
    bare = web.post(f"/applications/{token}", data={"act": "refuse", "reason": ""}, headers=by("owner"))
    assert bare.status_code == 422
    assert web.post(f"/applications/{token}", data={"act": "confirm"}, headers=by("owner")).status_code == 303
    assert "资格已确认" in seen(web, path, "taker")
    assert token not in seen(web, "/applications", "owner")
    assert web.post(f"/applications/{token}", data={"act": "magic"}, headers=by("owner")).status_code == 422


def test_l07_the_tender_page_tells_nobody_who_applied_or_how_many(stage: BiddingStage, web: FlaskClient) -> None:
    lot = listed(stage)
    before = seen(web, f"/tenders/{lot[:20]}", "rival")
    apply(stage, lot, "甲")
    apply(stage, lot, "乙")
    after = web.get(f"/tenders/{lot[:20]}", headers=by("owner")).text
    assert "9,000,000.00" in before
    assert "甲" not in after
    assert "贵单位的申请" in seen(web, f"/tenders/{lot[:20]}", "rival")


def test_p08_l13_the_deal_is_confirmed_and_announced_on_its_page(stage: BiddingStage, web: FlaskClient) -> None:
    lot = listed(stage)
    confirm(stage, apply(stage, lot, "甲"))
    over(stage)
    path = f"/lots/{lot}/sale"
    assert "签署成交确认书" in seen(web, path, "taker")
    assert "等待竞得人" in seen(web, path, "rival")
    with stage.act(write=False):
        raw = deals.statement(service.lot_of(lot)).raw
    buyer = stage.bidder_of("甲")
    form = {**signed(stage, raw, buyer.key), "cert": keys.b64(buyer.cert)}
    assert web.post(f"{path}/confirm", data=form, headers=by("rival")).status_code == 422
    assert web.post(f"{path}/confirm", data=form, headers=by("taker")).status_code == 303
    assert web.post(f"{path}/sign", data={}, headers=by("owner")).status_code == 422
    mine = signed(stage, raw, stage.owner_key)
    assert web.post(f"{path}/sign", data=mine, headers=by("owner")).status_code == 303
    assert "双方已签署" in seen(web, path, "owner")
    assert web.post(f"{path}/magic", data={}, headers=by("owner")).status_code == 422


def test_l04_l09_reserve_and_outcome_on_site_take_two_sides(stage: BiddingStage, web: FlaskClient) -> None:
    nonce = "ab" * 32
    lot = land(stage, reserve_sha256=reserve.commitment(950_000_000, nonce))  # type: ignore[arg-type]
    token = apply(stage, lot, "甲", None)
    confirm(stage, token)
    path = f"/lots/{lot}/sale"
    assert "此前保密" in seen(web, path, "owner")
    over(stage, 81)
    page = seen(web, path, "operator")
    assert "网上竞价厅尚未开通" in page
    assert "甲" not in seen(web, path, "rival")
    outcome = {"by.1": token, "price.1": "9600000", "record_sha256": "cd" * 32}
    assert web.post(f"{path}/enter", data=outcome, headers=by("operator")).status_code == 303
    early = web.post(f"{path}/confirm-outcome", headers=by("owner"))
    assert early.status_code == 422
    assert "L04" in early.text or "国土资源部令第39号 第十条" in early.text
    opened = {"amount": "9500000", "nonce": nonce}
    assert web.post(f"{path}/reserve", data={**opened, "amount": "1"}, headers=by("owner")).status_code == 422
    assert web.post(f"{path}/reserve", data=opened, headers=by("owner")).status_code == 303
    assert "确认启封" in seen(web, path, "operator")
    assert web.post(f"{path}/second-reserve", headers=by("operator")).status_code == 303
    assert web.post(f"{path}/confirm-outcome", headers=by("owner")).status_code == 303
    assert "9,600,000.00" in seen(web, path, "rival")
    assert web.post(f"{path}/fall", data={"reason": ""}, headers=by("owner")).status_code == 422
    assert web.post(f"{path}/fall", data={"reason": "竞得人放弃"}, headers=by("owner")).status_code == 303


def test_a_draft_of_a_sale_shows_its_own_fields_and_keeps_them(stage: BiddingStage, web: FlaskClient) -> None:
    lot = listed(stage)
    assert "评估值" in seen(web, f"/tenders/{lot[:20]}", "owner")
    code = stage.draft(
        trade="property", pack="practice.property.transfer", title="另一标的转让", lots=[{"name": "标的一"}]
    )
    page = seen(web, f"/owner/tenders/{code}", "owner")
    for name in ("floor_consent", "preemption", "lots.1.floor", "lots.1.applications_due"):
        assert f'name="{name}"' in page
    form = {
        "title": "另一标的转让",
        "pack": "practice.property.transfer",
        "lots.1.name": "标的一",
        "lots.1.floor": "5000000.00",
    }
    form |= {
        "lots.1.method": "highest_price",
        "lots.1.subject": "assets",
        "preemption": "waived",
        "control_passes": "no",
    }
    assert web.post(f"/owner/tenders/{code}", data=form, headers=by("owner")).status_code == 303
    with stage.act(write=False):
        kept = service.tender_of(code).draft
    assert kept["lots"][0]["floor"] == "5000000.00"
    assert kept["preemption"] == "waived"
    assert kept["lots"][0]["method"]["id"] == "highest_price"


@pytest.mark.parametrize("path", ["/applications", "/lots/{lot}/apply", "/lots/{lot}/sale"])
def test_nothing_chinese_is_left_in_english(stage: BiddingStage, web: FlaskClient, path: str) -> None:
    lot = listed(stage)
    left = chinese(web.get(path.format(lot=lot), headers=by("taker", "en")).text)
    assert left <= {"标的一", "青山宾馆", "股权转让"}


def test_a_lot_that_is_bought_has_no_page_of_a_sale(stage: BiddingStage, web: FlaskClient) -> None:
    lot = stage.one_lot()
    for path in (f"/lots/{lot}/apply", f"/lots/{lot}/sale"):
        assert web.get(path, headers=by("taker")).status_code == 404
