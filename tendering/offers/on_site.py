"""The outcome of a listing or an auction held on site, entered by one side and confirmed by another (L09, L10, P13)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select

from accounts.actor import Actor
from accounts.roles import Role
from kernel import money
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Invalid, Words
from kernel.law import holds
from kernel.money import Fen
from supervision import log, offer_facts
from supervision.offer_facts import Quote
from tendering import approvals, visibility
from tendering.approvals import Act, Step
from tendering.models import Lot
from tendering.offers import applications, deals, rules
from tendering.offers.applications import deal_law, pack_of, terms_of
from tendering.offers.models import OnSite
from tendering.offers.rules import SHA256, Priced
from tendering.offers.terms import Way
from tendering.states import LotEvent, LotState

REASON = "按现场记录登记竞价结果，待另一方核对确认。"
UNSOLD = Words("最高报价未达到底价（保留价），或者无人报价。", "nobody reached the reserve")


def enter(actor: Actor, lot: Lot, quotes: Sequence[Priced], record_sha256: str, now: dt.datetime) -> OnSite:
    """Enter the quotes in the order in which they were made, with the hash of the signed record; another side confirms."""
    role = _side(actor, lot)
    _check_bidding(lot)
    _check_quotes(lot, quotes, record_sha256)
    approvals.propose(actor, lot.tender, Step(_name(lot), role, REASON), now)
    row = of(lot) or OnSite(lot_id=lot.id)
    row.quotes = [{"by": one.token, "price": money.wire(one.price)} for one in quotes]
    row.record_sha256, row.entered_at = record_sha256, now
    db.session.add(row)
    db.session.flush()
    return row


def confirm(actor: Actor, lot: Lot, now: dt.datetime) -> Lot:
    """The other side confirms what was entered: the highest at or above floor and reserve buys, of equals the first."""
    role = _side(actor, lot)
    _check_bidding(lot)
    deals.check_reserve_open(lot)
    approvals.second(actor, lot.tender, Step(_name(lot), role), now)
    row = of(lot)
    assert row is not None, "entered with the first approval"
    row.stands_at = now
    quotes = [Priced(one["by"], money.parse(one["price"])) for one in row.quotes]
    log.append(
        offer_facts.SaleOnSite(
            lot=lot.code,
            quotes=tuple(Quote(by=one.token, price=money.wire(one.price)) for one in quotes),
            record_sha256=row.record_sha256,
            at=rfc3339(now),
        )
    )
    _decide(actor, lot, quotes, now)
    return lot


@holds("L09", "L10", "P13.reserve")
def _decide(actor: Actor, lot: Lot, quotes: Sequence[Priced], now: dt.datetime) -> None:
    """Below floor or reserve a call has no effect, and without one the sale ends (L09, P13)."""
    won = rules.best(quotes, rules.least_price(terms_of(lot).floor, deals.reserve_of(lot)))
    if won is None:
        deals.fail(lot, LotEvent.NO_DEAL, UNSOLD, actor, now)
        return
    row = next(one for one in applications.in_state(lot, applications.CONFIRMED) if one.token == won.token)
    deals.strike(lot, Way.ON_SITE, deals.applicant(row, Fen(won.price)), actor, now)


def take_back(actor: Actor, lot: Lot, now: dt.datetime) -> None:
    """Whoever entered it takes it back before it is confirmed."""
    _side(actor, lot)
    approvals.take_back(actor, lot.tender, _name(lot), now)


def of(lot: Lot) -> OnSite | None:
    return db.session.scalar(select(OnSite).where(OnSite.lot_id == lot.id).execution_options(populate_existing=True))


def entered(lot: Lot) -> bool:
    """Whether an outcome waits for the other side."""
    return approvals.waiting(lot.tender, _name(lot)) is not None


def _side(actor: Actor, lot: Lot) -> Role:
    """The centre's staff, or the seller."""
    if Role.OPS in actor.roles:
        return actor.act_as_any(Role.OPS)
    return visibility.check_project(lot.tender, actor, Role.OWNER)


def _check_bidding(lot: Lot) -> None:
    if lot.state != LotState.BIDDING:
        zh, en = "标的不在现场竞价阶段。", "The lot is not being bid for on site."
        raise Conflict("on_site.closed", zh, en, rule=deal_law(pack_of(lot)), state=lot.state)


def _check_quotes(lot: Lot, quotes: Sequence[Priced], record_sha256: str) -> None:
    known = {row.token for row in applications.in_state(lot, applications.CONFIRMED)}
    wrong = {}
    if any(one.token not in known for one in quotes):
        wrong["quotes"] = "stranger"
    if not SHA256.fullmatch(record_sha256):
        wrong["record_sha256"] = "form"
    if wrong:
        zh, en = (
            "报价人须为已确认的竞买人，并填写现场记录的SHA-256。",
            "Quotes are by confirmed bidders; name the record's SHA-256.",
        )
        raise Invalid("on_site.form", zh, en, rule=deal_law(pack_of(lot)), fields=wrong)


def _name(lot: Lot) -> str:
    return approvals.name_of(Act.OUTCOME, lot.code)
