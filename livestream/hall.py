"""What the opening hall shows of a lot: its moments, its trustees, the board folded from the public events, the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.actor import Actor
from accounts.roles import Role
from bidding import desk, lots, nodes, opening
from bidding.models import Opened
from kernel import canonical
from livestream import feed
from livestream.board import Board
from livestream.rules import CLOSED_STATES
from sealing.keyset import Keyset
from tendering.models import Lot
from tendering.states import LotState


@dataclass(frozen=True)
class Trustee:
    """A node with a share: its organization and how far it has come."""

    node: str
    org: str
    state: str


@dataclass(frozen=True)
class Hall:
    """Everything on the page but what belongs to one signed-in bidder."""

    lot: Lot
    board: Board
    trustees: list[Trustee]
    threshold: int
    record: dict[str, Any] | None
    record_sha256: str | None

    @property
    def phase(self) -> str:
        """`before` the close, `waiting` for the opening, `running`, or `ended`."""
        if self.lot.state not in CLOSED_STATES:
            return "before"
        if self.board.ended:
            return "ended"
        return "waiting" if self.lot.state == LotState.SEALED else "running"


def of_lot(code: str) -> Hall:
    """The hall of a published lot; NotFound for any other."""
    lot = lots.find(code)
    keyset = lots.keyset(lot)
    names = nodes.names(keyset)
    orgs = {names[entry.i]: entry.org for entry in keyset.stages[0].trustees if entry.i in names}
    # Before the close there is no file to read; asking the state first keeps it so even if one were left lying about.
    events = feed.read(code) if lot.state in CLOSED_STATES else []
    board = Board.of_events(events, orgs)
    running = opening.of_lot(code) if lot.state in CLOSED_STATES else None
    record = running.record if running is not None and board.ended else None
    return Hall(
        lot=lot,
        board=board,
        trustees=_trustees(keyset, names, board),
        threshold=keyset.stages[0].t,
        record=canonical.decode(record) if record else None,
        record_sha256=canonical.sha(record) if record else None,
    )


def _trustees(keyset: Keyset, names: Mapping[int, str], board: Board) -> list[Trustee]:
    entries = keyset.stages[0].trustees
    found = [(names.get(entry.i, str(entry.i)), entry.org) for entry in entries]
    return [Trustee(node, org, board.nodes.get(node, "waiting")) for node, org in found]


def own_line(actor: Actor | None, code: str, now: datetime) -> Opened | None:
    """The line that this bidder may confirm now."""
    if actor is None or Role.BIDDER not in actor.roles:
        return None
    running, line = opening.of_lot(code), desk.own_line(actor, code)
    until = running.confirm_until if running is not None else None
    over = running is None or running.ended_at is not None or (until is not None and now >= until)
    return None if over else line
