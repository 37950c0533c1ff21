"""The declared chain that parts equal totals; what it cannot part is tied and shares a rank (并列)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from evaluation.spec import TieRule
from evaluation.standing import Scored

Key = tuple[Fraction, ...]


def key(chain: Sequence[TieRule], bid: Scored) -> Key:
    """Compares ascending: the better bid has the smaller key."""
    return tuple(_value(rule, bid) for rule in chain)


def _value(rule: TieRule, bid: Scored) -> Fraction:
    match rule:
        case TieRule.PRICE:
            return Fraction(bid.price)
        case TieRule.EVALUATED_PRICE:
            return bid.evaluated
