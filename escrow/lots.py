"""What a deposit hangs on: the lot's terms as its notice was signed, when things happened to it, and whether it may be spoken of."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from accounts.actor import Actor
from escrow import rules
from kernel import money
from kernel.clock import parse_rfc3339
from kernel.db import db
from kernel.errors import NotFound, TooEarly
from kernel.money import Fen
from supervision import contract_facts
from tendering import notices, packs, visibility
from tendering.contracts import course, messages
from tendering.contracts.duties import moments_of
from tendering.models import Lot
from tendering.objections import rules as said_rules
from tendering.offers import moving
from tendering.offers import terms as offers
from tendering.offers.models import Deal
from tendering.states import ENDED, STILL_SHUT, LotState

HIDDEN_LAW = "《招标投标法》第二十二条；《招标投标法实施条例》第八十一条"
TERMINATED: Final = frozenset({LotState.FAILED, LotState.CANCELLED, LotState.VOIDED})


@dataclass(frozen=True)
class Terms:
    due: Fen
    forms: tuple[str, ...]
    validity_days: int | None


def terms(lot: Lot) -> Terms | None:
    """What the notice asks for; None where it asks for no deposit."""
    notice = notices.content(lot.tender)
    text = rules.lot_terms(notice, lot.number).get("deposit")
    if not text:
        return None
    return Terms(money.parse(text), tuple(notice["deposit_forms"]), notice["bid_validity_days"])


def needed(lot: Lot) -> Terms:
    """The terms; NotFound where none is asked for."""
    found = terms(lot)
    if found is None or lot.tender.unpublished:
        raise NotFound("deposit.none", "本标段不收保证金。", "This lot asks for no deposit.", rule=HIDDEN_LAW)
    return found


def cut_off(lot: Lot, at: dt.datetime) -> dt.datetime:
    """Until when a deposit arrives: with the bids or, where buyers are confirmed first, with their applications (L06).

    While the lot stands still, as a resumption at `at` would set it.
    """
    if offers.is_offer(packs.load(lot.tender.pack_id)) and (due := moving.due_at(lot, at)) is not None:
        return due
    assert lot.closes_at is not None, "only a published lot asks for deposits"
    return said_rules.resumed_until(lot.closes_at, lot.suspended_at, at) if lot.suspended_at else lot.closes_at


def validity_ends(lot: Lot, found: Terms) -> dt.datetime | None:
    """A bid is valid from the deadline on for as long as the notice says (C19)."""
    if found.validity_days is None or lot.closes_at is None:
        return None
    return lot.closes_at + dt.timedelta(days=found.validity_days)


def opened(lot: Lot) -> bool:
    """Whether its bids are open, so that it may be said whose deposit is in order."""
    if lot.state in ENDED and lot.state != LotState.CLOSED:
        return course.happened_to(lot.code, LotState.OPENING) is not None
    return lot.opened


def over(lot: Lot) -> bool:
    """Opened or ended: that deposits are returned tells nobody any more that there are bidders."""
    return lot.opened or lot.state in ENDED


def check_open(lot: Lot) -> None:
    """TooEarly before the opening: until then nobody but the bidder hears of a deposit, not even whether there is one."""
    if not opened(lot):
        raise TooEarly(
            "deposit.secret", "开标前保证金交纳情况保密。", "Before the opening deposits are secret.", rule=HIDDEN_LAW
        )


def check_project(lot: Lot, actor: Actor) -> None:
    """The people of the lot's owner and agency, and only once it is open."""
    visibility.check_project(lot.tender, actor)
    check_open(lot)


def moments(lot: Lot) -> dict[str, dt.datetime | None]:
    """Since when what sets a return going has been so."""
    if lot.state in STILL_SHUT:
        return {}
    found = moments_of(lot) if lot.awarded_bid else {}
    return {
        "terminated": _terminated(lot),
        "award_notice": found.get("award_notice"),
        "contract_signed": _first(contract_facts.ContractSigned.kind, lot.code) if lot.awarded_bid else None,
        "deal": course.happened_to(lot.code, LotState.DEAL),
    }


def _terminated(lot: Lot) -> dt.datetime | None:
    """A lot tendered again failed before; one that was won and only then declared void ended then."""
    if lot.state == LotState.RETENDERED:
        return course.happened_to(lot.code, LotState.FAILED)
    return course.happened_to(lot.code, lot.state) if lot.state in TERMINATED else None


def _first(kind: str, code: str) -> dt.datetime | None:
    """The contract that stands is the last one; a dropped winner's never was signed by both."""
    rows = course.told(kind, code)
    return parse_rfc3339(rows[-1]["at"]) if rows else None


def winner(lot: Lot) -> int | None:
    """The organization that bought, or that was told it won, while that stands."""
    if lot.state == LotState.DEAL:
        return db.session.scalar(select(Deal.organization_id).where(Deal.lot_id == lot.id))
    notice = messages.notice_of(lot.code) if lot.awarded_bid else None
    return notice.organization if notice else None


def stated(code: str) -> list[dict[str, object]]:
    """The lines read out at the opening, for everybody; none before."""
    rows = course.told("deposits.stated", code)
    return list(rows[-1]["rows"]) if rows else []
