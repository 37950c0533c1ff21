"""The close: flip, cut, roll, closes, admission; and who is too late for it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from bidding_stage import seconds, staged

from bidding import board, closing, opening, steps, trustees
from bidding.models import Admission, Bid, NodeClose, Roll
from bidding.visibility import Phase
from kernel import keys
from kernel.clock import rfc3339
from kernel.errors import Conflict, Forbidden, Invalid, TooLate
from kernel.statements import Signed
from sealing import roll as sealing_roll
from sealing import roll_check
from supervision import facts, log
from supervision.checkpoint import Checkpoint
from supervision.note import Note


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


@pytest.fixture
def lot(stage):
    return stage.one_lot()


def roll_of(stage, lot):
    found = stage.rows(Roll)[0]
    entries = [sealing_roll.RollEntry.from_json(entry) for entry in found.entries]
    return found, sealing_roll.Roll.of(lot, found.seq, found.cut_size, entries)


def test_the_roll_holds_everything_received_and_passes_every_nodes_check(stage, lot):
    bids = [stage.bid(lot, name) for name in "abcde"]
    stage.withdraw(lot, bids[4], "e")
    stage.run(2)
    stage.bid(lot, "d", prev=bids[3].manifest_sha256)
    stage.run_to_close(lot)
    row, roll = roll_of(stage, lot)
    assert roll.count == 6
    assert len(roll.live()) == 4
    with stage.act(write=False):
        logged = log.latest("box.closed", lot).value
    assert logged.to_json() == roll.closed_fact()
    assert roll_check.check_roll(roll, roll.closed_fact(), stage.grounds(lot, row)) == []


def test_the_cut_is_cosigned_by_a_quorum_within_its_window(stage, lot):
    for name in "abc":
        stage.bid(lot, name)
    stage.run_to_close(lot)
    row = stage.rows(Roll)[0]
    note = Note.parse(row.cut_note)
    start = int(stage.lot(lot).closes_at.timestamp())
    from supervision import mail

    assert mail.policy().satisfied_within(note, start, start + stage.keyset(lot).cut_grace)
    assert Checkpoint.parse(note.text).size == row.cut_size


def test_without_a_quorum_in_the_window_there_is_no_roll(stage, lot):
    for name in "abc":
        stage.bid(lot, name)
    stage.run(3)
    for name in ("audit", "notary"):
        stage.trustees[name].awake = False
    stage.run_to_close(lot)
    stage.run(16)
    for name in ("audit", "notary"):
        stage.trustees[name].awake = True
    stage.run(3)
    assert stage.rows(Roll) == []
    assert stage.lot(lot).state == "sealed"


def test_after_the_flip_nothing_is_taken_whatever_instant_it_claims(stage, lot):
    handed = stage.handed(stage.seal(lot, "a"), "a")
    stage.run_to_close(lot)
    stage.now = stage.lot(lot).closes_at - seconds(5)
    with pytest.raises(TooLate):
        stage.submit(lot, handed, "a")
    assert stage.rows(Bid) == []


def test_c30_with_fewer_than_three_live_bids_there_is_no_opening_and_nobody_starts_one(stage, lot):
    bids = [stage.bid(lot, name) for name in "abc"]
    stage.withdraw(lot, bids[0], "a")
    stage.run_to_close(lot)
    assert stage.lot(lot).state == "failed"
    failed = stage.facts("tender.failed")[0]
    assert "第二十八条" in failed.law
    stage.run(3)
    with stage.act(write=False):
        kinds = {item["fact"]["kind"] for item in log.disclosures(lot)}
    assert kinds == {"bid.sealed", "bid.withdrawn"}
    assert stage.told("opening.ended") == [{}]
    stage.run(20)
    assert stage.rows(Admission) == []
    with pytest.raises(Conflict) as refusal:
        stage.start(lot)
    assert (refusal.value.code, refusal.value.rule.split()[0]) == ("opening.over", "C30")
    assert stage.facts("opening.started") == []


def test_nobody_sees_a_count_before_the_roll_is_logged(stage, lot):
    for name in "abc":
        stage.bid(lot, name)
    with stage.act(write=False):
        shown = board.of_lot(lot)
        assert board.phase(stage_lot(lot)) is Phase.COLLECTING
    assert not {"count", "roll_hashes", "progress"} & set(shown)
    assert shown["lines"] == []
    stage.run_to_close(lot)
    with stage.act(write=False):
        assert board.of_lot(lot)["count"] == 3


def stage_lot(lot):
    from bidding import lots

    return lots.find(lot)


def test_the_roll_goes_to_every_node_with_its_ciphertexts_and_withdrawals(stage, lot):
    bids = [stage.bid(lot, name) for name in "abcd"]
    withdrawn, _ = stage.withdraw(lot, bids[3], "d")
    stage.run_to_close(lot)
    letters = stage.mail("roll")
    assert [letter["node"] for letter in letters] == list(stage.trustees)
    body = letters[0]["body"]
    assert set(body["ciphertexts"]) == {f"{bid.bid_id}/sheet" for bid in bids}
    assert set(body["withdrawals"]) == {withdrawn.sha256}


def test_a_close_is_logged_once_and_the_t_th_makes_the_roll_final(stage, lot):
    for name in "abc":
        stage.bid(lot, name)
    stage.trustees["notary"].awake = False
    stage.run_to_close(lot)
    stage.run(3)
    assert [row.final for row in stage.rows(Roll)] == [True]
    assert len(stage.facts("close")) == 3
    admitted = stage.facts("stage.admitted")[0]
    assert len(admitted.bids) == 3
    assert admitted.set_aside == ()
    for trustee in ("audit", "management"):
        body = next(letter["body"] for letter in stage.mail("roll"))
        stage.close(stage.trustees[trustee], body)
    stage.run(2)
    assert len(stage.rows(NodeClose)) == 3
    assert len(stage.facts("close")) == 3


def test_the_admission_is_what_everybody_recomputes_from_the_closes_below_it(stage, lot):
    from sealing.release import admitted as recomputed

    bids = [stage.bid(lot, name) for name in "abcd"]
    for name in ("audit", "notary"):
        stage.trustees[name].bad = {(bids[0].bid_id, "sheet")}
    stage.run_to_close(lot)
    stage.run(15)
    sheet = stage.keyset(lot).stage("sheet")
    with stage.act(write=False):
        logged = log.latest("stage.admitted", lot)
        closes = {}
        for row in log.find("close", lot):
            assert row.index < logged.index
            said = sealing_roll.Close.read(row.value.signed)
            closes[stage.trustees[row.value.node].i] = said
        from bidding import stages

        found = recomputed(stages.live_manifests(lot), sheet, closes)
    assert logged.value.set_aside == (bids[0].bid_id,) == found.set_aside
    assert logged.value.bids == found.bids


def test_a_close_on_another_roll_and_a_forged_one_are_refused(stage, lot):
    for name in "abc":
        stage.bid(lot, name)
    for trustee in stage.trustees.values():
        trustee.bad = set()
    stage.run_to_close(lot)
    _row, roll = roll_of(stage, lot)
    other = sealing_roll.Close(lot, 1, "0" * 64, roll.count, (), rfc3339(stage.now))
    audit = stage.trustees["audit"]
    with stage.act() as now, pytest.raises(Conflict) as found:
        trustees.take_close("audit", audit.signed(other.content()).to_json(), now)
    assert found.value.code == "close.other_roll"
    good = sealing_roll.close(roll, (), rfc3339(stage.now)).content()
    forged = Signed.make(good, keys.generate()).to_json()
    for body in (forged, {"file": "!", "sig": ""}, {}):
        with stage.act() as now, pytest.raises((Forbidden, Invalid)):
            trustees.take_close("audit", body, now)


def test_a_roll_that_missed_a_bid_is_corrected_under_the_next_number_and_that_one_is_final(stage, lot, monkeypatch):
    bids = [stage.bid(lot, name) for name in "abcd"]
    stage.run(2)
    for trustee in stage.trustees.values():
        trustee.awake = trustee.name != "notary"
    whole = closing.build
    missed = bids[3].manifest_sha256

    def short(of_lot, cut, seq=1):
        found = whole(of_lot, cut, seq)
        kept = [entry for entry in found.entries if entry.manifest_sha256 != missed]
        return sealing_roll.Roll.of(lot, seq, cut.size, kept) if seq == 1 else found

    monkeypatch.setattr(closing, "build", short)
    stage.run_to_close(lot)
    stage.run(3)
    boxes = stage.facts("box.closed")
    assert [(box.seq, box.count) for box in boxes] == [(1, 3), (2, 4)]
    assert boxes[0].cut_size == boxes[1].cut_size
    assert [(row.seq, row.final) for row in stage.rows(Roll)] == [(1, False), (2, True)]
    assert {bid.bid_id for bid in bids} == set(stage.facts("stage.admitted")[0].bids)
    assert {letter["body"]["seq"] for letter in stage.mail("roll")} == {1, 2}
    stage.run(3)
    assert len(stage.facts("box.closed")) == 2


def test_a_roll_is_not_corrected_by_taking_an_entry_off(stage, lot):
    for name in "abc":
        stage.bid(lot, name)
    stage.run(2)
    stage.run_to_close(lot)
    latest = stage.rows(Roll)[0]
    with stage.act(write=False):
        entries = [*latest.entries, {**latest.entries[0], "manifest": keys.b64(b"another")}]
        longer = Roll(lot=lot, seq=1, cut_size=latest.cut_size, cut_note=latest.cut_note, entries=entries)
        assert closing.corrected(longer) is None
        assert closing.corrected(latest) is None


def test_every_step_called_twice_does_nothing_twice(stage, lot):
    for name in "abc":
        stage.bid(lot, name)
    stage.run_to_close(lot)
    stage.run(4)
    before = {kind: len(stage.facts(kind)) for kind in ("state.changed", "box.closed", "close", "stage.admitted")}
    for _ in range(3):
        for step in steps.STEPS:
            step(stage.now)
    after = {kind: len(stage.facts(kind)) for kind in before}
    assert before == after
    assert len(stage.rows(Roll)) == 1


def test_a_suspension_cosigned_in_time_keeps_the_lot_open_and_its_bids_valid(stage, lot):
    from tendering import service, statements

    bid = stage.bid(lot, "a")
    stage.run(2)
    with stage.act() as now:
        signed = stage.signed(statements.suspended(lot, now, "招标文件异议"))
        service.suspend(stage.owner, service.lot_of(lot), signed, now)
    stage.run(2)
    stage.now = stage.lot(lot).closes_at + seconds(5)
    stage.run(2)
    assert stage.lot(lot).state == "collecting"
    assert stage.bid(lot, "b").status.value == "live"
    with stage.act() as now:
        signed = stage.signed(statements.resumed(lot, now, now + seconds(120)))
        service.resume(stage.owner, service.lot_of(lot), signed, now)
    stage.bid(lot, "c")
    stage.run_to_close(lot)
    stage.run(3)
    assert bid.manifest_sha256 in {row["manifest_sha256"] for row in stage.facts("box.closed")[0].to_json()["bids"]}


def test_an_opening_cannot_be_started_before_the_box_is_closed_nor_by_a_stranger(stage, lot):
    for name in "abc":
        stage.bid(lot, name)
    with pytest.raises(Conflict):
        stage.start(lot)
    stage.run_to_close(lot)
    content = {"type": opening.STARTED, "lot": lot, "at": rfc3339(stage.now), "recording": "none", "deposits": "none"}
    cases = [
        (stage.owner, Signed.make(content, keys.generate()), Forbidden),
        (stage.other_owner, Signed.make(content, stage.owner_key), Forbidden),
        (stage.owner, Signed.make({**content, "lot": "x"}, stage.owner_key), Invalid),
        (stage.owner, Signed.make({**content, "recording": "maybe"}, stage.owner_key), Invalid),
        (stage.owner, Signed.make({**content, "at": "2026-11-24T00:00:00Z"}, stage.owner_key), Invalid),
    ]
    for actor, statement, kind in cases:
        with stage.act() as now, pytest.raises(kind):
            opening.start(actor, lot, statement, now)
    stage.start(lot)
    stage.start(lot)
    assert len(stage.facts("opening.started")) == 1
    assert isinstance(stage.facts("opening.started")[0], facts.OpeningStarted)
