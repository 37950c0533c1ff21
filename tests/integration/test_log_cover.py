"""Nobody counts bids in the public log: what everybody can see is the same whatever happens."""

import datetime as dt
from collections import Counter

import pytest
from log_stage import SECOND, answer, entries, payment, rows, staged, staged_on

from kernel.db import transaction
from supervision import log
from supervision.entries import SealedEntry
from supervision.entries import parse as parse_entry

FAR = dt.timedelta(days=2)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def stage(request, tmp_path):
    with staged_on(request.param, tmp_path) as found:
        found.collecting = [("A", found.now + FAR), ("B", found.now + FAR)]
        yield found


def sealed_count():
    return sum(isinstance(parse_entry(entry), SealedEntry) for entry in entries())


def placed(kind="deposit.paid"):
    return [row.index for row in rows() if row.kind == kind and row.index is not None]


def watch(stage, seconds, events):
    """What a watcher sees each second: the published size. `events` says how many sealed facts come in which second."""
    sequencer, seen = stage.sequencer(), []
    for second in range(seconds):
        stage.record(*(payment(number) for number in range(events.get(second, 0))))
        stage.run(sequencer)
        seen.append(stage.published().size)
    return seen


def test_the_sizes_everybody_sees_are_the_same_with_no_bid_and_with_twenty(tmp_path):
    worlds = ({}, {0: 1}, {0: 20}, {1: 3, 2: 5, 9: 12}, dict.fromkeys(range(12), 2))
    seen = []
    for number, events in enumerate(worlds):
        folder = tmp_path / str(number)
        folder.mkdir()
        with staged(folder) as stage:
            stage.collecting = [("A", stage.now + FAR)]
            seen.append(watch(stage, 12, events))
    assert all(sizes == seen[0] for sizes in seen)
    assert seen[0][-1] > seen[0][0] > 0


def test_each_slot_carries_the_scheduled_number_of_seals_exactly(stage):
    sequencer = stage.sequencer()
    for second in range(20):
        stage.record(*(payment(number) for number in range(second % 4)))
        stage.run(sequencer)
        assert sealed_count() % stage.entries == 0
    assert sealed_count() == stage.entries * (20 // stage.slot_s + 1)


def test_what_is_more_than_the_slot_holds_waits_for_the_next(stage):
    stage.record(*map(payment, range(20)))
    sequencer = stage.sequencer()
    counts = []
    for _ in range(13):
        stage.run(sequencer)
        counts.append(len(placed()))
    assert sorted(set(counts)) == [8, 16, 20]
    assert sealed_count() % stage.entries == 0


def test_open_facts_do_not_wait(stage):
    sequencer = stage.sequencer()
    stage.run(sequencer)
    before = sealed_count()
    stage.record(answer(1))
    stage.run(sequencer)
    assert placed("question.answered")
    assert sealed_count() == before


def test_a_flood_of_sealed_facts_holds_up_no_open_one(stage):
    stage.record(*map(payment, range(2100)))
    stage.record(answer(1))
    stage.run(stage.sequencer())
    assert placed("question.answered")
    assert len(placed()) == stage.entries


def test_the_last_hour_is_denser(stage):
    stage.run(stage.sequencer(), 8)
    calm = sealed_count()
    stage.collecting = [("A", stage.now + dt.timedelta(minutes=50))]
    stage.run(stage.sequencer(), 8)
    assert calm == 3 * stage.entries
    assert sealed_count() - calm == 8 * stage.entries


def test_no_cover_and_no_waiting_while_no_lot_collects(stage):
    stage.collecting = []
    stage.record(*map(payment, range(11)))
    stage.run(stage.sequencer(), 9)
    assert len(placed()) == 11
    assert sealed_count() == 11


def test_after_an_outage_a_slot_is_not_made_up_for(stage):
    sequencer = stage.sequencer()
    stage.run(sequencer)
    stage.now += 100 * SECOND
    stage.run(sequencer)
    assert sealed_count() == 2 * stage.entries


def test_the_place_inside_a_slot_tells_the_bidder_nothing(tmp_path):
    """One fact among seven covers: over 240 slots it stands on each of the eight places about as often."""
    with staged(tmp_path, slot_s=1) as stage:
        stage.collecting = [("A", stage.now + FAR)]
        sequencer = stage.sequencer()
        stage.run(sequencer)
        for number in range(240):
            stage.record(payment(number))
            stage.now += SECOND
            sequencer.place(stage.now)
        counts = Counter((index - 1) % 8 for index in placed())
    assert sum(counts.values()) == 240
    assert sum((counts[place] - 30) ** 2 / 30 for place in range(8)) < 40


def test_at_the_cut_the_lots_waiting_facts_go_in_and_the_other_lots_wait(stage):
    sequencer = stage.sequencer()
    stage.run(sequencer)
    stage.record(*(payment(number, "B") for number in range(12)))
    stage.record(*(payment(number, "A") for number in range(9)))
    stage.collecting = [("B", stage.now + FAR)]
    before = len(entries())
    size = sequencer.cut("A", stage.now, stage.now)
    found = {row.lot: Counter() for row in rows() if row.lot}
    for row in rows():
        if row.lot:
            found[row.lot][row.index is not None] += 1
    assert found["A"] == {True: 9}
    assert found["B"][True] == stage.entries
    assert size == len(entries()) == before + stage.entries + 9


def test_a_cut_moves_the_log_on_even_if_nothing_waits(stage):
    sequencer = stage.sequencer()
    stage.run(sequencer)
    stage.collecting = []
    before = len(entries())
    assert sequencer.cut("A", stage.now, stage.now) == before + stage.entries
    assert sequencer.cut("A", stage.now, stage.now) == before + stage.entries
    assert sequencer.cut("A", stage.now + SECOND, stage.now) == before + 2 * stage.entries


def test_a_cut_asked_for_in_the_flips_transaction_is_made_by_the_next_step(stage):
    sequencer = stage.sequencer()
    stage.run(sequencer)
    stage.record(payment(1, "A"))
    closes_at = stage.now
    with transaction():
        assert log.cut("A", closes_at).size is None
    stage.run(sequencer)
    with transaction(write=False):
        asked = log.cut("A", closes_at)
    assert asked.size == stage.published().size
    assert placed() != []
