"""A bidder takes its bid back before the deadline: a statement signed by the key that sealed it, with a receipt of its own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from accounts import certificates
from accounts.actor import Actor
from accounts.consortia import bidding_for
from accounts.roles import Part, Role
from bidding import lots, receipting, rules
from bidding.entering import end
from bidding.models import Bid, Withdrawal
from bidding.standing import members_of
from bidding.states import BidStatus
from bidding.submission import ending, faulty, recorded
from bidding.voiding import is_current
from escrow import refunds
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import NotFound, Refusal
from kernel.law import holds
from kernel.statements import Signed
from sealing import receipts, submission
from sealing.certificates import CertificateError, check_chain
from sealing.faults import Fault
from sealing.succession import Warrant
from sealing.wire import WireError


@holds("withdrawal")
def withdraw(
    actor: Actor, lot_code: str, statement: Signed, now: datetime, warrant: Warrant | None = None
) -> tuple[Withdrawal, Bid]:
    """End the bid that the statement names; repeated, it gives the same receipt. A refusal is recorded.

    With a warrant another key of the organization may sign: named by the bid's own, or ordered (sealing.succession).
    """
    said = _read(statement)
    try:
        return _withdrawn(actor, lot_code, statement, now, warrant)
    except Refusal as refusal:
        raise recorded(refusal, actor, (lot_code, said.manifest_sha256), now) from None


def _read(statement: Signed) -> receipts.Withdrawal:
    try:
        return receipts.Withdrawal.read(statement)
    except WireError as error:
        raise faulty(
            [Fault("withdrawal_malformed", f"撤回声明格式不对（{error}）", f"malformed withdrawal: {error}", "1.3")]
        ) from error


def _withdrawn(
    actor: Actor, lot_code: str, statement: Signed, now: datetime, warrant: Warrant | None
) -> tuple[Withdrawal, Bid]:
    actor.act_as(Role.BIDDER)
    actor.take_part(Part.SIGN)
    lot = lots.locked_for_share(lot_code)
    bid = _named(actor, lot_code, _read(statement).manifest_sha256)
    known = db.session.scalar(select(Withdrawal).where(Withdrawal.bid == bid.id))
    if known is not None and known.file == statement.raw:
        return known, bid
    rules.check_in_time(now, lots.door(lot))
    bidding_for(actor, bid.party)
    rules.check_not_void(current=bid.status is not BidStatus.VOID and is_current(bid, lot))
    _check_certified(actor, warrant, now)
    found = submission.check_withdrawal(statement, bid.manifest, bid.bidder, ending(lot, warrant))
    if found:
        raise faulty(found)
    end(bid, BidStatus.WITHDRAWN, statement.sha256, warrant)
    refunds.withdrawn(lot_code, [member.id for member in members_of(bid.organization, bid.party)], now)
    return _entered(actor, bid, statement, now), bid


def _check_certified(actor: Actor, warrant: Warrant | None, now: datetime) -> None:
    """The certificate that a warrant speaks for is the actor's organization's, may sign now, and its chain holds."""
    if warrant is None:
        return
    certificates.signer(actor, warrant.cert_chain[0], now)
    try:
        check_chain(warrant.cert_chain, certificates.roots(now), now)
    except CertificateError as error:
        said = Fault("certificate_invalid", f"继任证书无效（{error}）", f"the certificate is not valid: {error}", "1.3")
        raise faulty([said]) from error


def _named(actor: Actor, lot_code: str, manifest_sha256: str) -> Bid:
    own = (Bid.lot == lot_code, Bid.organization == actor.organization_id)
    bid = db.session.scalar(select(Bid).where(Bid.manifest_sha256 == manifest_sha256, *own))
    if bid is None:
        raise NotFound(
            "bid.unknown",
            "贵单位在本标段没有这份投标。",
            "Your organization has no such bid on this lot.",
            rule=rules.WITHDRAW_RULE,
        )
    return bid


def _entered(actor: Actor, bid: Bid, statement: Signed, now: datetime) -> Withdrawal:
    fact = receipts.withdrawn_fact(statement, rfc3339(now))
    given = receipting.give(fact, actor.subject)
    withdrawal = Withdrawal(
        bid=bid.id,
        person=actor.person_id,
        file=statement.raw,
        sig=statement.sig,
        sha256=statement.sha256,
        receipt=given.signed.raw,
        receipt_sig=given.signed.sig,
        receipt_id=fact.receipt_id,
        received_at=now,
        log_fact=given.log_fact,
    )
    db.session.add(withdrawal)
    db.session.flush()
    return withdrawal
