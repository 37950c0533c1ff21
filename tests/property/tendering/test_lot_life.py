"""The life of a lot as a table: whatever is tried in whatever order, only lawful paths are walked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.roles import Role
from kernel.errors import Refusal
from tendering.states import CLOCK, DECIDED, ENDED, MACHINE, LotEvent, LotState

ACTORS = [CLOCK, "PUBLIC", *map(str, Role)]
tries = st.lists(st.tuples(st.sampled_from(list(LotEvent)), st.sampled_from(ACTORS)), max_size=60)
START, CLOSED = LotState.DRAFT, LotEvent.CLOSE


def walked(attempts: list[tuple[LotEvent, str]]) -> list[tuple[LotState, LotEvent, str]]:
    """The moves that happened, out of all that were tried."""
    state, path = START, []
    for event, actor in attempts:
        try:
            found = MACHINE.move(state, event, actor)
        except Refusal:
            continue
        path.append((state, event, actor))
        state = found.now
    return path


@given(tries)
def test_only_the_clock_closes_opens_or_collects_again(attempts: list[tuple[LotEvent, str]]) -> None:
    clocks = {LotEvent.CLOSE, LotEvent.COLLECT_AGAIN, LotEvent.TOO_FEW, LotEvent.START_OPENING, LotEvent.UNREADABLE}
    assert all(actor == CLOCK for _, event, actor in walked(attempts) if event in clocks)


@given(tries)
def test_nothing_is_awarded_before_publicity_and_nothing_opened_before_the_close(
    attempts: list[tuple[LotEvent, str]],
) -> None:
    events = [event for _, event, _ in walked(attempts)]
    if LotEvent.AWARD in events:
        award = events.index(LotEvent.AWARD)
        assert LotEvent.START_PUBLICITY in events[:award]
        assert LotEvent.END_OPENING in events[:award]
    if LotEvent.START_OPENING in events:
        assert LotEvent.CLOSE in events[: events.index(LotEvent.START_OPENING)]


@given(tries)
def test_what_has_ended_stays_ended(attempts: list[tuple[LotEvent, str]]) -> None:
    """But for a failed lot, which may be tendered again under a new code."""
    assert all(was not in ENDED or event is LotEvent.RETENDER for was, event, _ in walked(attempts))


@given(tries)
def test_only_the_owner_publishes_starts_publicity_and_only_owner_or_clock_awards(
    attempts: list[tuple[LotEvent, str]],
) -> None:
    for _, event, actor in walked(attempts):
        if event in (LotEvent.PUBLISH, LotEvent.START_PUBLICITY):
            assert actor == Role.OWNER
        if event is LotEvent.AWARD:
            assert actor in (Role.OWNER, CLOCK)


@pytest.mark.parametrize("state", list(LotState))
@pytest.mark.parametrize("event", list(LotEvent))
def test_every_refusal_of_the_table_carries_a_rule(state: LotState, event: LotEvent) -> None:
    with pytest.raises(Refusal) as refusal:
        MACHINE.move(state, event, "PUBLIC")
    assert refusal.value.rule


def test_no_bidder_technician_or_auditor_moves_anything() -> None:
    named = {name for move in MACHINE.moves for name in move.by}
    assert named.isdisjoint({Role.BIDDER, Role.TECH, Role.FIN})


def test_supervisors_only_void_and_send_back() -> None:
    events = {move.event for move in MACHINE.moves if {Role.SUP, Role.INSP} & move.by}
    assert events == {LotEvent.VOID, LotEvent.REOPEN_EVALUATION}


@given(tries)
def test_whoever_won_is_not_cancelled_away(attempts: list[tuple[LotEvent, str]]) -> None:
    """After the award only a supervisor's decision undoes what was decided (T28, T29)."""
    assert all(was not in DECIDED for was, event, _ in walked(attempts) if event is LotEvent.CANCEL)


def test_every_move_cites_the_law_in_chinese() -> None:
    for move in MACHINE.moves:
        assert move.law
        assert all("第" in clause and "条" in clause for clause in move.law), move


def test_every_state_can_be_reached() -> None:
    assert {move.now for move in MACHINE.moves} | {START} == set(LotState)
