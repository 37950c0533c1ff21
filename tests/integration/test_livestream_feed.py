"""The public feed of a whole opening: what is told, in which order, and what a crash or a second delivery leaves."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from bidding_stage import staged
from log_stage import ENGINES

from kernel.clock import rfc3339
from kernel.db import db, transaction
from kernel.outbox import Outgoing
from kernel.site import site
from livestream import feed, hall, rules
from livestream.board import Board
from livestream.feed import Feed
from tendering.states import LotState


class Told(list):
    """Events as the worker delivers them: to the files, and kept for the test."""

    def append(self, payload):
        feed.deliver(payload)
        super().append(payload)


@pytest.fixture(params=ENGINES)
def stage(request, tmp_path):
    with staged(tmp_path, request.param) as found:
        found.events = Told()
        yield found


def opened_lot(stage):
    lot = stage.one_lot()
    for number, name in enumerate("甲乙丙丁"):
        stage.bid(lot, name, price=f"2{number}000000.00")
    stage.run(3)
    assert not feed.folder(lot).exists()
    stage.run_to_close(lot)
    stage.run_until("sealed", lot)
    stage.run(4)
    before_the_opening(stage, lot)
    stage.start(lot)
    stage.run_until("opened", lot)
    return lot


def before_the_opening(stage, lot):
    """Between close and opening the files know steps and nodes, and no bid."""
    told = feed.read(lot)
    assert {event["kind"] for event in told} <= {"opening.step", "node.closed"}
    raw = Feed(feed.folder(lot)).lines.read_text()
    assert not any(word in raw for word in ("price", "bidder", "000000"))


def test_a_whole_opening_is_told_in_order_and_a_price_only_in_the_read_out(stage):
    lot = opened_lot(stage)
    told = feed.read(lot)
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    steps = [event["step"] for event in told if event["kind"] == "opening.step"]
    assert steps == list(rules.STEPS)
    readout = next(n for n, event in enumerate(told) if event.get("step") == "readout")
    last_unsealed = max(n for n, event in enumerate(told) if event["kind"] == "bid.unsealed")
    priced = [n for n, event in enumerate(told) if "price" in event or "bidder" in event]
    assert len(priced) == 4
    assert last_unsealed < readout < min(priced)
    assert told[-1]["kind"] == "opening.ended"


def test_pages_head_and_lines_say_the_same(stage):
    lot = opened_lot(stage)
    root, told = feed.folder(lot), feed.read(lot)
    head = json.loads((root / "head.json").read_bytes())
    assert head == {"last": len(told), "pages": 1}
    assert json.loads((root / "p" / "000001.json").read_bytes()) == told
    assert [path.name for path in root.rglob(".*")] == []


def test_the_hall_shows_every_line_and_the_record_at_the_end(stage):
    lot = opened_lot(stage)
    with stage.act(write=False):
        found = hall.of_lot(lot)
    assert found.phase == "ended"
    assert len(found.board.lines) == 4
    assert {trustee.state for trustee in found.trustees} == {"released"}
    assert [bid["outcome"] for bid in found.record["bids"]] == ["opened"] * 4
    assert found.board == Board.of_events(feed.read(lot), {t.node: t.org for t in found.trustees})


def test_the_hall_of_a_lot_that_collects_reads_no_file_even_if_one_lies_there(stage):
    lot = stage.one_lot()
    stage.bid(lot, "甲")
    root = feed.folder(lot)
    root.mkdir(parents=True)
    (root / "events.ndjson").write_text('{"seq":1,"at":"x","kind":"bid.unsealed","n":1,"of":1}\n')
    with stage.act(write=False):
        found = hall.of_lot(lot)
    assert found.phase == "before"
    assert found.board == Board()
    assert found.record is None


def test_a_signed_in_bidder_is_asked_to_confirm_only_the_own_line_and_only_in_time(stage):
    lot = stage.one_lot()
    for number, name in enumerate("甲乙丙"):
        stage.bid(lot, name, price=f"2{number}000000.00")
    stage.run_to_close(lot)
    stage.run(6)
    stage.start(lot)
    for _ in range(100):
        stage.run()
        if "confirming" in [event.get("step") for event in feed.read(lot)]:
            break
    with stage.act(write=False) as now:
        lines = {name: hall.own_line(stage.bidder_of(name).actor, lot, now) for name in "甲乙丙"}
        assert sorted(line.line for line in lines.values()) == [1, 2, 3]
        assert hall.own_line(None, lot, now) is None
        assert hall.own_line(stage.owner, lot, now) is None
    stage.run_until("opened", lot)
    with stage.act(write=False) as now:
        assert hall.own_line(stage.bidder_of("甲").actor, lot, now) is None


def message(kind, **data):
    return {"lot": "E9901010000000117001001", "kind": kind, "data": data, "at": "2026-11-23T01:30:00Z"}


STEP = message("opening.step", step="readout")


def test_a_second_delivery_adds_nothing(tmp_path):
    files = Feed(tmp_path)
    files.take([STEP, message("bid.confirmed", line=1)], LotState.OPENING)
    before = files.lines.read_bytes()
    files.take([STEP], LotState.OPENING)
    files.take([STEP, message("bid.confirmed", line=1)], LotState.OPENING)
    assert files.lines.read_bytes() == before


def test_half_a_line_of_a_crash_is_cut_off_and_told_again(tmp_path):
    files = Feed(tmp_path)
    files.take([STEP], LotState.OPENING)
    with files.lines.open("ab") as file:
        file.write(b'{"seq":2,"ki')
    files.take([message("bid.confirmed", line=1)], LotState.OPENING)
    assert [event["kind"] for event in files.events()] == ["opening.step", "bid.confirmed"]
    assert files.lines.read_bytes().endswith(b"\n")


@pytest.mark.parametrize("lost", ["head.json", "p/000001.json"])
def test_a_crash_between_line_page_and_head_is_made_up(tmp_path, lost):
    files = Feed(tmp_path)
    files.take([STEP], LotState.OPENING)
    (tmp_path / lost).unlink()
    files.take([STEP], LotState.OPENING)
    assert json.loads((tmp_path / "head.json").read_bytes()) == {"last": 1, "pages": 1}
    assert len(json.loads((tmp_path / "p" / "000001.json").read_bytes())) == 1


def test_a_full_page_never_changes_and_the_next_begins(tmp_path):
    files = Feed(tmp_path)
    messages = [STEP, *(message("opening.objection", line=1, text=f"第{n}次") for n in range(250))]
    files.take(messages[:150], LotState.OPENING)
    first = (tmp_path / "p" / "000001.json").stat()
    files.take(messages, LotState.OPENING)
    assert (tmp_path / "p" / "000001.json").stat().st_ino == first.st_ino
    pages = [json.loads((tmp_path / "p" / f"{n:06d}.json").read_bytes()) for n in (1, 2, 3)]
    assert [len(page) for page in pages] == [100, 100, 51]
    assert [event["seq"] for page in pages for event in page] == list(range(1, 252))


def test_what_comes_too_early_waits_and_holds_back_what_follows(tmp_path):
    files = Feed(tmp_path)
    early = message("bid.readout", line=1, bidder="某公司", price="1.00")
    with pytest.raises(rules.NotYetError):
        files.take([message("opening.step", step="unsealing"), early, STEP], LotState.OPENING)
    assert [event.get("step") for event in files.events()] == ["unsealing"]


def test_events_leave_in_the_order_they_were_queued_though_the_first_delivery_failed(stage):
    lot = opened_lot(stage)
    with stage.act() as now:
        feed.publish(lot, "opening.objection", {"line": 1, "text": "先"}, now)
        feed.publish(lot, "opening.objection", {"line": 1, "text": "后", "person": "王一"}, now)
    with transaction(write=False):
        waiting = db.session.scalars(db.select(Outgoing).where(Outgoing.done_at.is_(None)).order_by(Outgoing.id)).all()
        second = waiting[-1].payload
    feed.deliver(second)
    said = [event for event in feed.read(lot) if event["kind"] == "opening.objection"]
    assert [event["text"] for event in said] == ["先", "后"]
    assert all("person" not in event for event in said)
    assert said[0]["at"] == rfc3339(now)


@pytest.mark.parametrize("code", ["", "../x", "E1", "E9901010000000117001001/..", "e9901010000000117001001"])
def test_only_a_lots_code_names_a_folder(stage, code):
    with pytest.raises(ValueError, match="not a lot's code"):
        feed.folder(code)
    assert site().public.exists()
