"""Writing a checked submission: all of it or nothing, decided by compare-and-swap and unique columns, never by reading first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from accounts.actor import Actor
from bidding import receipting, rules
from bidding.models import Bid, Envelope, Upload
from bidding.states import BidStatus, UploadState
from kernel import canonical
from kernel.clock import rfc3339
from kernel.db import changed, db
from kernel.errors import Conflict
from kernel.keys import b64
from kernel.law import holds
from kernel.statements import Signed
from sealing import receipts
from sealing.certificates import Bidder
from sealing.manifest import Manifest
from sealing.succession import Warrant
from supervision import mail


@dataclass(frozen=True)
class Handed:
    """What a bidder hands in: the three papers, and for each stage the token of its finished upload."""

    manifest: bytes
    sig: bytes
    bidder: bytes
    envelopes: Mapping[str, str]
    party: str | None = None
    warrant: Signed | None = None

    @property
    def sha256(self) -> str:
        return canonical.sha(self.manifest)


def live_head(lot_code: str, party: str) -> Bid | None:
    """The party's one live bid on the lot."""
    found: Bid | None = db.session.scalar(
        select(Bid).where(Bid.lot == lot_code, Bid.party == party, Bid.status == BidStatus.LIVE)
    )
    return found


def end(head: Bid, status: BidStatus, by: str, warrant: Warrant | None = None) -> None:
    """End a live bid by compare-and-swap; of two that race to end it one is refused."""
    values = {"status": status, "ended_by": by, "warrant": None if warrant is None else warrant.to_json()}
    ended = update(Bid).where(Bid.id == head.id, Bid.status == BidStatus.LIVE).values(**values)
    if changed(ended) != 1:
        rules.check_succession(head.manifest_sha256, None)


@dataclass(frozen=True)
class Entering:
    """A checked submission about to be written."""

    actor: Actor
    lot_code: str
    party: str
    head: Bid | None


@holds("quotes")
def enter(entering: Entering, handed: Handed, uploads: Mapping[str, Upload], now: datetime) -> Bid:
    """The only writes; all or none: a party has one bid and one price at the close (N11). The nodes' mail leaves after the commit (kernel.outbox)."""
    if entering.head is not None:
        end(entering.head, BidStatus.REPLACED, handed.sha256, warrant_of(handed))
    _take(uploads.values())
    bid = _bid(entering, handed, now)
    try:
        db.session.add(bid)
        db.session.flush()
        db.session.add_all(_envelopes(bid, uploads))
        db.session.flush()
    except IntegrityError as error:
        raise _raced(error) from error
    mail.post(None, "manifest", {"lot": bid.lot, "manifest": b64(bid.manifest)})
    return bid


def warrant_of(handed: Handed) -> Warrant | None:
    """The warrant that came with a replacement, for the certificate that signed it."""
    if handed.warrant is None:
        return None
    return Warrant(handed.warrant, Bidder.parse(handed.bidder).cert_chain)


def _take(uploads: Iterable[Upload]) -> None:
    """By compare-and-swap, so that one upload never serves two bids."""
    taken = {upload.id for upload in uploads}
    claimed = update(Upload).where(Upload.id.in_(taken), Upload.state == UploadState.DONE)
    if changed(claimed.values(state=UploadState.TAKEN)) != len(taken):
        raise rules.copied()


def _bid(entering: Entering, handed: Handed, now: datetime) -> Bid:
    fact = receipts.sealed_fact(entering.lot_code, handed.manifest, handed.sig, rfc3339(now))
    given = receipting.give(fact, entering.actor.subject)
    manifest = Manifest.parse(handed.manifest)
    return Bid(
        lot=entering.lot_code,
        party=entering.party,
        organization=entering.actor.organization_id,
        person=entering.actor.person_id,
        manifest=handed.manifest,
        sig=handed.sig,
        bidder=handed.bidder,
        bid_id=manifest.bid_id,
        manifest_sha256=handed.sha256,
        status=BidStatus.LIVE,
        prev=manifest.prev_manifest_sha256,
        receipt=given.signed.raw,
        receipt_sig=given.signed.sig,
        receipt_id=fact.receipt_id,
        received_at=now,
        log_fact=given.log_fact,
    )


def _envelopes(bid: Bid, uploads: Mapping[str, Upload]) -> list[Envelope]:
    manifest = Manifest.parse(bid.manifest)
    return [
        Envelope(
            bid=bid.id,
            stage=stage,
            blob_key=upload.blob_key,
            size=upload.length,
            sha256=upload.sha256,
            recipient=manifest.envelope(stage).recipient,
        )
        for stage, upload in uploads.items()
    ]


def _raced(error: IntegrityError) -> Conflict:
    """Two arrived at one instant: two first bids of one party, or two with the same ciphertext."""
    words = str(error.orig)
    if "one_live_bid" in words or "bid.party" in words:
        return Conflict(
            "bid.already_live",
            "贵单位的另一份投标刚刚送达。请刷新后查看。",
            "Another bid of your party has just arrived. Reload to see it.",
            rule=rules.ONE_BID_RULE,
        )
    return rules.copied()
