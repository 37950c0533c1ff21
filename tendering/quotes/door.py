"""The door of a final box: only those who stay when the negotiation ended may quote (N05, N09)."""

from __future__ import annotations

from kernel.errors import Forbidden
from kernel.law import holds
from tendering import packs
from tendering.models import Lot
from tendering.quotes import boxes


def stays(lot: Lot, organization: int) -> bool:
    """Whether this organization may quote; True for every lot that is no final box."""
    found = boxes.of(lot)
    return found is None or any(one.organization_id == organization for one in found.quoters)


@holds("final_quotes")
def check_stays(lot: Lot, organization: int) -> None:
    """Forbidden where the lot is a final box and this organization did not stay. A consortium comes in by its lead."""
    if not stays(lot, organization):
        raise Forbidden(
            "quotes.not_staying",
            "最后报价只由谈判（磋商）结束时继续参加的供应商提交。",
            "Final quotes come from those alone who stayed when the negotiation ended.",
            rule=packs.load(lot.tender.pack_id).clause("final_quotes"),
        )
