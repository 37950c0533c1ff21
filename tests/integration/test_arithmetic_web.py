"""A corrected price on its pages: the working before the proposal, the majority's question, and the bidder's signature."""

from __future__ import annotations

import pytest

from accounts.roles import Part
from evaluation import results, scoring, steps
from evaluation.arithmetic import rules, service
from evaluation.arithmetic.rules import Reading
from evaluation.arithmetic.service import Entry
from evaluation.qualification import service as qualification
from evaluation.qualification.rules import Finding
from evaluation.review import clarification
from kernel import canonical, keys
from kernel.errors import Refusal
from kernel.statements import Signed
from supervision import log
from tests import tendering_stage
from tests.evaluation_stage import COMMITTEE, evaluation_staged
from tests.evaluation_web import checked, opened_door
from tests.tendering_stage import seconds

WORDS = "贰佰壹拾万元整"
"""The price of the second bidder in words, above the 1,900,000.00 of its opening list."""
IN_WORDS = Reading(words=WORDS)


@pytest.fixture
def stage(tmp_path):
    with evaluation_staged(tmp_path, small=True) as found:
        found.admitted()
        found.opened()
        with found.act() as now:
            owner = found.actor("owner")
            raw = qualification.statement(
                owner, found.lot, tuple(Finding(one, True, None) for one in found.bid_ids.values())
            )
            qualification.give(owner, found.lot, Signed(raw, keys.sign(raw, found.stage.owner_key)), now)
        found.step(steps.step_begin_scoring)
        yield found


def asked(stage, said=IN_WORDS, carried=3):
    entry = Entry(stage.bid_ids["bidder2"], said, 600)
    with stage.act() as now:
        number = service.propose(stage.actor(COMMITTEE[0]), stage.lot, entry, now).number
    for name in COMMITTEE[1:carried]:
        with stage.act() as now:
            clarification.support(stage.actor(name), stage.lot, number, now)
    return number


def test_g31_a_member_sees_the_working_before_anybody_is_asked(stage):
    client, headers = opened_door(stage), {"X-Test-Actor": COMMITTEE[0]}
    path = f"/evaluate/{stage.lot}/arithmetic"
    form = {"bid_id": stage.bid_ids["bidder2"], "words": WORDS, "minutes": "10"}
    assert "大写金额" in checked(client.get(path, headers=headers).text)
    shown = client.post(path, data={**form, "act": "compute"}, headers=headers)
    assert "2,100,000.00" in checked(shown.text)
    wrong = client.post(path, data={**form, "words": "百万", "act": "compute"}, headers=headers)
    assert "大写金额不能识别" in checked(wrong.text)
    assert client.post(path, data={**form, "act": "propose"}, headers=headers).status_code == 303
    assert WORDS in checked(client.get(f"/evaluate/{stage.lot}/review", headers=headers).text)
    assert client.get(path, headers={"X-Test-Actor": "bidder2"}).status_code in (403, 404)


def test_g31_only_the_bidder_that_was_asked_reads_the_question_and_only_once_a_majority_sent_it(stage):
    client = opened_door(stage)
    asked(stage, carried=2)
    assert "没有需要您确认的报价" in client.get(f"/desk/{stage.lot}/price", headers={"X-Test-Actor": "bidder2"}).text
    with stage.act() as now:
        clarification.support(stage.actor(COMMITTEE[2]), stage.lot, 1, now)
    assert "2100000.00" in checked(client.get(f"/desk/{stage.lot}/price", headers={"X-Test-Actor": "bidder2"}).text)
    assert "2100000.00" not in client.get(f"/desk/{stage.lot}/price", headers={"X-Test-Actor": "bidder"}).text


def test_g31_a_bidder_is_asked_once_and_a_proposal_that_was_not_sent_is_replaced(stage):
    asked(stage, Reading(words="贰佰万元整"), carried=1)
    asked(stage)
    with stage.act(write=False):
        assert [WORDS in one.text for one in clarification.of_lot(stage.lot)] == [True]
    with pytest.raises(Refusal) as refused:
        asked(stage)
    assert refused.value.code == "arithmetic.asked"
    assert "第五十九条" in refused.value.rule


def test_g31_prices_that_agree_are_not_asked_about(stage):
    with pytest.raises(Refusal) as refused:
        asked(stage, Reading(words="壹佰玖拾万元整"))
    assert refused.value.code == "arithmetic.agrees"


def answered(stage, *, confirms, key=None, raw=None):
    actor, key = stage.actor("bidder2"), key or keys.generate()
    with stage.act() as now:
        cert = tendering_stage._certify(actor, key, now)
    with stage.act(write=False):
        raw = raw or service.statement(actor, stage.lot, confirms=confirms)
    with stage.act() as now:
        service.answer(actor, stage.lot, Signed(raw, keys.sign(raw, key)), cert, now)


def test_g31_nothing_is_computed_while_the_bidder_has_time_and_then_with_the_confirmed_price(stage):
    asked(stage)
    for name in COMMITTEE:
        stage.sign(name, stage.draft())
    stage.sequence()
    with stage.act() as now:
        assert results.compute(stage.lot, now) is False
    answered(stage, confirms=True)
    with stage.act(write=False):
        (bid,) = [one for one in service.priced(stage.lot) if one.bid_id == stage.bid_ids["bidder2"]]
        assert (bid.price, bid.binding) == (190000000, 210000000)
        (row,) = log.find("price.answered", stage.lot)
        assert row.disclosed_at is None
    with stage.act() as now:
        assert results.compute(stage.lot, now) is True


def test_g31_not_to_confirm_is_a_ground_of_the_law_and_to_confirm_is_none(stage):
    asked(stage)
    answered(stage, confirms=False)
    rejects = {"conforms": False, "ground": "不确认", "head": "unconfirmed"}
    stage.sign(COMMITTEE[0], stage.draft(bidder2=rejects))
    with pytest.raises(Refusal) as refused:
        stage.sign(COMMITTEE[1], stage.draft(bidder3=rejects))
    assert f"{stage.bid_ids['bidder3']}.head" in refused.value.detail["fields"]
    with stage.act(write=False):
        assert service.unconfirmed(stage.lot) == {stage.bid_ids["bidder2"]}
        assert len(scoring.signed_sheets(stage.lot)) == 1


def test_g31_silence_confirms_nothing(stage):
    asked(stage)
    stage.stage.now += seconds(601)
    stage.step(steps.step_clarifications)
    with stage.act(write=False):
        assert service.unconfirmed(stage.lot) == {stage.bid_ids["bidder2"]}
    with pytest.raises(Refusal) as refused:
        answered(stage, confirms=True)
    assert refused.value.code == "clarification.unsolicited"


def test_g31_another_price_than_asked_or_an_answer_in_words_is_refused(stage):
    asked(stage)
    with stage.act(write=False):
        told = canonical.decode(service.statement(stage.actor("bidder2"), stage.lot, confirms=True))
    with pytest.raises(Refusal) as refused:
        answered(stage, confirms=True, raw=canonical.encode({**told, "corrected": "1.00"}))
    assert refused.value.code == "arithmetic.signature"
    with pytest.raises(Refusal) as refused, stage.act() as now:
        clarification.answer(stage.actor("bidder2"), stage.lot, "确认", now)
    assert refused.value.code == "clarification.unsolicited"
    assert Part.SIGN in stage.actor("bidder2").parts
    assert rules.LAW.endswith("第五十九条")
