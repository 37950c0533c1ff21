"""The owner's page of the base price; what it shows of one that is sealed everybody may know."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from accounts.access import current_actor
from accounts.forms import Form, page
from accounts.roles import Role
from kernel import clock
from kernel.errors import Refusal
from tendering import visibility
from tendering.baseprice import service
from tendering.lifecycle import lot_of
from tendering.models import Lot

pages = Blueprint("baseprice", __name__)


@pages.app_context_processor
def _shown() -> dict[str, Any]:
    """For the pages of tender and owner."""
    return {"base_price_of": service.shown, "base_price_rule": service.rule_of}


@pages.get("/owner/lots/<code>/base-price")
def of_lot(code: str) -> str:
    lot = lot_of(code)
    visibility.check_project(lot.tender, current_actor(), Role.OWNER)
    return page("baseprice/seal.html", form=Form(), lot=lot, rule=service.rule_of(lot), refused=_refused(lot))


def _refused(lot: Lot) -> Refusal | None:
    """Why none can be sealed now; None when one can."""
    try:
        service.check_may(lot, clock.now())
    except Refusal as refusal:
        return refusal
    return None
