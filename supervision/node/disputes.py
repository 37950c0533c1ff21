"""A disputed line at its trustee's node (sealing.md 1.7): shown to the inspectors, and the identity published once asked."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernel import canonical, clock, keys
from kernel.statements import Signed
from sealing import disputes, wire
from sealing.disputes import Finding, Identity
from sealing.keyset import Keyset
from sealing.manifest import Manifest
from sealing.roll import RollEntry
from supervision.node.card import NodeKeys
from supervision.node.counter import RefusedError
from supervision.node.node import Node
from supervision.node.state import FILE

ORDER = "kaibiao-identity-order/1"
NOTHING = "this node has no such line, or its identity is destroyed"


def order(own: NodeKeys, lot: str, stage: str) -> Signed:
    """The owner's order to its own running node."""
    content = {"type": ORDER, "lot": lot, "stage": stage, "time": clock.rfc3339(clock.wall())}
    return Signed.make(content, own.witness.private)


@dataclass(frozen=True)
class Publishing:
    node: Node

    def take(self, signed: Signed) -> dict[str, Any]:
        """Publish the identity of a stage, once; RefusedError says why not. Kept and queued in one commit."""
        node = self.node
        if not signed.signed_by(node.keys.witness.verifier.key):
            raise RefusedError("only this node's owner orders that")
        fields = wire.parse(signed.raw, ORDER, ("lot", "stage", "time"))
        lot, stage = fields.text("lot", wire.LOT), fields.text("stage", wire.STAGE)
        view = node.lots.view(lot)
        known = node.statements.own(lot, f"identity/{stage}", 0)
        if view.terms is None or all(stage != one.name for one in view.terms.keyset.stages):
            raise RefusedError("this node does not know the lot or the stage")
        why = None if known is not None else view.identity_obstacle(stage, node.trustee.i)
        if why is not None:
            raise RefusedError(why)
        try:
            secret = node.trustee.identity(view.terms, stage)
        except KeyError as error:
            raise RefusedError(NOTHING) from error
        said = Identity(lot, stage, node.trustee.i, secret, clock.rfc3339(node.clock.now()))
        statement = known or Signed.make(said.content(), node.keys.witness.private)
        with node.state.transaction():
            node.statements.keep(lot, (f"identity/{stage}", 0), statement)
            body = {"lot": lot, "stage": stage, **statement.to_json()}
            node.outgoing.put(f"identity/{lot}/{stage}", "stage.identity", body)
        return {"published": statement.sha256}


def inspect(folder: Path, lot: str, stage: str, bid_id: str) -> Finding:
    """What this trustee's machine holds of a line, read beside the running node; ValueError when there is no such line.

    The line itself is not shown: it is the trustee's to release.
    """
    state = sqlite3.connect(f"file:{folder / FILE}?mode=ro", uri=True)
    try:
        own = NodeKeys.load(folder)
        keyset, raw = _keyset(state, lot), _manifest(state, lot, bid_id)
        i = next((one.i for one in keyset.stage(stage).trustees if one.sign_key == own.sign_key), 0)
        sql = "SELECT secret FROM stage_key WHERE lot = ? AND stage = ? AND version = ?"
        row = state.execute(sql, (lot, stage, keyset.version)).fetchone()
        if row is None or row[0] is None:
            raise ValueError(NOTHING)
        return disputes.inspect(raw, keyset, (stage, i), row[0], clock.rfc3339(clock.wall()))
    except KeyError as error:
        raise ValueError(NOTHING) from error
    finally:
        state.close()


def _keyset(state: sqlite3.Connection, lot: str) -> Keyset:
    sql = "SELECT raw FROM fact WHERE lot = ? AND kind = 'keyset' ORDER BY idx DESC LIMIT 1"
    row = state.execute(sql, (lot,)).fetchone()
    if row is None:
        raise ValueError(NOTHING)
    return Keyset.parse(keys.unb64(canonical.decode(row[0].encode())["file"]))


def _manifest(state: sqlite3.Connection, lot: str, bid_id: str) -> bytes:
    for (part,) in state.execute("SELECT raw FROM roll WHERE lot = ? ORDER BY seq DESC, part", (lot,)):
        for value in canonical.decode(part)["entries"]:
            entry = RollEntry.from_json(value)
            if Manifest.parse(entry.manifest).bid_id == bid_id:
                return entry.manifest
    raise ValueError(NOTHING)
