"""What a node shows of itself to everybody. No counts of bids before the close, and nothing they could be read from."""

from __future__ import annotations

import datetime as dt
from typing import Any

from kernel import keys
from kernel.clock import rfc3339
from supervision.lotview import LotView
from supervision.node.node import Node


def status(node: Node) -> dict[str, Any]:
    """The JSON of `/status.json`, from which the page is made too."""
    head, now = node.mirror.head(), node.clock.read()
    return {
        "node": node.name,
        "org": node.card.org,
        "vkey": node.card.vkey,
        "sign_key": node.keys.sign_key,
        "inbox": node.card.inbox,
        "practice": node.policy.practice,
        "policy_sha256": node.policy.sha256,
        "origin": node.policy.log.origin,
        "now": rfc3339(now),
        "halted": node.witness.halted,
        "checkpoint": {
            "size": head.size,
            "root": keys.b64(head.root),
            "time": _moment(head.time) if head.time else None,
        },
        "peers": _peers(node),
        "alerts": node.alerts.listed(),
        "lots": [_lot(node, lot) for lot in node.lots.codes()],
    }


def _peers(node: Node) -> list[dict[str, Any]]:
    found = []
    for peer in node.peers.others:
        sight = node.peers.sights.get(peer.name)
        seen = {"size": sight.size, "at": sight.at} if sight else {"size": None, "at": None}
        found.append({"node": peer.name, "org": peer.org, "url": peer.url, **seen})
    return found


def _lot(node: Node, lot: str) -> dict[str, Any]:
    view = node.lots.view(lot)
    deadline, final = view.deadline, view.final
    said = [kind for kind, _, _ in node.statements.all_own(lot) if not kind.startswith("release/")]
    return {
        "lot": lot,
        "step": step_of(view),
        "closes_at": _moment(deadline.closes_at) if deadline else None,
        "opens_at": _moment(deadline.opens_at) if deadline else None,
        "suspended": deadline is not None and deadline.suspended,
        "root": final.fact.root if final else None,
        "signed": said,
        "released": released(node, lot),
    }


def released(node: Node, lot: str) -> list[str]:
    """The stages whose lines this node has given."""
    sql = "SELECT name FROM setting WHERE name LIKE ? ORDER BY name"
    prefix = f"given/{lot}/"
    rows = node.state.rows(sql, prefix.replace("%", "").replace("_", "") + "%")
    names = (row[0].removeprefix(prefix).rpartition("/")[0] for row in rows if row[0].startswith(prefix))
    return list(dict.fromkeys(names))


def step_of(view: LotView) -> str:
    if view.failed:
        return "failed"
    if view.released:
        return "opened"
    if view.final:
        return "closed"
    if view.boxes:
        return "closing"
    return "collecting" if view.deadline else "announced"


def _moment(seconds: int) -> str:
    return rfc3339(dt.datetime.fromtimestamp(seconds, dt.UTC))
