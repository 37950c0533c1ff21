"""T01 to T03 on a real database: filed with all departments at once, silence recorded, sent back, published as filed."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import select

from accounts.actor import Actor
from kernel import clock
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from tendering import packs, service
from tendering.codes import Trade
from tendering.filing import departments, intents, reviews
from tendering.filing import service as filing
from tendering.filing.departments import Terms
from tendering.filing.models import Plan
from tests.integration.test_tendering_races import at_once
from tests.tendering_stage import Stage, on_each_engine, seconds

LAW = "《建筑法》第七条"


@pytest.fixture(params=["sqlite", "postgres"])
def stage(request, tmp_path):
    with on_each_engine(request.param, tmp_path) as found:
        yield found


def name(stage: Stage, who: str, *, days: int = 3, basis: str = "", trade: Trade = Trade.CONSTRUCTION) -> None:
    with stage.act() as now:
        uscc = stage.actors[who].uscc
        departments.name(stage.manager, Terms(trade, uscc, days, approves=bool(basis), basis=basis), now)


def last(stage: Stage, code: str) -> Plan:
    with stage.act(write=False):
        found = filing.latest(service.tender_of(code))
        assert found is not None
        return found


def review(stage: Stage, actor: Actor, code: str, act: str, text: str = "") -> None:
    number = last(stage, code).id
    with stage.act() as now:
        reviews.review(actor, reviews.one(actor, number), act, text, now)


def send_back(stage: Stage, actor: Actor, code: str, ground: str, reason: str = "缺少预算批复文件") -> None:
    number = last(stage, code).id
    with stage.act() as now:
        service.return_plan(actor, reviews.one(actor, number), ground, reason, now)


def missing(stage: Stage, code: str) -> list[str]:
    with stage.act(write=False) as now:
        return [one.code for one in service.obstacles(service.tender_of(code), now)]


def acts(stage: Stage, code: str) -> list[str | None]:
    number = last(stage, code).id
    with stage.act(write=False):
        return [row.act for row in db.session.get_one(Plan, number).reviews]


def silence(stage: Stage) -> bool:
    with clock.at(stage.now):
        return reviews.step_reviews(stage.now)


def test_t01_a_plan_goes_to_every_department_at_once_and_is_sealed(stage: Stage) -> None:
    name(stage, "supervising")
    name(stage, "manager", days=5)
    code = stage.ready()
    assert stage.tender(code).state == "filed"
    (fact,) = stage.facts("plan.filed")
    assert (fact.sealed, len(fact.departments), fact.plan_sha256) == (True, 2, last(stage, code).sha256)
    assert stage.facts("tender.moved") == [], "nobody outside may know of a draft"
    assert missing(stage, code) == [], "receipts hold up nothing"
    stage.publish(code)
    (moved,) = stage.facts("tender.moved")
    assert (moved.was, moved.now, moved.role, moved.sealed) == ("filed", "published", "OWNER", False)


def test_t01_what_is_missing_is_named_all_at_once_and_nothing_is_filed(stage: Stage) -> None:
    code = stage.draft(approval_doc="", fund_source="")
    with pytest.raises(Conflict) as refusal:
        stage.file(code)
    assert (refusal.value.code, len(refusal.value.detail["obstacles"])) == ("filing.obstacles", 2)
    assert refusal.value.rule
    assert stage.tender(code).state == "draft"


def test_t01_only_the_projects_own_people_file(stage: Stage) -> None:
    code = stage.draft()
    for who in ("bidder", "other_owner", "supervising", "manager"):
        with pytest.raises(Refusal), stage.act() as now:
            service.file_plan(stage.actors[who], service.tender_of(code), now)
    preparer = dataclasses.replace(stage.owner, parts=frozenset())
    with pytest.raises(Forbidden), stage.act() as now:
        service.file_plan(preparer, service.tender_of(code), now)


def test_t03_a_draft_that_says_something_else_is_filed_again(stage: Stage) -> None:
    code = stage.ready()
    with pytest.raises(Conflict) as refusal:
        stage.file(code)
    assert refusal.value.code == "filing.already"
    with stage.act() as now:
        service.update_draft(stage.owner, service.tender_of(code), {"qualification": "别的资格"}, now)
    assert missing(stage, code) == [], "what was not filed may be edited on"
    with stage.act() as now:
        service.update_draft(stage.owner, service.tender_of(code), {"project_name": "别的项目"}, now)
    assert missing(stage, code) == ["filing.changed"]
    with pytest.raises(Conflict):
        stage.publish(code)
    stage.file(code)
    assert missing(stage, code) == []
    with stage.act(write=False):
        rounds = [(one.round, one.current) for one in db.session.scalars(select(Plan).order_by(Plan.round))]
    assert rounds == [(1, False), (2, True)]


def test_t03_nothing_is_published_unfiled(stage: Stage) -> None:
    code = stage.draft()
    stage.document(code)
    stage.keyed(code)
    assert missing(stage, code) == ["filing.missing"]
    with pytest.raises(Conflict) as refusal, stage.act() as now:
        service.publish(stage.owner, service.tender_of(code), {}, stage.cert, now)
    assert refusal.value.rule.startswith("T01")


def test_a_department_without_a_law_only_receives_and_comments(stage: Stage) -> None:
    name(stage, "supervising")
    code = stage.ready()
    with pytest.raises(Forbidden) as refusal:
        review(stage, stage.supervising, code, "approved")
    assert "1117号" in (refusal.value.rule or "")
    with pytest.raises(Forbidden):
        send_back(stage, stage.supervising, code, "law")
    review(stage, stage.supervising, code, "received")
    with pytest.raises(Invalid):
        review(stage, stage.supervising, code, "received")
    review(stage, stage.supervising, code, "comments", "建议分期实施")
    assert acts(stage, code) == ["comments"]
    assert [fact.act for fact in stage.facts("plan.reviewed")] == ["received", "comments"]
    assert missing(stage, code) == []


def test_an_approval_by_law_is_waited_for(stage: Stage) -> None:
    name(stage, "supervising", basis=LAW)
    code = stage.ready()
    assert missing(stage, code) == ["filing.approval"]
    stage.now += seconds(4)
    assert silence(stage)
    assert missing(stage, code) == ["filing.approval"], "silence is no approval"
    review(stage, stage.supervising, code, "approved")
    assert missing(stage, code) == []
    stage.publish(code)


def test_silence_is_recorded_once_with_an_alert_and_a_late_word_still_counts(stage: Stage) -> None:
    name(stage, "supervising")
    code = stage.ready()
    stage.now += seconds(2)
    assert not silence(stage)
    stage.now += seconds(1)
    assert silence(stage)
    assert not silence(stage)
    (alert,) = stage.facts("alert")
    assert (alert.node, alert.point, alert.category, alert.color, alert.lot) == (
        "platform", "S27", "timeliness", "red", None,
    )  # fmt: skip
    assert acts(stage, code) == ["silent"]
    review(stage, stage.supervising, code, "received")
    assert acts(stage, code) == ["received"]
    assert last(stage, code).id


def test_t02_the_management_office_returns_for_form_alone_and_with_a_reason(stage: Stage) -> None:
    code = stage.ready()
    with pytest.raises(Invalid):
        send_back(stage, stage.manager, code, "too expensive")
    with pytest.raises(Forbidden):
        send_back(stage, stage.manager, code, "law")
    with pytest.raises(Invalid):
        send_back(stage, stage.manager, code, "missing_paper", "缺")
    send_back(stage, stage.manager, code, "missing_paper")
    assert stage.tender(code).state == "draft"
    (fact,) = stage.facts("plan.returned")
    assert (fact.role, fact.sealed) == ("MGR", True)
    assert missing(stage, code) == ["filing.missing"]
    with pytest.raises(Conflict):
        send_back(stage, stage.manager, code, "missing_paper")
    with pytest.raises(Conflict), stage.act() as now:
        service.discard_draft(stage.owner, service.tender_of(code), now)
    stage.publish(code)


def test_t02_a_supervisor_returns_what_a_law_lets_it_approve(stage: Stage) -> None:
    name(stage, "supervising", basis=LAW)
    code = stage.ready()
    send_back(stage, stage.supervising, code, "law", "施工图设计文件未经审查")
    (fact,) = stage.facts("plan.returned")
    assert (fact.role, fact.law, stage.tender(code).state) == ("SUP", LAW, "draft")


def test_a_plan_lies_only_with_those_it_was_filed_with(stage: Stage) -> None:
    code = stage.ready()
    number = last(stage, code).id
    for who in ("supervising",):
        with pytest.raises(NotFound), stage.act(write=False):
            reviews.one(stage.actors[who], number)
    for who in ("bidder", "other_owner", "owner", "operator"):
        with pytest.raises(Forbidden), stage.act(write=False):
            reviews.one(stage.actors[who], number)
    with stage.act(write=False):
        assert reviews.of(stage.supervising) == []
        assert [one.id for one in reviews.of(stage.manager)] == [number]


def test_the_county_names_departments_and_no_approval_without_a_law(stage: Stage) -> None:
    for terms in (
        Terms(Trade.CONSTRUCTION, stage.supervising.uscc, 3, approves=True, basis=" "),
        Terms(Trade.CONSTRUCTION, stage.supervising.uscc, 0, approves=False, basis=""),
        Terms(Trade.CONSTRUCTION, stage.bidder.uscc, 3, approves=False, basis=""),
    ):
        with pytest.raises(Invalid), stage.act() as now:
            departments.name(stage.manager, terms, now)
    with pytest.raises(Forbidden), stage.act() as now:
        departments.name(stage.owner, terms, now)
    name(stage, "supervising")
    name(stage, "supervising", days=7)
    with stage.act() as now:
        (row,) = departments.every()
        assert row.days == 7
        departments.drop(stage.manager, row.id, now)
    with stage.act(write=False):
        assert departments.every() == []


def test_g50_an_intent_made_public_in_time_keeps_the_notice_silent(stage: Stage) -> None:
    terms = {"trade": "procurement", "pack": "practice.procurement.open"}
    late, early = stage.draft(**terms), stage.draft(**terms)
    with stage.act() as now:
        intents.publish_intent(stage.owner, service.tender_of(early), now)
    with pytest.raises(Conflict), stage.act() as now:
        intents.publish_intent(stage.owner, service.tender_of(early), now)
    (fact,) = stage.facts("intent.published")
    assert (fact.tender, fact.budget, fact.sealed) == (early, "21846300.00", False)
    with stage.act(write=False):
        assert [one.tender.code for one in intents.public()] == [early]
    for code in (late, early):
        stage.document(code)
        stage.keyed(code)
    stage.now += seconds(30)
    stage.publish(early)
    assert stage.facts("alert") == []
    stage.publish(late)
    (alert,) = stage.facts("alert")
    assert (alert.point, alert.category) == ("G50", "process")
    assert packs.load("practice.construction.open").find(packs.Kind.MIN_INTERVAL, "notice_published") == []


def test_g50_an_intent_that_no_law_asks_for_is_not_made_public(stage: Stage) -> None:
    code = stage.draft()
    with pytest.raises(Conflict), stage.act() as now:
        intents.publish_intent(stage.owner, service.tender_of(code), now)


def test_g48_splitting_raises_an_open_alert_that_names_no_tender(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = packs.load("practice.procurement.open")
    rules = [
        dataclasses.replace(rule, value=30_000_000_00) if rule.ends == "year_total" else rule for rule in pack.rules
    ]
    closed = dataclasses.replace(pack, procedure="inquiry", rules=tuple(rules))
    monkeypatch.setitem(packs.LOCAL, pack.id, closed)
    monkeypatch.setattr(packs, "PLAYED", frozenset({"open", "inquiry"}))
    terms = {
        "trade": "procurement", "pack": pack.id, "method_ground": "standard_goods", "ground_approval": "青财购〔2026〕1号",
    }  # fmt: skip
    stage.file(stage.draft(**terms))
    assert stage.facts("alert") == []
    code = stage.draft(**terms)
    stage.file(code)
    (alert,) = stage.facts("alert")
    assert (alert.point, alert.color, alert.lot, alert.category) == ("G48", "red", None, "content")
    (sign,) = last(stage, code).signs
    assert (sign["total"], sign["limit"]) == ("43692600.00", "30000000.00")
    stage.file(stage.draft(**{**terms, "item": "另一品目"}))
    assert len(stage.facts("alert")) == 1


def test_a_plan_filed_twice_at_once_is_filed_once(stage: Stage) -> None:
    code = stage.draft()
    answers = at_once([lambda: stage.file(code)] * 3)
    assert sum(answer is None for answer in answers) == 1
    assert len(stage.facts("plan.filed")) == 1


def test_t02_t03_of_publishing_and_sending_back_at_once_one_happens(stage: Stage) -> None:
    code = stage.ready()
    signatures = stage.sign(code)

    def publish() -> None:
        with stage.act() as now:
            service.publish(stage.owner, service.tender_of(code), signatures, stage.cert, now)

    answers = at_once([publish, lambda: send_back(stage, stage.manager, code, "missing_paper")])
    assert sum(answer is None for answer in answers) == 1
    assert (stage.tender(code).state == "published") == (answers[0] is None)
    assert len(stage.facts("notice.published")) + len(stage.facts("plan.returned")) == 1
