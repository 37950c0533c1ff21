"""The committee of a lot: formed by the centre's staff, declares conflicts, admits the documents to be opened."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from typing import Literal

from sqlalchemy import func, select

from accounts import certificates, directory, records
from accounts.actor import Actor
from accounts.models import Person
from accounts.roles import Role
from evaluation import admitting, eligible, reading, rules
from evaluation.composition import SeatKind
from evaluation.models import Evaluation, Seat
from evaluation.rules import Candidate
from kernel import keys
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid
from kernel.law import holds
from kernel.statements import Signed
from supervision import facts, log
from supervision.parts import Member
from tendering import lifecycle, packs
from tendering.models import Lot
from tendering.quotes import boxes
from tendering.states import LotState

_FORMING = frozenset({LotState.OPENED, LotState.EVALUATING})


def form(actor: Actor, lot_code: str, logins: Sequence[str], now: dt.datetime) -> list[Seat]:
    """Seat the people with these sign-in names; people who sit already keep their seats, others end theirs."""
    actor.act_as(Role.OPS)
    lot = lifecycle.lot_of(lot_code, lock=True)
    _check_forming(lot)
    people = [_person(login) for login in logins]
    candidates = [eligible.candidate(lot, person, now) for person in people]
    rules.check_committee(packs.load(lot.tender.pack_id), reading.budget(lot), candidates, reading.parties(lot))
    _begin(lot.code, now)
    _end_others(lot.code, people, now)
    _seat(lot.code, list(zip(people, candidates, strict=True)), now)
    found = reading.seats(lot.code)
    log.append(formed(lot.code, found), lot=lot.code)
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


def _check_forming(lot: Lot) -> None:
    if boxes.of(lot) is not None:
        raise Conflict(
            "committee.carried",
            "最后报价由原谈判（磋商）小组评审，不另行组建",
            "Final quotes are judged by the team of the negotiation: no other is formed",
            rule=packs.load(lot.tender.pack_id).clause("final_quotes"),
        )
    if lot.state not in _FORMING:
        raise Conflict(
            "committee.too_early",
            "开标结束后才能组建评标委员会",
            "A committee is formed after the opening",
            rule="rules.md T17",
        )
    found = reading.evaluation_of(lot.code, lock=True)
    rules.check_changeable(computed=found is not None and found.result is not None)


def _person(login: str) -> Person:
    found = directory.person_of(login)
    if found is None:
        raise Invalid(
            "committee.unknown", f"没有此人：{login}", f"There is nobody called {login}", fields={"persons": login}
        )
    return found


def _begin(lot: str, now: dt.datetime) -> None:
    if reading.evaluation_of(lot) is None:
        db.session.add(Evaluation(lot=lot, formed_at=now, revision=0))
        db.session.flush()
    reading.under_way(lot).revision += 1


def _end_others(lot: str, people: Sequence[Person], now: dt.datetime) -> None:
    staying = {person.id for person in people}
    for seat in reading.seats(lot):
        # A member who declared a conflict is never kept, whatever the list says.
        if seat.person_id not in staying or seat.conflict is not None:
            _refuse_conflicted(seat, staying)
            seat.ended_at = now
    db.session.flush()


def _refuse_conflicted(seat: Seat, staying: set[int]) -> None:
    if seat.person_id in staying:
        raise Forbidden(
            "committee.conflicted",
            f"{seat.alias} 已声明利害关系，须更换",
            f"{seat.alias} declared a conflict and must be replaced",
            rule="《招标投标法实施条例》第四十六条",
        )


def _seat(lot: str, people: Sequence[tuple[Person, Candidate]], now: dt.datetime) -> None:
    """Aliases are given in an order nobody chose, so that they say nothing about the list."""
    sitting = {seat.person_id for seat in reading.seats(lot)}
    fresh = [(person, found) for person, found in people if person.id not in sitting]
    secrets.SystemRandom().shuffle(fresh)
    used = db.session.scalar(select(func.count()).select_from(Seat).where(Seat.lot == lot)) or 0
    for number, (person, candidate) in enumerate(fresh, used + 1):
        found = eligible.certificate(person, now)
        assert found is not None
        db.session.add(
            Seat(
                lot=lot,
                person_id=person.id,
                alias=f"E{number}",
                kind=candidate.kind,
                sign_key=found.public_key,
                cert=found.der,
                formed_at=now,
            )
        )
    db.session.flush()


_KINDS: dict[SeatKind, Literal["expert", "owner"]] = {SeatKind.EXPERT: "expert", SeatKind.OWNER: "owner"}


def formed(lot: str, found: Sequence[Seat]) -> facts.CommitteeFormed:
    """What the log says of who sits: aliases and keys, no names."""
    members = tuple(
        Member(alias=seat.alias, sign_key=seat.sign_key, kind=_KINDS[SeatKind(seat.kind)]) for seat in found
    )
    return facts.CommitteeFormed(lot=lot, members=members)


def _admit_when_all_signed(lot: Lot, found: Evaluation, expected: bytes, now: dt.datetime) -> None:
    sitting = reading.seats(lot.code)
    signed = [seat for seat in sitting if seat.admitted_file == expected]
    if found.admitted_at is None and len(signed) == len(sitting):
        admitting.admit(lot, signed, now)
        found.admitted_at = now
