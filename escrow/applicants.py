"""What a sale asks of the register: whether an applicant's deposit is there, and that it goes back with the application (L06)."""

from __future__ import annotations

import datetime as dt

from escrow import asking, lots, price, refunds, rules, standing
from escrow.rules import Problem
from kernel.errors import Words
from kernel.law import holds
from tendering.models import Lot


class Applicants:
    """Fills the port of `tendering.offers.deposits`."""

    @holds("L06", "deposit_paid")
    def problem(self, lot: Lot, organization: int) -> Words | None:
        """Only what is held now counts: a deposit that goes back, or went, secures nothing."""
        if lots.terms(lot) is None:
            return None
        live = asking.of(organization, lot.code)
        if live is None or live.withdrawn_at is not None:
            return rules.PROBLEM_WORDS[Problem.NOTHING]
        found = standing.problem_of(live)
        return rules.PROBLEM_WORDS[found] if found else None

    def given_back(self, lot: Lot, organization: int, now: dt.datetime) -> None:
        refunds.withdrawn(lot.code, (organization,), now)

    def applied_again(self, lot: Lot, organization: int, now: dt.datetime) -> None:
        refunds.bid_again(lot.code, (organization,), now)

    def into_price(self, lot: Lot, now: dt.datetime) -> None:
        price.of_lot(lot, now)
