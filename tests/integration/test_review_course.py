"""The committee's rules of procedure: heads of rejection, clarifications, low prices, the argument about competition."""

from __future__ import annotations

import pytest

from bidding.models import Bid
from evaluation import results, scoring, steps
from evaluation.review import capacity, clarification, competition
from evaluation.review.clarification import Request
from evaluation.review.rules import About
from evaluation.sheets import Fault
from kernel import keys
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooLate
from kernel.statements import Signed
from tendering import awards, lifecycle
from tests.evaluation_stage import COMMITTEE, EvaluationStage, evaluation_staged
from tests.evaluation_web import checked, opened_door
from tests.log_stage import ENGINES
from tests.tendering_stage import seconds

MAJORITY = COMMITTEE[:3]


@pytest.fixture(params=ENGINES)
def stage(request, tmp_path):
    with evaluation_staged(tmp_path, engine=request.param) as found:
        found.scoring()
        yield found


def ask(stage: EvaluationStage, bidder: str = "bidder2", about: About = About.LOW_PRICE, members=MAJORITY) -> int:
    """Proposed by the first of the members and carried by the others."""
    request = Request(stage.bid_ids[bidder], about, "请说明报价构成", 600)
    with stage.act() as now:
        number = clarification.propose(stage.actor(members[0]), stage.lot, request, now).number
    for name in members[1:]:
        with stage.act() as now:
            clarification.support(stage.actor(name), stage.lot, number, now)
    return number


def answer(stage: EvaluationStage, bidder: str, text: str = "成本明细见附件") -> None:
    with stage.act() as now:
        clarification.answer(stage.actor(bidder), stage.lot, text, now)


def rejecting(stage: EvaluationStage, bidder: str, head: str) -> dict:
    return stage.draft(**{bidder: {"conforms": False, "ground": "证据见第 12 页", "head": head}})


def faults(stage: EvaluationStage, draft: dict) -> set[str]:
    stage.save("expert1", draft)
    with stage.act(write=False):
        found: list[Fault] = scoring.faults(stage.actor("expert1"), stage.lot)
        return {one.field.partition(".")[2] for one in found}


def reject(stage: EvaluationStage, bidder: str, head: str, members=COMMITTEE) -> None:
    for name in COMMITTEE:
        stage.sign(name, rejecting(stage, bidder, head) if name in members else stage.draft())
    stage.conclude()


def argue(stage: EvaluationStage, *, reject_all: bool, members=MAJORITY) -> None:
    with stage.act() as now:
        made = competition.propose(stage.actor(members[0]), stage.lot, "论证", now, reject_all=reject_all)
    for name in members[1:]:
        with stage.act() as now:
            competition.support(stage.actor(name), stage.lot, made.id, now)


# on what heads


def test_c43_a_head_of_another_trades_law_is_no_ground(stage):
    assert faults(stage, rejecting(stage, "bidder", "unsigned")) == set()
    assert faults(stage, rejecting(stage, "bidder", "no_deposit")) == {"head"}


def test_c43_g33_a_minority_rejects_nobody_and_its_dissent_stands_in_the_result(stage):
    reject(stage, "bidder", "unqualified", COMMITTEE[:2])
    with stage.act(write=False):
        told = results.published(stage.lot)
    assert len(told["ranking"]) == 3
    verdict = next(one for one in told["verdicts"] if one["bid_id"] == stage.bid_ids["bidder"])
    assert verdict["votes"] == {"for": 3, "against": 2}
    assert set(verdict["heads"].values()) == {"unqualified"}
    assert set(verdict["grounds"].values()) == {"证据见第 12 页"}


# what is asked


def test_c44_a_request_goes_out_when_a_majority_carries_it_and_to_one_bidder_alone(stage):
    number = ask(stage, about=About.CLARIFICATION, members=MAJORITY[:2])
    with stage.act(write=False):
        assert clarification.of_bidder(stage.actor("bidder2"), stage.lot) == []
    with stage.act() as now:
        clarification.support(stage.actor("expert5"), stage.lot, number, now)
    with stage.act(write=False):
        assert len(clarification.of_bidder(stage.actor("bidder2"), stage.lot)) == 1
        assert clarification.of_bidder(stage.actor("bidder"), stage.lot) == []
    fact = stage.stage.facts("clarification.asked")[-1]
    assert (fact.bid_id, fact.about, len(fact.by)) == (stage.bid_ids["bidder2"], "clarification", 3)


def test_c44_c59_what_nobody_asked_for_is_not_taken(stage):
    with pytest.raises(Conflict, match=r"clarification\.unsolicited") as refused:
        answer(stage, "bidder2")
    assert "第五十二条" in (refused.value.rule or "")
    ask(stage)
    with pytest.raises(Conflict, match=r"clarification\.unsolicited"):
        answer(stage, "bidder")
    answer(stage, "bidder2")
    with pytest.raises(Conflict, match=r"clarification\.unsolicited"):
        answer(stage, "bidder2", "and one more thing")


def test_c44_an_answer_changes_no_price(stage):
    with stage.act(write=False):
        before = [bid.manifest_sha256 for bid in db.session.query(Bid).order_by(Bid.id)]
    ask(stage)
    answer(stage, "bidder2", "我方愿降价至 1 元")
    for name in COMMITTEE:
        stage.sign(name, stage.draft())
    stage.conclude()
    with stage.act(write=False):
        told = results.published(stage.lot)
        assert [bid.manifest_sha256 for bid in db.session.query(Bid).order_by(Bid.id)] == before
    assert next(one["price"] for one in told["ranking"] if one["bid_id"] == stage.bid_ids["bidder2"]) == "19000000.00"


def test_c44_only_members_ask_and_only_while_they_sit(stage):
    request = Request(stage.bid_ids["bidder"], About.CLARIFICATION, "?", 600)
    for name in ("owner", "operator", "bidder", "supervising"):
        with pytest.raises(Forbidden), stage.act() as now:
            clarification.propose(stage.actor(name), stage.lot, request, now)
    with pytest.raises(NotFound), stage.act() as now:
        clarification.propose(stage.actor("expert6"), stage.lot, request, now)
    with pytest.raises(NotFound), stage.act() as now:
        clarification.propose(stage.actor("expert1"), stage.lot, Request("f" * 32, About.CLARIFICATION, "?"), now)
    for within in (29, 24 * 3600 + 1):
        wrong = Request(stage.bid_ids["bidder"], About.CLARIFICATION, "?", within)
        with pytest.raises(Invalid), stage.act() as now:
            clarification.propose(stage.actor("expert1"), stage.lot, wrong, now)


# low prices


def test_c45_g32_a_low_price_is_not_rejected_before_its_bidder_was_asked_and_answered(stage):
    draft = rejecting(stage, "bidder2", "low_price")
    assert faults(stage, draft) == {"head"}
    ask(stage)
    assert faults(stage, draft) == {"head"}
    with pytest.raises(Invalid, match=r"sheet\.incomplete"):
        stage.sign("expert1", draft)
    answer(stage, "bidder2")
    assert faults(stage, draft) == set()
    assert faults(stage, rejecting(stage, "bidder", "low_price")) == {"head"}


def test_c45_g32_who_lets_the_time_go_by_was_heard_and_may_no_longer_answer(stage):
    ask(stage)
    stage.stage.now += seconds(599)
    assert stage.step(steps.step_clarifications) is False
    stage.stage.now += seconds(1)
    with pytest.raises(TooLate, match=r"clarification\.late"):
        answer(stage, "bidder2")
    assert stage.step(steps.step_clarifications) is True
    assert stage.stage.facts("clarification.answered")[-1].answer_sha256 is None
    assert faults(stage, rejecting(stage, "bidder2", "low_price")) == set()


def test_c45_a_mere_clarification_is_no_hearing_about_the_price(stage):
    ask(stage, about=About.CLARIFICATION)
    answer(stage, "bidder2")
    assert faults(stage, rejecting(stage, "bidder2", "low_price")) == {"head"}


# too few left


@pytest.mark.parametrize("reject_all", [True, False])
def test_c46_with_two_left_the_result_waits_for_the_argument_of_a_majority(stage, reject_all):
    reject(stage, "bidder3", "unqualified")
    assert stage.state() == "evaluating"
    argue(stage, reject_all=reject_all, members=MAJORITY[:2])
    assert stage.conclude() is False
    argue(stage, reject_all=reject_all)
    assert stage.conclude() is True
    with stage.act(write=False):
        told = results.published(stage.lot)
    assert (told["competition"]["text"], told["competition"]["reject_all"]) == ("论证", reject_all)
    assert len(told["competition"]["by"]) == 3
    assert stage.state() == ("failed" if reject_all else "reported")
    assert len(told["ranking"]) == (0 if reject_all else 2)
    assert stage.stage.facts("competition.argued")[-1].reject_all is reject_all
    if reject_all:
        assert "第四十二条" in stage.stage.facts("tender.failed")[-1].law


def test_c46_nothing_is_argued_while_enough_are_left(stage):
    for name in COMMITTEE:
        stage.sign(name, stage.draft())
    with pytest.raises(Conflict, match=r"competition\.not_due"):
        argue(stage, reject_all=True)


def test_c46_an_argument_says_something(stage):
    reject(stage, "bidder3", "unqualified")
    with pytest.raises(Invalid), stage.act() as now:
        competition.propose(stage.actor("expert1"), stage.lot, "  ", now, reject_all=True)


# a candidate whose standing changed


def on_view(stage: EvaluationStage):
    """The candidates on public view; until when."""
    for name in COMMITTEE:
        stage.sign(name, stage.draft())
    stage.conclude()
    with stage.act() as now:
        return results.start_publicity(stage.actor("owner"), stage.lot, [], now)


def question(stage: EvaluationStage, bidder: str = "bidder2") -> int:
    with stage.act() as now:
        return capacity.question(stage.actor("owner"), stage.lot, stage.bid_ids[bidder], "被列入失信名单", now).id


def award(stage: EvaluationStage, bidder: str) -> None:
    with stage.act() as now:
        raw = awards.award_statement(lifecycle.lot_of(stage.lot), stage.bid_ids[bidder]).raw
        signed = Signed(raw, keys.sign(raw, stage.stage.owner_key))
        results.award(stage.actor("owner"), stage.lot, signed, now)


@pytest.mark.parametrize("capable", [True, False])
def test_c52_the_original_committee_confirms_before_anything_is_awarded(stage, capable):
    until = on_view(stage)
    number = question(stage)
    stage.stage.now = until + seconds(1)
    for name in (*COMMITTEE[:2], None):
        with pytest.raises(Conflict, match=r"lot\.stayed"):
            award(stage, "bidder2")
        if name:
            with stage.act() as now:
                capacity.vote(stage.actor(name), stage.lot, number, now, capable=capable)
    with stage.act() as now:
        capacity.vote(stage.actor("expert3"), stage.lot, number, now, capable=capable)
    assert stage.stage.facts("capacity.decided")[-1].capable is capable
    with pytest.raises(Conflict, match=r"capacity\.decided"), stage.act() as now:
        capacity.vote(stage.actor("expert4"), stage.lot, number, now, capable=capable)
    award(stage, "bidder2" if capable else "bidder")
    assert stage.state() == "awarded"


def test_c52_only_the_owner_asks_only_members_answer_and_only_about_candidates(stage):
    stage.stage.now = on_view(stage)
    number = question(stage)
    for name in ("bidder", "operator"):
        with pytest.raises((Forbidden, NotFound)), stage.act() as now:
            capacity.question(stage.actor(name), stage.lot, stage.bid_ids["bidder"], "变化", now)
    with pytest.raises(Conflict, match=r"capacity\.not_now"):
        question(stage)
    with pytest.raises((Forbidden, NotFound)), stage.act() as now:
        capacity.vote(stage.actor("owner"), stage.lot, number, now, capable=True)
    with pytest.raises(NotFound), stage.act() as now:
        capacity.vote(stage.actor("expert6"), stage.lot, number, now, capable=True)


# the pages


def test_c59_while_bids_are_judged_no_door_takes_a_word_between_owner_committee_and_bidder(tmp_path):
    """Every unsafe door of the evaluation, tried by a bidder nobody asked and by the owner: none opens."""
    with evaluation_staged(tmp_path) as stage:
        stage.scoring()
        door = opened_door(stage)
        given = {"lot": stage.lot, "code": stage.lot, "bid_id": stage.bid_ids["bidder2"], "number": 1, "name": "x"}
        rules = [
            one for one in door.application.url_map.iter_rules() if one.methods & {"POST", "PUT", "PATCH", "DELETE"}
        ]
        assert len(rules) > 10
        typed = {
            "text": "降价",
            "answer": "降价",
            "reason": "谈一谈",
            "bid_id": stage.bid_ids["bidder2"],
            "argument": "x",
        }
        for rule in rules:
            path = rule.build({name: given.get(name, "x") for name in rule.arguments})[1]
            method = min(rule.methods - {"OPTIONS", "HEAD", "GET"})
            for who in ("bidder2", "owner"):
                sent = {"json": {}} if path.startswith("/api/") else {"data": typed}
                status = door.open(path, method=method, headers={"X-Test-Actor": who}, **sent).status_code
                assert status >= 400, (who, method, path)
        assert stage.state() == "evaluating"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_c52_the_owner_asks_and_members_answer_on_their_pages(tmp_path, language):
    with evaluation_staged(tmp_path) as stage:
        stage.scoring()
        door = opened_door(stage)
        on_view(stage)

        def get(path: str, who: str) -> str:
            answer = door.get(path, headers={"X-Test-Actor": who, "X-Test-Language": language})
            assert answer.status_code == 200
            return checked(answer.text)

        def post(path: str, who: str, **data: str) -> int:
            return door.post(path, headers={"X-Test-Actor": who}, data=data).status_code

        page, path = f"/owner/lots/{stage.lot}/award", f"/owner/lots/{stage.lot}/capacity"
        assert 'name="reason"' in get(page, "owner")
        assert post(path, "owner", bid_id=stage.bid_ids["bidder2"], reason="") == 422
        assert post(path, "owner", bid_id=stage.bid_ids["bidder2"], reason="重大亏损") == 303
        assert "重大亏损" in get(page, "owner")
        own = f"/evaluate/{stage.lot}/review"
        assert 'name="capable"' in get(own, "expert1")
        assert post(f"/evaluate/{stage.lot}/capacity/1", "expert1") == 422
        votes = [post(f"/evaluate/{stage.lot}/capacity/1", name, capable="yes") for name in MAJORITY]
        assert votes == [303, 303, 303]
        assert 'name="capable"' not in get(own, "expert4")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_c44_c46_members_ask_and_argue_and_a_bidder_answers_on_their_pages(tmp_path, language):
    with evaluation_staged(tmp_path) as stage:
        stage.scoring()
        door = opened_door(stage)

        def get(path: str, who: str) -> str:
            answer = door.get(path, headers={"X-Test-Actor": who, "X-Test-Language": language})
            assert answer.status_code == 200
            return checked(answer.text)

        def post(path: str, who: str, **data: str) -> int:
            return door.post(path, headers={"X-Test-Actor": who}, data=data).status_code

        path, own = f"/evaluate/{stage.lot}/review", f"/desk/{stage.lot}/clarifications"
        get(own, "bidder2")
        asked = {"bid_id": stage.bid_ids["bidder2"], "about": "low_price", "text": "请说明", "minutes": "30"}
        base = f"/evaluate/{stage.lot}/clarifications"
        assert post(base, "expert1", **{**asked, "minutes": "x"}) == 422
        assert post(base, "expert1", **asked) == 303
        assert f"{base}/1/support" in get(path, "expert2")
        assert [post(f"{base}/1/support", name) for name in ("expert2", "expert3")] == [303, 303]
        assert 'name="answer"' in get(own, "bidder2")
        assert "请说明" not in get(own, "bidder")
        assert post(own, "bidder2", answer="") == 422
        assert post(own, "bidder2", answer="<b>明细</b>") == 303
        assert "&lt;b&gt;明细&lt;/b&gt;" in get(path, "expert4")
        reject(stage, "bidder3", "unqualified")
        assert 'name="reject_all"' in get(path, "expert1")
        argued = f"/evaluate/{stage.lot}/competition"
        assert post(argued, "expert1", argument="竞争充分") == 422
        assert post(argued, "expert1", argument="竞争充分", reject_all="no") == 303
        assert [post(f"{argued}/1/support", name) for name in ("expert2", "expert3")] == [303, 303]
        stage.conclude()
        assert stage.state() == "reported"
        get(path, "expert1")
        assert door.get(path, headers={"X-Test-Actor": "owner"}).status_code == 403
