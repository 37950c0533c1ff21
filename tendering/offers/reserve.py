"""The base or reserve price: a commitment in the notice, opened by seller and centre together when offers are known (L04)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from accounts.actor import Actor
from accounts.roles import Role
from kernel import canonical, money
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Invalid
from kernel.law import holds
from kernel.money import Fen
from supervision import log, offer_facts
from tendering import approvals, publishing, visibility
from tendering.approvals import Act, Step
from tendering.models import Lot
from tendering.offers.applications import deal_law, pack_of, terms_of
from tendering.offers.models import Reserve
from tendering.offers.rules import SHA256
from tendering.states import LotState

TYPE = "kaibiao-reserve/1"
MAY_OPEN = frozenset({LotState.OPENED, LotState.EVALUATING, LotState.REPORTED, LotState.BIDDING})
"""Offers are known, or made in the room: nobody gains by knowing it now."""
REASON = "报价已经公开，按公告的承诺启封标底（底价）。"


def commitment(amount: Fen, nonce: str) -> str:
    """What stands in the notice: the hash over amount and nonce, from which nobody learns either."""
    return canonical.sha(canonical.encode({"type": TYPE, "amount": money.wire(amount), "nonce": nonce}))


def propose(actor: Actor, lot: Lot, amount: Fen, nonce: str, now: dt.datetime) -> Reserve:
    """The seller enters what it committed to; it opens with the centre's second."""
    role = visibility.check_project(lot.tender, actor, Role.OWNER)
    committed = _check(lot)
    if not SHA256.fullmatch(nonce) or commitment(amount, nonce) != committed:
        zh, en = "金额和随机数与公告中的承诺不符。", "Amount and nonce are not those of the notice's commitment."
        raise Invalid("reserve.other", zh, en, rule=_law(lot), fields={"amount": "commitment"})
    approvals.propose(actor, lot.tender, Step(_name(lot), role, REASON), now)
    row = waiting(lot) or Reserve(lot_id=lot.id)
    row.amount_fen, row.nonce = amount, nonce
    db.session.add(row)
    db.session.flush()
    return row


@holds("L04", "deal:reserve")
def second(actor: Actor, lot: Lot, now: dt.datetime) -> Reserve:
    """The centre's staff second it: from here on the reserve is public."""
    actor.act_as(Role.OPS)
    committed = _check(lot)
    approvals.second(actor, lot.tender, Step(_name(lot), Role.OPS), now)
    row = waiting(lot)
    assert row is not None, "entered with the first approval"
    row.opened_at = now
    log.append(
        offer_facts.ReserveOpened(
            lot=lot.code, commitment=committed, amount=money.wire(Fen(row.amount_fen)), nonce=row.nonce, at=rfc3339(now)
        )
    )
    publishing.queue(lot.tender.code)
    return row


def waiting(lot: Lot) -> Reserve | None:
    return db.session.scalar(select(Reserve).where(Reserve.lot_id == lot.id))


def check_may_open(lot: Lot) -> None:
    """Conflict unless there is a commitment that may be opened now."""
    _check(lot)


def proposed(lot: Lot) -> bool:
    """Whether the seller has entered it and the centre's second is missing."""
    return approvals.waiting(lot.tender, _name(lot)) is not None


@holds("L04", "deal:reserve")
def _check(lot: Lot) -> str:
    """The commitment; Conflict where there is none, too early, or once it is open (L04)."""
    committed, row = terms_of(lot).reserve_sha256, waiting(lot)
    if not committed or lot.state not in MAY_OPEN or (row is not None and row.opened_at is not None):
        zh, en = (
            "现在不能启封标底（底价）：报价公开前应当保密。",
            "The reserve is not opened now: it is secret until offers are known.",
        )
        raise Conflict("reserve.shut", zh, en, rule=_law(lot), state=lot.state)
    return committed


def _name(lot: Lot) -> str:
    return approvals.name_of(Act.UNLOCK, lot.code)


def _law(lot: Lot) -> str:
    return pack_of(lot).clause("reserve") or deal_law(pack_of(lot)) or "rules.md 5.3 A3"
