"""Bidders of one lot under one head, or one holding or managing another (条例 art. 34; C23).

Nothing is said before the opening: a refusal while the box is open would tell one bidder of another's bid. With the
opening record the supervisor is alerted, and the committee sees the pairs and decides; nobody is rejected by a program.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from sqlalchemy import select

from accounts import ties
from accounts.models import Organization
from accounts.ties import Declared
from bidding import lots, opening, readout
from bidding.models import Bid
from bidding.standing import members_of
from bidding.states import Outcome
from escrow.standing import Bidding
from kernel.db import db
from kernel.errors import Words
from kernel.law import holds
from supervision import alerts
from tendering.models import Lot
from tendering.packs import Kind


class Sign(StrEnum):
    """Of people with one name there are many: a head of the same name is a hint, a declared holding is not."""

    HEAD = "head"
    HOLDING = "holding"


SIGN_WORDS = {
    Sign.HEAD: Words("申报的单位负责人同名", "The declared heads have the same name"),
    Sign.HOLDING: Words("存在申报的控股、管理关系", "One is declared to hold or manage the other"),
}
COLORS = {Sign.HEAD: "yellow", Sign.HOLDING: "red"}


@dataclass(frozen=True)
class Member:
    """An organization behind a bid, with what it declared."""

    uscc: str
    declared: Declared


@dataclass(frozen=True)
class Pair:
    """Two bids, in the order of their numbers, and why they may not both stand."""

    one: Bidding
    other: Bidding
    sign: Sign


def opened_bids(lot_code: str) -> list[Bidding]:
    """Who stands behind each opened bid."""
    found = []
    for row in opening.outcomes(lot_code):
        if row.outcome is Outcome.OPENED:
            bid = db.session.get_one(Bid, row.bid)
            members = tuple(member.id for member in members_of(bid.organization, bid.party))
            found.append(Bidding(row.bid_id, readout.sheet_of(row).header.bidder, members))
    return found


def pairs(bids: Sequence[Bidding]) -> list[Pair]:
    """Every two bids whose members declared a tie; a holding outweighs a name."""
    behind = _members(bids)
    found = []
    for one, other in combinations(sorted(bids, key=lambda bid: bid.bid_id), 2):
        signs = {sign(mine, theirs) for mine in behind[one.bid_id] for theirs in behind[other.bid_id]} - {None}
        if signs:
            found.append(Pair(one, other, Sign.HOLDING if Sign.HOLDING in signs else Sign.HEAD))
    return found


def sign(one: Member, other: Member) -> Sign | None:
    """What ties two organizations, if anything does."""
    if one.uscc in other.declared.holders or other.uscc in one.declared.holders:
        return Sign.HOLDING
    same = one.declared.head and one.declared.head == other.declared.head
    return Sign.HEAD if same and one.uscc != other.uscc else None


@holds("C23")
def alert(lot: Lot, bids: Sequence[Bidding], now: dt.datetime) -> int:
    """Tell the supervisors of each pair, once; how many were new."""
    rule = lots.pack(lot).find(Kind.RELATED, "bidders")
    law = rule[0].cited if rule else ties.LAW
    return sum(
        alerts.once(
            lot.code,
            alerts.Point("S14.C23", COLORS[pair.sign], "behavior"),
            {"rule": law, "sign": str(pair.sign), "bids": [pair.one.bid_id, pair.other.bid_id]},
            now,
        )
        for pair in pairs(bids)
    )


def shown(lot: Lot) -> list[tuple[Pair, Words]]:
    """For the committee and the supervisors, once the bids are open."""
    return [(pair, SIGN_WORDS[pair.sign]) for pair in pairs(opened_bids(lot.code))] if lot.opened else []


def _members(bids: Sequence[Bidding]) -> dict[str, list[Member]]:
    wanted = {one for bid in bids for one in bid.organizations}
    codes = {row.id: row.uscc for row in db.session.scalars(select(Organization).where(Organization.id.in_(wanted)))}
    said = ties.of(wanted)
    nothing = Declared("")
    return {bid.bid_id: [Member(codes[one], said.get(one, nothing)) for one in bid.organizations] for bid in bids}
