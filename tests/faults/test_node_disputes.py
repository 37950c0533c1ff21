"""Bids set aside, played before four real nodes: cleared by a late close, released once more, opened from their lines."""

from __future__ import annotations

import datetime as dt
from itertools import permutations
from pathlib import Path

import pytest

from sealing import opening
from sealing.manifest import Manifest
from sealing.roll import Roll
from supervision.node.serve import Desk
from tests.unit.node.node_lot import LOT, OPENS, TIMES, LotPlay, Taken
from tests.unit.node.node_world import ORGS, check_oracle, make_world

NAMES = tuple(ORGS)


@pytest.fixture
def world(tmp_path):
    made = make_world(tmp_path, started=NAMES)
    yield made
    made.close()


@pytest.fixture
def play(world):
    made = LotPlay(world)
    made.publish()
    return made


def opens(made: Taken, lines: dict[int, bytes], folder: Path) -> bool:
    found = opening.open_envelope(
        Manifest.parse(made.sealed.manifest_raw), "sheet", lines, made.sealed.folder / "sheet.age", folder / "plain"
    )
    return isinstance(found, opening.Opened)


def lines_of(play: LotPlay, made: Taken, number: int) -> dict[int, bytes]:
    bid_id = made.sealed.manifest.bid_id
    return {i: said.lines[bid_id] for i, said in play.releases(number).items() if bid_id in said.lines}


def opened_without(play: LotPlay, asleep: str, bad: str) -> tuple[Taken, Taken, Roll]:
    """Two bids, one of them bad for one trustee, opened while another trustee sleeps: the bad one is set aside."""
    good, spoiled = play.bid("甲公司"), play.spoiled("乙公司", NAMES.index(bad) + 1)
    play.world.stop(asleep)
    made = play.close()
    play.admit(made)
    play.go_to(
        OPENS + dt.timedelta(seconds=TIMES["open_wait"])
    )  # the supervising authority's node may be the absent one
    play.start_opening()
    play.log_hashes()
    play.log_releases()
    return good, spoiled, made


@pytest.mark.parametrize(("asleep", "bad"), list(permutations(NAMES, 2))[::3])
def test_a_late_close_brings_one_more_release_that_opens_the_bid_set_aside(play, tmp_path, asleep, bad):
    good, spoiled, made = opened_without(play, asleep, bad)
    assert opens(good, lines_of(play, good, 1), tmp_path)
    assert lines_of(play, spoiled, 1) == {}
    play.read_out(made, but=[spoiled.sealed.manifest.bid_id])
    assert play.world.net.taken("stage.destroyed") == []
    play.world.open(asleep)
    play.log()
    play.world.pass_(TIMES["roll_window"])
    play.world.settle()
    play.log_closes(asleep)
    play.admit(made)
    play.log_hashes()
    play.log_releases()
    added = lines_of(play, spoiled, 2)
    assert set(added) == {i for i in range(1, 5) if NAMES[i - 1] != bad}
    assert opens(spoiled, added, tmp_path)
    assert all(set(said.lines) <= {spoiled.sealed.manifest.bid_id} for said in play.releases(2).values())
    assert set(play.releases(1)) == {1, 2, 3, 4}
    check_oracle(play.world, [play.world.log])


def test_the_second_release_is_promised_by_t_first_and_served_by_its_number(play):
    _good, _spoiled, made = opened_without(play, "notary", "audit")
    play.world.open("notary")
    play.log()
    play.world.pass_(TIMES["roll_window"])
    play.world.settle()
    play.log_closes("notary")
    play.admit(made)
    assert play.releases(2) == {}
    desk = Desk(play.world.node)
    assert desk.get(f"/lots/{LOT}/releases/sheet", {"number": "2"}).status == 404
    play.log_hashes()
    assert set(play.releases(2)) == {1, 2, 3, 4}
    assert desk.get(f"/lots/{LOT}/releases/sheet", {"number": "2"}).status == 200
    assert desk.get(f"/lots/{LOT}/releases/sheet", {}).status == 200


def test_identities_are_kept_while_a_bid_is_set_aside_and_destroyed_when_it_is_read_out(play):
    _good, spoiled, made = opened_without(play, "notary", "audit")
    play.read_out(made, but=[spoiled.sealed.manifest.bid_id])
    assert play.world.net.taken("stage.destroyed") == []
    play.read_out(made)
    assert {body["stage"] for body in play.world.net.taken("stage.destroyed")} == {"sheet"}


def test_a_later_admission_that_no_close_bears_out_opens_nothing(play):
    _good, _spoiled, made = opened_without(play, "notary", "audit")
    play.admit(made, bids=[Manifest.parse(entry.manifest).bid_id for entry in made.live()])
    play.log_hashes()
    assert play.releases(2) == {}
    assert "admission.wrong" in {alert["point"] for alert in play.world.node.alerts.listed()}
