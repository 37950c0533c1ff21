"""What a bidder signs about its corrected price. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.arithmetic import rules
from evaluation.arithmetic.rules import Reading
from kernel import canonical, money
from kernel.money import Fen

TYPE = "kaibiao-price-confirmation/1"
SAID = {True: "确认修正后的报价", False: "不确认修正后的报价"}


@dataclass(frozen=True)
class Asked:
    """A correction as it was put to its bidder."""

    lot: str
    bid_id: str
    number: int
    opening: Fen
    reading: Reading


def encode(asked: Asked, *, confirms: bool) -> bytes:
    """Both prices and the hash of what they were computed from."""
    price = rules.correct(asked.opening, asked.reading).price
    return canonical.encode(
        {
            "type": TYPE,
            "lot": asked.lot,
            "bid_id": asked.bid_id,
            "number": asked.number,
            "read_out": money.wire(asked.opening),
            "corrected": money.wire(price),
            "reading_sha256": asked.reading.sha256,
            "confirms": confirms,
        }
    )
