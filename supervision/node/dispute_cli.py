"""`kaibiao node inspect`, `finding`, `publish-identity`: what is done about a disputed line (sealing.md 1.7)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kernel import canonical, clock, keys
from kernel.statements import Signed
from sealing.disputes import Finding
from supervision.node import disputes
from supervision.node.card import CARD_FILE, Card, NodeKeys
from supervision.node.node import POLICY_FILE, SetupError
from supervision.node.outgoing import JSON, TYPE
from supervision.node.transport import HttpTransport, UnreachableError
from supervision.policy import Policy

Command = Callable[[Any, str, Any, str], argparse.ArgumentParser]


def add(commands: Any, command: Command) -> None:
    """The three commands, made by the parser's own way of adding one."""
    parser = command(commands, "inspect", _inspect, "on the trustee's machine: what a disputed line holds for it")
    for name in ("lot", "stage", "bid"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument(
        "--out", type=Path, required=True, help="where to write what was seen, for the inspectors to sign"
    )
    parser = command(commands, "finding", _finding, "on an inspector's machine: sign what was seen and post it")
    parser.add_argument("--portal", required=True)
    parser.add_argument("seen", type=Path, help="the file that `inspect` wrote")
    parser = command(
        commands, "publish-identity", _publish, "publish this node's identity of a stage to settle a dispute"
    )
    for name in ("lot", "stage"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--node", help="the running node's address (default: the card's)")


def _inspect(found: argparse.Namespace) -> int:
    seen = disputes.inspect(found.dir, found.lot, found.stage, found.bid)
    found.out.write_bytes(canonical.encode(seen.content()))
    sys.stdout.write(_shown(seen))
    return 0


def _finding(found: argparse.Namespace) -> int:
    """Shown before it is signed with this node's key, and posted as this node's answer."""
    raw = found.seen.read_bytes()
    own = NodeKeys.load(found.dir)
    signed = Signed(raw, keys.sign(raw, own.witness.private))
    seen = Finding.read(signed)
    sys.stdout.write(_shown(seen))
    name = Policy.parse((found.dir / POLICY_FILE).read_bytes()).witness_of(own.witness.verifier)
    if name is None:
        raise SetupError("the policy does not name this node's key")
    answer = {"kind": "finding", "body": signed.to_json(), "time": clock.rfc3339(clock.wall())}
    whole = canonical.encode({"type": TYPE, "node": name.name, **answer})
    body = canonical.encode({**answer, "sig": keys.b64(keys.sign(whole, own.witness.private))})
    address = f"{found.portal.rstrip('/')}/api/v1/nodes/{name.name}/answers"
    return _posted(HttpTransport().post(address, body, JSON), "the portal")


def _publish(found: argparse.Namespace) -> int:
    """The running node decides: it refuses too early, for a stage that is not public, and when one is published."""
    address = found.node or Card.parse((found.dir / CARD_FILE).read_bytes().strip()).url
    if address is None:
        raise SetupError("the card has no address: name the running node with --node")
    signed = disputes.order(NodeKeys.load(found.dir), found.lot, found.stage)
    body = canonical.encode(signed.to_json())
    return _posted(HttpTransport().post(f"{address.rstrip('/')}/statements", body, JSON), "the node")


def _posted(status: int, who: str) -> int:
    if not 200 <= status < 300:
        raise UnreachableError(f"{who} answered {status}")
    sys.stdout.write("taken\n")
    return 0


def _shown(seen: Finding) -> str:
    rows = {
        "lot": seen.lot,
        "bid": seen.bid_id,
        "stage": seen.stage,
        "trustee": seen.i,
        "sha256 of wrapped": seen.wrapped_sha256,
        "seen": seen.seen,
    }
    return "".join(f"{name}: {value}\n" for name, value in rows.items())
