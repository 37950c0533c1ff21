"""Every state times every event has its answer: who, by which law, and why not (rules.md 5.3)."""

from __future__ import annotations

import itertools

import pytest

from kernel.errors import Conflict
from tendering.power_rules import EVENT_WORDS, LOT_WORDS, ROLE_WORDS, moves
from tendering.states import MACHINE, LotEvent, LotState

EVERY = list(itertools.product(LotState, LotEvent))


@pytest.mark.parametrize(("state", "event"), EVERY)
def test_t01_t30_no_move_of_the_table_is_missing(state: LotState, event: LotEvent) -> None:
    power = next(one for one in moves(state, {}) if one.name == event)
    row = next((move for move in MACHINE.moves_from(state) if move.event == event), None)
    assert power.possible is (row is not None)
    assert power.law
    if row is None:
        assert power.refusal is not None
        assert power.refusal.code == "state.wrong"
        assert state not in power.begins
    else:
        assert set(power.who) == row.by
        assert state in power.begins


def test_every_event_state_and_role_has_its_words() -> None:
    assert set(EVENT_WORDS) == set(LotEvent)
    assert set(LOT_WORDS) == set(LotState)
    assert {name for move in MACHINE.moves for name in move.by} <= set(ROLE_WORDS)
    for words in (*EVENT_WORDS.values(), *ROLE_WORDS.values(), *LOT_WORDS.values()):
        assert words.zh
        assert words.en


def test_a_guard_says_why_not_in_its_own_words() -> None:
    refusal = Conflict("publicity.running", "公示期未满", "running", rule="C49")

    def guard() -> None:
        raise refusal

    power = next(one for one in moves(LotState.PUBLICITY, {LotEvent.AWARD: guard}) if one.name == LotEvent.AWARD)
    assert power.refusal is refusal
    assert not power.mine({"OWNER"})


def test_who_may_is_by_role() -> None:
    power = next(one for one in moves(LotState.REPORTED, {}) if one.name == LotEvent.START_PUBLICITY)
    assert power.mine({"OWNER"})
    assert not power.mine({"AGENCY", "BIDDER"})
    assert not power.mine(())
