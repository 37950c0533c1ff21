"""Signing the evaluation report: every member with its key, perhaps with a dissent; whoever stays silent counts as agreeing.

With the last member the report is complete, and only then the result is published and the way to an award is open (C47).
"""

from __future__ import annotations

import datetime as dt

from accounts import records
from accounts.actor import Actor
from accounts.roles import Role
from evaluation import committee, reading, results
from evaluation import rules as seating
from evaluation.models import Seat
from evaluation.report import register, rules
from evaluation.report.models import Report, ReportSignature
from kernel import canonical, keys
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, NotFound
from kernel.law import holds
from kernel.statements import Signed
from supervision import log
from supervision.report_facts import ReportCompleted, Signature, Silence
from tendering import lifecycle, packs
from tendering.models import Lot
from tendering.states import LotState


def statement(actor: Actor, lot_code: str, dissent: str = "") -> bytes:
    """What this member signs: the report, and the dissent it typed."""
    report, seat = _before(actor, lot_code)
    _check_open(report, seat.alias)
    return rules.statement(lot_code, report.sha256, seat.alias, rules.checked_dissent(dissent))


@holds("C47.signatures")
def sign(actor: Actor, lot_code: str, signed: Signed, cert_der: bytes, now: dt.datetime) -> Report:
    """Take a member's signature under the report; with the last one the result is published."""
    lot = _evaluated(lot_code)
    report, seat = _before(actor, lot_code, lock=True)
    _check_open(report, seat.alias)
    dissent = rules.dissent_of(signed.raw)
    seating.check_statement(signed, rules.statement(lot_code, report.sha256, seat.alias, dissent))
    committee.check_signature(actor, seat, signed, cert_der, now)
    _enter(
        report, ReportSignature(alias=seat.alias, file=signed.raw, sig=keys.b64(signed.sig), dissent=dissent, at=now)
    )
    records.acted(actor, "report.signed", now, lot=lot_code, cert_sha256=canonical.sha(seat.cert))
    _complete_with_the_last(lot, report, now)
    return report


@holds("C47.signatures", "G33")
def record_silence(actor: Actor, lot_code: str, alias: str, now: dt.datetime) -> Report:
    """The centre's staff records that a member, asked and given its time, neither signs nor says why: it counts as agreeing."""
    actor.act_as(Role.OPS)
    lot = _evaluated(lot_code)
    report = register.standing(lot_code, lock=True)
    rules.check_waits(waits=report is not None and report.completed_at is None)
    assert report is not None
    if alias not in {seat.alias for seat in reading.seats(lot_code)}:
        raise NotFound("seat.unknown", "没有这个席位", "There is no such seat")
    _check_open(report, alias)
    rules.check_silent(due_at(lot, report), now)
    _enter(report, ReportSignature(alias=alias, silent_at=now, at=now))
    records.acted(actor, "report.silence_recorded", now, lot=lot_code)
    _complete_with_the_last(lot, report, now)
    return report


def due_at(lot: Lot, report: Report) -> dt.datetime:
    """From when silence may be recorded."""
    return rules.silence_due(packs.load(lot.tender.pack_id), report.proposed_at)


def _before(actor: Actor, lot_code: str, *, lock: bool = False) -> tuple[Report, Seat]:
    seat = reading.own_seat(actor, lot_code)
    found = register.standing(lot_code, lock=lock)
    rules.check_waits(waits=found is not None and found.completed_at is None)
    assert found is not None
    return found, seat


def _evaluated(lot_code: str) -> Lot:
    lot = lifecycle.lot_of(lot_code, lock=True)
    if lot.state != LotState.EVALUATING or lot.suspended_at is not None:
        raise Conflict(
            "report.not_now",
            "本标段现在不在评审中",
            "This lot is not being evaluated now",
            rule="rules.md 5.3",
            state=lot.state,
        )
    return lot


def _check_open(report: Report, alias: str) -> None:
    rules.check_unsigned([one.alias for one in register.signatures(report)], alias)


def _enter(report: Report, signature: ReportSignature) -> None:
    signature.report_id = report.id
    db.session.add(signature)
    db.session.flush()


def _complete_with_the_last(lot: Lot, report: Report, now: dt.datetime) -> None:
    found = register.signatures(report)
    signed = [one.alias for one in found if one.file is not None]
    silent = [one.alias for one in found if one.silent_at is not None]
    if rules.complete(signed, silent, [seat.alias for seat in reading.seats(lot.code)]):
        report.completed_at = now
        log.append(_completed(report, found, now), lot=lot.code)
        results.publish(lot, report.result, now)


def _completed(report: Report, found: list[ReportSignature], now: dt.datetime) -> ReportCompleted:
    return ReportCompleted(
        lot=report.lot,
        report_sha256=report.sha256,
        result_sha256=canonical.sha(report.result),
        signed=tuple(
            Signature(by=one.alias, file_sha256=canonical.sha(one.file), sig=one.sig)
            for one in found
            if one.file is not None and one.sig is not None
        ),
        silent=tuple(
            Silence(by=one.alias, asked_at=rfc3339(report.proposed_at), recorded_at=rfc3339(one.silent_at))
            for one in found
            if one.silent_at is not None
        ),
        at=rfc3339(now),
    )
