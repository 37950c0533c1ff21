"""S26 and S27 at the nodes: an alert when a reply or a decision is due or late, and its end."""

from __future__ import annotations

import datetime as dt

from kernel.clock import rfc3339
from supervision import facts
from tests.unit.node.node_lot import LOT

HASH = "0" * 64


def raised(play, due: int) -> facts.Fact:
    now = play.world.hands["supervisor"].now()
    moments = {
        "warn_at": rfc3339(now + dt.timedelta(seconds=due - 10)),
        "due_at": rfc3339(now + dt.timedelta(seconds=due)),
    }
    return facts.ObjectionRaised(
        lot=LOT, number=1, sort="objection", subject="documents", suspends=True, text_sha256=HASH, law="C14", at=rfc3339(now),
        **moments,
    )  # fmt: skip


def listed(play, name: str = "supervisor") -> dict[str, bool]:
    """Point to whether the alert is open."""
    rows = play.world.nodes[name].alerts.listed()
    return {row["point"]: row["ended_at"] is None for row in rows}


def test_s26_every_node_raises_yellow_then_red_and_ends_both_with_the_reply(play):
    world = play.world
    world.log.append(raised(play, 30))
    play.log()
    assert listed(play) == {}
    world.pass_(25)
    play.log()
    assert listed(play) == {"reply.due": True}
    world.pass_(10)
    play.log()
    assert listed(play) == {"reply.due": False, "reply.late": True}
    told = {body["color"] for body in world.net.taken("alert") if body["point"].startswith("reply.")}
    assert told == {"yellow", "red"}
    assert len({body["evidence_sha256"] for body in world.net.taken("alert")}) == 1
    now = rfc3339(world.hands["supervisor"].now())
    world.log.append(facts.ObjectionAnswered(lot=LOT, number=1, effect="upheld", text_sha256=HASH, at=now))
    play.log()
    assert listed(play) == {"reply.due": False, "reply.late": False}


def test_s26_what_was_answered_while_a_node_was_down_ends_when_it_is_back(play):
    world = play.world
    world.log.append(raised(play, 5))
    world.pass_(6)
    play.log()
    assert listed(play)["reply.late"]
    world.stop("supervisor")
    now = rfc3339(world.hands["supervisor"].now())
    world.log.append(facts.ObjectionWithdrawn(lot=LOT, number=1, at=now))
    world.open("supervisor")
    play.log()
    assert not listed(play)["reply.late"]
