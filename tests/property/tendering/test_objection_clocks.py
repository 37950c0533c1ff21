"""Whatever is raised, answered and withdrawn in whatever order: no deadline moves earlier, nothing stands still for nothing."""

from __future__ import annotations

import contextlib
import datetime as dt
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.errors import Refusal
from tendering.objections import rules
from tendering.objections.rules import Run
from tests import objection_stage as on
from tests.tendering_stage import START, Stage, seconds, staged

ACTS = st.sampled_from(["raise", "answer", "withdraw", "tick"])
waits = st.integers(min_value=0, max_value=30)
plays = st.lists(st.tuples(ACTS, waits, st.integers(min_value=0, max_value=9)), max_size=14)


@given(st.lists(st.tuples(st.sampled_from([-1, 0, 1]), st.integers(min_value=0, max_value=5000)), max_size=60))
def test_t08_t09_a_standing_clock_gives_back_exactly_what_was_left(steps: list[tuple[int, int]]) -> None:
    """Pure: the time in which the clock ran is the time that was planned, however often it stood still."""
    run, now, open_, ran = Run(START + dt.timedelta(hours=1)), START, 0, dt.timedelta()
    for change, wait in steps:
        open_ = max(open_ + change, 0)
        match rules.wanted(run, open_, now):
            case "suspend":
                run = Run(run.closes_at, now, by_platform=True)
            case "resume":
                assert run.suspended_at is not None
                later = rules.resumed_until(run.closes_at, run.suspended_at, now)
                assert later >= run.closes_at
                run = Run(later)
        running = run.suspended_at is None and now < run.closes_at
        before, now = now, now + seconds(wait)
        ran += min(now, run.closes_at) - before if running else dt.timedelta()
        assert (run.suspended_at is not None) <= (open_ > 0)
    if run.suspended_at is None and now >= run.closes_at:
        assert ran == dt.timedelta(hours=1)


@pytest.mark.slow
@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(plays)
def test_c14_no_order_of_objections_replies_and_withdrawals_makes_a_deadline_earlier(play) -> None:
    with tempfile.TemporaryDirectory() as folder, staged(Path(folder)) as stage:
        lot = on.construction(stage, 600)
        rows, deadlines = [], [stage.lot(lot).closes_at]
        for act, wait, which in play:
            stage.now += seconds(wait)
            _played(stage, lot, rows, act, which)
            deadlines.append(stage.lot(lot).closes_at)
        for row in rows:
            with contextlib.suppress(Refusal):
                on.answered(stage, lot, row.number)
        on.ticked(stage)
        on.ticked(stage)
        assert stage.lot(lot).suspended_at is None
        assert deadlines == sorted(deadlines)


def _played(stage: Stage, lot: str, rows: list, act: str, which: int) -> None:
    with contextlib.suppress(Refusal):
        if act == "raise":
            rows.append(on.raised(stage, lot))
        elif act == "answer" and rows:
            on.answered(stage, lot, rows[which % len(rows)].number)
        elif act == "withdraw" and rows:
            on.withdrawn(stage, rows[which % len(rows)])
        elif act == "tick":
            on.ticked(stage)


@pytest.mark.slow
@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(plays)
def test_c50_t22_no_order_shortens_the_publicity_or_leaves_it_standing(play) -> None:
    with tempfile.TemporaryDirectory() as folder, staged(Path(folder)) as stage:
        lot = on.construction(stage, 60)
        on.in_publicity(stage, lot)
        rows, ends = [], [stage.lot(lot).publicity_until]
        for act, wait, which in play:
            stage.now += seconds(wait)
            with contextlib.suppress(Refusal):
                if act == "raise":
                    rows.append(on.raised(stage, lot, "objection", "result"))
                elif rows:
                    _played(stage, lot, rows, act, which)
            ends.append(stage.lot(lot).publicity_until)
            still_open = _open(stage, lot)
            assert (stage.lot(lot).suspended_at is not None) == bool(still_open)
        assert ends == sorted(ends)


def _open(stage: Stage, lot: str) -> list:
    from tendering import service
    from tendering.objections.service import open_ones

    with stage.act(write=False):
        return open_ones(service.lot_of(lot))
