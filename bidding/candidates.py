"""What the publicity of candidates says of each beside name and price (发展改革委令第10号 art. 6)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from bidding import readout
from bidding.models import Opened
from bidding.states import Outcome
from kernel.db import db
from kernel.law import holds
from tendering.models import Lot


@dataclass(frozen=True)
class Responded:
    """A candidate's answer as read out at the opening; empty where the bid says nothing."""

    bidder: str
    quality: str
    period_days: int | None
    leader: str
    items: dict[str, str]


@holds("publicity_notice")
def responses(lot: Lot) -> list[Responded]:
    """The candidates' in the order of their rank; nothing before candidates are on view."""
    ranked = [row["bid_id"] for row in lot.ranking or []]
    if not ranked:
        return []
    wanted = (Opened.lot == lot.code, Opened.outcome == Outcome.OPENED, Opened.bid_id.in_(ranked))
    rows = {row.bid_id: row for row in db.session.scalars(select(Opened).where(*wanted))}
    return [_responded(rows[bid]) for bid in ranked if bid in rows]


def _responded(row: Opened) -> Responded:
    sheet = readout.sheet_of(row)
    return Responded(
        sheet.header.bidder, sheet.quality or "", sheet.period_days, sheet.project_leader or "", dict(sheet.items)
    )
