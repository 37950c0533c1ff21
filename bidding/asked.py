"""What a bid's public sheet is asked for besides price and period, by the lot's law. Pure but for reading the lot."""

from __future__ import annotations

from kernel import canonical
from tendering import packs
from tendering.models import Lot
from tendering.packs import Kind

GOODS, WORKS, SMALL = "goods", "works", "small"


def brand_law(lot: Lot) -> str:
    """By which rule bids of one brand count as one (G30), so that each names its own; empty where no brand is asked for."""
    if lot.method is None or canonical.decode(lot.method).get("goods_or_services") != GOODS:
        return ""
    return "；".join(rule.cited for rule in packs.load(lot.tender.pack_id).find(Kind.SAME_BRAND, "conforming"))


def deduction_law(lot: Lot) -> str:
    """By which rule a small firm's price is reduced in the evaluation (G49), so that it can claim it; empty where none is."""
    method = canonical.decode(lot.method) if lot.method else {}
    if not (method.get("deduction") or {}).get(SMALL):
        return ""
    family = "works" if method["goods_or_services"] == WORKS else "goods_services"
    return "；".join(
        rule.cited for rule in packs.load(lot.tender.pack_id).find(Kind.MIN_PERCENT, f"deduction.{family}")
    )
