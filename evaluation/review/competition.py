"""With too few valid bids left the committee argues whether competition is lacking and whether it rejects all (C46)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from accounts import records
from accounts.actor import Actor
from evaluation import reading, scoring
from evaluation.arithmetic import service as arithmetic
from evaluation.methods.evaluate import evaluate
from evaluation.models import Seat
from evaluation.result import Competition
from evaluation.review import chamber, rules
from evaluation.review.models import Argument
from kernel import canonical
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, NotFound
from kernel.law import holds
from supervision import log
from supervision.review_facts import CompetitionArgued
from tendering import lifecycle, packs
from tendering.models import Lot
from tendering.packs import Kind, Pack


def rule_of(pack: Pack) -> packs.Rule | None:
    """The rule that asks for the argument; None where too few simply fail (G22)."""
    return next(iter(pack.find(Kind.REQUIRED, "competition_argument")), None)


@holds("C46")
def due(lot: Lot) -> bool:
    """Whether the sheets leave some bids, but fewer than the law wants, and the pack asks for the argument."""
    pack = packs.load(lot.tender.pack_id)
    if rule_of(pack) is None or arithmetic.pending(lot.code) or not scoring.all_signed(lot.code):
        return False
    bids = arithmetic.priced(lot.code)
    verdicts = evaluate(reading.method(lot), bids, scoring.signed_sheets(lot.code)).verdicts
    valid = sum(one.ground is None for one in verdicts)
    return 0 < valid < pack.min_bids.value


def carried(lot_code: str) -> Competition | None:
    """The argument that stands, as the result cites it."""
    wanted = select(Argument).where(
        Argument.lot == lot_code, Argument.carried_at.is_not(None), Argument.withdrawn_at.is_(None)
    )
    found = db.session.scalar(wanted)
    return None if found is None else Competition(found.text, found.reject_all, tuple(found.supporters))


def proposed(lot_code: str) -> list[Argument]:
    wanted = select(Argument).where(Argument.lot == lot_code, Argument.withdrawn_at.is_(None)).order_by(Argument.id)
    return list(db.session.scalars(wanted))


def propose(actor: Actor, lot_code: str, text: str, now: dt.datetime, *, reject_all: bool) -> Argument:
    """A member's argument; it stands when a majority carries it."""
    lot, seat = chamber.working(actor, lot_code)
    _check_due(lot)
    found = Argument(
        lot=lot.code, text=rules.check_text(text, "argument"), reject_all=reject_all, supporters=[], proposed_at=now
    )
    db.session.add(found)
    db.session.flush()
    return _support(actor, seat, found, now)


def support(actor: Actor, lot_code: str, number: int, now: dt.datetime) -> Argument:
    """Another member's consent."""
    lot, seat = chamber.working(actor, lot_code)
    _check_due(lot)
    found = next((one for one in proposed(lot_code) if one.id == number), None)
    if found is None:
        raise NotFound("competition.unknown", "没有这项论证", "There is no such argument")
    return _support(actor, seat, found, now)


def withdraw(lot_code: str, now: dt.datetime) -> None:
    """An evaluation begun again argues again."""
    for found in proposed(lot_code):
        found.withdrawn_at = now


def _check_due(lot: Lot) -> None:
    if not due(lot) or carried(lot.code) is not None:
        raise Conflict(
            "competition.not_due",
            "现在不需要论证竞争性",
            "There is nothing to argue about competition now",
            rule=packs.load(lifecycle.lot_of(lot.code).tender.pack_id).clause("competition_argument"),
        )


def _support(actor: Actor, seat: Seat, found: Argument, now: dt.datetime) -> Argument:
    found.supporters = sorted({*found.supporters, seat.alias})
    records.acted(actor, "competition.carried", now, lot=found.lot)
    if rules.carried(found.supporters, chamber.aliases(found.lot)):
        found.carried_at = now
        fact = CompetitionArgued(
            lot=found.lot,
            text_sha256=canonical.sha(found.text.encode()),
            reject_all=found.reject_all,
            by=tuple(found.supporters),
            at=rfc3339(now),
        )
        log.append(fact, lot=found.lot)
    db.session.flush()
    return found
