"""The centre's desk draws: the list is fixed in the log, the clock draws, reserves replace who leaves."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence

from accounts import records
from accounts.actor import Actor
from accounts.roles import Role
from evaluation import composition, eligible, seating
from evaluation import reading as committees
from evaluation.composition import SeatKind
from evaluation.draw import reading, rules, taking
from evaluation.draw.models import ExpertDraw, ListedExpert
from evaluation.draw.reading import Pooled
from evaluation.draw.rules import Departure, Need, Why
from evaluation.models import Seat
from kernel import canonical
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid, NotFound
from supervision import log
from supervision.draw_facts import ExpertsListed
from tendering import lifecycle, packs
from tendering.models import Lot


def fix(actor: Actor, lot_code: str, need: Need, now: dt.datetime) -> ExpertDraw:
    """Fix the list: all of these fields who may sit, so that nobody is left out or added by hand. The clock draws next.

    A further list adds reserves when those of the earlier ones are used up; seats and representatives stay as they are.
    """
    actor.act_as(Role.OPS)
    lot = lifecycle.lot_of(lot_code, lock=True)
    seating.check_forming(lot)
    earlier = reading.draws(lot_code)
    row = _further(lot, earlier, now) if earlier else _first(lot, need, now)
    row.fields = sorted(set(need.fields))
    known = {one.person_id for draw in earlier for one in draw.rows}
    found = [one for one in reading.pool(lot, now) if one.field in row.fields and one.person.id not in known]
    rules.check_length(packs.load(lot.tender.pack_id), len(found), 1 if earlier else row.seats)
    listed = [_listed(lot_code, one) for one in found]
    fact = _fact(row, listed, now)
    row.fact_id, row.sha256 = log.append(fact, lot=lot_code).id, canonical.sha(fact.canonical())
    row.rows = listed
    db.session.add(row)
    db.session.flush()
    records.acted(actor, "experts.listed", now, lot=lot_code)
    return row


def _first(lot: Lot, need: Need, now: dt.datetime) -> ExpertDraw:
    if committees.seats(lot.code):
        raise _refused("seated", "本标段已直接确定评委", "The committee of this lot was named without a draw")
    beside = [_representative(lot, login, now) for login in need.representatives]
    kinds = [SeatKind.EXPERT] * need.seats + [SeatKind.OWNER] * len(set(beside))
    composition.check(packs.load(lot.tender.pack_id), committees.budget(lot), kinds)
    return ExpertDraw(lot=lot.code, number=1, seats=need.seats, representatives=beside, fixed_at=now)


def _further(lot: Lot, earlier: Sequence[ExpertDraw], now: dt.datetime) -> ExpertDraw:
    if earlier[-1].seed is None:
        raise _refused("running", "上一份名单尚未抽取", "The list before is not drawn yet")
    if committees.seats(lot.code) and next(reading.reserves(lot, now), None) is not None:
        raise _refused("reserves", "尚有候补专家，不得追加抽取", "There are reserves still: no further draw")
    first = earlier[0]
    return ExpertDraw(
        lot=lot.code, number=len(earlier) + 1, seats=first.seats, representatives=first.representatives, fixed_at=now
    )


def _representative(lot: Lot, login: str, now: dt.datetime) -> int:
    """Somebody who speaks for the owner of this tender; experts come in by the draw alone."""
    person = seating.person(login)
    if not eligible.candidate(lot, person, now).represents:
        raise Forbidden(
            "draw.representative",
            f"{login} 不是本项目招标人（采购人）的代表，专家应当抽取产生",
            f"{login} does not represent the owner: experts come in by the draw",
            rule=packs.load(lot.tender.pack_id).clause("committee.experts"),
        )
    return person.id


def _listed(lot: str, one: Pooled) -> ListedExpert:
    nonce = secrets.token_hex(32)
    reference = rules.reference(lot, nonce, one.person.name, one.candidate.uscc)
    return ListedExpert(
        person_id=one.person.id, organization=one.candidate.uscc, reference=reference, nonce=nonce
    )  # fmt: skip


def _fact(row: ExpertDraw, listed: Sequence[ListedExpert], now: dt.datetime) -> ExpertsListed:
    """Sorted by reference: where somebody stands on the list says nothing of who it is."""
    references = tuple(sorted(one.reference for one in listed))
    return ExpertsListed(
        lot=row.lot, number=row.number, seats=row.seats, fields=tuple(row.fields), references=references, at=rfc3339(now)
    )  # fmt: skip


def replace(actor: Actor, lot_code: str, alias: str, given: Departure, now: dt.datetime) -> list[Seat]:
    """A member leaves; the next of the order takes the seat, a representative's whom the owner sends instead.

    What the one who leaves has signed is void (条例 第48条): the new member admits and scores from the beginning.
    """
    actor.act_as(Role.OPS)
    lot = lifecycle.lot_of(lot_code, lock=True)
    seating.check_forming(lot)
    rules.check_departure(given)
    seat = _sitting(lot_code, alias)
    if seat.kind == SeatKind.OWNER:
        _substitute(lot, seat, given, now)
    else:
        _leave(lot_code, seat, given, now)
    if not taking.take_seats(lot, now):
        raise rules.exhausted()
    records.acted(actor, f"expert.replaced {alias} {given.why}", now, lot=lot_code)
    return committees.seats(lot_code)


def _sitting(lot: str, alias: str) -> Seat:
    found = next((seat for seat in committees.seats(lot) if seat.alias == alias), None)
    if found is None or not reading.draws(lot):
        raise NotFound("seat.unknown", "没有这个由抽取产生的席位", "There is no such seat of a drawn committee")
    return found


def _leave(lot: str, seat: Seat, given: Departure, now: dt.datetime) -> None:
    row = next(one for one in reading.order(lot) if one.person_id == seat.person_id)
    declared = seat.conflict is not None
    taking.pass_over(row, Why.RECUSAL if declared else given.why, given.text.strip(), now)


def _substitute(lot: Lot, seat: Seat, given: Departure, now: dt.datetime) -> None:
    if not given.substitute:
        raise Invalid(
            "draw.substitute",
            "请写明接替的招标人（采购人）代表",
            "Name who of the owner's people takes the seat",
            rule="《招标投标法实施条例》第四十八条",
            fields={"substitute": "missing"},
        )
    other = _representative(lot, given.substitute, now)
    first = reading.draws(lot.code)[0]
    first.representatives = [other if one == seat.person_id else one for one in first.representatives]
    db.session.flush()


def _refused(name: str, zh: str, en: str) -> Conflict:
    return Conflict(f"draw.{name}", zh, en, rule="《招标投标法实施条例》第四十六条；财政部令第87号第四十八条")
