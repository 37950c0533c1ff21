"""A sealed contest among confirmed takers, decided by the clock without a committee: the highest price at or above the floor."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Select, select

from bidding.models import Bid
from evaluation import reading
from kernel import money
from kernel.db import db, transaction
from kernel.errors import Words
from kernel.law import holds
from supervision.models import LogFact
from tendering import lifecycle, packs
from tendering.models import Lot, Tender
from tendering.offers import deals, rules
from tendering.offers import terms as sale
from tendering.offers.deals import Winner
from tendering.offers.rules import Priced
from tendering.offers.terms import Way
from tendering.packs import OFFERS
from tendering.states import CLOCK, LotEvent, LotState

BELOW = Words("最高报价低于底价，或者没有可以开启的报价。", "nobody offered the floor")


def step_contests(now: dt.datetime) -> bool:
    """Decide every contest that is opened; whether there was one."""
    with transaction(write=False):
        waiting = [lot.code for lot in db.session.scalars(_opened()) if _is_contest(lot)]
    return any([_decide(code, now) for code in waiting])  # noqa: C419  each of them is decided


def _opened() -> Select[Lot]:
    here = (Lot.state == LotState.OPENED, Lot.suspended_at.is_(None), Tender.method.in_(sorted(OFFERS)))
    return select(Lot).join(Tender).where(*here).order_by(Lot.id)


def _is_contest(lot: Lot) -> bool:
    return sale.way(packs.load(lot.tender.pack_id)) is Way.CONTEST


def _decide(code: str, now: dt.datetime) -> bool:
    with transaction():
        lot = lifecycle.lot_of(code, lock=True)
        if lot.state != LotState.OPENED or lot.suspended_at is not None:
            return False
        won = _best(lot)
        if won is None:
            deals.fail(lot, LotEvent.NO_DEAL, BELOW, CLOCK, now)
        else:
            deals.strike(lot, Way.CONTEST, won, CLOCK, now)
    return True


@holds("P08", "L10")
def _best(lot: Lot) -> Winner | None:
    """The best of what was read out, of equals the one that was received first, as its receipt says."""
    found = {bid.bid_id: (bid, sheet) for bid, sheet in reading.read_out(lot.code) if sheet.price is not None}
    order = sorted(found, key=lambda bid_id: _place(found[bid_id][0]))
    offers = [Priced(bid_id, price) for bid_id in order if (price := found[bid_id][1].price) is not None]
    won = rules.best(offers, rules.least_price(sale.read(lot.tender.draft, lot.number).floor, None))
    if won is None:
        return None
    bid, sheet = found[won.token]
    return Winner(bid.organization, bid.bid_id, bid.manifest_sha256, sheet.header.bidder, money.Fen(won.price))


def _place(bid: Bid) -> tuple[dt.datetime, int]:
    index = db.session.scalars(select(LogFact.index).where(LogFact.id == bid.log_fact)).one()
    assert index is not None, "a bid on the roll stands below the cut"
    return bid.received_at.replace(microsecond=0), index
