"""The door behind a pre-qualification: only who passed bids, and in the party that passed (C24, C25)."""

from __future__ import annotations

from sqlalchemy import exists, select

from kernel.db import db
from kernel.errors import Forbidden
from kernel.law import holds
from tendering import packs
from tendering.models import Lot
from tendering.prequal.models import PrequalApplication
from tendering.prequal.rules import by_prequal


def has_passed(lot: Lot, party: str) -> bool:
    mine = select(PrequalApplication.id).where(
        PrequalApplication.lot_id == lot.id,
        PrequalApplication.party == party,
        PrequalApplication.withdrawn_at.is_(None),
        PrequalApplication.passed.is_(True),
    )
    return bool(db.session.scalar(select(exists(mine))))


@holds("C24", "late_bid")
def check_qualified(lot: Lot, party: str) -> None:
    """Forbidden to a party that did not pass. One that passed alone does not join others afterwards, nor the reverse."""
    pack = packs.load(lot.tender.pack_id)
    if by_prequal(pack) and not has_passed(lot, party):
        raise Forbidden(
            "bid.not_qualified",
            "未通过资格预审的申请人不得投标；联合体应当与申请时相同。",
            "Only who passed the pre-qualification bids, and a consortium as it applied.",
            rule=pack.clause("late_bid") or pack.clause("qualification"),
        )
