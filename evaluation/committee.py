"""The committee of a lot: formed by the centre's staff, declares conflicts, admits the documents to be opened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from accounts import certificates, records
from accounts.actor import Actor
from accounts.roles import Role
from evaluation import admitting, reading, rules, seating
from evaluation.draw import appointing
from evaluation.draw.rules import Appointment
from evaluation.models import Evaluation, Seat
from kernel import keys
from kernel.errors import Conflict, Forbidden, Invalid
from kernel.law import holds
from kernel.statements import Signed
from tendering import lifecycle
from tendering.models import Lot


def form(
    actor: Actor, lot_code: str, logins: Sequence[str], now: dt.datetime, given: Appointment | None = None
) -> list[Seat]:
    """Seat the people with these sign-in names. Where the law has experts drawn, only with the ground of a special project."""
    actor.act_as(Role.OPS)
    lot = lifecycle.lot_of(lot_code, lock=True)
    seating.check_forming(lot)
    appointing.check_undrawn(lot)
    found = seating.sit(lot, [seating.person(login) for login in logins], now)
    appointing.record(actor, lot, given, now)
    records.acted(actor, "committee.formed", now, lot=lot.code)
    return found


@holds("G24.relatives")
def declare(actor: Actor, lot_code: str, conflict: str | None, now: dt.datetime) -> Seat:
    """The member's word on conflicts of interest, before any bid is seen; a declared conflict ends the part."""
    lifecycle.lot_of(lot_code, lock=True)
    seat = reading.own_seat(actor, lot_code)
    if seat.declared_at is not None:
        raise Conflict(
            "seat.declared",
            "您已作过回避声明",
            "You have already declared",
            rule="评标委员会和评标方法暂行规定 第十二条",
        )
    if conflict is not None and not conflict.strip():
        raise Invalid("seat.conflict_empty", "请写明利害关系", "Say what the conflict is", fields={"conflict": "empty"})
    seat.declared_at, seat.conflict = now, conflict
    records.acted(actor, "committee.declared", now, lot=lot_code)
    return seat


def admission(actor: Actor, lot_code: str) -> bytes:
    """What this member signs so that the trustees release the documents."""
    seat = reading.own_seat(actor, lot_code)
    rules.check_declared(declared=seat.declared_at is not None, conflict=seat.conflict)
    return admitting.statement(lifecycle.lot_of(lot_code))


def admit(actor: Actor, lot_code: str, signed: Signed, cert_der: bytes, now: dt.datetime) -> Seat:
    """Take the member's signature; with the last one `stage.admitted` is logged and the nodes may release."""
    seat = reading.own_seat(actor, lot_code)
    rules.check_declared(declared=seat.declared_at is not None, conflict=seat.conflict)
    lot = lifecycle.lot_of(lot_code, lock=True)
    found = reading.under_way(lot_code, lock=True)
    expected = admitting.statement(lot)
    rules.check_statement(signed, expected)
    check_signature(actor, seat, signed, cert_der, now)
    seat.admitted_file, seat.admitted_sig = signed.raw, keys.b64(signed.sig)
    records.acted(actor, "committee.admitted", now, lot=lot_code)
    _admit_when_all_signed(lot, found, expected, now)
    return seat


def check_signature(actor: Actor, seat: Seat, signed: Signed, cert_der: bytes, now: dt.datetime) -> None:
    """The signature is by the key under which this seat stands in the log, and its certificate may sign now."""
    key = certificates.signer(actor, cert_der, now)
    if keys.spell(key) != seat.sign_key or not signed.signed_by(key):
        raise Forbidden(
            "seat.signature",
            "签名不是本席位登记的证书所签",
            "The signature is not by the key of this seat",
            rule="evaluation.md 1.13",
        )


def _admit_when_all_signed(lot: Lot, found: Evaluation, expected: bytes, now: dt.datetime) -> None:
    sitting = reading.seats(lot.code)
    signed = [seat for seat in sitting if seat.admitted_file == expected]
    if found.admitted_at is None and len(signed) == len(sitting):
        admitting.admit(lot, signed, now)
        found.admitted_at = now
