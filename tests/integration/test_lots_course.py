"""Several lots in one tender, with a limit on how many one bidder may win: each goes its own way."""

from __future__ import annotations

import pytest

from kernel import canonical
from kernel.errors import Conflict
from tendering import awards, service, steps
from tendering.contracts import succession
from tendering.states import CLOCK, LotEvent
from tests.tendering_stage import Stage, method, notice, on_each_engine, seconds

TO_REPORT = (LotEvent.CLOSE, LotEvent.START_OPENING, LotEvent.END_OPENING, LotEvent.START_EVALUATION, LotEvent.REPORT)


@pytest.fixture(params=["sqlite", "postgres"])
def stage(request, tmp_path):
    with on_each_engine(request.param, tmp_path) as found:
        yield found


def lots(stage: Stage, **changes) -> list[str]:
    row = notice(stage.now + seconds(60))["lots"][0]
    rows = [{**row, **changes.pop("row", {}), "name": f"第{n}标段"} for n in "一二三"]
    return stage.lots(stage.published(lots=rows, **changes))


def candidate(lot: str, name: str) -> service.Candidate:
    digest = canonical.sha(f"{lot}{name}".encode())
    return service.Candidate(digest[:32], digest, name, "1000000.00")


def moves(stage: Stage, lot: str, *events: LotEvent) -> None:
    for event in events:
        with stage.act() as now:
            service.move(service.lot_of(lot), event, CLOCK, now)


def on_view(stage: Stage, lot: str, *names: str) -> None:
    moves(stage, lot, *TO_REPORT)
    with stage.act() as now:
        until = service.start_publicity(stage.owner, service.lot_of(lot), [candidate(lot, name) for name in names], now)
    stage.now = max(stage.now, until + seconds(1))


def award(stage: Stage, lot: str, name: str) -> None:
    with stage.act(write=False):
        signed = stage.signed(service.award_statement(service.lot_of(lot), candidate(lot, name).bid_id))
    with stage.act() as now:
        service.award(stage.owner, service.lot_of(lot), signed, now)


def test_the_signed_notice_states_the_limit_and_the_order(stage: Stage) -> None:
    found = lots(stage, max_lots_won=1, award_order=[2])
    signed = canonical.decode(stage.tender(found[0][:20]).notice)["award_limit"]
    assert signed == {"most": 1, "order": [found[1], found[0], found[2]]}


def test_c51_who_has_won_all_it_may_is_passed_over_and_has_not_given_up(stage: Stage) -> None:
    first, second, third = lots(stage, max_lots_won=1)
    for lot in (first, second, third):
        on_view(stage, lot, "甲", "乙", "丙")
    award(stage, first, "甲")
    with pytest.raises(Conflict) as refusal:
        award(stage, second, "甲")
    assert refusal.value.code == "award.limit"
    award(stage, second, "乙")
    with pytest.raises(Conflict) as refusal:
        award(stage, third, "乙")
    assert refusal.value.code == "award.limit"
    award(stage, third, "丙")
    assert [stage.lot(lot).given_up for lot in (first, second, third)] == [{}, {}, {}]


def test_c51_rank_order_holds_among_those_not_passed_over(stage: Stage) -> None:
    first, second, _ = lots(stage, max_lots_won=1)
    for lot in (first, second):
        on_view(stage, lot, "甲", "乙", "丙")
    award(stage, first, "甲")
    with pytest.raises(Conflict) as refusal:
        award(stage, second, "丙")
    assert refusal.value.code == "award.rank_order"


def test_lots_are_awarded_in_the_order_of_the_notice(stage: Stage) -> None:
    first, second, third = lots(stage, max_lots_won=2)
    for lot in (second, third):
        on_view(stage, lot, "甲", "乙")
    with pytest.raises(Conflict) as refusal:
        award(stage, second, "甲")
    assert refusal.value.code == "award.order"
    assert refusal.value.detail["waiting"] == [first]
    moves(stage, first, LotEvent.CLOSE, LotEvent.TOO_FEW)
    award(stage, second, "甲")
    award(stage, third, "甲")


def test_three_lots_one_fails_one_is_won_and_one_is_cancelled(stage: Stage) -> None:
    first, second, third = lots(stage, max_lots_won=1)
    moves(stage, first, LotEvent.CLOSE, LotEvent.TOO_FEW)
    on_view(stage, second, "甲", "乙")
    award(stage, second, "甲")
    for who in ("owner", "manager"):
        with stage.act() as now:
            service.cancel(stage.actors[who], service.tender_of(third[:20]), "余下标段不再实施。", now)
    assert [stage.lot(lot).state for lot in (first, second, third)] == ["failed", "awarded", "cancelled"]
    assert stage.tender(first[:20]).state == "published"


def test_without_a_limit_one_bidder_may_win_all_in_any_order(stage: Stage) -> None:
    found = lots(stage)
    for lot in reversed(found):
        on_view(stage, lot, "甲", "乙")
        award(stage, lot, "甲")
    assert {stage.lot(lot).state for lot in found} == {"awarded"}


def test_a_lot_whose_candidates_are_all_passed_over_fails(stage: Stage) -> None:
    first, second, _ = lots(stage, max_lots_won=1)
    for lot in (first, second):
        on_view(stage, lot, "甲")
    award(stage, first, "甲")
    with stage.act() as now:
        assert awards.first_standing(service.lot_of(second)) is None
        assert succession.fail_without_candidate(stage.owner, service.lot_of(second), now)
    assert stage.lot(second).state == "failed"


def test_g36_the_clock_passes_over_as_the_owner_would(stage: Stage) -> None:
    goods = {"method": method(goods_or_services="goods")}
    found = lots(stage, max_lots_won=1, trade="procurement", pack="practice.procurement.open", row=goods)
    first, second = found[0], found[1]
    for lot in (first, second):
        on_view(stage, lot, "甲", "乙")
    stage.now += seconds(3600)
    steps.step_publicity(stage.now)
    steps.step_publicity(stage.now)
    winners = [stage.lot(lot).awarded_bid for lot in (first, second)]
    assert winners == [candidate(first, "甲").bid_id, candidate(second, "乙").bid_id]
