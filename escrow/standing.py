"""Whether a bidder's deposit is in order, as it is said at the opening; and what the register shows about payers once it may."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from escrow import lots, rules
from escrow.models import Arrival, Deposit
from escrow.rules import Problem
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import TooEarly, Words
from kernel.law import holds
from supervision import alerts, deposit_facts, log
from tendering import packs
from tendering.models import Lot
from tendering.states import LotState

SAID = frozenset({LotState.OPENING})


@dataclass(frozen=True)
class Bidding:
    """One opened bid: who is behind it (every member of a consortium), by the platform's own numbers."""

    bid_id: str
    bidder: str
    organizations: tuple[int, ...]


def problem_of(deposit: Deposit) -> Problem | None:
    """Why it is not in order; None when it is."""
    if deposit.guarantee is not None:
        return Problem(deposit.guarantee.problem) if deposit.guarantee.problem else None
    if sum(row.held for row in deposit.arrivals) >= deposit.due_fen:
        return None
    found = [Problem(row.problem) for row in deposit.arrivals if row.problem]
    return found[0] if found else Problem.SHORT if deposit.arrivals else Problem.NOTHING


def of_party(code: str, organizations: Sequence[int]) -> Problem | None:
    """One member's deposit in order is enough for all; otherwise what is wrong with the best there is."""
    wanted = (Deposit.lot == code, Deposit.organization.in_(organizations), Deposit.withdrawn_at.is_(None))
    found = [problem_of(row) for row in db.session.scalars(select(Deposit).where(*wanted))]
    if not found or None in found:
        return None if found else Problem.NOTHING
    return next((problem for problem in found if problem is not Problem.NOTHING), Problem.NOTHING)


@holds("deposit_paid")
def state(lot: Lot, bids: Sequence[Bidding], now: dt.datetime) -> None:
    """Say at the opening, once, whose deposit is in order: a flag for the committee, which alone rejects (G13)."""
    rows = lines(lot, bids)
    if lots.stated(lot.code) != [row.to_json() for row in rows]:
        log.append(deposit_facts.DepositsStated(lot=lot.code, rows=rows, at=rfc3339(now)), lot=lot.code)
        _signs(lot, now)


def lines(lot: Lot, bids: Sequence[Bidding]) -> tuple[deposit_facts.StatedDeposit, ...]:
    """Whose deposit is in order; none where none is asked. TooEarly before the opening runs: nobody hears until then."""
    if lot.state not in SAID and not lots.opened(lot):
        raise TooEarly(
            "deposit.secret",
            "开标前保证金交纳情况保密。",
            "Before the opening deposits are secret.",
            rule=lots.HIDDEN_LAW,
        )
    return () if lots.terms(lot) is None else tuple(_line(lot, bid) for bid in bids)


def _line(lot: Lot, bid: Bidding) -> deposit_facts.StatedDeposit:
    problem = of_party(lot.code, bid.organizations)
    return deposit_facts.StatedDeposit(
        bid_id=bid.bid_id, bidder=bid.bidder, in_order=problem is None, reason=str(problem) if problem else None
    )


# Hard signs, with the opening -------------------------------------------------------------------------------------


@holds("deposit_basic_account")
def _signs(lot: Lot, now: dt.datetime) -> int:
    """Raise what payers give away: one payer for two bidders (条例 第40条), money not from the basic account (C17)."""
    wanted = select(Arrival).join(Deposit, Deposit.id == Arrival.deposit_id).where(Deposit.lot == lot.code)
    found = db.session.scalars(wanted.order_by(Arrival.id)).all()
    return _shared(lot, found, now) + _elsewhere(lot, found, now)


def _shared(lot: Lot, found: Sequence[Arrival], now: dt.datetime) -> int:
    payers: Mapping[str, set[int]] = _payers(found)
    shared = [account for account, bidders in payers.items() if len(bidders) > 1]
    point = alerts.Point("S15", "red", "behavior")
    law = "《招标投标法实施条例》第四十条"
    return sum(
        alerts.once(lot.code, point, {"rule": law, "sign": "one payer", "number": at}, now)
        for at, _ in enumerate(shared, 1)
    )


def _payers(found: Sequence[Arrival]) -> Mapping[str, set[int]]:
    payers: defaultdict[str, set[int]] = defaultdict(set)
    for row in found:
        assert row.deposit is not None
        payers[row.payer_account].add(row.deposit.organization)
    return payers


def _elsewhere(lot: Lot, found: Sequence[Arrival], now: dt.datetime) -> int:
    pack = packs.load(lot.tender.pack_id)
    odd = [row for row in found if row.problem in (Problem.ACCOUNT, Problem.PAYER)]
    if not odd:
        return 0
    basic = pack.find(packs.Kind.REQUIRED, "deposit_basic_account")
    point = alerts.Point(f"S15.{basic[0].id}" if basic else "S15", "yellow", "behavior")
    evidence = {"rule": basic[0].cited if basic else "rules.md 6 S15", "sign": "not the bidder's basic account"}
    return int(alerts.once(lot.code, point, evidence, now))


def shown(code: str) -> list[tuple[dict[str, object], Words | None]]:
    """The stated lines with their reasons in words."""
    return [
        (row, rules.PROBLEM_WORDS[Problem(str(row["reason"]))] if row["reason"] else None) for row in lots.stated(code)
    ]
