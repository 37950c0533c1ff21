"""C38, G25: experts are drawn by the log from all who may sit; reserves replace who leaves; naming them takes a ground."""

from __future__ import annotations

import pytest

from accounts.models import Certificate, Organization, RoleGrant
from accounts.roles import Role
from evaluation import committee, publishing, reading, views
from evaluation.draw import rules, service, showing
from evaluation.draw import steps as draw_steps
from evaluation.draw.models import ListedExpert
from evaluation.draw.rules import Appointment, Departure, Ground, Why
from kernel import canonical
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid, NotFound
from supervision import draw
from tests.evaluation_stage import APPOINTED, COMMITTEE, EXPERTS, EvaluationStage, evaluation_staged
from tests.log_stage import ENGINES

LOGINS = [f"{name}-login" for name in COMMITTEE]
SICK = Departure(Why.DECLINED, "当日另有手术安排")


@pytest.fixture(params=ENGINES)
def stage(request, tmp_path):
    with evaluation_staged(tmp_path, engine=request.param) as found:
        yield found


def shown(stage: EvaluationStage) -> dict:
    with stage.act(write=False):
        return showing.of(stage.lot)


def sitting(stage: EvaluationStage) -> dict[str, str]:
    """Who sits under which alias, by the test's names."""
    names = {stage.actor(name).person_id: name for name in [*EXPERTS, "owner"]}
    with stage.act(write=False):
        return {seat.alias: names[seat.person_id] for seat in reading.seats(stage.lot)}


def gardener(stage: EvaluationStage, name: str) -> None:
    with stage.act():
        for grant in db.session.query(RoleGrant).filter_by(person_id=stage.actor(name).person_id):
            grant.expertise = {"field": "园林绿化", "years": 12, "title": "高级工程师"}


def revoked(stage: EvaluationStage, name: str) -> None:
    with stage.act() as now:
        db.session.query(Certificate).filter_by(der=stage.keys[name][1]).one().revoked_at = now


def replaced(stage: EvaluationStage, alias: str, said: Departure = SICK) -> None:
    with stage.act() as now:
        service.replace(stage.actor("operator"), stage.lot, alias, said, now)


def appointed(stage: EvaluationStage, given: Appointment | None) -> None:
    with stage.act() as now:
        committee.form(stage.actor("operator"), stage.lot, LOGINS, now, given)


# the draw


def test_c38_the_log_draws_from_all_who_may_sit_and_the_first_of_the_order_sit(stage):
    stage.fix()
    (listed,) = stage.stage.facts("experts.listed")
    assert (len(listed.references), listed.seats, listed.fields) == (6, 5, ("市政工程",))
    assert shown(stage)["state"] == "waiting"
    assert sitting(stage) == {}
    assert stage.drawn()
    (fact,) = stage.stage.facts("experts.drawn")
    assert fact.list_sha256 == canonical.sha(listed.canonical())
    assert fact.drawn == draw.drawn(listed.references, 5, fact.seed)
    (seated,) = stage.stage.facts("experts.seated")
    assert {one.reference for one in seated.seated} == set(fact.drawn)
    assert [one["standing"] for one in shown(stage)["order"]] == ["seated"] * 5 + ["reserve"]
    assert len(stage.stage.facts("committee.formed")[-1].members) == 5


def test_c38_nothing_is_drawn_before_a_quorum_signed_over_the_list(stage):
    stage.fix()
    assert stage.step(draw_steps.step_expert_draws) is False
    assert stage.drawn() is True
    assert stage.step(draw_steps.step_expert_draws) is False
    assert len(stage.stage.facts("experts.drawn")) == 1


def test_c39_the_log_names_nobody_and_the_names_come_with_the_award(stage):
    stage.fix()
    stage.drawn()
    raw = b"".join(
        fact.canonical() for kind in ("listed", "drawn", "seated") for fact in stage.stage.facts(f"experts.{kind}")
    )
    with stage.act(write=False):
        for name in EXPERTS:
            assert stage.actor(name).name.encode() not in raw
            assert stage.actor(name).uscc.encode() not in raw
        public = canonical.decode(publishing.files(reading.under_way(stage.lot))["committee.json"])
    assert {frozenset(row) for row in public["members"]} == {frozenset({"alias", "kind", "sign_key"})}


def test_c38_after_the_award_each_name_opens_its_reference(stage):
    stage.fix()
    stage.drawn()
    references = {one.alias: one.reference for one in stage.stage.facts("experts.seated")[-1].seated}
    with stage.act() as now:
        reading.under_way(stage.lot).disclosed_at = now
    with stage.act(write=False):
        public = canonical.decode(publishing.files(reading.under_way(stage.lot))["committee.json"])
    for row in public["members"]:
        told = rules.reference(stage.lot, row["nonce"], row["name"], row["organization"])
        assert told == references[row["alias"]]


def test_c40_who_is_of_a_bidder_or_has_no_certificate_stands_on_no_list(stage):
    with stage.act():
        organization = db.session.get_one(Organization, stage.actor("expert3").organization_id)
        organization.uscc = stage.actor("bidder2").uscc
    stage.fix()
    (listed,) = stage.stage.facts("experts.listed")
    assert len(listed.references) == 5
    stage.drawn()
    assert "expert3" not in sitting(stage).values()


def test_c37_the_list_holds_the_fields_that_were_asked_for(stage):
    gardener(stage, "expert6")
    with pytest.raises(Invalid, match=r"draw\.short") as refused:
        stage.fix(5, ("园林绿化",))
    assert refused.value.detail["fields"] == {"fields": "short"}
    stage.fix()
    stage.drawn()
    assert sorted(sitting(stage).values()) == list(COMMITTEE)


def test_c36_a_list_for_too_few_seats_is_refused(stage):
    for few in (3, 4, 6):
        with pytest.raises(Invalid, match=r"committee\.size"):
            stage.fix(few)


def test_c36_the_owners_representative_sits_beside_the_drawn(stage):
    stage.empower("owner", Role.OWNER)
    stage.fix(4, ("市政工程",), "owner")
    stage.drawn()
    assert "owner" in sitting(stage).values()
    assert len(sitting(stage)) == 5
    assert len(stage.stage.facts("experts.seated")[-1].seated) == 4


def test_c38_an_expert_does_not_come_in_beside_the_draw(stage):
    with pytest.raises(Forbidden, match=r"draw\.representative"):
        stage.fix(4, ("市政工程",), "expert1")


def test_only_the_centre_draws_and_a_list_is_fixed_once(stage):
    with pytest.raises(Forbidden), stage.act() as now:
        service.fix(stage.actor("owner"), stage.lot, rules.Need(["市政工程"], 5), now)
    stage.fix()
    with pytest.raises(Conflict, match=r"draw\.running"):
        stage.fix()
    stage.drawn()
    with pytest.raises(Conflict, match=r"draw\.reserves"):
        stage.fix()


def test_c38_what_was_drawn_is_not_undone_by_hand(stage):
    stage.fix()
    for drawn in (False, True):
        assert stage.drawn() if drawn else True
        with pytest.raises(Conflict, match=r"committee\.drawn"):
            appointed(stage, APPOINTED)


# reserves


def test_c40_g26_the_next_of_the_order_takes_the_seat_of_who_declines(stage):
    stage.fix()
    stage.drawn()
    before = sitting(stage)
    left = before["E2"]
    replaced(stage, "E2")
    after = sitting(stage)
    assert left not in after.values()
    assert set(after.values()) - set(before.values()) == set(EXPERTS) - set(before.values())
    seated = stage.stage.facts("experts.seated")[-1]
    assert [one.why for one in seated.passed] == ["declined"]
    assert {one.alias for one in seated.seated} == set(after)
    with stage.act(write=False), pytest.raises(NotFound, match=r"seat\.none"):
        reading.own_seat(stage.actor(left), stage.lot)


def test_c40_who_declares_a_conflict_has_withdrawn_by_that_word(stage):
    stage.fix()
    stage.drawn()
    name = sitting(stage)["E1"]
    stage.declare(name, "我的配偶在投标单位任职")
    replaced(stage, "E1", Departure(Why.DECLINED, "已声明利害关系"))
    assert [one.why for one in stage.stage.facts("experts.seated")[-1].passed] == ["recusal"]
    assert name not in sitting(stage).values()


def test_c40_two_who_declared_conflicts_leave_together_or_a_further_list_is_drawn(stage):
    stage.fix()
    stage.drawn()
    for alias in ("E1", "E2"):
        stage.declare(sitting(stage)[alias], "曾在投标人处任职")
    with pytest.raises(Conflict, match=r"draw\.exhausted"):
        replaced(stage, "E1", Departure(Why.RECUSAL, "曾在投标人处任职"))
    assert len(sitting(stage)) == 5


def test_g26_a_further_list_adds_reserves_and_the_order_of_the_first_stands(stage):
    gardener(stage, "expert6")
    stage.fix()
    stage.drawn()
    with pytest.raises(Conflict, match=r"draw\.exhausted"):
        replaced(stage, "E3")
    first = shown(stage)["order"]
    stage.fix(5, ("园林绿化",))
    stage.drawn()
    assert shown(stage)["order"][:5] == first
    assert [one.number for one in stage.stage.facts("experts.listed")] == [1, 2]
    replaced(stage, "E3")
    assert "expert6" in sitting(stage).values()


def test_who_may_not_sit_any_more_when_the_draw_comes_is_passed_over(stage):
    stage.fix()
    revoked(stage, "expert2")
    stage.drawn()
    assert sorted(sitting(stage).values()) == sorted(set(EXPERTS) - {"expert2"})
    whys = {one.why for one in stage.stage.facts("experts.seated")[-1].passed}
    with stage.act(write=False):
        place = db.session.query(ListedExpert).filter_by(person_id=stage.actor("expert2").person_id).one().position
    assert whys == ({"barred"} if place < len(EXPERTS) else set())


def test_a_draw_that_leaves_too_few_seats_nobody_until_a_further_list(stage):
    gardener(stage, "expert6")
    stage.fix()
    revoked(stage, "expert1")
    stage.drawn()
    assert shown(stage)["state"] == "short"
    assert sitting(stage) == {}
    stage.fix(5, ("园林绿化",))
    stage.drawn()
    assert sorted(sitting(stage).values()) == sorted(set(EXPERTS) - {"expert1"})


def test_c36_a_representative_is_replaced_by_another_of_the_owners_alone(stage):
    stage.empower("owner", Role.OWNER)
    stage.fix(4, ("市政工程",), "owner")
    stage.drawn()
    alias = next(alias for alias, name in sitting(stage).items() if name == "owner")
    with pytest.raises(Invalid, match=r"draw\.substitute"):
        replaced(stage, alias)
    with pytest.raises(Forbidden, match=r"draw\.representative"):
        replaced(stage, alias, Departure(Why.ABSENT, "代表生病住院", "expert6-login"))


def test_a_reason_is_asked_and_stays_with_those_who_watch(stage):
    stage.fix()
    stage.drawn()
    with pytest.raises(Invalid, match=r"draw\.departure"):
        replaced(stage, "E1", Departure(Why.DECLINED, " "))
    with pytest.raises(Invalid, match=r"draw\.departure"):
        replaced(stage, "E1", Departure(Why.BARRED, "平台自己认定"))
    replaced(stage, "E1")
    for name in ("operator", "supervising"):
        with stage.act(write=False):
            (said,) = views.committee(stage.actor(name), stage.lot)["departures"]
        assert said["text"] == SICK.text
    for name in ("owner", "bidder", "expert1", None):
        with stage.act(write=False):
            assert "departures" not in views.committee(stage.actor(name) if name else None, stage.lot)
    assert SICK.text not in str(shown(stage))


# naming without a draw


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (None, "committee.not_drawn"),
        (Appointment(None, "专业性强", "文件"), "committee.not_drawn"),
        (Appointment(Ground.COMPLEX, " ", "青发改〔2026〕8号"), "committee.unfounded"),
        (Appointment(Ground.COMPLEX, "桥梁监测专业性强", " "), "committee.unfounded"),
    ],
)
def test_c38_naming_experts_without_a_reason_is_refused_and_raises_the_process_alert(stage, given, code):
    with pytest.raises((Forbidden, Invalid)) as refused:
        appointed(stage, given)
    assert refused.value.code == code
    assert str(refused.value.rule).startswith("C38")
    alert = refused.value.record.fact
    assert (alert.point, alert.category, alert.color) == ("C38", "process", "red")
    assert sitting(stage) == {}
    assert stage.stage.facts("experts.appointed") == []


def test_c38_a_special_projects_reason_is_recorded_and_shown(stage):
    appointed(stage, APPOINTED)
    (fact,) = stage.stage.facts("experts.appointed")
    assert (fact.ground, fact.document) == ("complex", APPOINTED.document)
    assert fact.reasons_sha256 == canonical.sha(APPOINTED.reasons.encode())
    found = shown(stage)
    assert found["state"] == "appointed"
    assert found["appointed"][0]["reasons"] == APPOINTED.reasons
    with pytest.raises(Conflict, match=r"draw\.seated"):
        stage.fix()
