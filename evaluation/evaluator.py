"""`kaibiao evaluator`: the program that holds the key of evaluation stages, on the evaluation site's own host.

    kaibiao evaluator init --dir DIR                         make keys; prints the card for the platform
    kaibiao evaluator run  --dir DIR --portal URL --port P   poll, open, and serve the rooms

It imports neither Flask nor a database: what it knows stands in its folder.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evaluation.room import keys as room_keys
from evaluation.room import work
from evaluation.room.keys import EvaluatorKeys, FolderError
from evaluation.room.portal import HttpPortal, Portal, UnreachableError
from evaluation.room.serving import Rooms, server
from evaluation.room.shelves import Shelves
from evaluation.room.unsealing import Unsealing
from kernel import clock, keys

PLATFORM_FILE = "platform.pub"
_log = logging.getLogger("kaibiao.evaluator")


class PinError(Exception):
    """The portal shows another key than the one this evaluator met first."""


@dataclass
class Evaluator:
    """One running evaluator: `poll` does a round of work, `facts` is its status page."""

    folder: Path
    keys: EvaluatorKeys
    portal: Portal
    rooms: Rooms
    seen: str = field(default="-", init=False)

    def __post_init__(self) -> None:
        self.rooms.status = self.facts

    def poll(self) -> int:
        """One round: whatever the portal has for us; how many bids were reported."""
        found = work.parse(self.portal.get("/work"))
        self._pin(found.platform)
        self.seen = clock.rfc3339(clock.now())
        unsealing = Unsealing(self.keys, self.portal, self.rooms.shelves)
        return sum(self._run(unsealing, job) for job in found.jobs)

    def _run(self, unsealing: Unsealing, job: work.Job) -> int:
        try:
            return unsealing.run(job)
        except UnreachableError as error:
            _log.warning("%s: %s", job.lot, error)
            return 0

    def facts(self) -> dict[str, str]:
        return {
            "签名公钥 Signing key": keys.spell(self.keys.sign.public_key()),
            "收件公钥 Recipient": self.keys.recipient,
            "最近联系平台 Portal last seen": self.seen,
        }

    def _pin(self, spelled: str) -> None:
        """The first key met is kept: a portal that is replaced later opens no room."""
        path = self.folder / PLATFORM_FILE
        if not path.exists():
            path.write_text(spelled + "\n", "ascii")
        if path.read_text("ascii").strip() != spelled:
            raise PinError(f"the portal's key is not the one in {path}")
        self.rooms.platform = keys.parse(spelled)


def open_evaluator(folder: Path, address: str) -> Evaluator:
    """An evaluator over its folder and the portal at `address`."""
    held = EvaluatorKeys.load(folder)
    return Evaluator(folder, held, HttpPortal(address, held.sign), Rooms(Shelves(folder / "rooms")))


def round_of_work(evaluator: Evaluator) -> bool:
    """Poll once; what goes wrong is logged and tried again at the next round."""
    try:
        return evaluator.poll() > 0
    except (UnreachableError, PinError, ValueError, OSError) as error:
        _log.warning("%s", error)
        return False


def main(argv: Sequence[str]) -> int:
    """The command line; 0 when all went well, 2 for a folder that does not fit the command."""
    options = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stdout)
    try:
        return _init(options) if options.command == "init" else _run(options)
    except FolderError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _init(options: argparse.Namespace) -> int:
    made = room_keys.make(options.dir)
    sys.stdout.write(made.card().decode() + "\n")
    return 0


def _run(options: argparse.Namespace) -> int:
    evaluator = open_evaluator(options.dir, options.portal)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with server(evaluator.rooms, options.host, options.port) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        _log.info("rooms at http://%s:%d/", options.host, listening.server_port)
        while not stop.is_set():
            # After work there is often more; an idle portal is asked less often.
            stop.wait(0 if round_of_work(evaluator) else options.every)
        listening.shutdown()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kaibiao evaluator", description=__doc__.splitlines()[0] if __doc__ else None)
    commands = parser.add_subparsers(dest="command", required=True)
    init = commands.add_parser("init", help="make the keys and print the card")
    run = commands.add_parser("run", help="open what was released and serve it to the committee")
    for one in (init, run):
        one.add_argument("--dir", type=Path, required=True)
    run.add_argument("--portal", required=True, metavar="URL")
    run.add_argument("--host", default="127.0.0.1")
    run.add_argument("--port", type=int, default=0)
    run.add_argument("--every", type=int, default=1, metavar="SECONDS")
    return parser
