"""What leaves for the public: the allow-list, its order, and the board folded from it."""

from __future__ import annotations

import pytest

from livestream import rules
from livestream.board import Board
from tendering.states import LotState

READOUT = {
    "line": 1,
    "bidder": "清河宏图建设有限公司",
    "price": "21846300.00",
    "price_words": "贰仟壹佰捌拾肆万陆仟叁佰元整",
    "period_days": 180,
    "log_index": 10482,
}


@pytest.mark.parametrize("kind", rules.FIELDS)
def test_a_field_added_upstream_never_appears(kind):
    added = {"secret": "x", "person": "王一", "manifest": "…", "seq": 9, "at": "now", "cert": "…", "price_hint": "1.00"}
    fields = rules.project(
        kind, {**READOUT, "n": 1, "of": 2, "node": "audit", "stage": "sheet", "step": "sealed", **added}
    )
    assert fields is not None
    assert set(fields) <= set(rules.FIELDS[kind])
    assert not set(fields) & set(added)


@pytest.mark.parametrize("kind", rules.FIELDS)
def test_a_price_is_a_field_of_the_read_out_alone(kind):
    fields = rules.project(kind, READOUT)
    assert ("price" in fields) is (kind == "bid.readout")


def test_a_kind_that_is_not_listed_is_not_told():
    assert rules.project("bid.sealed", READOUT) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("line", "1"), ("line", True), ("line", -1), ("price", "21,846,300"), ("price", 21846300), ("bidder", ["x"]),
        ("bidder", "x" * 121), ("log_index", None), ("price_words", {"zh": "…"}),
    ],
)  # fmt: skip
def test_a_field_of_another_form_is_left_out(name, value):
    assert name not in rules.project("bid.readout", {**READOUT, name: value})


@pytest.mark.parametrize("state", [LotState.DRAFT, LotState.COLLECTING, LotState.CANCELLED])
@pytest.mark.parametrize("kind", rules.FIELDS)
def test_nothing_is_told_of_a_lot_before_its_close(state, kind):
    with pytest.raises(rules.NotYetError):
        rules.check_time(kind, state, rules.STEPS)


@pytest.mark.parametrize("kind", sorted(rules.NAMING))
def test_nothing_names_a_bid_before_the_read_out_has_begun(kind):
    with pytest.raises(rules.NotYetError):
        rules.check_time(kind, LotState.OPENING, ["sealed", "closed", "released", "unsealing"])
    with pytest.raises(rules.NotYetError):
        rules.check_time(kind, LotState.SEALED, ["readout"])
    rules.check_time(kind, LotState.OPENING, ["readout"])


def events(*told):
    return [{"seq": number, "at": "2026-11-23T01:30:00Z", **event} for number, event in enumerate(told, 1)]


OPENING = events(
    {"kind": "opening.step", "step": "sealed"},
    {"kind": "node.closed", "node": "audit"},
    {"kind": "opening.step", "step": "closed"},
    {"kind": "node.committed", "node": "audit", "stage": "sheet"},
    {"kind": "node.released", "node": "audit", "stage": "sheet"},
    {"kind": "node.missing", "node": "notary"},
    {"kind": "opening.step", "step": "unsealing"},
    {"kind": "bid.unsealing", "n": 1, "of": 2},
    {"kind": "bid.unsealed", "n": 1, "of": 2},
    {"kind": "bid.unsealing", "n": 2, "of": 2},
    {"kind": "bid.unsealed", "n": 2, "of": 2},
    {"kind": "opening.step", "step": "readout"},
    {"kind": "bid.judged", "line": 2, "reason": "密文损坏", "reason_en": "the ciphertext is damaged"},
    {"kind": "bid.readout", **READOUT},
    {"kind": "opening.step", "step": "confirming"},
    {"kind": "bid.confirmed", "line": 1},
    {"kind": "opening.objection", "line": 1, "text": "工期有误"},
    {"kind": "opening.step", "step": "record"},
    {"kind": "opening.ended"},
)


def test_the_board_shows_steps_nodes_progress_and_lines():
    board = Board.of_events(OPENING[:10])
    assert (board.step, board.unsealed, board.unsealing, board.of) == ("unsealing", 1, 2, 2)
    assert board.nodes == {"audit": "released", "notary": "missing"}
    assert board.lines == {}
    assert [state for _, _, state in board.steps()] == ["done", "done", "done", "now", "", "", ""]


def test_the_finished_board_has_every_line_confirmed_or_judged_and_every_step_done():
    board = Board.of_events(OPENING, {"audit": "审计局"})
    assert board.ended
    assert {state for _, _, state in board.steps()} == {"done"}
    assert (board.lines[1].figures, board.lines[1].confirmed) == ("21,846,300.00", True)
    assert board.lines[2].state == "void"
    assert board.lines[2].reason.en == "the ciphertext is damaged"
    assert board.feed[0].seq == 19
    assert any("审计局" in entry.words.zh for entry in board.feed)


def test_an_event_seen_twice_changes_nothing():
    once, twice = Board.of_events(OPENING), Board.of_events([*OPENING, *OPENING])
    assert once == twice


def test_a_line_without_a_price_stands_without_one():
    board = Board.of_events(events({"kind": "bid.readout", "line": 1, "bidder": "某公司"}))
    assert board.lines[1].figures is None
    assert board.feed[0].words.zh == "某公司"
