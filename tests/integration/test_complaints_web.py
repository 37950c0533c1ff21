"""The pages of complaints through the portal itself: making one, the authority's desk, copies, decisions, what is overdue."""

from __future__ import annotations

import io

import pytest
from objection_stage import answered, construction, in_publicity, procurement, raised
from portal_stage import PortalStage, staged
from tendering_stage import PDF, seconds
from tendering_web import checked

from accounts.roles import Role
from oversight import visibility
from oversight.rules import State
from oversight.visibility import TABLE, Viewer


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


@pytest.fixture
def lot(stage: PortalStage) -> str:
    return construction(stage)


FORM = {"about": "other", "known_at": "", "text": "评标专家与投标人存在利害关系。", "demand": "请查处。"}


def page(stage, path: str, who=None, language: str = "zh") -> str:
    answer = stage.door().get(f"{path}{'&' if '?' in path else '?'}lang={language}", who)
    assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
    return checked(answer.text)


def sent(stage, path: str, who, **form) -> str:
    answer = stage.door().post(path, who, data=form, content_type="multipart/form-data")
    assert answer.status_code == 303, (path, answer.status_code, answer.text[:3000])
    return answer.headers["Location"].split("?")[0]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_c60_c61_made_taken_decided_and_published(stage, lot, language):
    trace = sent(stage, f"/lots/{lot}/complaints/new", stage.bidder, **FORM, evidence=(io.BytesIO(PDF), "证据.pdf"))
    assert stage.door().get(f"{trace}/evidence", stage.bidder).data == PDF
    desk = f"/oversight/complaints/{lot}/1"
    assert stage.bidder.organization in page(stage, desk, stage.supervising, language)
    assert stage.door().get(f"{desk}/evidence", stage.supervising).data == PDF
    assert "存在利害关系" not in page(stage, f"/complaints/of/{lot[:20]}", stage.owner, language)
    sent(stage, f"{desk}/accept", stage.supervising)
    copy = page(stage, f"/complaints/of/{lot[:20]}", stage.owner, language)
    assert "存在利害关系" in copy
    assert stage.bidder.organization not in copy
    assert stage.door().get(f"/owner/lots/{lot}/complaints/1/evidence", stage.owner).data == PDF
    sent(stage, f"/owner/lots/{lot}/complaints/1/reply", stage.owner, words="专家系随机抽取，已核对回避。")
    assert "随机抽取" in page(stage, desk, stage.supervising, language)
    sent(stage, f"{desk}/decide", stage.supervising, effect="rejected", words="经查，投诉事项不成立。")
    public = page(stage, f"/complaints/of/{lot[:20]}", None, language)
    assert "投诉事项不成立" in public
    assert "存在利害关系" not in public
    assert "投诉事项不成立" in page(stage, trace, stage.bidder, language)
    assert "投诉事项不成立" in page(stage, "/oversight", stage.supervising, language)
    page(stage, "/complaints", stage.bidder, language)


def test_g46_correction_is_asked_for_and_given_on_the_pages(stage, lot):
    trace = sent(stage, f"/lots/{lot}/complaints/new", stage.bidder, **FORM)
    sent(stage, f"/oversight/complaints/{lot}/1/ask", stage.supervising, words="请写明专家姓名。")
    assert "请写明专家姓名" in page(stage, trace, stage.bidder)
    sent(stage, f"{trace}/correct", stage.bidder, words="系第二组专家。")
    assert "系第二组专家" in page(stage, f"/oversight/complaints/{lot}/1", stage.supervising)


def test_g44_the_form_offers_only_what_was_queried(stage):
    lot = procurement(stage)
    assert "/objections/new" in page(stage, f"/lots/{lot}/complaints/new", stage.bidder)
    raised(stage, lot, "query", "documents")
    answered(stage, lot, 1)
    text = page(stage, f"/lots/{lot}/complaints/new?objection=1", stage.bidder, "en")
    assert 'value="objection.1" required checked' in text
    assert 'value="other"' not in text
    sent(stage, f"/lots/{lot}/complaints/new", stage.bidder, **{**FORM, "about": "objection.1"})


def test_what_is_wrong_is_said_and_what_was_typed_comes_back(stage, lot):
    path = f"/lots/{lot}/complaints/new"
    for wrong, where in (("about", "about"), ("text", "text")):
        answer = stage.door().post(path, stage.bidder, data={**FORM, wrong: ""})
        assert answer.status_code == 422
        assert f'href="#{where}"' in checked(answer.text)
        assert "请查处" in answer.text
    answer = stage.door().post(path, stage.bidder, data={**FORM, "known_at": "gestern"})
    assert 'href="#known_at"' in checked(answer.text)


def test_s27_inspectors_see_what_is_overdue_and_act_on_nothing(stage, lot):
    raised(stage, lot)
    sent(stage, f"/lots/{lot}/complaints/new", stage.bidder, **FORM)
    stage.now += seconds(121)
    inspector = stage.by_role[Role.INSP]
    text = page(stage, "/oversight", inspector)
    assert text.count("逾期</span>") == 2
    assert "/accept" not in page(stage, f"/oversight/complaints/{lot}/1", inspector)
    assert stage.door().post(f"/oversight/complaints/{lot}/1/accept", inspector).status_code == 422
    assert stage.door().get("/oversight", stage.owner).status_code == 403


def test_g45_the_authority_stops_and_resumes_an_opened_lot_on_its_page(stage, lot):
    in_publicity(stage, lot)
    sent(stage, f"/lots/{lot}/complaints/new", stage.bidder, **FORM)
    desk = f"/oversight/complaints/{lot}/1"
    sent(stage, f"{desk}/accept", stage.supervising)
    sent(stage, f"{desk}/stay", stage.supervising)
    assert "监督机构处理投诉" in page(stage, f"/tenders/{lot[:20]}")
    sent(stage, f"{desk}/lift", stage.supervising)
    assert stage.lot(lot).suspended_at is None


def test_a_withdrawn_complaint_says_so(stage, lot):
    trace = sent(stage, f"/lots/{lot}/complaints/new", stage.bidder, **FORM)
    sent(stage, f"{trace}/withdraw", stage.bidder)
    assert "已撤回" in page(stage, trace, stage.bidder)
    assert stage.door().get(trace, stage.other_owner).status_code == 404


def test_a_refused_complaint_shows_its_reasons_to_whoever_made_it(stage, lot):
    trace = sent(stage, f"/lots/{lot}/complaints/new", stage.bidder, **FORM)
    sent(stage, f"/oversight/complaints/{lot}/1/refuse", stage.supervising, words="不属于本机关职权范围。")
    assert "不属于本机关职权" in page(stage, trace, stage.bidder)
    assert "不属于本机关职权" not in page(stage, f"/complaints/of/{lot[:20]}")


def test_nobody_sees_a_field_of_a_complaint_before_its_time():
    """The public reads a decision and no complaint; respondents get their copy when it is taken, and no name with it."""
    for state in State:
        public, respondent = (TABLE.fields(who, state, opened=False) for who in (Viewer.PUBLIC, Viewer.RESPONDENT))
        assert public.isdisjoint({"text", "demand", "party", "reply", "token"})
        assert ("reasons" in public) == (state is State.DECIDED)
        assert ("text" in respondent) == (state in (State.ACCEPTED, State.DECIDED))
        assert "party" not in respondent
        assert TABLE.fields(Viewer.OWN, state) <= set(visibility.PARTS)
