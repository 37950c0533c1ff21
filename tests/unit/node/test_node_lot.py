"""A whole lot before four nodes: acknowledged, closed, promised, released; and what each of them refuses."""

from __future__ import annotations

import datetime as dt

import pytest

from kernel import canonical, keys
from kernel.statements import Signed
from sealing import opening, release
from sealing.receipts import Ack
from supervision import facts
from supervision.node.serve import Desk
from tests.unit.node.node_lot import CLOSES, LOT, OPENS, TIMES, LotPlay
from tests.unit.node.node_world import ORGS, check_oracle

pytestmark = pytest.mark.slow


def test_every_node_makes_fresh_identities_and_one_answer_however_often_it_is_asked(world):
    play = LotPlay(world)
    first, again = play.entries(), play.entries()
    assert first == again
    recipients = [entry.recipient for rows in first.values() for entry in rows]
    assert len(set(recipients)) == 8
    assert [entry.i for entry in first["sheet"]] == [1, 2, 3, 4]
    later = play.entries(2)
    assert not {entry.recipient for rows in later.values() for entry in rows} & set(recipients)


def test_the_lot_is_known_to_every_node(play):
    for node in play.world.nodes.values():
        view = node.lots.view(LOT)
        assert view.terms.sha256 == canonical.sha(play.raw)
        assert view.deadline.closes_at == int(CLOSES.timestamp())


def test_every_node_acknowledges_a_good_bid_once(play):
    made = play.bid("甲公司")
    for _ in range(2):
        play.world.mail("manifest", {"lot": LOT, "manifest": keys.b64(made.sealed.manifest_raw)})
        play.world.settle(rounds=1)
    answers = play.world.net.taken("ack")
    assert len(answers) == 4
    said = [Ack.read(Signed.from_json(body)) for body in answers]
    assert {ack.manifest_sha256 for ack in said} == {made.digest}
    assert {ack.i for ack in said} == {1, 2, 3, 4}
    assert all(Signed.from_json(body).sig for body in answers)


def test_a_manifest_waits_until_the_log_shows_its_keyset(world):
    play = LotPlay(world)
    play.raw = play.build()
    early = play.take(play.seal("甲公司"))
    world.settle(rounds=1)
    assert world.net.taken("ack") == []
    play.log_keyset(play.raw)
    play.timetable(CLOSES, OPENS)
    play.log()
    assert {Ack.read(Signed.from_json(body)).manifest_sha256 for body in world.net.taken("ack")} == {early.digest}


def play_through(play, orgs=("甲公司", "乙公司", "丙公司")):
    for org in orgs:
        play.bid(org)
    made = play.close()
    play.admit(made)
    play.go_to(OPENS)
    play.start_opening()
    play.log_hashes()
    return made


def test_bids_are_closed_promised_and_opened_from_three_of_four_releases(play):
    made = play_through(play)
    assert set(play.closes()) == set(ORGS)
    bodies = play.world.net.taken("release")
    assert len(bodies) == 4
    files = {
        release.Release.parse(keys.unb64(b["file"])).i: release.Release.parse(keys.unb64(b["file"])) for b in bodies
    }
    for entry in made.live():
        manifest = opening.Manifest.parse(entry.manifest)
        lines = {i: found.lines[manifest.bid_id] for i, found in files.items()}
        assert len(lines) == 4
    check_oracle(play.world, [play.world.log])
    assert all(node.alerts.listed() == [] for node in play.world.nodes.values())


def test_a_replaced_and_a_withdrawn_bid_do_not_open(play):
    first = play.bid("甲公司")
    second = play.replace(first, "甲公司")
    gone = play.bid("乙公司")
    play.withdraw(gone)
    other = play.bid("丙公司")
    made = play.close()
    play.admit(made)
    play.go_to(OPENS)
    play.start_opening()
    play.log_hashes()
    lines = release.Release.parse(keys.unb64(play.world.net.taken("release")[0]["file"])).lines
    assert set(lines) == {second.sealed.manifest.bid_id, other.sealed.manifest.bid_id}


def test_the_docs_open_only_to_the_evaluator_and_only_with_every_members_signature(play):
    made = play_through(play)
    play.committee()
    play.admit_docs(made, keys.generate())
    assert len(play.world.net.taken("release")) == 4
    play.admit_docs(made)
    play.log_hashes()
    bodies = [body for body in play.world.net.taken("release") if "age" in body]
    assert len(bodies) == 4
    file = keys.unb64(bodies[0]["age"])
    assert canonical.sha(file) == bodies[0]["hash"]
    opened = release.open_for_evaluation(file, play.keyset, play.evaluator[0])
    assert opened.stage == "docs"
    assert len(opened.lines) == 3
    assert b"kaibiao-share" not in file


def test_identities_are_destroyed_when_the_opening_is_on_record(play):
    play.read_out(play_through(play))
    said = play.world.net.taken("stage.destroyed")
    assert {body["stage"] for body in said} == {"sheet"}
    assert len(said) == 4
    rows = play.world.node.state.rows("SELECT stage, secret IS NULL FROM stage_key ORDER BY stage")
    assert rows == [("docs", 0), ("sheet", 1)]
    for body in said:
        facts.StageDestroyed(node="supervisor", **body)


def test_c25_m87_nothing_is_released_before_opens_at_on_the_nodes_own_clock(play):
    play.bid("甲公司")
    made = play.close()
    play.admit(made)
    play.start_opening()
    play.go_to(OPENS - dt.timedelta(seconds=1))
    play.world.settle()
    assert play.world.net.taken("release.hash") == []
    play.go_to(OPENS)
    play.world.settle()
    assert len(play.world.net.taken("release.hash")) == 4


def test_nothing_is_released_while_fewer_than_t_closes_are_in_the_log(play):
    play.bid("甲公司")
    play.cut()
    made = play.roll()
    play.send_roll(made)
    play.world.pass_(TIMES["roll_window"])
    play.world.settle(rounds=1)
    play.log_closes("supervisor", "audit")
    play.admit(made)
    play.go_to(OPENS)
    play.start_opening()
    assert play.world.net.taken("release.hash") == []
    play.log_closes("notary")
    play.admit(made)
    assert len(play.world.net.taken("release.hash")) == 4


def test_nothing_is_released_without_opening_started_until_open_wait_has_passed(play):
    play.bid("甲公司")
    play.admit(play.close())
    play.go_to(OPENS + dt.timedelta(seconds=TIMES["open_wait"] - 1))
    play.world.settle()
    assert play.world.net.taken("release.hash") == []
    play.world.pass_(1)
    play.world.settle()
    assert len(play.world.net.taken("release.hash")) == 4


def test_opening_started_counts_only_with_the_owners_signature(play):
    play.bid("甲公司")
    play.admit(play.close())
    play.go_to(OPENS)
    play.start_opening(keys.generate())
    assert play.world.net.taken("release.hash") == []


def test_releases_come_only_after_t_hashes_are_logged_and_are_served_from_then(play):
    play.bid("甲公司")
    play.admit(play.close())
    play.go_to(OPENS)
    play.start_opening()
    assert len(play.world.net.taken("release.hash")) == 4
    assert play.world.net.taken("release") == []
    desk = Desk(play.world.node)
    assert desk.get(f"/lots/{LOT}/releases/sheet", {}).status == 404
    assert b"kaibiao-share" not in desk.get(f"/lots/{LOT}/statements.json", {}).body
    play.log_hashes()
    assert len(play.world.net.taken("release")) == 4
    assert desk.get(f"/lots/{LOT}/releases/sheet", {}).status == 200


def test_an_admission_that_does_not_follow_from_the_closes_opens_nothing(play):
    play.bid("甲公司")
    play.bid("乙公司")
    made = play.close()
    play.admit(made, bids=[play.taken[0].sealed.manifest.bid_id])
    play.go_to(OPENS)
    play.start_opening()
    assert play.world.net.taken("release.hash") == []
    assert {a["point"] for a in play.world.node.alerts.listed()} == {"admission.wrong"}


def test_a_failed_tender_stays_shut_and_its_identities_are_destroyed(play):
    play.bid("甲公司")
    made = play.close()
    play.world.log.append(facts.TenderFailed(lot=LOT, reason="不足三家", law="招标投标法 28"))
    play.admit(made)
    play.go_to(OPENS)
    play.start_opening()
    assert play.world.net.taken("release.hash") == []
    assert {body["stage"] for body in play.world.net.taken("stage.destroyed")} == {"sheet", "docs"}


def test_three_nodes_open_when_the_fourth_is_away(play):
    play.bid("甲公司")
    play.world.stop("notary")
    made = play.close()
    play.admit(made)
    play.go_to(OPENS)
    play.start_opening()
    play.log_hashes()
    assert len(play.world.net.taken("release")) == 3


def test_the_docs_are_released_after_the_sheets_identity_is_destroyed(play):
    made = play_through(play)
    play.read_out(made)
    assert len(play.world.net.taken("stage.destroyed")) == 4
    play.committee()
    play.admit_docs(made)
    play.log_hashes()
    assert len([body for body in play.world.net.taken("release") if "age" in body]) == 4
    assert all(node.alerts.listed() == [] for node in play.world.nodes.values())


def test_a_node_that_comes_back_after_release_by_closes_no_more(play):
    play.bid("甲公司")
    play.world.stop("notary")
    play.close()
    play.world.open("notary")
    play.go_to(OPENS + dt.timedelta(seconds=TIMES["release_by"] + 1))
    play.log(rounds=3)
    assert set(play.closes()) == set(ORGS) - {"notary"}
