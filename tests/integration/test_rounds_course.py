"""A failed lot: why, by which law, and what follows; the next round (T30), repeated failure (C31), another method (G22)."""

from __future__ import annotations

import pytest

from kernel import canonical
from kernel.errors import Conflict, Forbidden, Invalid
from tendering import rounds, service
from tendering.round_rules import Choice
from tendering.rounds import Consent, Reconsidered
from tendering.states import CLOCK, LotEvent
from tests.tendering_stage import PDF, Stage, method, notice, on_each_engine, seconds

SAID = Reconsidered("报名单位普遍反映资质要求过高。", "资质要求由二级改为三级，工期延长三十日。")
FAILING = (LotEvent.CLOSE, LotEvent.TOO_FEW)
TO_EVALUATION = (LotEvent.CLOSE, LotEvent.START_OPENING, LotEvent.END_OPENING, LotEvent.START_EVALUATION)


@pytest.fixture(params=["sqlite", "postgres"])
def stage(request, tmp_path):
    with on_each_engine(request.param, tmp_path) as found:
        yield found


def moves(stage: Stage, lot: str, *events: LotEvent) -> None:
    for event in events:
        with stage.act() as now:
            service.move(service.lot_of(lot), event, CLOCK, now)


def failed(stage: Stage, *events: LotEvent, **changes) -> str:
    lot = stage.lots(stage.published(**changes))[0]
    moves(stage, lot, *(events or FAILING))
    return lot


def prepare(stage: Stage, *lots: str, said: Reconsidered = SAID, who: str = "owner") -> str:
    with stage.act() as now:
        return rounds.prepare(stage.actors[who], lots, said, now).code


def publish(stage: Stage, code: str, raw: bytes = PDF + b"2", **changes) -> None:
    rows = [
        {**row, "closes_at": notice(stage.now + seconds(60))["lots"][0]["closes_at"]}
        for row in stage.tender(code).draft["lots"]
    ]
    with stage.act() as now:
        service.update_draft(stage.owner, service.tender_of(code), {"lots": rows, **changes}, now)
    stage.document(code, raw=raw)
    stage.keyed(code)
    stage.publish(code)


def test_t30_c30_a_failed_lot_says_why_and_by_which_law(stage: Stage) -> None:
    lot = failed(stage)
    with stage.act(write=False):
        found = rounds.failure(service.lot_of(lot))
        assert found is not None
        assert "不足" in found.words.zh
        assert "《招标投标法》第二十八条" in found.law
        assert [one.choice for one in rounds.options(service.lot_of(lot))] == [Choice.AGAIN]


def test_t30_the_next_round_is_a_draft_of_the_same_project_with_the_next_number(stage: Stage) -> None:
    lot = failed(stage)
    code = prepare(stage, lot)
    assert (code[:17], int(code[17:]), int(lot[17:20])) == (lot[:17], 2, 1)
    draft = stage.tender(code)
    assert (draft.state, draft.title) == ("draft", stage.tender(lot[:20]).title)
    assert [stage.lot(one).closes_at for one in stage.lots(code)] == [None]
    assert stage.lot(lot).state == "failed"
    with stage.act(write=False):
        assert rounds.round_of(service.tender_of(code)) == 2
        assert rounds.next_of(service.lot_of(lot)).tender.code == code
        assert rounds.earlier_of(service.tender_of(code))[0].lot.code == lot


def test_t30_with_the_new_notice_the_old_lot_is_tendered_again_and_both_say_so(stage: Stage) -> None:
    lot = failed(stage)
    code = prepare(stage, lot)
    publish(stage, code, qualification="公路工程施工总承包三级及以上，或市政三级")
    assert stage.lot(lot).state == "retendered"
    fact = stage.facts("retendered")[0]
    assert (fact.lot, fact.tender, fact.round) == (lot, code, 2)
    assert fact.changes_sha256 == canonical.sha(SAID.changes.encode())
    signed = canonical.decode(stage.tender(code).notice)["round"]
    assert (signed["number"], signed["of"], signed["lots"], signed["changes"]) == (2, lot[:20], [lot], SAID.changes)
    assert "round" not in canonical.decode(stage.tender(lot[:20]).notice)


@pytest.mark.parametrize(
    "said", [Reconsidered("", ""), Reconsidered("投标人太少，没有竞争。", "无"), Reconsidered("少", SAID.changes)]
)
def test_t30_g22_no_round_when_nothing_was_reconsidered(stage: Stage, said: Reconsidered) -> None:
    lot = failed(stage)
    with pytest.raises(Invalid) as refusal:
        prepare(stage, lot, said=said)
    assert refusal.value.code == "round.not_reconsidered"
    assert "第四十三条" in str(refusal.value.rule)


def test_t30_documents_said_to_be_changed_are_changed(stage: Stage) -> None:
    code = prepare(stage, failed(stage))
    with pytest.raises(Conflict) as refusal:
        publish(stage, code, raw=PDF)
    assert [one["code"] for one in refusal.value.detail["obstacles"]] == ["round.nothing_changed"]


def test_t30_documents_found_sound_may_stand(stage: Stage) -> None:
    lot = failed(stage)
    said = Reconsidered("公告期间恰逢汛期，企业无法踏勘。", "经审查招标文件没有不合理条款，维持不变。", changed=False)
    publish(stage, prepare(stage, lot, said=said), raw=PDF)
    assert stage.lot(lot).state == "retendered"


def test_t30_only_the_owner_and_only_once_and_only_a_failed_lot(stage: Stage) -> None:
    with pytest.raises(Conflict) as refusal:
        prepare(stage, stage.lots(stage.published())[0])
    assert refusal.value.code == "round.not_failed"
    lot = failed(stage)
    for who in ("agency", "other_owner", "bidder", "manager"):
        with pytest.raises(Forbidden):
            prepare(stage, lot, who=who)
    prepare(stage, lot)
    with pytest.raises(Conflict) as refusal:
        prepare(stage, lot)
    assert refusal.value.code == "round.decided"


def test_t30_a_discarded_draft_leaves_the_way_open(stage: Stage) -> None:
    lot = failed(stage)
    code = prepare(stage, lot)
    with stage.act() as now:
        service.discard_draft(stage.owner, service.tender_of(code), now)
    assert prepare(stage, lot) != code


def decide(stage: Stage, lot: str, choice: Choice, consent: Consent | None = None) -> None:
    said = ("两轮招标均不足三家，经论证直接委托。", consent or Consent())
    with stage.act() as now:
        rounds.decide(stage.owner, lot, choice, said, now)


def second_failure(stage: Stage) -> str:
    code = prepare(stage, failed(stage))
    publish(stage, code)
    lot = stage.lots(code)[0]
    moves(stage, lot, *FAILING)
    return lot


def test_c31_after_one_failure_the_owner_tenders_again(stage: Stage) -> None:
    lot = failed(stage)
    with pytest.raises(Conflict) as refusal:
        decide(stage, lot, Choice.NO_MORE, Consent("县发改委", "青发改〔2026〕9号"))
    assert refusal.value.code == "repeat.not_open"


def test_c31_after_a_second_failure_no_further_tender_with_the_approvers_consent(stage: Stage) -> None:
    lot = second_failure(stage)
    with pytest.raises(Invalid) as refusal:
        decide(stage, lot, Choice.NO_MORE)
    assert refusal.value.code == "repeat.document"
    assert "第三十八条" in str(refusal.value.rule)
    decide(stage, lot, Choice.NO_MORE, Consent("县发改委", "青发改〔2026〕9号"))
    fact = stage.facts("repeat.decided")[0]
    assert (fact.choice, fact.document) == ("no_more_tender", "青发改〔2026〕9号")
    with pytest.raises(Conflict):
        prepare(stage, lot)
    with stage.act(write=False):
        assert rounds.options(service.lot_of(lot)) == []


def procurement(stage: Stage) -> dict:
    lots = notice(stage.now + seconds(60))["lots"]
    lots[0]["method"] = method(goods_or_services="goods")
    return {"trade": "procurement", "pack": "practice.procurement.open", "lots": lots}


def test_g22_n07_another_method_takes_the_finance_departments_approval(stage: Stage) -> None:
    lot = failed(stage, *TO_EVALUATION, LotEvent.REJECT_ALL, **procurement(stage))
    with pytest.raises(Invalid) as refusal:
        decide(stage, lot, Choice.OTHER_METHOD)
    assert refusal.value.code == "repeat.document"
    assert "第四十三条" in str(refusal.value.rule)
    decide(stage, lot, Choice.OTHER_METHOD, Consent("县财政局", "青财购〔2026〕3号"))
    assert stage.facts("repeat.decided")[0].choice == "other_method"


def test_t30_a_lot_of_works_changes_to_no_other_method(stage: Stage) -> None:
    lot = failed(stage, *TO_EVALUATION, LotEvent.REJECT_ALL)
    with pytest.raises(Conflict):
        decide(stage, lot, Choice.OTHER_METHOD, Consent("县财政局", "青财购〔2026〕3号"))
    with stage.act(write=False):
        assert "否决" in rounds.failure(service.lot_of(lot)).words.zh


def three(stage: Stage) -> list[str]:
    row = notice(stage.now + seconds(60))["lots"][0]
    return stage.lots(stage.published(lots=[{**row, "name": f"第{n}标段"} for n in "一二三"]))


def test_g18_c30_each_lot_lives_and_fails_on_its_own(stage: Stage) -> None:
    lots = three(stage)
    moves(stage, lots[0], *FAILING)
    moves(stage, lots[1], *TO_EVALUATION, LotEvent.REPORT)
    code = prepare(stage, lots[0])
    assert [stage.lot(lot).name for lot in stage.lots(code)] == ["第一标段"]
    publish(stage, code)
    assert [stage.lot(lot).state for lot in lots] == ["retendered", "reported", "collecting"]
    with stage.act() as now:
        service.cancel(stage.owner, service.tender_of(lots[0][:20]), "项目规模调整，余下标段不再进行。", now)
    with stage.act() as now:
        service.cancel(stage.manager, service.tender_of(lots[0][:20]), "", now)
    assert [stage.lot(lot).state for lot in lots] == ["retendered", "cancelled", "cancelled"]


def test_t30_two_failed_lots_go_into_one_round(stage: Stage) -> None:
    lots = three(stage)
    for lot in (lots[0], lots[2]):
        moves(stage, lot, *FAILING)
    code = prepare(stage, lots[0], lots[2])
    assert [stage.lot(lot).name for lot in stage.lots(code)] == ["第一标段", "第三标段"]
    other = failed(stage)
    with pytest.raises(Invalid):
        prepare(stage, other, lots[1])
