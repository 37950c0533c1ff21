"""From the award to the fulfilled contract: notices, report, next candidate, contract, changes, acceptance, lateness."""

from __future__ import annotations

import pytest

from evaluation import outcomes
from evaluation.models import Evaluation
from kernel import canonical
from kernel.errors import Conflict, Forbidden, Invalid, NotFound
from supervision import log
from tendering import lifecycle
from tendering.contracts import duties, messages, papers, reporting, steps, succession, uploads
from tests import contract_stage as acts
from tests.evaluation_stage import EvaluationStage, evaluation_staged
from tests.log_stage import ENGINES
from tests.tendering_stage import seconds


@pytest.fixture(params=ENGINES)
def stage(request, tmp_path):
    with evaluation_staged(tmp_path, engine=request.param) as found:
        yield found


def told(stage: EvaluationStage, name: str) -> dict:
    with stage.act(write=False):
        return canonical.decode(messages.own(stage.actor(name), stage.lot)[0].file)


def alerts(stage: EvaluationStage) -> list[tuple[str, str]]:
    return [(fact.point, fact.color) for fact in stage.stage.facts("alert")]


def test_c53_g37_g38_each_bidder_is_told_its_own_result_and_nobody_elses(stage):
    acts.awarded(stage)
    winner, loser = told(stage, "bidder2"), told(stage, "bidder")
    assert winner["type"] == "kaibiao-award-notice/1"
    assert loser["type"] == "kaibiao-award-result/1"
    assert loser["own"]["rank"] == 2
    assert loser["own"]["total"] is not None
    assert stage.bid_ids["bidder3"] not in str(loser)
    with stage.act(write=False), pytest.raises(NotFound, match=r"outcome\.none"):
        messages.own(stage.actor("expert1"), stage.lot)
    fact = stage.stage.facts("award.notified")[-1]
    assert stage.actor("bidder").organization not in str(fact)
    assert not acts.tell(stage), "nobody is told twice"


def test_g38_a_rejected_bidder_is_told_the_ground():
    verdict = {
        "bid_id": "b" * 32,
        "valid": False,
        "ground": "over_ceiling",
        "votes": {"for": 3, "against": 0},
        "grounds": {},
    }
    found = Evaluation(result=canonical.encode({"ranking": [], "verdicts": [verdict]}))
    assert outcomes.own_results(found)["b" * 32] == {"standing": "rejected", "verdict": verdict}


def test_c53_reading_a_message_is_a_sealed_receipt_once(stage):
    acts.awarded(stage)
    for _ in range(2):
        with stage.act() as now:
            actor = stage.actor("bidder2")
            messages.read(actor, messages.own(actor, stage.lot)[0], now)
    with stage.act(write=False):
        found = log.find("award.read", stage.lot)
    assert len(found) == 1
    assert found[0].salt is not None


def test_c54_the_owner_signs_the_report_that_the_record_makes(stage):
    acts.awarded(stage)
    with stage.act() as now:
        lot = lifecycle.lot_of(stage.lot)
        raw = reporting.statement(lot).raw
        content = canonical.decode(raw)
        assert [row["rank"] for row in content["bids"]] == [2, 1, 3]
        with pytest.raises(Forbidden, match=r"tender\.not_yours|role\.lacking"):
            papers.sign_report(stage.actor("bidder"), lot, acts.signed(stage, raw), now)
        with pytest.raises(Invalid, match=r"paper\.other_terms"):
            papers.sign_report(stage.actor("owner"), lot, acts.signed(stage, raw + b" "), now)
        papers.sign_report(stage.actor("owner"), lot, acts.signed(stage, raw), now)
    assert stage.stage.facts("award.reported")[-1].report_sha256 == canonical.sha(raw)


def test_c55_g39_a_contract_as_bid_is_signed_by_both_and_stands_in_the_log(stage):
    acts.awarded(stage)
    acts.contracted(stage)
    assert stage.state() == "contracted"
    fact = stage.stage.facts("contract.signed")[-1]
    assert (fact.price, fact.period_days, fact.bid_id) == ("19000000.00", 180, stage.bid_ids["bidder2"])


@pytest.mark.parametrize("changed", [{"price": "19500000.00"}, {"period_days": "200"}, {"period_days": ""}])
def test_c55_s24_a_contract_that_differs_from_the_bid_is_refused_and_alerts(stage, changed):
    acts.awarded(stage)
    with pytest.raises(Conflict, match=r"contract\.differs") as refused:
        acts.uploaded(stage, **changed)
    assert refused.value.detail["differences"]
    assert ("S24", "red") in alerts(stage)
    assert stage.state() == "awarded"


def test_c55_the_owner_does_not_sign_before_the_winner_nor_the_winner_for_another(stage):
    acts.awarded(stage)
    raw = acts.uploaded(stage)
    with stage.act() as now, pytest.raises(Conflict, match=r"contract\.unconfirmed"):
        papers.sign_contract(stage.actor("owner"), lifecycle.lot_of(stage.lot), acts.signed(stage, raw), now)
    with pytest.raises(NotFound, match=r"contract\.not_yours"):
        acts.confirm(stage, raw, "bidder3")
    acts.uploaded(stage)
    with pytest.raises(Invalid, match=r"paper\.other_terms"):
        acts.confirm(stage, raw + b" ")


def test_c55_no_contract_before_the_award_notice(stage):
    acts.awarded(stage, told=False)
    with pytest.raises(Conflict, match=r"contract\.no_notice"):
        acts.uploaded(stage)


def test_t24_c51_a_winner_who_gives_up_makes_way_for_the_next_in_rank(stage):
    acts.awarded(stage)
    raw = acts.uploaded(stage)
    with stage.act() as now:
        succession.drop_winner(
            stage.actor("owner"), lifecycle.lot_of(stage.lot, lock=True), "gave_up", "资金链断裂", now
        )
    assert stage.state() == "publicity"
    with stage.act() as now, pytest.raises(Conflict, match=r"contract\.wrong_state"):
        papers.sign_contract(stage.actor("owner"), lifecycle.lot_of(stage.lot), acts.signed(stage, raw), now)
    with pytest.raises(Conflict, match=r"award\.not_in_rank_order|award\.rank"):
        acts.award(stage, "bidder3")
    acts.award(stage, "bidder")
    assert told(stage, "bidder")["type"] == "kaibiao-award-notice/1"
    assert told(stage, "bidder")["round"] == 2
    assert told(stage, "bidder2")["type"] == "kaibiao-award-result/1"
    with stage.act(write=False), pytest.raises(Conflict, match=r"paper\.missing"):
        papers.needed(lifecycle.lot_of(stage.lot), papers.CONTRACT)


def test_t24_without_a_candidate_left_the_lot_fails(stage):
    acts.awarded(stage)
    for following in ("bidder", "bidder3", None):
        stage.stage.now += seconds(1)
        with stage.act() as now:
            lot = lifecycle.lot_of(stage.lot, lock=True)
            succession.drop_winner(stage.actor("owner"), lot, "incapable", "已被责令停业", now)
        if following:
            acts.award(stage, following)
    assert stage.state() == "failed"
    assert stage.stage.facts("tender.failed")[-1].reason == "no_candidate"


def test_t24_without_a_ground_or_reason_nobody_is_dropped(stage):
    acts.awarded(stage)
    for ground, reason in (("whim", "没有原因"), ("gave_up", "无")):
        with stage.act() as now, pytest.raises(Invalid, match=r"award\.(ground|reason)"):
            succession.drop_winner(stage.actor("owner"), lifecycle.lot_of(stage.lot), ground, reason, now)


def test_g40_additions_stay_within_a_tenth_where_the_pack_says_so_and_are_open_facts(stage):
    acts.awarded(stage)
    acts.contracted(stage)
    typed = {"addition": "500000.00", "reason": "地质条件变化"}
    uploads.change(stage.actor("owner"), stage.lot, typed, acts.upload("补充协议.pdf"), stage.stage.now)
    assert stage.stage.facts("contract.changed")[-1].addition == "500000.00"


def test_t25_the_accepted_contract_is_fulfilled(stage):
    acts.awarded(stage)
    acts.fulfilled(stage)
    assert stage.state() == "fulfilled"
    assert stage.stage.facts("contract.fulfilled")


def test_c48_c54_s22_s24_what_is_late_becomes_an_alert_once(stage):
    acts.awarded(stage)
    with stage.act(write=False):
        due = {duty.point: duty.due_at for duty in duties.of_lot(lifecycle.lot_of(stage.lot), stage.stage.now)}
    assert "S24.C55" in due
    stage.stage.now = max(due.values()) + seconds(1)
    assert stage.step(steps.step_lateness)
    assert ("S24.C55", "red") in alerts(stage)
    assert ("S22.C54", "red") in alerts(stage)
    assert not stage.step(steps.step_lateness)
