"""What is shown of how a committee was found: to everybody by references and aliases, never by name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from accounts.actor import Actor
from accounts.roles import Role
from evaluation import composition
from evaluation import reading as committees
from evaluation.draw import reading, rules
from evaluation.draw.models import ExpertAppointment, ExpertDraw, ListedExpert
from evaluation.draw.rules import GROUNDS, WHYS, Ground, Why
from kernel.db import db
from supervision.models import LogFact
from tendering import lifecycle, packs
from tendering.models import Lot

_SHOWN_RESERVES = 5


def of(lot_code: str) -> dict[str, Any]:
    """For everybody: the lists and what drew from them, who of the order sits under which alias, or the ground of an appointment."""
    lot = lifecycle.lot_of(lot_code)
    rule = rules.required(packs.load(lot.tender.pack_id))
    draws, order = reading.draws(lot_code), _order(lot_code)
    return {
        "lot": lot_code,
        "rule": None if rule is None else rule.cited,
        "state": _state(lot_code, draws),
        "lists": [_list(one) for one in draws],
        "order": order,
        "appointed": [_appointed(one) for one in reading.appointments(lot_code)],
    }


def _state(lot: str, draws: list[ExpertDraw]) -> str:
    if not draws:
        return "appointed" if reading.appointments(lot) else "none"
    if any(one.seed is None for one in draws):
        return "waiting"
    return "drawn" if committees.seats(lot) else "short"


def _list(one: ExpertDraw) -> dict[str, Any]:
    row = db.session.get(LogFact, one.fact_id)
    return {
        "number": one.number,
        "fields": one.fields,
        "listed": len(one.rows),
        "seats": one.seats,
        "list_sha256": one.sha256,
        "index": None if row is None else row.index,
        "size": one.size,
        "seed": one.seed,
    }


def _order(lot: str) -> list[dict[str, Any]]:
    """In the order of the draw; `why` one was passed over is a word, what was said of it stays with the desk."""
    alias = {seat.person_id: seat.alias for seat in committees.seats(lot)}
    return [
        {
            "place": place,
            "reference": row.reference,
            "standing": _standing(row, alias),
            "alias": alias.get(row.person_id),
            "why": row.passed,
        }
        for place, row in enumerate(reading.order(lot), 1)
    ]


def _standing(row: ListedExpert, alias: dict[int, str]) -> str:
    if row.passed is not None:
        return "passed"
    return "seated" if row.person_id in alias else "reserve"


def _appointed(one: ExpertAppointment) -> dict[str, Any]:
    kept = {"ground": one.ground, "document": one.document, "consent": one.consent}
    return {**kept, "reasons": one.reasons, "at": one.at}


def panel(lot_code: str) -> dict[str, Any] | None:
    """The same for the tender's page, with words and no more reserves than a reader wants; None while there is nothing."""
    found = of(lot_code)
    if found["state"] == "none":
        return None
    reserves = [row for row in found["order"] if row["standing"] == "reserve"]
    hidden = {row["reference"] for row in reserves[_SHOWN_RESERVES:]}
    shown = [{**row, "words": _words(row["why"])} for row in found["order"] if row["reference"] not in hidden]
    appointed = [{**one, "words": GROUNDS[Ground(one["ground"])]} for one in found["appointed"]]
    return {**found, "order": shown, "more": len(hidden), "appointed": appointed}


def _words(why: str | None) -> Any:
    return None if why is None else WHYS[Why(why)]


def desk(actor: Actor, lot_code: str, now: dt.datetime) -> dict[str, Any]:
    """For the centre's staff: what may be done next, how many of each field are eligible, why members left."""
    actor.act_as(Role.OPS)
    lot = lifecycle.lot_of(lot_code)
    pack = packs.load(lot.tender.pack_id)
    size = composition.size(pack, committees.budget(lot))
    return {
        "draw": panel(lot_code),
        "required": rules.required(pack),
        "fields": _fields(lot, now),
        "seats": size.value if size else None,
        "further": _may_add(lot, now),
        "grounds": [(one, GROUNDS[one]) for one in rules.grounds(pack)],
        "consent": rules.needs_consent(pack),
        "whys": [(one, WHYS[one]) for one in rules.DESK],
        "departures": list(departures(lot_code)),
    }


def _fields(lot: Lot, now: dt.datetime) -> list[tuple[str, int]]:
    """Fields of the eligible experts that stand on no list yet, with how many there are."""
    known = {row.person_id for draw in reading.draws(lot.code) for row in draw.rows}
    counted: dict[str, int] = {}
    for one in reading.pool(lot, now):
        if one.person.id not in known:
            counted[one.field] = counted.get(one.field, 0) + 1
    return sorted(counted.items())


def _may_add(lot: Lot, now: dt.datetime) -> bool:
    draws = reading.draws(lot.code)
    if not draws or draws[-1].seed is None:
        return False
    return not committees.seats(lot.code) or next(reading.reserves(lot, now), None) is None


def departures(lot_code: str) -> Iterator[dict[str, Any]]:
    """What was said of those who were passed over, by reference; the caller decides who may read it."""
    for row in reading.order(lot_code):
        if row.passed is not None:
            said = {"reference": row.reference, "why": row.passed, "words": WHYS[Why(row.passed)]}
            yield {**said, "text": row.passed_text, "at": row.passed_at}
