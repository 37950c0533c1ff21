"""Receipts: signed by the platform at once, in the log when sequenced, witnessed when a quorum and the trustees stand behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from accounts.actor import Actor
from bidding import lots
from bidding.models import Acknowledgment, Bid, Withdrawal
from bidding.states import Answered, ReceiptState
from kernel.db import db
from kernel.errors import NotFound
from kernel.law import holds
from kernel.site import site
from kernel.statements import Signed
from sealing.receipts import BidFact, Receipt
from supervision import facts, log
from supervision.models import LogFact


@dataclass(frozen=True)
class Given:
    """A receipt as signed, and the row of the fact it opens."""

    signed: Signed
    log_fact: int


@dataclass(frozen=True)
class Standing:
    """How far a receipt has come, with all that its bidder may keep."""

    receipt_id: str
    manifest_sha256: str
    state: ReceiptState
    receipt: Signed
    proof: str | None
    acks: tuple[Signed, ...]
    refusals: tuple[Signed, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "receipt_id": self.receipt_id,
            "manifest_sha256": self.manifest_sha256,
            "state": self.state.value,
            "receipt": self.receipt.to_json(),
            "proof": self.proof,
            "acks": [ack.to_json() for ack in self.acks],
            "refusals": [refusal.to_json() for refusal in self.refusals],
        }


@holds("receipt")
def give(fact: BidFact, subject: str) -> Given:
    """Record the sealed fact in the caller's transaction and sign the receipt that opens it."""
    row = log.append(facts.from_json(fact.content()), lot=fact.lot, subject=subject)
    assert row.salt is not None
    content = Receipt(fact, row.salt).content()
    return Given(Signed.make(content, site().key("platform")), row.id)


def standing(actor: Actor, receipt_id: str) -> Standing:
    """The actor's organization's own receipt; for everybody else there is none."""
    bid = db.session.scalar(select(Bid).where(Bid.receipt_id == receipt_id, Bid.organization == actor.organization_id))
    return of_bid(bid) if bid is not None else _of_withdrawal(actor, receipt_id)


def of_bid(bid: Bid) -> Standing:
    words = db.session.scalars(
        select(Acknowledgment).where(Acknowledgment.bid == bid.id).order_by(Acknowledgment.node)
    ).all()
    acks = tuple(_signed(word) for word in words if word.kind is Answered.ACK)
    proof = _proof(bid.log_fact)
    enough = len(acks) >= lots.keyset(lots.find(bid.lot)).ack_min
    return Standing(
        receipt_id=bid.receipt_id,
        manifest_sha256=bid.manifest_sha256,
        state=_state(bid.log_fact, proof, enough=enough),
        receipt=Signed(bid.receipt, bid.receipt_sig),
        proof=proof,
        acks=acks,
        refusals=tuple(_signed(word) for word in words if word.kind is Answered.REFUSAL),
    )


def of_withdrawal(withdrawal: Withdrawal, bid: Bid) -> Standing:
    proof = _proof(withdrawal.log_fact)
    return Standing(
        receipt_id=withdrawal.receipt_id,
        manifest_sha256=bid.manifest_sha256,
        state=_state(withdrawal.log_fact, proof, enough=True),
        receipt=Signed(withdrawal.receipt, withdrawal.receipt_sig),
        proof=proof,
        acks=(),
        refusals=(),
    )


def _of_withdrawal(actor: Actor, receipt_id: str) -> Standing:
    found = db.session.execute(
        select(Withdrawal, Bid)
        .join(Bid, Bid.id == Withdrawal.bid)
        .where(Withdrawal.receipt_id == receipt_id, Bid.organization == actor.organization_id)
    ).first()
    if found is None:
        raise NotFound("receipt.unknown", "没有这张回执。", "There is no such receipt.")
    return of_withdrawal(found[0], found[1])


def _signed(word: Acknowledgment) -> Signed:
    return Signed(word.file, word.sig)


def _proof(log_fact: int) -> str | None:
    row = db.session.get_one(LogFact, log_fact)
    found = log.receipt_proof(row)
    return None if found is None else found.decode("utf-8")


def _state(log_fact: int, proof: str | None, *, enough: bool) -> ReceiptState:
    if proof is not None and enough:
        return ReceiptState.WITNESSED
    placed = db.session.get_one(LogFact, log_fact).index is not None
    return ReceiptState.INTEGRATED if placed else ReceiptState.RECEIVED
