"""How many lots one bidder may win, by the notice's own rule."""

from __future__ import annotations

import pytest

from kernel.errors import Conflict
from tendering import award_limit
from tendering.award_limit import Limit

LOTS = ["L1", "L2", "L3"]


def test_a_notice_without_a_limit_states_none() -> None:
    assert award_limit.stated({}, LOTS) == {}
    assert Limit.of_notice({}) is None


@pytest.mark.parametrize(
    ("order", "told"), [(None, ["L1", "L2", "L3"]), ([3], ["L3", "L1", "L2"]), ([2, 2, 9, 1], ["L2", "L1", "L3"])]
)
def test_lots_go_by_number_unless_ordered(order: list[int] | None, told: list[str]) -> None:
    stated = award_limit.stated({"max_lots_won": 1, "award_order": order}, LOTS)
    assert stated == {"award_limit": {"most": 1, "order": told}}
    assert Limit.of_notice(stated) == Limit(1, tuple(told))


def test_who_won_the_most_in_lots_before_is_full() -> None:
    limit = Limit(2, ("L1", "L2", "L3"))
    assert limit.full("L3", {"L1": "甲", "L2": "甲"}) == {"甲"}
    assert limit.full("L3", {"L1": "甲", "L2": "乙"}) == frozenset()
    assert limit.full("L2", {"L1": "甲", "L3": "甲"}) == frozenset()
    assert limit.full("L1", {"L2": "甲", "L3": "甲"}) == frozenset()


def test_out_of_turn_and_over_the_limit_are_refused_by_the_notice() -> None:
    award_limit.check_turn([])
    award_limit.check_not_full("b1", ["b2"], 1)
    with pytest.raises(Conflict) as refusal:
        award_limit.check_turn(["L1"])
    assert refusal.value.code == "award.order"
    with pytest.raises(Conflict) as refusal:
        award_limit.check_not_full("b1", ["b1"], 1)
    assert refusal.value.code == "award.limit"
    assert "招标公告" in str(refusal.value.rule)
