"""What was agreed on a lot, and what it is measured by."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from kernel import canonical, money
from kernel.db import db
from kernel.errors import Conflict
from kernel.law import holds
from kernel.money import Fen
from supervision import facts, log
from tendering import packs
from tendering.agreement import rules
from tendering.agreement.models import SourceAgreement
from tendering.agreement.rules import Response
from tendering.models import Lot


def of(lot: Lot) -> SourceAgreement | None:
    found: SourceAgreement | None = db.session.scalar(select(SourceAgreement).where(SourceAgreement.lot_id == lot.id))
    return found


def asked(lot: Lot) -> bool:
    """Whether this lot needs an agreement: a single source alone does."""
    return rules.rule_of(packs.load(lot.tender.pack_id)) is not None


def price(lot: Lot) -> Fen | None:
    """The agreed price once both sides signed; None otherwise, and in every other procedure."""
    found = of(lot)
    return money.parse(found.price) if found is not None and found.stands else None


def content(found: SourceAgreement) -> dict[str, Any]:
    said: dict[str, Any] = canonical.decode(found.record)
    return said


def response(lot: Lot) -> Response | None:
    """The one response whose price was read out."""
    for row in log.find(facts.BidOpened.kind, lot.code):
        told = canonical.decode(row.fact)
        if told["price"] is not None:
            return Response(told["bid_id"], told["manifest_sha256"], told["bidder"], money.parse(told["price"]))
    return None


@holds("N12.team")
def check_agreed(lot: Lot) -> None:
    """Conflict where a single source has no agreement that both sides signed: nobody is shown or chosen without it."""
    rule = rules.rule_of(packs.load(lot.tender.pack_id))
    found = of(lot)
    if rule is not None and (found is None or not found.stands):
        raise Conflict(
            "agreement.missing",
            "单一来源采购应当先由具有相关经验的人员与供应商商定价格，并由双方签署协商情况记录。",
            "A single source comes first to an agreed price: people with experience, a record, both signatures.",
            rule=rule.cited,
        )
