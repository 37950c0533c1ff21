"""Facts of negotiations and consultations. What is said in a thread is its supplier's and the team's alone (N04): sealed
for ever. Open are the changes told to all, that a negotiation ended and for which bids, and the call for final quotes.
"""

from __future__ import annotations

from supervision.parts import Signing
from supervision.vocabulary import Disclosure, Fact, Instant, Sha256, Statement

THREAD = frozenset({Disclosure.SUBJECT, Disclosure.AUTHORITY_AT_CLOSE, Disclosure.NEVER})


class NegotiationMet(Fact, kind="negotiation.met", opens=THREAD):
    """The whole team sat together with one supplier; or the session ended."""

    lot: str
    bid_id: str
    session: int
    step: str
    present: tuple[str, ...]
    at: Instant


class NegotiationMessage(Fact, kind="negotiation.message", opens=THREAD):
    """A question of the team, an answer of the supplier or a revised response: by its hash."""

    lot: str
    bid_id: str
    session: int | None
    sort: str
    by: str
    content_sha256: Sha256
    at: Instant


class RequirementsChanged(Statement, kind="requirements.changed"):
    """A change of substance, confirmed by the purchaser's signature and told to all who are still in, at once.

    Signed content: {type: kaibiao-requirements/1, lot, number, text}.
    """

    lot: str
    number: int


class ChangeReceived(Fact, kind="change.received", opens=THREAD):
    """A supplier's receipt for a change of the requirements."""

    lot: str
    bid_id: str
    number: int
    change_sha256: Sha256
    at: Instant


class SupplierLeft(Fact, kind="supplier.left", opens=THREAD):
    """A supplier withdrew before final quotes."""

    lot: str
    bid_id: str
    at: Instant


class NegotiationClosed(Fact, kind="negotiation.closed"):
    """The team's signed record: who stays, to which requirements, and how long they have for their final quotes.

    Every signing is of the same content: {type: kaibiao-negotiation/1, lot, final_lot, suppliers: [{bid_id, standing,
    ground}], requirements_sha256, quote_seconds}.
    """

    lot: str
    final_lot: str | None
    signatures: tuple[Signing, ...]
    at: Instant


class QuotesCalled(Fact, kind="quotes.called"):
    """The box for final quotes is open; its keyset is printed here, as a first box's in the notice."""

    lot: str
    final_lot: str
    keyset_sha256: Sha256
    at: Instant
