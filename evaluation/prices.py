"""From the price of the bid to the price that is compared.

Rules run in the order of `PRICE_RULES`, each noting its step: arithmetic correction (article 59) comes before the
deduction. The contract is at the bid's own price, or at the corrected one that its bidder confirmed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from evaluation import decimals
from evaluation.arithmetic import rules as arithmetic
from evaluation.arithmetic.rules import Reading
from evaluation.spec import MethodSpec
from evaluation.trace import Step, Trace
from kernel import money
from kernel.law import holds
from kernel.money import Fen


@dataclass(frozen=True)
class Correction:
    """What the committee read in the bid's documents, and whether the bidder confirmed the price that follows from it."""

    number: int
    reading: Reading
    confirmed: bool


@dataclass(frozen=True)
class Bid:
    """What an opened bid brings to the calculation; `enterprise` is the class it claims a deduction by."""

    bid_id: str
    price: Fen | None
    enterprise: str | None = None
    brand: str | None = None
    """Of the only or the core product, where goods are bought (order 87, art. 31)."""
    correction: Correction | None = None

    @property
    def binding(self) -> Fen | None:
        """What the bidder is held to: the price as read out, or as corrected and confirmed."""
        if self.price is None or self.correction is None or not self.correction.confirmed:
            return self.price
        return arithmetic.correct(self.price, self.correction.reading).price


@dataclass(frozen=True)
class Priced:
    """A valid bid with the price it is compared at, in yuan."""

    bid_id: str
    price: Fen
    evaluated: Fraction


PriceRule = Callable[[MethodSpec, Bid, Fraction, Trace], Fraction]


def policy_deduction(spec: MethodSpec, bid: Bid, price: Fraction, trace: Trace) -> Fraction:
    """The price times (1 - d) for the enterprise classes the method names (财库〔2022〕19号); moves the minimum for all."""
    rate = spec.deduction.get(bid.enterprise) if bid.enterprise else None
    if rate is None:
        return price
    formula = f"{decimals.shown(price)} x (1 - {decimals.plain(rate)})"
    return trace.note(Step("deduction", bid.bid_id, "cn.deduction.19", formula, price * (1 - rate)))


@holds("G31")
def arithmetic_correction(spec: MethodSpec, bid: Bid, price: Fraction, trace: Trace) -> Fraction:  # noqa: ARG001  one signature for all rules
    """Every step of article 59, where the bidder confirmed where they lead."""
    if bid.price is None or bid.correction is None or not bid.correction.confirmed:
        return price
    for step in arithmetic.correct(bid.price, bid.correction.reading).steps:
        price = trace.note(Step("correction", bid.bid_id, step.rule, step.formula, Fraction(step.price, 100)))
    return price


PRICE_RULES: tuple[PriceRule, ...] = (arithmetic_correction, policy_deduction)


def evaluate_price(spec: MethodSpec, bid: Bid, price: Fen, trace: Trace) -> Priced:
    """The bid's price after every rule; the first step shows the price as it was read out."""
    read_out = trace.note(Step("price", bid.bid_id, "opening", money.wire(price), Fraction(price, 100)))
    evaluated = read_out
    for rule in PRICE_RULES:
        evaluated = rule(spec, bid, evaluated, trace)
    return Priced(bid.bid_id, bid.binding or price, evaluated)
