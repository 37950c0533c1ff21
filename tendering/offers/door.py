"""The door of a sale: only confirmed applicants make offers (L07, P08)."""

from __future__ import annotations

from sqlalchemy import exists, select

from kernel.db import db
from kernel.errors import Forbidden
from kernel.law import holds
from tendering.models import Lot
from tendering.offers import applications
from tendering.offers import terms as sale
from tendering.offers.models import OfferApplication


def is_confirmed(lot: Lot, organization: int) -> bool:
    mine = select(OfferApplication.id).where(
        OfferApplication.lot_id == lot.id,
        OfferApplication.organization_id == organization,
        OfferApplication.state == applications.CONFIRMED,
    )
    return bool(db.session.scalar(select(exists(mine))))


@holds("L07")
def check_confirmed(lot: Lot, organization: int) -> None:
    """Forbidden where applicants are confirmed first and this organization is not."""
    if sale.is_offer(applications.pack_of(lot)) and not is_confirmed(lot, organization):
        zh, en = "只有资格已确认的申请人可以报价。", "Only applicants who were confirmed make offers."
        raise Forbidden("bid.not_confirmed", zh, en, rule=applications.law(lot))
