"""`kaibiao node ...`: make a node, pin its policy, run it, and give its owner's orders."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kernel import canonical, clock, keys
from kernel.statements import Signed
from supervision.node import dispute_cli, key_order
from supervision.node.card import CARD_FILE, Card, CardError, NodeKeys, make
from supervision.node.clock import ClockError, hands_for
from supervision.node.holds import TYPE as HOLD
from supervision.node.loop import Loop
from supervision.node.node import Addresses, Node, SetupError, pin
from supervision.node.outgoing import JSON, TYPE
from supervision.node.serve import Desk, server
from supervision.node.state import StateError
from supervision.node.transport import HttpTransport, UnreachableError
from supervision.policy import Policy
from supervision.policy_file import PolicyError

BUNDLE = Path(__file__).resolve().parents[2] / "portal" / "static" / "dist" / "kaibiao-seal.html"
ORDERS = {"suspend": "suspended", "resume": "resumed", "outage": "outage"}


def main(argv: Sequence[str]) -> int:
    """Run one command; 0, or 1 with the reason on standard error."""
    found = _parser().parse_args(argv)
    try:
        code: int = found.act(found)
    except (CardError, SetupError, StateError, PolicyError, ClockError, UnreachableError, OSError, ValueError) as error:
        sys.stderr.write(f"kaibiao node: {error}\n")
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kaibiao node", description="A supervision node.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _init_command(commands)
    _run_command(commands)
    _hold_commands(commands)
    _order_command(commands)
    dispute_cli.add(commands, _command)
    return parser


def _command(commands: Any, name: str, act: Any, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.add_argument("--dir", type=Path, required=True, help="the node's own folder")
    parser.set_defaults(act=act)
    return parser


def _init_command(commands: Any) -> None:
    parser = _command(commands, "init", _init, "make keys and card.json")
    parser.add_argument("--name", required=True, help="the key's name; practice nodes: practice/NAME")
    parser.add_argument("--org", required=True, help="the organization that runs the node")
    parser.add_argument("--url", help="where others reach it")
    parser = _command(commands, "pin", _pin, "pin the policy, once and for ever")
    parser.add_argument("--policy", type=Path, required=True)
    parser.add_argument("--roots", type=Path, help="certification authorities trusted for bidders (PEM)")


def _run_command(commands: Any) -> None:
    parser = _command(commands, "run", _run, "mirror, cosign, acknowledge, close and release; serve the status page")
    parser.add_argument("--portal", required=True, help="the portal's address")
    parser.add_argument("--inbox", required=True, help="the address of the nodes' inboxes")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one")
    parser.add_argument("--bundle", type=Path, default=BUNDLE, help="the offline sealing page to serve")
    parser.add_argument("--clock", type=Path, help="practice only: a file with seconds to move the clock by")


def _hold_commands(commands: Any) -> None:
    for name, act, text in (
        ("hold", _hold, "hold back every release of a lot until a moment"),
        ("release-hold", _lift, "lift the hold on a lot"),
    ):
        parser = _command(commands, name, act, text)
        parser.add_argument("--lot", required=True)
        parser.add_argument("--node", help="the running node's address (default: the card's)")
        parser.add_argument("--reason", required=True)
        if name == "hold":
            parser.add_argument("--until", required=True, help="RFC 3339, UTC: 2026-11-23T01:30:00Z")


def _order_command(commands: Any) -> None:
    parser = _command(commands, "order", _order, "the supervising authority's order, posted to the portal")
    key_order.options(
        _command(commands, "key-order", key_order.act, "let another certificate end a bid whose key is lost")
    )
    parser.add_argument("what", choices=sorted(ORDERS))
    parser.add_argument("--lot", required=True)
    parser.add_argument("--portal", required=True)
    parser.add_argument("--cause", help="suspend: the reason")
    parser.add_argument("--closes-at", help="resume, outage: the new deadline, RFC 3339 UTC")
    parser.add_argument("--opens-at", help="resume, outage: the new opening, RFC 3339 UTC")


def _init(found: argparse.Namespace) -> int:
    card = make(found.dir, found.name, found.org, found.url)
    _say(card.encode().decode())
    return 0


def _pin(found: argparse.Namespace) -> int:
    roots = found.roots.read_bytes() if found.roots else None
    policy = pin(found.dir, found.policy.read_bytes(), roots)
    _say(f"pinned {policy.sha256} for {policy.log.origin}")
    return 0


def _run(found: argparse.Namespace) -> int:
    """Until SIGTERM or SIGINT. A stop at any moment is safe; so is a crash."""
    practice = Policy.parse((found.dir / "policy.txt").read_bytes()).practice
    hands = hands_for(practice=practice, outside=found.clock)
    node = Node.open(found.dir, Addresses(found.portal, found.inbox), hands, HttpTransport())
    web = server(Desk(node, found.bundle), found.host, found.port)
    loop = Loop(node)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.stopped.set())
    threading.Thread(target=web.serve_forever, name="web", daemon=True).start()
    threads = loop.run()
    _say(f"node {node.name} serves http://{found.host}:{web.server_port}/")
    loop.stopped.wait()
    web.shutdown()
    for thread in threads:
        thread.join(timeout=2)
    return loop.exit_code


def _hold(found: argparse.Namespace) -> int:
    clock.parse_rfc3339(found.until)
    return _post_hold(found, found.until)


def _lift(found: argparse.Namespace) -> int:
    """A lifted hold is an order that ends as it is given, numbered above the others."""
    return _post_hold(found, None)


def _post_hold(found: argparse.Namespace, until: str | None) -> int:
    own, transport = NodeKeys.load(found.dir), HttpTransport()
    address = found.node or Card.parse((found.dir / CARD_FILE).read_bytes().strip()).url
    if address is None:
        raise SetupError("the card has no address: name the running node with --node")
    number = _last_number(transport, address, found.lot, own) + 1
    at = clock.rfc3339(clock.wall())
    said = {"lot": found.lot, "number": number, "at": at, "until": until or at, "reason": found.reason}
    signed = Signed.make({"type": HOLD, **said}, own.witness.private)
    status = transport.post(f"{address.rstrip('/')}/holds", canonical.encode(signed.to_json()), JSON)
    if status != 200:
        raise UnreachableError(f"the node at {address} answered {status}")
    _say(f"order {number} on {found.lot}, until {said['until']}")
    return 0


def _last_number(transport: HttpTransport, address: str, lot: str, own: NodeKeys) -> int:
    raw = transport.get(f"{address.rstrip('/')}/holds/{lot}.json") or b"[]"
    orders = [Signed.from_json(value) for value in canonical.decode(raw)]
    key = own.witness.verifier.key
    return max((order.content(HOLD)["number"] for order in orders if order.signed_by(key)), default=0)


def _order(found: argparse.Namespace) -> int:
    """Signed with the node's key, which the keyset names as the supervisor's, and posted as an answer `order`."""
    own, at = NodeKeys.load(found.dir), clock.rfc3339(clock.wall())
    kind = ORDERS[found.what]
    content: dict[str, Any] = {"type": f"kaibiao-{kind}/1", "lot": found.lot, "at": at}
    content |= {"cause": _needed(found, "cause")} if found.what == "suspend" else _moments(found)
    statement = Signed.make(content, own.witness.private)
    name = Policy.parse((found.dir / "policy.txt").read_bytes()).witness_of(own.witness.verifier)
    if name is None:
        raise SetupError("the policy does not name this node's key")
    body = {"kind": found.what, **statement.to_json()}
    answer = {"kind": "order", "body": body, "time": at}
    raw = canonical.encode({"type": TYPE, "node": name.name, **answer})
    signed = canonical.encode({**answer, "sig": keys.b64(keys.sign(raw, own.witness.private))})
    address = f"{found.portal.rstrip('/')}/api/v1/nodes/{name.name}/answers"
    status = HttpTransport().post(address, signed, JSON)
    if not 200 <= status < 300:
        raise UnreachableError(f"the portal answered {status}")
    _say(f"{found.what} {found.lot} at {at}")
    return 0


def _moments(found: argparse.Namespace) -> dict[str, str]:
    moments = {name: _needed(found, name) for name in ("closes_at", "opens_at")}
    for text in moments.values():
        clock.parse_rfc3339(text)
    return moments


def _needed(found: argparse.Namespace, name: str) -> str:
    value = getattr(found, name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"--{name.replace('_', '-')} is needed here")
    return value


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
