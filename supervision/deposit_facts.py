"""Facts of deposits: who paid is sealed for ever, whether a bidder's deposit was in order is said at the opening."""

from __future__ import annotations

from typing import Literal

from supervision.vocabulary import Amount, Disclosure, Fact, Instant, Sha256, Shape

_PRIVATE = frozenset({Disclosure.SUBJECT, Disclosure.AUTHORITY_AT_CLOSE, Disclosure.NEVER})


class StatedDeposit(Shape):
    """One bid's line: `reason` says why not, in a word of the register; nothing about who paid, how much or when."""

    bid_id: str
    bidder: str
    in_order: bool
    reason: str | None


class DepositsStated(Fact, kind="deposits.stated"):
    """What is read out at the opening: in order or not, bid by bid. It rejects nobody (G13: the committee decides)."""

    lot: str
    rows: tuple[StatedDeposit, ...]
    at: Instant


class DepositReturned(Fact, kind="deposit.returned", opens=_PRIVATE):
    """A deposit went back, with its interest; `receipt_sha256` is what the bidder was given."""

    lot: str
    org: str
    amount: Amount
    interest: Amount
    rule: str
    due_at: Instant
    paid_at: Instant
    receipt_sha256: Sha256


class DepositKept(Fact, kind="deposit.kept", opens=_PRIVATE):
    """A deposit that does not go back: kept by the owner's decision (C29), turned into the bond, or part of a buyer's price."""

    lot: str
    org: str
    amount: Amount
    law: str
    kept: Literal["kept", "converted", "price"]
    at: Instant
