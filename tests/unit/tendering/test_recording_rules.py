"""G20: what has to be recorded, what counts as a gap, and which segments the platform's clock bears out."""

from __future__ import annotations

import datetime as dt

import pytest

from kernel.errors import Refusal
from tendering import recordings as rules
from tendering.recordings import Gap, Phase, Sign, Span, Stated, Window

START = dt.datetime(2026, 3, 24, 1, 30, tzinfo=dt.UTC)
BOUND = dt.timedelta(seconds=60)


def at(seconds: int) -> dt.datetime:
    return START + dt.timedelta(seconds=seconds)


def span(began: int, ended: int, room: str = "一号厅", camera: str = "全景") -> Span:
    return Span("opening", room, camera, at(began), at(ended))


def gap(began: int, ended: int | None, room: str = "一号厅") -> Gap:
    return Gap(Phase.OPENING, room, at(began), None if ended is None else at(ended))


WINDOW = Window(Phase.OPENING, at(0), at(1000))
RUNNING = Window(Phase.OPENING, at(0), None)


def test_g20_opening_and_evaluation_are_recorded_from_move_to_move():
    moves = [("sealed", at(-10)), ("opening", at(0)), ("opened", at(5)), ("evaluating", at(9)), ("reported", at(20))]
    moves += [("evaluating", at(30))]
    assert rules.windows(moves) == [
        Window(Phase.OPENING, at(0), at(5)),
        Window(Phase.EVALUATION, at(9), at(20)),
        Window(Phase.EVALUATION, at(30), None),
    ]


def test_g20_nothing_recorded_is_one_gap_once_nothing_can_come_any_more():
    assert rules.gaps(WINDOW, [], BOUND, settled=False) == []
    assert rules.gaps(WINDOW, [], BOUND, settled=True) == [gap(0, 1000, rules.NOWHERE)]


def test_g20_a_break_longer_than_the_bound_is_a_gap_and_a_shorter_one_is_none():
    spans = [span(-20, 400), span(460, 700), span(761, 1200)]
    assert rules.gaps(WINDOW, spans, BOUND, settled=True) == [gap(700, 761)]


def test_g20_two_cameras_of_a_room_cover_for_each_other_but_not_for_another_room():
    spans = [span(0, 500), span(450, 1000, camera="近景"), span(0, 800, room="二号厅")]
    assert rules.gaps(WINDOW, spans, BOUND, settled=True) == [gap(800, 1000, "二号厅")]


def test_g20_while_it_runs_only_what_lies_before_a_later_segment_is_certain():
    assert rules.gaps(RUNNING, [span(100, 200)], BOUND, settled=False) == [gap(0, 100)]


def test_g20_a_recorder_that_ran_and_is_not_heard_of_any_more_is_silent():
    alive = Sign("opening", "一号厅", at(150))
    assert rules.silent(RUNNING, [span(0, 100)], [alive], at(210), BOUND) == []
    assert rules.silent(RUNNING, [span(0, 100)], [alive], at(211), BOUND) == [gap(150, None)]
    assert rules.silent(RUNNING, [], [], at(61), BOUND) == [gap(0, None, rules.NOWHERE)]
    assert rules.silent(WINDOW, [], [], at(5000), BOUND) == []


def test_g20_a_gap_is_explained_by_a_reason_that_covers_all_of_it():
    found = [gap(100, 200), gap(300, 400)]
    stated = [Stated("opening", "一号厅", at(100), at(200)), Stated("opening", "一号厅", at(300), at(399))]
    assert rules.unstated(found, stated) == [gap(300, 400)]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (span(10, 10), "recording.bounds"),
        (span(0, 501), "recording.bounds"),
        (span(-3000, 700), "recording.bounds"),
        (span(-1000, -10), "recording.outside"),
        (Span("evaluation", "一号厅", "全景", at(0), at(10)), "recording.outside"),
        (span(90, 110), "recording.overlap"),
    ],
)
def test_g20_the_platforms_clock_decides_which_times_are_believed(given, code):
    with pytest.raises(Refusal) as refused:
        rules.check_span(given, [RUNNING], [span(0, 100)], at(500))
    assert (refused.value.code, refused.value.rule) == (code, rules.LAW)


def test_g20_another_camera_may_record_the_same_time():
    rules.check_span(span(90, 110, camera="近景"), [RUNNING], [span(0, 100)], at(500))
