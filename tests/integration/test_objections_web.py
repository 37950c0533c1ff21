"""The pages of objections through the portal itself: windows, the form, one's own trace, the desk, who sees whom."""

from __future__ import annotations

import io

import pytest
from objection_stage import answered, construction, in_publicity, procurement, raised, withdrawn
from portal_stage import PortalStage, staged
from tendering_stage import PDF, seconds
from tendering_web import checked

from tendering.objections import visibility
from tendering.objections.visibility import TABLE, Stage, Viewer


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


@pytest.fixture
def lot(stage: PortalStage) -> str:
    return construction(stage)


FORM = {"about": "objection.documents", "text": "第三章业绩要求过高。", "demand": "请删除该条。"}


def page(stage: PortalStage, path: str, who=None, language: str = "zh") -> str:
    answer = stage.door().get(f"{path}{'&' if '?' in path else '?'}lang={language}", who)
    assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
    return checked(answer.text)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_c13_everybody_reads_what_may_be_raised_until_when(stage, lot, language):
    text = page(stage, f"/tenders/{lot[:20]}/objections", None, language)
    assert "《招标投标法实施条例》第二十二条" in text
    assert "data-countdown" in text
    stage.now += seconds(55)
    assert "data-countdown" not in page(stage, f"/tenders/{lot[:20]}/objections", None, language)


def test_c14_raised_in_a_form_followed_on_the_own_page_answered_on_the_desk_read_by_all(stage, lot):
    door = stage.door()
    sent = {**FORM, "evidence": (io.BytesIO(PDF), "证据.pdf")}
    answer = door.post(f"/lots/{lot}/objections/new", stage.bidder, data=sent, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text[:2000]
    path = answer.headers["Location"].split("?")[0]
    assert "第三章业绩要求过高" in page(stage, path, stage.bidder)
    assert door.get(f"{path}/evidence", stage.bidder).data == PDF
    assert door.get(path, stage.other_owner).status_code == 404
    desk = page(stage, f"/owner/tenders/{lot[:20]}/objections", stage.owner)
    assert "第三章业绩要求过高" in desk
    assert stage.bidder.organization not in desk
    assert "第三章业绩要求过高" not in page(stage, f"/tenders/{lot[:20]}/objections")
    reply = {"effect": "upheld", "answer": "予以采纳，将发布变更。"}
    assert door.post(f"/owner/lots/{lot}/objections/1/answer", stage.owner, data=reply).status_code == 303
    public = page(stage, f"/tenders/{lot[:20]}/objections")
    assert "第三章业绩要求过高" in public
    assert "予以采纳" in public
    assert stage.bidder.organization not in public
    assert "予以采纳" in page(stage, path, stage.bidder, "en")


def test_what_was_typed_comes_back_with_what_is_wrong(stage, lot):
    answer = stage.door().post(f"/lots/{lot}/objections/new", stage.bidder, data={**FORM, "text": " "})
    assert answer.status_code == 422
    assert "请删除该条" in checked(answer.text)
    stage.now += seconds(59)
    late = stage.door().post(f"/lots/{lot}/objections/new", stage.bidder, data=FORM)
    assert late.status_code == 422
    assert "C13" in late.text


def test_a_file_that_a_browser_would_run_is_refused_at_its_field(stage, lot):
    sent = {**FORM, "evidence": (io.BytesIO(b"<script>"), "证据.html")}
    answer = stage.door().post(
        f"/lots/{lot}/objections/new", stage.bidder, data=sent, content_type="multipart/form-data"
    )
    assert answer.status_code == 422
    assert 'href="#evidence"' in checked(answer.text)


def test_a_reply_without_a_conclusion_is_asked_for_it(stage, lot):
    raised(stage, lot)
    answer = stage.door().post(f"/owner/lots/{lot}/objections/1/answer", stage.owner, data={"answer": "已经答复过了。"})
    assert answer.status_code == 422
    assert "已经答复过了" in checked(answer.text)


def test_an_objection_is_withdrawn_by_a_button_on_the_own_page(stage, lot):
    row = raised(stage, lot)
    assert stage.door().post(f"/objections/{row.token}/withdraw", stage.bidder).status_code == 303
    assert "已撤回" in page(stage, f"/objections/{row.token}", stage.bidder)
    assert "已撤回" in page(stage, "/objections", stage.bidder)


def test_g47_the_purchasers_button_holds_up_the_contract(stage):
    lot = procurement(stage)
    in_publicity(stage, lot)
    raised(stage, lot, "query", "result")
    assert stage.door().post(f"/owner/lots/{lot}/objections/1/hold", stage.owner).status_code == 303
    assert "答复前暂停签订合同" in page(stage, f"/owner/tenders/{lot[:20]}/objections", stage.owner)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_e21_the_owner_learns_who_raised_it_only_after_the_opening(stage, lot, language):
    raised(stage, lot)
    path = f"/owner/tenders/{lot[:20]}/objections"
    assert stage.bidder.organization not in page(stage, path, stage.owner, language)
    answered(stage, lot, 1)
    in_publicity(stage, lot)
    assert stage.bidder.organization in page(stage, path, stage.owner, language)


def rows_by_stage(stage, lot):
    rows = {Stage.OPEN: raised(stage, lot), Stage.ANSWERED: raised(stage, lot), Stage.WITHDRAWN: raised(stage, lot)}
    answered(stage, lot, rows[Stage.ANSWERED].number)
    withdrawn(stage, rows[Stage.WITHDRAWN])
    return rows


def test_nobody_sees_a_field_of_an_objection_before_its_time(stage, lot):
    """Every viewer and stage: what is shown is what the table lists, and a name only where the bids are open."""
    rows = rows_by_stage(stage, lot)
    with stage.act(write=False):
        from kernel.db import db
        from tendering.objections.models import Objection

        for found, row in rows.items():
            held = db.session.get_one(Objection, row.id)
            for who in Viewer:
                assert set(visibility.seen(held, who)) == TABLE.fields(who, found, opened=False)
                assert ("party" in visibility.seen(held, who)) == (who is Viewer.OWN)
            assert ("text" in visibility.seen(held, Viewer.PUBLIC)) == (found is Stage.ANSWERED)


def test_c14_programs_raise_withdraw_and_answer_by_the_api(stage, lot):
    door = stage.door()
    said = {"sort": "objection", "subject": "documents", "text": FORM["text"], "demand": FORM["demand"]}
    own = door.post(f"/api/v1/lots/{lot}/objections", stage.bidder, json=said)
    assert own.status_code == 201, own.text
    assert own.json["sort"] == {"zh": "异议", "en": "Objection"}
    door.post(f"/api/v1/lots/{lot}/objections", stage.bidder, json=said)
    assert door.post(f"/api/v1/objections/{own.json['token']}/withdraw", stage.bidder).json["stage"] == "withdrawn"
    reply = {"effect": "rejected", "text": "不予采纳，理由如下。"}
    told = door.post(f"/api/v1/lots/{lot}/objections/2/answer", stage.owner, json=reply)
    assert told.json["effect"]["en"] == "Rejected"
    public = door.get(f"/api/v1/tenders/{lot[:20]}/objections").json
    assert [row["stage"] for row in public] == ["answered", "withdrawn"]
    assert all({"token", "party"}.isdisjoint(row) for row in public)
    assert "text" not in public[1]
