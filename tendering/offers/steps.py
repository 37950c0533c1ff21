"""What the clock does for a sale: a listing ends without a taker, in a deal, in a sealed contest, or goes on on site (A2, A3)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Select, select

from kernel.db import db, transaction
from kernel.errors import Words
from kernel.law import holds
from kernel.money import Fen
from tendering import timetable
from tendering.lifecycle import lot_of, move
from tendering.models import Lot
from tendering.offers import applications, deals, deposits, moving, rules
from tendering.offers import terms as sale
from tendering.offers.applications import pack_of, terms_of
from tendering.offers.models import OfferApplication
from tendering.offers.terms import Way
from tendering.packs import Kind
from tendering.states import CLOCK, LotEvent, LotState

SILENT = "转让方逾期未答复，视为同意。"
UNPAID = "保证金未在截止前足额到账，不予确认。"
NOBODY = Words("披露（挂牌）期满，没有合格的受让方（竞买人）。", "the listing ended without a taker")


def step_listings(now: dt.datetime) -> bool:
    """End every listing whose time has come; whether there was one."""
    with transaction(write=False):
        due = [lot.code for lot in db.session.scalars(_listed()) if _is_over(lot, now)]
    return any([_end(code, now) for code in due])  # noqa: C419  each of them ends


def _listed() -> Select[Lot]:
    return select(Lot).where(Lot.state == LotState.LISTING, Lot.suspended_at.is_(None)).order_by(Lot.id)


def _end(code: str, now: dt.datetime) -> bool:
    with transaction():
        lot = lot_of(code, lock=True)
        if lot.state != LotState.LISTING or lot.suspended_at is not None or not _is_over(lot, now):
            return False
        if sale.way(pack_of(lot)) is Way.ON_SITE:
            _go_on_site(lot, now)
        else:
            _count_takers(lot, now)
    return True


def _is_over(lot: Lot, now: dt.datetime) -> bool:
    """Its time has come; for a disclosure, besides, every taker's standing is settled or the seller has been silent too long."""
    if sale.way(pack_of(lot)) is Way.ON_SITE:
        return lot.closes_at is not None and now >= lot.closes_at
    if lot.applications_due is None or now < lot.applications_due:
        return False
    return not _undecided(lot) or now >= decide_by(lot, lot.applications_due)


def _undecided(lot: Lot) -> list[OfferApplication]:
    return applications.in_state(lot, applications.MADE, applications.COMPLETE)


@holds("applications_due:application_decided")
def decide_by(lot: Lot, due: dt.datetime) -> dt.datetime:
    """Until when the seller answers on the takers; its silence agrees (P16.decide)."""
    found = pack_of(lot).find(Kind.MAX_INTERVAL, "application_decided")
    return timetable.calendar().reaches(found[0], due) + moving.stood_still(lot, due) if found else due


@holds("A2", "A3", "P08")
def _count_takers(lot: Lot, now: dt.datetime) -> None:
    """No taker: extended as the notice says, or failed. One: it buys at its offer, not below the floor. More: a sealed contest among them (P08).

    The seller's silence confirms only whose deposit arrived: nobody's silence makes up for it.
    """
    for row in _undecided(lot):
        paid = deposits.problem(lot, row.organization_id) is None
        applications.settle(row, lot, SILENT if paid else UNPAID, now, confirmed=paid)
    confirmed = applications.in_state(lot, applications.CONFIRMED)
    if not confirmed and moving.extend(lot, now):
        return
    if not confirmed:
        deals.fail(lot, LotEvent.NO_TAKER, NOBODY, CLOCK, now)
    elif len(confirmed) == 1:
        price = Fen(max(confirmed[0].offer_fen or 0, rules.least_price(terms_of(lot).floor, None)))
        deals.strike(lot, Way.ONE_TAKER, deals.applicant(confirmed[0], price), CLOCK, now)
    else:
        move(lot, LotEvent.TAKERS, CLOCK, now, ["two takers or more confirmed"])


@holds("A2")
def _go_on_site(lot: Lot, now: dt.datetime) -> None:
    if not applications.in_state(lot, applications.CONFIRMED):
        deals.fail(lot, LotEvent.NO_TAKER, NOBODY, CLOCK, now)
        return
    move(lot, LotEvent.BIDDING, CLOCK, now, ["the listing is over"])
