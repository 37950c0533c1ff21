"""Bids set aside, before four real nodes: cleared by a late close or by a published identity, released once more, opened."""

from __future__ import annotations

import datetime as dt
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import permutations
from pathlib import Path

import pytest

from kernel import canonical, keys
from sealing import disputes as protocol
from sealing import opening, roll_check, shares
from sealing.faults import Party
from sealing.manifest import Manifest
from sealing.roll import Roll
from sealing.suite import SUITES
from supervision.node import cli, disputes
from supervision.node.serve import Desk, server
from tests.unit.node.node_lot import LOT, OPENS, TIMES, LotPlay, Taken
from tests.unit.node.node_world import ORGS, check_oracle

NAMES = tuple(ORGS)


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


# disputed lines --------------------------------------------------------------------------------------------------


def disputed(play: LotPlay, made: Taken) -> Roll:
    """Opened with `made` set aside, two trustees having called its line bad."""
    rolled = play.close()
    play.admit(rolled)
    play.go_to(OPENS)
    play.start_opening()
    play.log_hashes()
    play.log_releases()
    assert lines_of(play, made, 1) == {}
    return rolled


def inspected(play: LotPlay, made: Taken, name: str) -> dict[str, object]:
    folder = play.world.folder / name
    return disputes.inspect(folder, LOT, "sheet", made.sealed.manifest.bid_id).content()


def publish(play: LotPlay, name: str, stage: str = "sheet") -> int:
    node = play.world.nodes[name]
    order = disputes.order(node.keys, LOT, stage)
    return Desk(node).post("/statements", canonical.encode(order.to_json())).status


def test_a_bad_line_is_inspected_and_one_identity_shows_the_bidders_fault(play):
    play.bid("甲公司")
    spoiled = play.spoiled("乙公司", 3, 4)
    rolled = disputed(play, spoiled)
    seen = inspected(play, spoiled, "audit")
    assert seen["seen"] == "the line does not hash to its commitment"
    assert publish(play, "audit") == 422
    play.finding(seen, "supervisor")
    assert publish(play, "audit") == 422
    play.finding(seen, "manager")
    assert publish(play, "audit") == 200
    assert publish(play, "audit") == 200
    play.world.settle(rounds=1)
    play.log_disputes()
    assert len(play.world.net.taken("stage.identity")) == 1
    view = play.world.node.lots.view(LOT)
    identity = view.identities["sheet"].identity
    closes = {i: found.close for i, found in view.closes_of(view.final).items()}
    live = [Manifest.parse(entry.manifest) for entry in rolled.live()]
    said = protocol.judgments(live, play.keyset, closes, identity)
    assert {bid_id: judged.party for bid_id, judged in said.items()} == {spoiled.sealed.manifest.bid_id: Party.BIDDER}
    assert protocol.cleared(said, identity) == frozenset()


def test_a_second_trustee_refuses_once_one_identity_is_published(play):
    play.bid("甲公司")
    spoiled = play.spoiled("乙公司", 3, 4)
    disputed(play, spoiled)
    for name in ("audit", "notary"):
        play.finding(inspected(play, spoiled, name), "supervisor", "manager")
    assert publish(play, "audit") == 200
    play.world.settle(rounds=1)
    play.log_disputes()
    assert publish(play, "notary") == 422
    assert publish(play, "supervisor") == 422


def test_no_identity_is_published_before_t_releases_nor_for_the_evaluation_nor_by_a_stranger(play):
    play.bid("甲公司")
    spoiled = play.spoiled("乙公司", 3, 4)
    rolled = play.close()
    play.admit(rolled)
    play.finding(inspected(play, spoiled, "audit"), "supervisor", "manager")
    assert publish(play, "audit") == 422
    play.go_to(OPENS)
    play.start_opening()
    play.log_hashes()
    assert publish(play, "audit") == 422
    play.log_releases()
    assert publish(play, "audit", "docs") == 422
    stranger = disputes.order(play.world.nodes["notary"].keys, LOT, "sheet")
    assert Desk(play.world.nodes["audit"]).post("/statements", canonical.encode(stranger.to_json())).status == 422
    assert publish(play, "audit") == 200


def test_a_lying_trustees_identity_clears_the_line_and_the_bid_is_released(play, tmp_path, monkeypatch):
    """Two call a bid bad: one bidder's fault would need none of them to lie; here one line is good."""
    play.bid("甲公司")
    spoiled = play.spoiled("乙公司", 4)
    liar, honest = play.world.nodes["audit"], roll_check.bad_lines
    named = ((spoiled.sealed.manifest.bid_id, "sheet"),)

    def lying(roll, keyset, i, secrets, acknowledged):
        return named if i == 3 else honest(roll, keyset, i, secrets, acknowledged)

    monkeypatch.setattr(roll_check, "bad_lines", lying)
    rolled = disputed(play, spoiled)
    seen = inspected(play, spoiled, "audit")
    assert seen["seen"] == "good"
    play.finding(seen, "supervisor", "manager")
    assert publish(play, "audit") == 200
    play.world.settle(rounds=1)
    play.log_disputes()
    identity = play.world.node.lots.view(LOT).identities["sheet"].identity
    play.admit(rolled, cleared={(spoiled.sealed.manifest.bid_id, 3)})
    play.log_hashes()
    added = lines_of(play, spoiled, 2)
    assert set(added) == {1, 2}
    wrapped = spoiled.sealed.manifest.envelope("sheet").share(3).wrapped
    assert opens(spoiled, {**added, 3: shares.unwrap(wrapped, SUITES["age-x25519/1"], identity.secret)}, tmp_path)
    assert all(alert["point"] != "admission.wrong" for alert in liar.alerts.listed())


def test_the_commands_inspect_sign_and_publish_beside_the_running_node(play, tmp_path, capsys):
    play.bid("甲公司")
    spoiled = play.spoiled("乙公司", 3, 4)
    disputed(play, spoiled)
    folder, seen = play.world.folder, tmp_path / "seen.json"
    line = ["--lot", LOT, "--stage", "sheet"]
    asked = ["--dir", str(folder / "audit"), *line, "--bid", spoiled.sealed.manifest.bid_id, "--out", str(seen)]
    assert cli.main(["inspect", *asked]) == 0
    assert "seen: the line does not hash to its commitment" in capsys.readouterr().out
    portal = Portal()
    address = f"http://127.0.0.1:{portal.server_port}"
    for name in ("supervisor", "manager"):
        assert cli.main(["finding", "--dir", str(folder / name), "--portal", address, str(seen)]) == 0
    bodies = [answer["body"] for answer in portal.answers]
    assert [answer["kind"] for answer in portal.answers] == ["finding", "finding"]
    assert {body["file"] for body in bodies} == {keys.b64(seen.read_bytes())}
    play.finding(canonical.decode(seen.read_bytes()), "supervisor", "manager")
    web = server(Desk(play.world.nodes["audit"]), "127.0.0.1", 0)
    threading.Thread(target=web.serve_forever, args=(0.02,), daemon=True).start()
    node = ["--node", f"http://127.0.0.1:{web.server_port}"]
    assert cli.main(["publish-identity", "--dir", str(folder / "audit"), *line, *node]) == 0
    assert cli.main(["publish-identity", "--dir", str(folder / "notary"), *line, *node]) == 1
    portal.shutdown()
    web.shutdown()
    play.world.settle(rounds=1)
    assert len(play.world.net.taken("stage.identity")) == 1


class Portal(ThreadingHTTPServer):
    """Takes answers and remembers them."""

    def __init__(self) -> None:
        self.answers: list[dict[str, object]] = []
        super().__init__(("127.0.0.1", 0), Taker)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class Taker(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["content-length"]))
        self.server.answers.append(canonical.decode(raw))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return
