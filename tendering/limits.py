"""The limit on lots won, asked of a lot as it stands."""

from __future__ import annotations

from tendering import award_limit, notices
from tendering.award_limit import Limit
from tendering.models import Lot


def passed_over(lot: Lot) -> list[str]:
    """The candidates of the lot who won elsewhere all that the notice lets one bidder win."""
    limit = Limit.of_notice(notices.content(lot.tender))
    if limit is None:
        return []
    return award_limit.passed_over(lot.ranking or [], limit.full(lot.code, _winners(lot)))


def check(lot: Lot, bid_id: str) -> list[str]:
    """Those passed over; Conflict out of turn, or when the chosen one is among them."""
    limit = Limit.of_notice(notices.content(lot.tender))
    if limit is None:
        return []
    before = limit.before(lot.code)
    award_limit.check_turn([one.code for one in lot.tender.lots if one.code in before and one.under_way])
    passed = passed_over(lot)
    award_limit.check_not_full(bid_id, passed, limit.most)
    return passed


def _winners(lot: Lot) -> dict[str, str]:
    decided = [one for one in lot.tender.lots if one.decided and one.id != lot.id]
    return {one.code: row["bidder"] for one in decided for row in one.ranking or [] if row["bid_id"] == one.awarded_bid}
