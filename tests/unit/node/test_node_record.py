"""The supervising node's signature under the opening record (sealing.md 1.6): only over what the log says, too."""

from __future__ import annotations

import pytest

from kernel import canonical, keys
from supervision import facts
from supervision.node.countersigning import TYPE
from tests.unit.node.node_lot import LOT, LotPlay
from tests.unit.node.node_world import ORGS, make_world

pytestmark = pytest.mark.slow


@pytest.fixture
def play(tmp_path):
    world = make_world(tmp_path, started=tuple(ORGS))
    made = LotPlay(world)
    made.publish()
    for name in ("甲公司", "乙公司", "丙公司"):
        made.bid(name)
    made.close()
    yield made
    world.close()


def opened(play) -> list[facts.BidOpened]:
    known = play.world.nodes["supervisor"].mirror.facts_of(LOT)
    return [fact for _, fact in known if isinstance(fact, facts.BidOpened)]


def record(play, **changes) -> bytes:
    box = play.world.nodes["supervisor"].lots.view(LOT).final.fact
    roll = {"seq": box.seq, "root": box.root, "count": box.count, "cut_size": box.cut_size}
    names = ("bid_id", "manifest_sha256", "sheet_sha256")
    bids = [{name: getattr(one, name) for name in names} for one in opened(play)]
    return canonical.encode({"type": TYPE, "lot": LOT, "roll": roll, "bids": bids, **changes})


def asked(play, raw: bytes, *, logged: bool = True, node: str = "supervisor") -> list[dict[str, str]]:
    if logged:
        play.world.log.append(facts.OpeningRecord(lot=LOT, record_sha256=canonical.sha(raw), signatures=()))
        play.log()
    play.world.mail("record.sign", {"lot": LOT, "file": keys.b64(raw)}, node)
    play.world.settle(rounds=2)
    return play.world.net.taken("record.signature")


def read_out(play) -> None:
    for manifest in (one.sealed.manifest for one in play.taken):
        play.world.log.append(play._opened(manifest))
    play.log()
    play.world.settle(rounds=1)


def alerts(play) -> set[str]:
    return {row["point"] for row in play.world.nodes["supervisor"].alerts.listed()}


def test_the_supervising_node_signs_the_record_that_the_log_bears_out(play):
    read_out(play)
    raw = record(play)
    (answer,) = asked(play, raw)
    assert (answer["lot"], answer["record_sha256"]) == (LOT, canonical.sha(raw))
    key = keys.parse(play.keyset.fact_keys.supervisor)
    assert keys.verified(keys.unb64(answer["sig"]), raw, key)
    assert len(asked(play, raw, logged=False)) == 1, "asked again it answers once"


def test_it_signs_nothing_that_is_not_in_the_log_and_no_other_node_signs(play):
    read_out(play)
    assert asked(play, record(play), logged=False) == []
    assert asked(play, record(play, name="x"), node="audit") == []
    assert asked(play, b"{}") == []
    assert asked(play, canonical.encode({"type": "other"})) == []


def test_a_record_of_another_roll_or_other_sheets_is_refused_with_a_red_alert(play):
    read_out(play)
    rows = canonical.decode(record(play))["bids"]
    for number, changes in enumerate((
        {"roll": {"seq": 9}}, {"bids": rows[1:]}, {"bids": [{**rows[0], "sheet_sha256": "1" * 64}, *rows[1:]]},
        {"bids": [*rows, {**rows[0], "bid_id": "ab" * 16}]},
    )):  # fmt: skip
        assert asked(play, record(play, number=number, **changes)) == []
        assert "record.refused" in alerts(play)
