"""Taking a sealed bid: every check of sealing.md 1.3 that needs no secret, then one transaction and a signed receipt.

No row is shared by two parties but the lot's, which all of them lock for share and only the close locks to write. So
a bid is on the roll or refused as late, never between: the close flips that row first and builds the roll after.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import exists, or_, select

from accounts import certificates
from accounts.actor import Actor
from accounts.consortia import bidding_for
from accounts.roles import Part, Role
from bidding import lots, rules, standing
from bidding.entering import Entering, Handed, enter, live_head, warrant_of
from bidding.models import Bid, Envelope, Upload
from bidding.states import UploadState
from bidding.voiding import void_stale
from escrow import refunds
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Invalid, Refusal
from kernel.site import site
from sealing import submission
from sealing.certificates import Bidder
from sealing.faults import Fault
from sealing.manifest import Manifest
from sealing.succession import Warrant
from sealing.wire import WireError
from supervision import facts
from tendering.models import Lot

PROTOCOL = "kaibiao-seal/1 1.3"


def submit(actor: Actor, lot_code: str, handed: Handed, now: datetime) -> Bid:
    """The bid with its receipt; a refusal that concerns the bid or its time is recorded as a sealed fact.

    Handing in the same papers again gives the same bid: a client whose answer was lost may simply repeat.
    """
    try:
        return _submitted(actor, lot_code, handed, now)
    except Refusal as refusal:
        raise recorded(refusal, actor, (lot_code, handed.sha256), now) from None


def recorded(refusal: Refusal, actor: Actor, about: tuple[str, str], now: datetime) -> Refusal:
    """The same refusal, marked so that it becomes a sealed fact after the roll-back, if it is one that matters."""
    lot_code, manifest_sha256 = about
    if not rules.is_recorded(refusal):
        return refusal
    fact = facts.BidRefused(
        lot=lot_code, code=refusal.code, rule=refusal.rule or PROTOCOL, manifest_sha256=manifest_sha256, at=rfc3339(now)
    )
    return refusal.recording(fact, lot=lot_code, subject=actor.subject)


def check_signer(actor: Actor, bidder_raw: bytes, now: datetime) -> None:
    """The certificate is the actor's organization's, and may sign now."""
    try:
        chain = Bidder.parse(bidder_raw).cert_chain
    except WireError as error:
        raise faulty(
            [Fault("bid_malformed", "bidder.json 格式不对", f"bidder.json is malformed: {error}", "1.3")]
        ) from error
    certificates.signer(actor, chain[0], now)


def faulty(found: Sequence[Fault], law: str = PROTOCOL) -> Invalid:
    """All faults as one refusal; its code is the first one's, and `law` the clause for a bid that is not sealed."""
    first = found[0]
    return Invalid(
        f"seal.{first.code}",
        "；".join(fault.zh for fault in found) + "。",
        "; ".join(fault.en for fault in found) + ".",
        rule=law if first.code == "not_sealed" else PROTOCOL,
        faults=[{"code": fault.code, "zh": fault.zh, "en": fault.en} for fault in found],
    )


def _submitted(actor: Actor, lot_code: str, handed: Handed, now: datetime) -> Bid:
    party = _party(actor, handed.party)
    lot = lots.locked_for_share(lot_code)
    known = db.session.scalar(select(Bid).where(Bid.manifest_sha256 == handed.sha256, Bid.party == party))
    if known is not None and known.sig == handed.sig:
        return known
    rules.check_in_time(now, lots.door(lot))
    standing.check_party(actor.organization_id, party, lot)
    check_signer(actor, handed.bidder, now)
    uploads = _uploads(actor, handed.envelopes)
    manifest = _checked(lot, handed, uploads, now)
    head = _succeeded(lot, party, handed, manifest)
    _check_unseen(manifest)
    standing.take_part(actor.organization_id, party, lot)
    refunds.bid_again(lot_code, [member.id for member in standing.members_of(actor.organization_id, party)], now)
    return enter(Entering(actor, lot_code, party, head), handed, uploads, now)


def _party(actor: Actor, party: str | None) -> str:
    actor.act_as(Role.BIDDER)
    actor.take_part(Part.SIGN)
    return bidding_for(actor, party)[0]


def _uploads(actor: Actor, envelopes: Mapping[str, str]) -> dict[str, Upload]:
    found = db.session.scalars(
        select(Upload).where(
            Upload.token.in_(list(envelopes.values())),
            Upload.organization == actor.organization_id,
            Upload.state == UploadState.DONE,
        )
    )
    by_token = {upload.token: upload for upload in found}
    missing = next((stage for stage, token in envelopes.items() if token not in by_token), None)
    if missing is not None:
        raise rules.upload_missing(missing)
    return {stage: by_token[token] for stage, token in envelopes.items()}


def _checked(lot: Lot, handed: Handed, uploads: Mapping[str, Upload], now: datetime) -> Manifest:
    keyset = lots.keyset(lot)
    parts = submission.Submission(
        handed.manifest, handed.sig, handed.bidder, {stage: _file(upload) for stage, upload in uploads.items()}
    )
    found = submission.check_submission(parts, keyset, str(lot.keyset_sha256), certificates.roots(now), now)
    if found:
        raise faulty(found, lots.door(lot).law)
    return Manifest.parse(handed.manifest)


def _file(upload: Upload) -> submission.FileFacts:
    with site().blobs.open(upload.blob_key) as stored:
        header = stored.read(submission.HEAD_BYTES)
    return submission.FileFacts(str(upload.sha256), upload.length, header)


def _succeeded(lot: Lot, party: str, handed: Handed, manifest: Manifest) -> Bid | None:
    void_stale(lot, party)
    head = live_head(lot.code, party)
    rules.check_succession(manifest.prev_manifest_sha256, head.manifest_sha256 if head else None)
    if head is None:
        return None
    papers = submission.read_papers(handed.manifest, handed.sig, handed.bidder)
    found = submission.check_successor(papers, head.manifest, head.bidder, ending(lot, warrant_of(handed)))
    if found:
        raise faulty(found)
    return head


def ending(lot: Lot, warrant: Warrant | None) -> submission.Ending | None:
    """By which warrant, under the authority that the lot's keyset names, another key may end a bid of the lot."""
    return None if warrant is None else submission.Ending(warrant, lots.keyset(lot).fact_keys.supervisor)


def _check_unseen(manifest: Manifest) -> None:
    """Whoever hands in a ciphertext, a recipient or a number that came before copied it (sealing.md 1.3).

    This gives the plain answer; the unique columns decide when two such arrive at one instant.
    """
    recipients = [envelope.recipient for envelope in manifest.envelopes]
    hashes = [envelope.ciphertext_sha256 for envelope in manifest.envelopes]
    seen = select(
        or_(
            exists().where(Bid.bid_id == manifest.bid_id),
            exists().where(Envelope.recipient.in_(recipients)),
            exists().where(Envelope.sha256.in_(hashes)),
        )
    )
    if db.session.scalar(seen):
        raise rules.copied()
