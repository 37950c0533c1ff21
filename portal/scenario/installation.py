"""A practice installation for one play: database, keys, application, four nodes and an evaluator, in a folder of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from evaluation.evaluator import Evaluator
from evaluation.room import keys as room_keys
from evaluation.room.portal import HttpPortal
from evaluation.room.serving import Rooms
from evaluation.room.shelves import Shelves
from kernel import clock
from kernel import settings as reading
from kernel.db import db
from kernel.settings import Settings
from portal import setup
from portal.app import Platform, create_app
from portal.run import NODES
from portal.scenario import wire
from portal.scenario.fleet import Fleet
from portal.scenario.watch import Watch
from tendering import packs

ORIGIN = "practice/play"
SLOT_S, ENTRIES, QUORUM = 20, 4, 3


@dataclass(frozen=True)
class Installation:
    """Everything that a `World` moves by its watch."""

    app: Platform
    fleet: Fleet
    evaluator: Evaluator
    client: httpx.Client
    watch: Watch

    @property
    def var(self) -> Path:
        return self.app.site.settings.var


@contextmanager
def installed(folder: Path, database: str | None, start: dt.datetime, origin: str = ORIGIN) -> Iterator[Installation]:
    """A new installation in `folder`; ValueError where the origin is one for earnest."""
    read = _settings(folder, database, origin)
    watch = Watch.at(start)
    with clock.at(start), packs.rehearsing(origin):
        setup.initialize(read, start)
        found = _assembled(read, watch)
    try:
        with packs.rehearsing(origin):
            yield found
    finally:
        found.fleet.close()
        found.client.close()
        with found.app.app_context():
            db.engine.dispose()


def _settings(folder: Path, database: str | None, origin: str) -> Settings:
    found = {
        "VAR": str(folder), "ORIGIN": origin, "URL": wire.PORTAL, "INBOX_URL": wire.INBOX, "EVALUATOR_URL": wire.EVALUATOR,
        "COVER_SLOT_S": str(SLOT_S), "COVER_ENTRIES": str(ENTRIES), "LOG_LEVEL": "error",
    }  # fmt: skip
    if database is not None:
        found["DATABASE"] = database
    return reading.load({f"KAIBIAO_{name}": value for name, value in found.items()})


def _assembled(read: Settings, watch: Watch) -> Installation:
    fleet = Fleet(read.var / "nodes")
    cards = fleet.cards()
    evaluator = room_keys.make(read.var / "evaluator")
    (read.var / "keys" / "evaluator.json").write_bytes(evaluator.card())
    app = create_app(read)
    policy = setup.pin(app, cards, QUORUM)
    doors = {name: partial(fleet.desk, name) for name in NODES}
    client = wire.client(app, read.var / "inbox", doors)
    fleet.open(policy.raw, (read.var / "keys" / setup.CA_FILE).read_bytes(), client, watch)
    room = HttpPortal(wire.PORTAL, evaluator.sign, client)
    rooms = Rooms(Shelves(read.var / "evaluator" / "rooms"))
    return Installation(app, fleet, Evaluator(read.var / "evaluator", evaluator, room, rooms), client, watch)
