"""The public events of a lot, as files: the lines of `events.ndjson`, pages of a hundred, and a head that says how many.

Written by the worker after the commit that the events tell of, in the order in which they were queued. Order of
durable steps, and what a crash after each leaves behind:
1. the line is appended and synced   - the pages are behind, the next delivery makes them up; the line is not told twice;
2. the last page is put by rename    - the head is behind;
3. the head is put by rename         - the message is delivered again and finds its line there.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bidding.events import LIVE
from kernel import canonical, outbox
from kernel.clock import rfc3339
from kernel.db import db, transaction
from kernel.outbox import Outgoing
from kernel.site import site
from livestream import rules
from tendering.models import Lot
from tendering.states import LotState

KIND = LIVE
PAGE = 100

Event = dict[str, Any]


def publish(lot: str, kind: str, data: dict[str, Any], at: datetime) -> None:
    """Queue an event in the caller's transaction; what of it is public, the allow-list decides."""
    outbox.send(KIND, {"lot": lot, "kind": kind, "data": data, "at": rfc3339(at)})


def deliver(payload: dict[str, Any]) -> None:
    """Write what is queued for the lot, in order, up to this message: the outbox's handler. Repeated, it adds nothing.

    An event that failed goes first when the next one comes, so a delivery that is retried never overtakes.
    """
    lot = payload["lot"]
    with _alone(lot), transaction(write=False):
        queued, state = _queued(lot), _state(lot)
        Feed(folder(lot)).take(_up_to(queued, payload), state)


def folder(lot: str) -> Path:
    """Where the lot's events lie; ValueError for what is no lot's code."""
    if rules.LOT.fullmatch(lot) is None:
        raise ValueError(f"not a lot's code: {lot!r}")
    return site().public / "lots" / lot / "events"


def read(lot: str) -> list[Event]:
    """Every public event of the lot so far; empty before its close."""
    return Feed(folder(lot)).events()


def _queued(lot: str) -> list[dict[str, Any]]:
    waiting = select(Outgoing.payload).where(Outgoing.kind == KIND, Outgoing.done_at.is_(None))
    return [found for found in db.session.scalars(waiting.order_by(Outgoing.id)) if found["lot"] == lot]


def _up_to(queued: list[dict[str, Any]], payload: dict[str, Any]) -> list[dict[str, Any]]:
    return [*queued[: queued.index(payload)], payload] if payload in queued else [payload]


def _state(lot: str) -> LotState:
    return LotState(db.session.scalars(select(Lot.state).where(Lot.code == lot)).one())


@contextmanager
def _alone(lot: str) -> Iterator[None]:
    """One writer a lot, even when two workers run for a moment."""
    with (site().folder("live") / f"{lot}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


class Feed:
    """The files of one lot."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lines = root / "events.ndjson"

    def events(self) -> list[Event]:
        """What was told, whole lines only."""
        whole, _, _ = self._raw().rpartition(b"\n")
        return [json.loads(line) for line in whole.split(b"\n")] if whole else []

    def take(self, messages: Iterable[dict[str, Any]], state: LotState) -> None:
        """Project, order and write; NotYetError, with what came before it written, for one that comes too early."""
        told = self.events()
        known = {_content(event) for event in told}
        try:
            for message in messages:
                event = self._projected(message, state, told)
                if event is not None and _content(event) not in known:
                    known.add(_content(event))
                    told.append(event)
        finally:
            if told:
                self._write(told)

    def _projected(self, message: dict[str, Any], state: LotState, told: list[Event]) -> Event | None:
        kind, fields = message["kind"], rules.project(message["kind"], message["data"])
        if fields is None:
            return None
        rules.check_time(kind, state, [event["step"] for event in told if event["kind"] == "opening.step"])
        return {"seq": len(told) + 1, "at": message["at"], "kind": kind, **fields}

    def _write(self, told: list[Event]) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self._append(told)
        pages = [told[start : start + PAGE] for start in range(0, len(told), PAGE)]
        for number, page in enumerate(pages, 1):
            _put(self.root / "p" / f"{number:06d}.json", canonical.encode(page))
        _put(self.root / "head.json", canonical.encode({"last": len(told), "pages": len(pages)}))

    def _append(self, told: list[Event]) -> None:
        raw = self._raw()
        whole = raw.rfind(b"\n") + 1
        fresh = told[raw.count(b"\n") :]
        with self.lines.open("ab") as file:
            file.truncate(whole)  # half a line that a crash left behind
            file.write(b"".join(canonical.encode(event) + b"\n" for event in fresh))
            file.flush()
            os.fsync(file.fileno())

    def _raw(self) -> bytes:
        return self.lines.read_bytes() if self.lines.exists() else b""


def _content(event: Event) -> bytes:
    """An event but for its number: what a second delivery of one message has in common with the first."""
    return canonical.encode({name: value for name, value in event.items() if name != "seq"})


def _put(path: Path, raw: bytes) -> None:
    """Whole or not at all, for whoever reads at the same time; a file that would not change is left alone."""
    if path.exists() and path.read_bytes() == raw:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}")
    draft.write_bytes(raw)
    draft.replace(path)
