"""The nodes: who is away and comes back, holds on the release, and the supervising authority's signed orders."""

from __future__ import annotations

from typing import Any

from kernel import canonical, keys
from kernel.clock import rfc3339
from kernel.errors import Refusal
from kernel.statements import Signed
from portal.run import NODES
from portal.scenario import watch, wire
from portal.scenario.fleet import Member
from portal.scenario.registry import ScriptError, do
from portal.scenario.watch import shown
from portal.scenario.world import World
from supervision.node.cli import ORDERS
from supervision.node.holds import TYPE as HOLD
from supervision.node.outgoing import TYPE

SUPERVISING = next(iter(NODES))


@do("absent")
def absent(world: World, node: str) -> str:
    """A node loses power."""
    _member(world, node).present = False
    return f"{NODES[node]} 的节点断电"


@do("present")
def present(world: World, node: str) -> str:
    """It is back and catches up."""
    _member(world, node).present = True
    world.settle()
    return f"{NODES[node]} 的节点恢复"


@do("hold")
def hold(world: World, until: str, reason: str, lot: int = 1) -> str:
    """The supervising authority holds back every release of the lot."""
    moment = watch.moment(until, world.now)
    _posted(world, lot, rfc3339(moment), reason)
    return f"暂缓解密至 {shown(moment)}：{reason}"


@do("lift_hold")
def lift_hold(world: World, reason: str, lot: int = 1) -> str:
    """The supervising authority lifts its hold."""
    _posted(world, lot, rfc3339(world.now), reason)
    return f"解除暂缓：{reason}"


@do("order")
def order(world: World, what: str, lot: int = 1, cause: str = "", closes: str = "") -> str:
    """The supervising authority orders `suspend`, `resume` or `outage` at its own node."""
    if what not in ORDERS:
        raise ScriptError(f"there is no order {what!r}; there are: {', '.join(ORDERS)}")
    said: dict[str, Any] = {"type": f"kaibiao-{ORDERS[what]}/1", "lot": world.code(lot), "at": rfc3339(world.now)}
    moment = rfc3339(watch.moment(closes, world.now)) if closes else None
    said |= {"cause": cause} if what == "suspend" else {"closes_at": moment, "opens_at": moment}
    statement = Signed.make(said, _member(world, SUPERVISING).node.keys.witness.private)
    _answered(world, "order", {"kind": what, **statement.to_json()})
    world.breathe()
    return f"监督指令 {what} {cause}{closes}"


def _member(world: World, node: str) -> Member:
    if node not in NODES:
        raise ScriptError(f"there is no node {node!r}; there are: {', '.join(NODES)}")
    return world.here.fleet.members[node]


def _posted(world: World, lot: int, until: str, reason: str) -> None:
    own, code = _member(world, SUPERVISING).node, world.code(lot)
    number = 1 + len(own.holds.listed(code))
    said = {"lot": code, "number": number, "at": rfc3339(world.now), "until": until, "reason": reason}
    signed = Signed.make({"type": HOLD, **said}, own.keys.witness.private)
    answer = world.here.client.post(f"{wire.address(SUPERVISING)}/holds", content=canonical.encode(signed.to_json()))
    answer.raise_for_status()


def _answered(world: World, kind: str, body: dict[str, Any]) -> None:
    """Posted as the node's own program posts it; the portal's refusal is raised as one."""
    own = _member(world, SUPERVISING).node
    answer = {"kind": kind, "body": body, "time": rfc3339(world.now)}
    raw = canonical.encode({"type": TYPE, "node": SUPERVISING, **answer})
    signed = answer | {"sig": keys.b64(keys.sign(raw, own.keys.witness.private))}
    with world.clock_stopped():
        found = world.here.client.post(f"{wire.PORTAL}/api/v1/nodes/{SUPERVISING}/answers", json=signed)
    if found.is_error:
        told = found.json()
        raise Refusal(told["code"], told["message_zh"], told["message_en"], rule=told["rule"], **told["detail"])
