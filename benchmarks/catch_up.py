"""How fast a node that was away catches up: 10^6 entries fetched over HTTP, parsed, hashed, kept, compared, cosigned.

Usage: .venv/bin/python benchmarks/catch_up.py [ENTRIES]
The named peer is SHA-256 alone (hashlib, OpenSSL) over the same bytes in the same run: nobody who checks them does less.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from kernel import keys, merkle
from supervision import entries, facts
from supervision.checkpoint import Checkpoint
from supervision.node import card
from supervision.node.clock import MachineHands
from supervision.node.node import Addresses, Node, pin
from supervision.node.transport import HttpTransport
from supervision.note import Note
from supervision.note_key import NoteKey
from supervision.shelf import Shelf

ENTRIES = 1_000_000
AWAY = 1_000
"""Entries between two looks of a node that was not away, for comparison."""


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def made(count: int, policy_sha256: str, origin: str) -> list[bytes]:
    """A log as it looks while lots accept bids: one open fact among seven sealed entries."""
    found = [entries.open_entry(facts.Genesis(origin=origin, policy_sha256=policy_sha256).to_json())]
    for number in range(1, count):
        if number % 8:
            found.append(entries.cover_entry())
        else:
            asked = facts.QuestionAnswered(tender="T", question_sha256=f"{number:064x}", answer_sha256="0" * 64)
            found.append(entries.open_entry(asked.to_json()))
    return found


class Files(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True


def serve(folder: str, told: multiprocessing.Queue[int]) -> None:
    """The log's folder as a static server in a process of its own; its line for each of thousands of files is dropped."""
    files = partial(Files, directory=folder)
    with (
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stderr(nowhere),
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), files) as server,
    ):
        told.put(server.server_address[1])
        server.serve_forever()


def checkpoint(key: NoteKey, rows: list[bytes]) -> Note:
    frontier = merkle.Frontier()
    frontier.extend(merkle.leaf_hash(row) for row in rows)
    text = Checkpoint(key.name, len(rows), frontier.root()).text
    return Note(text, (key.sign(text),))


def peer(rows: list[bytes]) -> float:
    return timed(lambda: [hashlib.sha256(row).digest() for row in rows])


def measured(node: Node, note: Note, what: str, count: int, floor: float) -> None:
    reply = None

    def catch_up() -> None:
        nonlocal reply
        reply = node.witness.offer(note)

    seconds = timed(catch_up)
    assert reply is not None
    assert reply.status == 200, reply
    print(
        f"{what}: {count:,} entries in {seconds:.2f} s, {count / seconds:,.0f}/s, {seconds / floor:.1f} x SHA-256 alone"
    )


def run(folder: Path, count: int) -> None:
    log, shelf = NoteKey.generate("practice/log"), Shelf(folder / "log")
    told: multiprocessing.Queue[int] = multiprocessing.Queue()
    (folder / "log").mkdir()
    server = multiprocessing.Process(target=serve, args=(str(folder), told), daemon=True)
    server.start()
    address = f"http://127.0.0.1:{told.get()}"
    made_card = card.make(folder / "node", "practice/audit", "audit office", f"{address}/audit")
    platform = keys.spell(keys.generate().public_key())
    policy = pin(folder / "node", card.policy_text(f"{log.vkey} {address}/log", platform, [made_card], 1).encode())
    rows = made(count + AWAY, policy.sha256, log.name)
    size = sum(map(len, rows[:count]))
    print(f"a log of {count:,} entries, {size / 1e6:,.0f} MB")
    floor = peer(rows[:count])
    print(f"peer, SHA-256 alone (hashlib, OpenSSL): {count / floor:,.0f}/s")
    shelf.extend(0, count, lambda start, end: rows[start:end])
    node = Node.open(folder / "node", Addresses(address, address), MachineHands(), HttpTransport())
    try:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        measured(node, checkpoint(log, rows[:count]), "a node that was away", count, floor)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(f"memory it took beyond what the log itself takes here: {grown / 1024:,.0f} MB")
        shelf.extend(count, count + AWAY, lambda start, end: rows[start:end])
        measured(node, checkpoint(log, rows), "the same node, awake", AWAY, floor * AWAY / count)
    finally:
        node.close()
        server.kill()
        server.join()


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        run(Path(name), count)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES)
