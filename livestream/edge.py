"""`kaibiao edge`: serves the released public folder and its live events to watchers; with --inbox, the nodes' long poll.

A process of its own with the standard library alone: no database, no keys, no application. One bytes object and one
write for each viewer and event; no task, queue or thread for a viewer (livestream.md, section 3).
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from livestream import watching
from livestream.connection import Connection
from livestream.hub import MAX_CONNECTIONS, Edge, Plan

SPARE_FILES = 64


def listener(host: str, port: int) -> socket.socket:
    """A listening socket whose connections buffer little: a slow reader shows early."""
    found = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=4096)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, watching.MAX_PENDING)
    return found


async def serve(plan: Plan, sock: socket.socket, stop: asyncio.Event) -> None:
    """Serve until `stop`."""
    loop, edge = asyncio.get_running_loop(), Edge(plan)
    server = await loop.create_server(lambda: Connection(edge), sock=sock)
    rounds = [loop.create_task(each) for each in (edge.tail(), edge.ping(), edge.hand_out())]
    stopping = loop.create_task(stop.wait())
    await asyncio.wait([*rounds, stopping], return_when=asyncio.FIRST_COMPLETED)
    server.close()
    for each in (*rounds, *edge.tasks, stopping):
        each.cancel()
    for each in rounds:
        if each.done() and not each.cancelled():
            each.result()  # a round that failed ends the process with its error, for the supervisor to restart


def edge_main(argv: Sequence[str]) -> int:
    """Serve the public folder (--public) or the nodes' inbox (--inbox) until SIGTERM."""
    args = _arguments().parse_args(argv)
    plan = Plan(args.public, args.inbox, args.origin, args.per_address, _affordable(args.connections))
    sock = listener(args.host, args.port)
    host, port = sock.getsockname()[:2]
    sys.stdout.write(f"edge http://{host}:{port} connections={plan.connections}\n")
    sys.stdout.flush()
    asyncio.run(_until_signal(plan, sock))
    return 0


async def _until_signal(plan: Plan, sock: socket.socket) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(plan, sock, stop)


def _affordable(wanted: int) -> int:
    """As many connections as open files allow, after asking for all that the system grants."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = hard if hard != resource.RLIM_INFINITY else max(soft, wanted + SPARE_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return min(wanted, allowed - SPARE_FILES)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kaibiao edge", description=edge_main.__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--public", type=Path, help="the released folder")
    what.add_argument("--inbox", type=Path, help="the folder of the nodes' encrypted mail")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--origin", default="*", help="the portal's origin, for browsers that read from another address"
    )
    parser.add_argument("--per-address", type=int, default=50, help="connections from one address; 0: no limit")
    parser.add_argument("--connections", type=int, default=MAX_CONNECTIONS)
    return parser
