"""A negotiation as each side sees it: the team all of it, a supplier its own thread, the purchaser the changes, everybody its course."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from accounts.actor import Actor
from accounts.models import Person
from evaluation import reading
from evaluation.negotiation import changes, closing, parties, rules, threads
from evaluation.negotiation.models import Change
from evaluation.negotiation.parties import Supplier
from kernel import canonical, keys
from kernel.db import db
from kernel.errors import Refusal
from supervision import log
from supervision.negotiation_facts import NegotiationClosed
from tendering import lifecycle, packs
from tendering.models import Lot
from tendering.packs import Pack
from tendering.quotes import boxes
from tendering.quotes import rules as quoting
from tendering.states import LotState


def to_team(actor: Actor, lot: Lot) -> dict[str, Any]:
    """Every supplier with its sessions, the changes with their receipts, and the record as it stands."""
    seat = parties.seat_of(actor, lot)
    current, everybody = threads.current(lot.code), parties.suppliers(lot)
    names = {one.bid_id: one.name for one in everybody}
    return {
        "lot": lot,
        "alias": seat.alias,
        "team": [(one.alias, db.session.get_one(Person, one.person_id).name) for one in reading.seats(lot.code)],
        "suppliers": _suppliers(lot, everybody),
        "current": current,
        "meeting": names[current.bid_id] if current is not None else None,
        "changes": [_change(names, one) for one in changes.issued(lot.code)],
        "waiting": changes.waiting(actor, lot.code),
        "record": _record(actor, lot, names),
        "running": lot.state == LotState.EVALUATING,
        "least": quoting.least(_pack(lot), lot.tender.draft, final=True),
        "following": _following(lot),
    }


def _pack(lot: Lot) -> Pack:
    return packs.load(lot.tender.pack_id)


def _suppliers(lot: Lot, everybody: Sequence[Supplier]) -> list[dict[str, Any]]:
    files, sessions = reading.documents(lot.code), threads.sessions(lot.code)
    met = Counter(session.bid_id for session in sessions if session.begun_at is not None)
    return [
        {
            "bid_id": one.bid_id,
            "name": one.name,
            "left": one.left,
            "met": met[one.bid_id],
            "files": files[one.bid_id].files,
            "ground": closing.ground_of(lot.code, one.bid_id),
            "unreceived": changes.unreceived(lot.code, {one.bid_id}),
        }
        for one in everybody
    ]


def _change(names: Mapping[str, str], one: Change) -> dict[str, Any]:
    told = [(names.get(row.bid_id, row.bid_id), row.received_at) for row in changes.told(one)]
    return {"number": one.number, "text": one.text, "issued_at": one.issued_at, "sha256": one.sha256, "told": told}


def _record(actor: Actor, lot: Lot, names: Mapping[str, str]) -> dict[str, Any] | None:
    """The record proposed, with what each member signs; None before there is one."""
    found = closing.of(lot.code)
    if found is None:
        return None
    shown: dict[str, Any] = {"by": found.by, "quote_seconds": found.quote_seconds, "closed_at": found.closed_at}
    try:
        raw = closing.statement(actor, lot.code)
    except Refusal as refusal:
        return {**shown, "refusal": refusal.words, "rows": [], "signed": []}
    rows = [(names[one.bid_id], rules.STANDING_WORDS[one.standing], one.ground) for one in closing.conclusion(lot)]
    return {**shown, "statement": keys.b64(raw), "rows": rows, "signed": closing.signed_by(lot)}


def to_supplier(actor: Actor, lot: Lot, mine: Supplier) -> dict[str, Any]:
    """The own thread and what was told; never that there are others, how many, or who."""
    current = threads.current(lot.code)
    own = current if current is not None and current.bid_id == mine.bid_id else None
    return {
        "lot": lot,
        "mine": mine,
        "meeting": own,
        "messages": threads.messages(lot.code, mine.bid_id),
        "words": rules.SORT_WORDS,
        "told": changes.told_to(lot.code, mine.bid_id),
        "running": lot.state == LotState.EVALUATING,
        "standing": _own_standing(lot, mine),
        "ground": closing.ground_of(lot.code, mine.bid_id) if lot.state != LotState.EVALUATING else None,
        "following": _own_following(lot, actor),
        "law": parties.law(lot),
    }


def _own_standing(lot: Lot, mine: Supplier) -> Any:
    """How the record ended for this supplier; None before it did."""
    if mine.left:
        return rules.STANDING_WORDS[rules.Standing.LEFT]
    if lot.state == LotState.EVALUATING or closing.of(lot.code) is None:
        return None
    return next(rules.STANDING_WORDS[one.standing] for one in closing.conclusion(lot) if one.bid_id == mine.bid_id)


def _own_following(lot: Lot, actor: Actor) -> Lot | None:
    """The box in which this supplier may quote."""
    box = boxes.after(lot.code)
    stays = box is not None and any(one.organization_id == actor.organization_id for one in box.quoters)
    return box.lot if box is not None and stays else None


def to_owner(actor: Actor, lot: Lot) -> dict[str, Any]:
    """The change that waits for the purchaser's signature, those in force, and the box for final quotes."""
    waiting = changes.waiting(actor, lot.code)
    return {
        "lot": lot,
        "waiting": waiting,
        "statement": keys.b64(waiting.file) if waiting is not None else None,
        "changes": changes.issued(lot.code),
        "following": _following(lot),
        "law": parties.law(lot),
    }


def _following(lot: Lot) -> Lot | None:
    box = boxes.after(lot.code)
    return box.lot if box is not None else None


def story(code: str) -> dict[str, Any] | None:
    """The course as the tender's page tells it; None on a lot that is neither a first box nor a final one."""
    lot = lifecycle.lot_of(code)
    box = boxes.of(lot)
    if box is not None:
        return {
            "final": True,
            "first": box.first,
            "staying": len(box.quoters),
            "law": _pack(lot).clause("final_quotes"),
        }
    if not boxes.negotiated(lot):
        return None
    told = {"final": False, "changes": changes.issued(code), "law": parties.law(lot), "following": _following(lot)}
    return {**told, "closed": _closed(code)}


def _closed(code: str) -> dict[str, Any] | None:
    row = log.latest(NegotiationClosed.kind, code)
    if row is None or not isinstance(row.value, NegotiationClosed):
        return None
    said = canonical.decode(keys.unb64(row.value.signatures[0].file))
    staying = sum(one["standing"] == rules.Standing.STAYS for one in said["suppliers"])
    return {"of": len(said["suppliers"]), "staying": staying, "signed": len(row.value.signatures), "index": row.index}
