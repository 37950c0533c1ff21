"""Facts of the sale of land and property. Who applied, and how many, stays sealed for good; whoever buys is named by the deal."""

from __future__ import annotations

from typing import Literal

from supervision.vocabulary import Amount, Base64, Disclosure, Fact, Instant, Sha256, Shape

APPLICANTS = frozenset({Disclosure.SUBJECT, Disclosure.AUTHORITY_AT_CLOSE, Disclosure.NEVER})


class OfferApplied(Fact, kind="offer.applied", opens=APPLICANTS):
    lot: str
    application_sha256: Sha256
    org: str
    at: Instant


class OfferStep(Fact, kind="offer.step", opens=APPLICANTS):
    """What became of an application: complete, returned, confirmed, refused, taken_back."""

    lot: str
    application_sha256: Sha256
    step: str
    decision_sha256: Sha256 | None
    at: Instant


class ListingMoved(Fact, kind="listing.moved"):
    """Applications end later: the disclosure was extended as its notice announced, or went on after it stood still."""

    lot: str
    was: Instant
    now: Instant
    cause: Literal["extended", "resumed"]
    law: str
    at: Instant


class ReserveOpened(Fact, kind="reserve.opened"):
    """The base or reserve price and the nonce behind the commitment of the notice."""

    lot: str
    commitment: Sha256
    amount: Amount
    nonce: Sha256
    at: Instant


class Quote(Shape):
    """A price called on site; `by` is the token of a confirmed application."""

    by: str
    price: Amount


class SaleOnSite(Fact, kind="sale.on_site"):
    """The outcome of a sale on site, entered by one side and confirmed by another; the record itself by its hash."""

    lot: str
    quotes: tuple[Quote, ...]
    record_sha256: Sha256
    at: Instant


class DealStruck(Fact, kind="deal.struck"):
    """Who buys at what price, and how that came: one_taker, contest, committee or on_site."""

    lot: str
    way: str
    bid_id: str
    bidder: str
    price: Amount
    floor: Amount | None
    reserve: Amount | None
    at: Instant


class PreemptionSettled(Fact, kind="preemption.settled"):
    """What became of the shareholders' right of pre-emption; `by` is the shareholder that buys, null when none did."""

    lot: str
    by: str | None
    document: str
    at: Instant


class DealConfirmed(Fact, kind="deal.confirmed"):
    """The confirmation signed by both sides; with it the result is public until `public_until` at least."""

    lot: str
    file: Base64
    sig_owner: Base64
    sig_winner: Base64
    winner_cert: Base64
    public_until: Instant | None
    at: Instant


class DealFallen(Fact, kind="deal.fallen"):
    """No deal, or one that was not signed; `by` cites the law."""

    lot: str
    reason: str
    law: str
    at: Instant


class PriceReceived(Fact, kind="price.received"):
    """A payment of the price, number 0 the buyer's deposit; `whole` once nothing is owed any more."""

    lot: str
    number: int
    amount: Amount
    paid_at: Instant
    whole: bool
    at: Instant
