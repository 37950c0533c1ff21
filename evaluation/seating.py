"""Taking seats: when a committee may be formed, who ends, and the aliases under which the others sit."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from typing import Literal

from sqlalchemy import func, select

from accounts import directory
from accounts.models import Person
from evaluation import eligible, reading, rules
from evaluation.composition import SeatKind
from evaluation.models import Evaluation, Seat
from evaluation.report import duration, register
from evaluation.rules import Candidate
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid
from supervision import facts, log
from supervision.parts import Member
from tendering import packs
from tendering.models import Lot
from tendering.quotes import boxes
from tendering.states import LotState

FORMING = frozenset({LotState.OPENED, LotState.EVALUATING})


def sit(lot: Lot, people: Sequence[Person], now: dt.datetime) -> list[Seat]:
    """Seat them; people who sit already keep their seats, others end theirs. Refuses a committee that the law does not know."""
    candidates = [eligible.candidate(lot, person, now) for person in people]
    rules.check_committee(packs.load(lot.tender.pack_id), reading.budget(lot), candidates, reading.parties(lot))
    _begin(lot.code, now)
    _end_others(lot.code, people, now)
    _seat(lot.code, list(zip(people, candidates, strict=True)), now)
    found = reading.seats(lot.code)
    log.append(formed(lot.code, found), lot=lot.code)
    duration.plan(lot, now)
    return found


def check_forming(lot: Lot) -> None:
    if boxes.of(lot) is not None:
        raise Conflict(
            "committee.carried",
            "最后报价由原谈判（磋商）小组评审，不另行组建",
            "Final quotes are judged by the team of the negotiation: no other is formed",
            rule=packs.load(lot.tender.pack_id).clause("final_quotes"),
        )
    if lot.state not in FORMING:
        raise Conflict(
            "committee.too_early",
            "开标结束后才能组建评标委员会",
            "A committee is formed after the opening",
            rule="rules.md T17",
        )
    reading.evaluation_of(lot.code, lock=True)
    rules.check_changeable(computed=register.standing(lot.code) is not None)


def person(login: str) -> Person:
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
