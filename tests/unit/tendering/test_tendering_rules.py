"""Pure decisions: deadlines, suspension, publicity, rank order, dual control; and that every refusal cites its rule."""

from __future__ import annotations

import ast
import datetime as dt
from pathlib import Path

import pytest

from kernel.errors import Conflict, Invalid, TooEarly, TooLate
from tendering import milestones, packs, rules
from tendering.milestones import Course
from tendering.states import LotState

NOW = dt.datetime(2026, 7, 1, 1, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
CONSTRUCTION = packs.load("cn.construction.open.2026")
PROCUREMENT = packs.load("cn.procurement.open.2026")
REFUSALS = {"Conflict", "Invalid", "Forbidden", "NotFound", "TooLate", "TooEarly", "TooLarge", "Unavailable", "TooMany"}


def test_every_refusal_of_tendering_carries_a_rule() -> None:
    for path in sorted((Path(rules.__file__).parent).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REFUSALS:
                assert "rule" in {word.arg for word in node.keywords}, f"{path.name}:{node.lineno}"


def test_a_deadline_moves_later_until_it_has_come() -> None:
    rules.check_later(NOW + HOUR, NOW + 2 * HOUR, NOW)
    for new in (NOW + HOUR, NOW):
        with pytest.raises(Conflict, match="later"):
            rules.check_later(NOW + HOUR, new, NOW)
    with pytest.raises(TooLate):
        rules.check_later(NOW, NOW + HOUR, NOW)


@pytest.mark.parametrize(("seconds", "lawful"), [(0, True), (30, True), (-30, True), (31, False), (-31, False)])
def test_a_signed_moment_lies_within_the_cuts_grace(seconds: int, lawful: bool) -> None:
    at = NOW + dt.timedelta(seconds=seconds)
    if lawful:
        rules.check_at(at, NOW, 30)
    else:
        with pytest.raises(Conflict, match="sign again"):
            rules.check_at(at, NOW, 30)


def test_a_suspension_gives_back_the_time_that_was_left() -> None:
    closes_at, suspended_at, at = NOW + 5 * HOUR, NOW + 2 * HOUR, NOW + 10 * HOUR
    assert rules.resumed_at_least(closes_at, suspended_at, at) == NOW + 13 * HOUR


def test_a_suspension_after_the_deadline_gives_nothing_back() -> None:
    assert rules.resumed_at_least(NOW, NOW + HOUR, NOW + 2 * HOUR) == NOW + 2 * HOUR


def test_c49_the_last_moment_of_the_publicity_is_the_first_of_the_award() -> None:
    with pytest.raises(TooEarly):
        rules.check_publicity_over(NOW + dt.timedelta(microseconds=1), NOW, "C49")
    with pytest.raises(TooEarly):
        rules.check_publicity_over(None, NOW, "C49")
    rules.check_publicity_over(NOW, NOW, "C49")


def test_c51_the_first_in_rank_wins() -> None:
    rules.check_rank(CONSTRUCTION, ["a", "b", "c"], "a", [])
    with pytest.raises(Conflict) as refusal:
        rules.check_rank(CONSTRUCTION, ["a", "b", "c"], "b", [])
    assert str(refusal.value.rule).startswith("C51")


def test_c51_the_next_in_rank_wins_when_those_before_gave_up() -> None:
    rules.check_rank(CONSTRUCTION, ["a", "b", "c"], "c", ["a", "b"])
    with pytest.raises(Conflict):
        rules.check_rank(CONSTRUCTION, ["a", "b", "c"], "c", ["a"])


def test_c47_at_most_three_candidates() -> None:
    with pytest.raises(Invalid):
        rules.check_rank(CONSTRUCTION, ["a", "b", "c", "d"], "d", ["a", "b", "c"])


def test_c47_the_best_three_of_five_stand_as_candidates_and_all_where_the_law_gives_no_number() -> None:
    assert rules.candidates_of(CONSTRUCTION, ["a", "b", "c", "d", "e"]) == ["a", "b", "c"]
    assert rules.candidates_of(CONSTRUCTION, ["a", "b"]) == ["a", "b"]
    assert rules.candidates_of(PROCUREMENT, ["a", "b", "c", "d", "e"]) == ["a", "b", "c", "d", "e"]


def test_g36_procurement_ranks_without_that_limit() -> None:
    rules.check_rank(PROCUREMENT, ["a", "b", "c", "d"], "d", ["a", "b", "c"])
    with pytest.raises(Conflict) as refusal:
        rules.check_rank(PROCUREMENT, ["a", "b"], "b", [])
    assert str(refusal.value.rule).startswith("G36")


def test_dual_control_takes_two_organizations() -> None:
    rules.second_approver(1, 2)
    with pytest.raises(Conflict):
        rules.second_approver(1, 1)


@pytest.mark.parametrize("state", [state for state in LotState if state is not LotState.DRAFT])
def test_the_timeline_shows_every_period_with_its_clause_in_every_state(state: LotState) -> None:
    found = milestones.milestones(CONSTRUCTION, Course(state, NOW, NOW + 30 * 24 * HOUR), NOW + HOUR)
    assert [one.rule.id for one in found if one.rule] == ["C09", "C30", "C32", "C49", "C51"]
    assert sum(one.status == "now" for one in found) <= 1
    assert {one.status for one in found} <= {"done", "now", "ahead"}


def test_the_timeline_of_an_old_tender_does_without_a_calendar_nobody_loaded() -> None:
    old = dt.datetime(2019, 5, 1, tzinfo=dt.UTC)
    found = milestones.milestones(CONSTRUCTION, Course(LotState.AWARDED, old, old + 30 * 24 * HOUR), NOW)
    assert "C09" not in [one.rule.id for one in found if one.rule]
