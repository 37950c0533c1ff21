"""What nodes give each other when the portal is not to be relied on: releases, and what people brought from outside."""

from __future__ import annotations

import dataclasses

import pytest

from kernel import canonical, keys
from sealing import age
from sealing.release import Release
from supervision.node.counter import Counter, RefusedError
from supervision.node.serve import Desk
from supervision.node.sharing import BLOCK, Sharing
from tests.unit.node.node_lot import LOT, OPENS, LotPlay
from tests.unit.node.node_world import ORGS


def opened(play: LotPlay) -> None:
    play.bid("甲公司")
    play.admit(play.close())
    play.go_to(OPENS)
    play.start_opening()


def release_of(play: LotPlay, name: str) -> dict[str, object]:
    node = play.world.nodes[name]
    return next(Sharing(node)._given(LOT))


def test_every_peer_serves_every_release_and_hands_it_on_to_the_portal(play):
    opened(play)
    play.log_hashes()
    play.world.settle(rounds=1)
    for node in play.world.nodes.values():
        for i in range(1, 5):
            reply = Desk(node).get(f"/lots/{LOT}/releases/sheet/{i}", {})
            assert Release.parse(keys.unb64(canonical.decode(reply.body)["file"])).i == i
    relayed = play.world.net.taken("release.relayed", "audit")
    assert {body["of"] for body in relayed} == set(ORGS) - {"audit"}


def test_a_node_cut_off_from_the_portal_is_heard_through_its_peers(play):
    opened(play)
    play.log_hashes()
    play.world.settle(rounds=1)
    play.world.net.answers = [a for a in play.world.net.answers if a["kind"] == "release.relayed"]
    given = {keys.unb64(body["file"]) for body in play.world.net.taken("release.relayed") if body["of"] == "notary"}
    assert given == {keys.unb64(release_of(play, "notary")["file"])}


def test_a_peer_takes_no_release_that_was_not_promised_or_came_before_t_promises(play):
    opened(play)
    file = play.world.nodes["notary"].statements.own(LOT, "release/sheet", 1)
    body = {"lot": LOT, "stage": "sheet", "number": 1, "i": 4, **file.to_json()}
    sharing = Sharing(play.world.nodes["audit"])
    with pytest.raises(RefusedError, match="promised"):
        sharing.take(canonical.encode(body))
    promise = next(a for a in play.world.net.answers if a["kind"] == "release.hash" and a["node"] == "notary")
    play.world.net.answers.remove(promise)
    others = list(play.world.net.answers)
    play.world.net.answers[:] = [promise]
    play.log_hashes()
    with pytest.raises(RefusedError, match="fewer than t"):
        sharing.take(canonical.encode(body))
    play.world.net.answers += others
    play.log_hashes()
    other = Release.parse(file.raw)
    forged = {**body, "file": keys.b64(dataclasses.replace(other, lines={}).encode())}
    for wrong in (forged, {**body, "i": 3}, {**body, "sig": keys.b64(bytes(64))}, {**body, "number": 2}):
        with pytest.raises(RefusedError):
            sharing.take(canonical.encode(wrong))
    for garbage in (b"", b"[]", b"{}"):
        with pytest.raises(RefusedError):
            sharing.take(garbage)


def test_a_receipt_brought_to_one_node_is_missed_by_all_of_them_at_the_close(play):
    play.bid("甲公司")
    hidden = play.take(play.seal("乙公司"))
    for name in ORGS:
        play.world.net.mail[name].pop()
    Counter(play.world.nodes["audit"]).receipt(canonical.encode(hidden.receipt.to_json()))
    play.world.settle(rounds=1)
    play.close_with(play.taken[:1])
    assert play.closes() == {}


def test_a_bid_presented_to_one_node_is_missed_by_its_peers(play):
    play.bid("甲公司")
    made, node = play.seal("乙公司"), play.world.node
    papers = {"manifest": made.sealed.manifest_raw, "sig": made.sealed.sig, "bidder": made.sealed.bidder_json}
    body = canonical.encode({name: keys.b64(value) for name, value in papers.items()})
    Counter(node).present(age.encrypt_bytes(body, node.card.inbox))
    play.world.settle(rounds=1)
    play.close_with(play.taken[:1])
    for found in play.world.nodes.values():
        assert [alert["point"] for alert in found.alerts.listed()] == ["presented.missing"]


def test_a_bag_is_for_one_peer_and_its_size_says_nothing(play):
    made = play.bid("甲公司")
    node = play.world.nodes["audit"]
    empty = Desk(node).get("/bag/notary", {}).body
    Counter(node).receipt(canonical.encode(made.receipt.to_json()))
    full = Desk(node).get("/bag/notary", {}).body
    assert len(empty) == len(full) > BLOCK
    assert age.decrypt_bytes(full, play.world.nodes["notary"].keys.inbox)
    with pytest.raises(ValueError):
        age.decrypt_bytes(full, play.world.nodes["manager"].keys.inbox)
    assert Desk(node).get("/bag/stranger", {}).status == 404
