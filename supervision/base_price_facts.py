"""Facts of the base price (标底): that there is one is public at once, its amount at the opening (条例 art. 27)."""

from __future__ import annotations

from supervision.vocabulary import Amount, Fact, Instant, Sha256, Statement


class BasePriceSealed(Statement, kind="base_price.sealed"):
    """The owner's kaibiao-base-price/1, ciphertext and all: what stands in the log nobody can lose or exchange."""

    lot: str
    at: Instant


class BasePriceLine(Statement, kind="base_price.line"):
    """A trustee's kaibiao-base-line/1, given with its release of the bids' lines."""

    lot: str
    node: str


class BasePriceOpened(Fact, kind="base_price.opened"):
    """Read out at the opening; `base_price_sha256` is the owner's statement, `sheet_sha256` what was sealed in it."""

    lot: str
    base_price_sha256: Sha256
    sheet_sha256: Sha256
    amount: Amount
    at: Instant


class BasePriceUnread(Fact, kind="base_price.unread"):
    """Announced at the opening that it cannot be opened, by which step of the protocol and why."""

    lot: str
    base_price_sha256: Sha256
    rule: str
    reason: str
    at: Instant
