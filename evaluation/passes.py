"""The way into the evaluator's rooms: an address with a ticket, for members of the committee while they work."""

from __future__ import annotations

import datetime as dt
import urllib.parse

from accounts.actor import Actor
from evaluation import reading, rules
from evaluation.qualification import standing
from evaluation.tickets import Ticket
from evaluation.visibility import Field, Viewer, may_see
from kernel.errors import Forbidden, NotFound
from kernel.site import site
from tendering import lifecycle


def address(actor: Actor, lot_code: str, bid_id: str, path: str, now: dt.datetime) -> str:
    """Where the actor can read this file for the next minute; refused to everybody without a working seat."""
    lot = lifecycle.lot_of(lot_code)
    seat = reading.own_seat(actor, lot_code)
    rules.check_declared(declared=seat.declared_at is not None, conflict=seat.conflict)
    phase = reading.phase(lot, reading.evaluation_of(lot_code))
    if not may_see(Viewer.SEAT, phase, Field.DOCUMENTS):
        raise Forbidden("room.closed", "投标文件尚未开启", "The documents are not open yet", rule="sealing.md 1.5")
    return ticketed(lot_code, bid_id, path, seat.alias, now)


def ticketed(lot_code: str, bid_id: str, path: str, reader: str, now: dt.datetime) -> str:
    """The address for a reader whom the caller has admitted; NotFound for the papers of a bid that was turned away."""
    found = None if bid_id in standing.turned_away(lot_code) else reading.papers(lot_code).get(bid_id)
    if found is None or path not in {one["path"] for one in found.files}:
        raise NotFound("document.unknown", "没有这份文件", "There is no such document")
    ticket = Ticket.issue(found.lot, found.bid_id, reader, now).signed(site().key("platform"))
    name = urllib.parse.quote(path, safe="")
    return f"{site().settings.evaluator_url}/rooms/{found.lot}/{found.bid_id}/{name}?ticket={ticket}"
