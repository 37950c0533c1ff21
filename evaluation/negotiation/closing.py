"""How a negotiation ends: suppliers may leave, the team proposes a record, and the last signature carries it out.

The record is made anew from what stands at each signature: whoever withdraws or whatever changes in between makes
another record, and what was signed before does not count for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from accounts.actor import Actor, subject_of
from accounts.records import acted
from evaluation import committee, reading
from evaluation.models import Seat
from evaluation.negotiation import changes, parties, rules, threads
from evaluation.negotiation.models import Departure, Record, RecordSigning
from evaluation.negotiation.rules import Concluded, Standing
from kernel import canonical, keys
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Invalid
from kernel.law import holds
from kernel.site import site
from kernel.statements import Signed
from supervision import facts, log, negotiation_facts
from supervision.parts import Signing
from tendering import lifecycle, packs
from tendering.models import Lot
from tendering.packs import Kind
from tendering.quotes import rules as quoting
from tendering.quotes import service as quotes
from tendering.quotes.service import Called, Staying
from tendering.states import CLOCK, LotEvent


@dataclass(frozen=True)
class Proposal:
    """Whom the team finds not to conform, with the ground; the votes for designs (N06); the time for final quotes."""

    quote_seconds: int
    grounds: Mapping[str, str]
    designs: Mapping[str, Sequence[str]] | None = None


def leave(actor: Actor, lot_code: str, reason: str, now: dt.datetime) -> Departure:
    """A supplier withdraws; it may until it is asked for its final quote. It hears nothing more and quotes nothing."""
    lot = parties.running(lot_code)
    supplier = parties.own_still_in(actor, lot)
    found = Departure(lot=lot_code, bid_id=supplier.bid_id, reason=reason.strip()[:2000], at=now)
    db.session.add(found)
    under_way = threads.current(lot_code)
    if under_way is not None and under_way.bid_id == supplier.bid_id:
        under_way.ended_at = now
    db.session.flush()
    fact = negotiation_facts.SupplierLeft(lot=lot_code, bid_id=supplier.bid_id, at=rfc3339(now))
    log.append(fact, lot=lot_code, subject=subject_of(actor.person_id))
    acted(actor, "negotiation.left", now, lot=lot_code)
    return found


def propose(actor: Actor, lot_code: str, said: Proposal, now: dt.datetime) -> Record:
    """A member writes the record down for all to sign; refused while a session runs or somebody was never met."""
    lot = parties.running(lot_code)
    seat = parties.seat_of(actor, lot)
    _check_met(lot)
    found = of(lot_code) or Record(lot=lot_code)
    found.by, found.proposed_at = seat.alias, now
    found.quote_seconds = rules.check_seconds(said.quote_seconds, parties.law(lot), practice=site().settings.practice)
    found.grounds = _grounds(lot, said.grounds)
    found.designs = None if said.designs is None else {bid: list(who) for bid, who in said.designs.items()}
    db.session.add(found)
    db.session.flush()
    conclusion(lot)
    acted(actor, "negotiation.proposed", now, lot=lot_code)
    return found


@holds("N04")
def _check_met(lot: Lot) -> None:
    """Everybody still in was met by the whole team (P 38), and nobody is being met now."""
    begun = [session for session in threads.sessions(lot.code) if session.begun_at is not None]
    unmet = {one.bid_id for one in parties.still_in(lot)} - {session.bid_id for session in begun}
    if unmet or threads.current(lot.code) is not None:
        raise Conflict(
            "negotiation.unfinished",
            "还有供应商未单独谈判（磋商），或者谈判正在进行。",
            "A supplier has not been met yet, or a session is under way.",
            rule=parties.law(lot),
            unmet=sorted(unmet),
        )


def _grounds(lot: Lot, grounds: Mapping[str, str]) -> dict[str, str]:
    known = {one.bid_id for one in parties.suppliers(lot)}
    said = {bid_id: text.strip()[:2000] for bid_id, text in grounds.items() if text.strip()}
    if said.keys() - known:
        raise Invalid("negotiation.unknown", "没有这家供应商的响应文件。", "There is no response of that supplier.")
    return said


def of(lot_code: str) -> Record | None:
    found: Record | None = db.session.scalar(select(Record).where(Record.lot == lot_code))
    return found


def conclusion(lot: Lot) -> list[Concluded]:
    """How every supplier stands by the record proposed; Conflict while there is none, or where too few designs are chosen."""
    found = of(lot.code)
    if found is None:
        raise Conflict("negotiation.no_record", "尚未拟定记录。", "No record is proposed yet.", rule=parties.law(lot))
    everybody = parties.suppliers(lot)
    left = {one.bid_id for one in everybody if one.left}
    return rules.concluded([one.bid_id for one in everybody], left, found.grounds, _chosen(lot, found))


def _chosen(lot: Lot, found: Record) -> frozenset[str] | None:
    """The designs that the team's majority recommends; None where it did not vote (N06)."""
    asked = packs.load(lot.tender.pack_id).find(Kind.MIN_COUNT, "designs")
    if found.designs is None or not asked:
        return None
    team = {seat.alias for seat in reading.seats(lot.code)}
    return rules.chosen(found.designs, team, asked[0].value, asked[0].cited)


def statement(actor: Actor, lot_code: str) -> bytes:
    """What this member signs: the record as it stands now."""
    lot = parties.negotiated(lot_code)
    parties.seat_of(actor, lot)
    return _record(lot)


def _record(lot: Lot) -> bytes:
    found, concluded = of(lot.code), conclusion(lot)
    assert found is not None
    return rules.record(lot.code, concluded, changes.requirements_sha256(lot), found.quote_seconds)


def sign(actor: Actor, lot_code: str, signed: Signed, cert_der: bytes, now: dt.datetime) -> Record:
    """Take a member's signature; with the last one the negotiation ends and the second box is made, or the lot fails."""
    lot = parties.running(lot_code)
    seat = parties.seat_of(actor, lot)
    expected = _record(lot)
    _check_met(lot)
    rules.check_signed(signed, expected, parties.law(lot))
    committee.check_signature(actor, seat, signed, cert_der, now)
    _keep(seat, signed, now)
    found = of(lot_code)
    assert found is not None
    signatures = _signatures(lot, expected)
    if len(signatures) == len(reading.seats(lot_code)):
        found.closed_at = now
        _conclude(lot, found, signatures, now)
    return found


def _keep(seat: Seat, signed: Signed, now: dt.datetime) -> None:
    wanted = select(RecordSigning).where(RecordSigning.lot == seat.lot, RecordSigning.alias == seat.alias)
    found = db.session.scalar(wanted) or RecordSigning(lot=seat.lot, alias=seat.alias)
    found.file, found.sig, found.at = signed.raw, keys.b64(signed.sig), now
    db.session.add(found)
    db.session.flush()


def signed_by(lot: Lot) -> list[str]:
    """The members who signed the record as it stands now."""
    return [one.by for one in _signatures(lot, _record(lot))] if of(lot.code) else []


def _signatures(lot: Lot, expected: bytes) -> list[Signing]:
    team = {seat.alias for seat in reading.seats(lot.code)}
    rows = db.session.scalars(select(RecordSigning).where(RecordSigning.lot == lot.code).order_by(RecordSigning.alias))
    return [
        Signing(by=row.alias, file=keys.b64(row.file), sig=row.sig)
        for row in rows
        if row.alias in team and row.file == expected
    ]


@holds("final_quotes")
def _conclude(lot: Lot, found: Record, signatures: Sequence[Signing], now: dt.datetime) -> None:
    """Those who stay go on to final quotes; fewer than the law asks end the procedure here (N05, N09)."""
    standing = {one.bid_id for one in conclusion(lot) if one.standing is Standing.STAYS}
    staying = [one for one in parties.suppliers(lot) if one.bid_id in standing]
    least = quoting.least(packs.load(lot.tender.pack_id), lot.tender.draft, final=True)
    following = None
    if len(staying) >= least.value:
        called = Called(found.quote_seconds, changes.requirements_sha256(lot))
        following = quotes.begin(
            lot, called, [Staying(one.bid.organization, one.bid.party, one.bid_id) for one in staying]
        )
    fact = negotiation_facts.NegotiationClosed(
        lot=lot.code, final_lot=following.code if following else None, signatures=tuple(signatures), at=rfc3339(now)
    )
    log.append(fact, lot=lot.code)
    reading.under_way(lot.code, lock=True).revision += 1
    guards = ["record signed by every member", f"stay {len(staying)}, asked {least.value}"]
    if following is not None:
        lifecycle.move(lot, LotEvent.CONTINUE, CLOCK, now, guards)
        return
    lifecycle.move(lot, LotEvent.REJECT_ALL, CLOCK, now, guards)
    reason = f"谈判（磋商）结束时继续参加的供应商 {len(staying)} 家，少于 {least.value} 家"
    log.append(facts.TenderFailed(lot=lot.code, reason=reason, law=least.clause), lot=lot.code)


def ground_of(lot_code: str, bid_id: str) -> str | None:
    """Why a response does not conform, for the team and its supplier."""
    found = of(lot_code)
    return None if found is None else found.grounds.get(bid_id)


def record_sha256(lot: Lot) -> str | None:
    return canonical.sha(_record(lot)) if of(lot.code) else None
