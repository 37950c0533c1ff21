"""What is shown of an evaluation, to whom: allow-lists over the table of `visibility`, for the API and the pages alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from accounts.actor import Actor
from accounts.models import Person
from evaluation import reading, rules, scoring, spec
from evaluation.draw.showing import departures
from evaluation.models import Evaluation, ScoreSheet, Seat
from evaluation.visibility import Field, Phase, Viewer, may_see
from kernel import canonical, money
from kernel.db import db
from kernel.errors import Forbidden, Words
from tendering import lifecycle
from tendering.models import Lot
from tendering.states import LotState


def committee(actor: Actor | None, lot_code: str) -> dict[str, Any]:
    """The committee as the asker may see it: aliases for everybody, names for few before the award."""
    lot = lifecycle.lot_of(lot_code)
    found = reading.evaluation_of(lot_code)
    phase, viewer = reading.phase(lot, found), reading.viewer(actor, lot)
    shown: dict[str, Any] = {"lot": lot_code, "members": []}
    if may_see(viewer, phase, Field.ALIASES):
        shown["members"] = [_member(seat, _eyes(actor, seat, viewer), phase) for seat in reading.seats(lot_code)]
    if may_see(viewer, phase, Field.DEPARTURE):
        shown["departures"] = list(departures(lot_code))
    if may_see(viewer, phase, Field.SIGNED_COUNT):
        shown["signed_count"] = len(scoring.signed_sheets(lot_code))
    return shown


def own_seats(actor: Actor) -> list[dict[str, Any]]:
    """The actor's seats, newest first."""
    return [_own_seat(seat) for seat in reading.seats_of_person(actor.person_id)]


def room(actor: Actor, lot_code: str) -> dict[str, Any]:
    """What a member works with. Refused before the declaration and before the documents are opened."""
    lot = lifecycle.lot_of(lot_code)
    seat = reading.own_seat(actor, lot_code)
    rules.check_declared(declared=seat.declared_at is not None, conflict=seat.conflict)
    phase = reading.phase(lot, reading.evaluation_of(lot_code))
    if not may_see(Viewer.SEAT, phase, Field.DOCUMENTS):
        raise Forbidden("room.closed", "投标文件尚未开启", "The documents are not open yet", rule="sealing.md 1.5")
    sheet = reading.sheet_of(seat)
    return {
        "lot": lot_code,
        "alias": seat.alias,
        "method": spec.to_json(reading.method(lot)),
        "method_sha256": lot.method_sha256,
        "bids": list(assessed(lot_code)),
        "faults": _faults(actor, lot, sheet),
        **_own_sheet(sheet),
    }


def assessed(lot_code: str) -> Iterator[dict[str, Any]]:
    """The bids to judge with their files, in the order of the read-out."""
    found = reading.papers(lot_code)
    for bid, sheet in reading.assessed(lot_code):
        yield {
            "bid_id": bid.bid_id,
            "bidder": sheet.header.bidder,
            "price": None if sheet.price is None else money.wire(sheet.price),
            "figures": None if sheet.price is None else money.figures(sheet.price),
            "period_days": sheet.period_days,
            "quality": sheet.quality,
            "project_leader": sheet.project_leader,
            "files": found[bid.bid_id].files,
        }


def sheets(actor: Actor | None, lot_code: str) -> list[dict[str, Any]]:
    """The signed sheets the asker may see: the own one, or all of them once the table says so."""
    lot = lifecycle.lot_of(lot_code)
    phase, viewer = reading.phase(lot, reading.evaluation_of(lot_code)), reading.viewer(actor, lot)
    return [
        _signed(seat, sheet)
        for seat, sheet in reading.sheets(lot_code)
        if sheet.file is not None and may_see(_eyes(actor, seat, viewer), phase, Field.SHEET)
    ]


def result(lot_code: str) -> dict[str, Any] | None:
    """The published result with the bidders' names beside their ids; None before there is one."""
    found = reading.evaluation_of(lot_code)
    if found is None or found.result is None:
        return None
    return with_names(found)


def with_names(found: Evaluation) -> dict[str, Any]:
    """The result as published under `result`, and what a page stands beside it."""
    assert found.computed_at is not None
    return of_result(found.lot, found.result or b"{}", found.computed_at)


def of_result(lot_code: str, raw: bytes, at: dt.datetime) -> dict[str, Any]:
    """A result's bytes with the bidders' names beside their ids."""
    return {
        "result": canonical.decode(raw),
        "criteria": _criteria(lot_code),
        "sha256": canonical.sha(raw),
        "bidders": {bid.bid_id: sheet.header.bidder for bid, sheet in reading.read_out(lot_code)},
        "computed_at": at,
    }


def _criteria(lot_code: str) -> dict[str, Words]:
    """The names of the method's criteria, by id."""
    method = reading.method(lifecycle.lot_of(lot_code))
    return {one.id: Words(one.name, one.name_en) for one in method.criteria}


def _eyes(actor: Actor | None, seat: Seat, viewer: Viewer) -> Viewer:
    return Viewer.SEAT if actor is not None and seat.person_id == actor.person_id else viewer


def _member(seat: Seat, eyes: Viewer, phase: Phase) -> dict[str, Any]:
    shown: dict[str, Any] = {"alias": seat.alias, "kind": seat.kind, "sign_key": seat.sign_key}
    if may_see(eyes, phase, Field.NAMES):
        shown["name"] = db.session.get_one(Person, seat.person_id).name
    if may_see(eyes, phase, Field.DECLARATION):
        shown |= _standing(seat)
    return shown


def _standing(seat: Seat) -> dict[str, Any]:
    return {
        "declared": seat.declared_at is not None,
        "conflict": seat.conflict,
        "admitted": seat.admitted_sig is not None,
    }


def _own_seat(seat: Seat) -> dict[str, Any]:
    lot, sheet = lifecycle.lot_of(seat.lot), reading.sheet_of(seat)
    return {
        "lot": seat.lot,
        "lot_name": lot.name,
        "title": lot.tender.title,
        "state": lot.state,
        "alias": seat.alias,
        "signed": sheet is not None and sheet.file is not None,
        **_standing(seat),
    }


def _own_sheet(sheet: ScoreSheet | None) -> dict[str, Any]:
    return {
        "draft": sheet.draft if sheet else {},
        "saved_at": sheet.saved_at if sheet else None,
        "returned": sheet.returned if sheet else [],
        "signed": sheet is not None and sheet.file is not None,
    }


def _faults(actor: Actor, lot: Lot, sheet: ScoreSheet | None) -> list[Any]:
    working = lot.state == LotState.EVALUATING and lot.suspended_at is None
    if not working or sheet is None or sheet.file is not None:
        return []
    return list(scoring.faults(actor, lot.code))


def _signed(seat: Seat, sheet: ScoreSheet) -> dict[str, Any]:
    return {
        "evaluator": seat.alias,
        "sha256": sheet.sha256,
        "file": sheet.file,
        "sig": sheet.sig,
        "cert": seat.cert,
        "signed_at": sheet.signed_at,
    }
