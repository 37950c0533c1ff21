"""Whether an applicant's deposit has arrived: the sale asks, the register of deposits answers.

The register stands in a higher slice; the application names it here where it is put together. Without one nobody is
found to have paid.
"""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from kernel.errors import Conflict, Unavailable, Words
from kernel.law import holds
from tendering import packs
from tendering.models import Lot
from tendering.offers import terms as sale
from tendering.packs import Kind, Rule


class Register(Protocol):
    """What a sale asks of whoever holds the deposits."""

    def problem(self, lot: Lot, organization: int) -> Words | None:
        """Why the organization's deposit is not in order; None once it arrived in full before applications ended."""

    def given_back(self, lot: Lot, organization: int, now: dt.datetime) -> None:
        """Its application was taken back, and its deposit goes the same way."""

    def applied_again(self, lot: Lot, organization: int, now: dt.datetime) -> None:
        """It applies after all: what has not left yet stays."""

    def into_price(self, lot: Lot, now: dt.datetime) -> None:
        """The contract is signed: the buyer's deposit is a part of the price."""


PORT: dict[str, Register] = {}
DEPOSITS = "deposits"


def asked(lot: Lot) -> bool:
    """Whether the notice asks for a deposit."""
    return bool(sale.read(lot.tender.draft, lot.number).deposit)


def problem(lot: Lot, organization: int) -> Words | None:
    """None too where the notice asks for no deposit."""
    return _register().problem(lot, organization) if asked(lot) else None


@holds("L06", "deposit_paid")
def check_arrived(lot: Lot, organization: int) -> None:
    """Conflict, with clause and what to do next, unless the deposit arrived in full and in time (L06)."""
    found = problem(lot, organization)
    if found is None:
        return
    zh = f"保证金{found.zh}，不得确认资料齐全。请退回并写明：申请人在申请截止前，在保证金页面取得缴款编号，足额汇入专户后再递交。"
    en = f"The deposit: {found.en}. Return the application; the applicant takes a payment number on the deposit's page, pays in full before applications end, and applies again."
    raise Conflict("application.no_deposit", zh, en, rule=law(lot))


def law(lot: Lot) -> str:
    """The rule on the deposit's arrival, or else the one that lets it be asked for."""
    return next((rule.cited for rule in _rules(lot)), "rules.md L06")


def _rules(lot: Lot) -> list[Rule]:
    pack = packs.load(lot.tender.pack_id)
    return [*pack.find(Kind.REQUIRED, "deposit_paid"), *(rule for rule in pack.rules if rule.ends == "deposit")]


def given_back(lot: Lot, organization: int, now: dt.datetime) -> None:
    if asked(lot):
        _register().given_back(lot, organization, now)


def applied_again(lot: Lot, organization: int, now: dt.datetime) -> None:
    if asked(lot):
        _register().applied_again(lot, organization, now)


def into_price(lot: Lot, now: dt.datetime) -> None:
    if asked(lot):
        _register().into_price(lot, now)


def _register() -> Register:
    found = PORT.get(DEPOSITS)
    if found is None:
        zh, en = "保证金台账不可用，暂不能办理。", "The register of deposits cannot be asked: this waits."
        raise Unavailable("application.no_register", zh, en, rule="rules.md L06")
    return found
