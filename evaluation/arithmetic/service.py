"""A correction proposed by a member, sent by the majority as a written request, and confirmed by the bidder's signature (G31)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from sqlalchemy import delete, select

from accounts import certificates, records
from accounts.actor import Actor
from accounts.roles import Part
from evaluation import reading
from evaluation.arithmetic import rules, statements
from evaluation.arithmetic.models import PriceCorrection
from evaluation.arithmetic.rules import Reading
from evaluation.prices import Bid, Correction
from evaluation.review import chamber, clarification
from evaluation.review import rules as review
from evaluation.review.clarification import Request
from evaluation.review.models import Clarification
from evaluation.review.rules import About
from kernel import canonical, keys
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid, NotFound
from kernel.law import holds
from kernel.money import Fen
from kernel.statements import Signed
from supervision import log
from supervision.review_facts import PriceAnswered
from tendering import lifecycle, packs
from tendering.models import Lot


@dataclass(frozen=True)
class Entry:
    """What a member enters of one bid, and how long its bidder has to confirm."""

    bid_id: str
    reading: Reading
    within_s: int = review.USUAL_S


@holds("G31")
def propose(actor: Actor, lot_code: str, entry: Entry, now: dt.datetime) -> Clarification:
    """A member enters what the documents say; the working becomes the committee's request to that bidder."""
    lot, _ = chamber.working(actor, lot_code)
    check_here(lot)
    opening = read_out(lot_code, entry.bid_id)
    if not rules.correct(opening, entry.reading).steps:
        raise Invalid(
            "arithmetic.agrees", "各处报价一致，无需修正", "Everything agrees: nothing is to be corrected",
            rule=_law(lot), fields={"items": "agrees"},
        )  # fmt: skip
    _drop_unsent(lot_code, entry.bid_id, _law(lot))
    asked = Request(entry.bid_id, About.ARITHMETIC, rules.question(opening, entry.reading), entry.within_s)
    found = clarification.propose(actor, lot_code, asked, now)
    row = PriceCorrection(lot=lot.code, number=found.number, bid_id=entry.bid_id, reading=entry.reading.to_json())
    db.session.add(row)
    db.session.flush()
    return found


def waiting(actor: Actor, lot_code: str) -> tuple[PriceCorrection, Clarification] | None:
    """The question that waits for the actor's own organization."""
    asked = [one for one in clarification.of_bidder(actor, lot_code) if one.about == About.ARITHMETIC]
    open_ = next((one for one in asked if one.answered_at is None and one.lapsed_at is None), None)
    return None if open_ is None else (_row(lot_code, open_.number), open_)


def statement(actor: Actor, lot_code: str, *, confirms: bool) -> bytes:
    """What the bidder signs to confirm the corrected price, or not to."""
    found = waiting(actor, lot_code)
    review.check_open(open_=found is not None, law=_law(lifecycle.lot_of(lot_code)))
    assert found is not None
    return statements.encode(_asked(found[0]), confirms=confirms)


@holds("G31")
def answer(actor: Actor, lot_code: str, signed: Signed, cert_der: bytes, now: dt.datetime) -> PriceCorrection:
    """The bidder's signed word, in time; without it the bid is invalid."""
    actor.take_part(Part.SIGN)
    lot = lifecycle.lot_of(lot_code, lock=True)
    law, found = _law(lot), waiting(actor, lot_code)
    review.check_open(open_=found is not None, law=law)
    assert found is not None
    row, asked = found
    assert asked.due_at is not None
    review.check_in_time(asked.due_at, now, law)
    confirms = _check(actor, row, signed, cert_der, now)
    row.confirmed, row.file, row.sig = confirms, signed.raw, keys.b64(signed.sig)
    fact = PriceAnswered(
        lot=lot_code, bid_id=row.bid_id, number=row.number, cert=keys.b64(cert_der), file=keys.b64(signed.raw),
        sig=row.sig, at=rfc3339(now),
    )  # fmt: skip
    log.append(fact, lot=lot_code, subject=actor.subject)
    clarification.settle(asked, statements.SAID[confirms], now)
    records.acted(actor, "price.answered", now, lot=lot_code, cert_sha256=canonical.sha(cert_der))
    return row


def priced(lot_code: str) -> list[Bid]:
    """The bids of the evaluation, each with the correction that the committee asked it to confirm."""
    settled = {row.bid_id: _correction(row) for row, asked in _sent(lot_code) if not _open(asked)}
    found = reading.priced(reading.assessed(lot_code))
    return [replace(bid, correction=settled.get(bid.bid_id)) for bid in found]


def pending(lot_code: str) -> bool:
    """Whether a bidder still has time to confirm: nothing is computed before."""
    return any(_open(asked) for _, asked in _sent(lot_code))


def unconfirmed(lot_code: str) -> frozenset[str]:
    """Bids whose corrected price was not confirmed in its time."""
    return frozenset(row.bid_id for row, asked in _sent(lot_code) if not _open(asked) and not row.confirmed)


def read_out(lot_code: str, bid_id: str) -> Fen:
    """The price of the opening list, which is the sealed one."""
    found = next((sheet.price for bid, sheet in reading.assessed(lot_code) if bid.bid_id == bid_id), None)
    if not found:
        raise NotFound("bid.unknown", "没有这份投标", "There is no such bid")
    return found


def check_here(lot: Lot) -> None:
    """Refused where the law of this procedure has no such order."""
    if rules.rule_of(packs.load(lot.tender.pack_id)) is None:
        raise Conflict(
            "arithmetic.not_here", "本项目的规则没有报价修正的规定", "This procedure has no rule on correcting prices",
            rule=rules.LAW,
        )  # fmt: skip


def _law(lot: Lot) -> str:
    found = rules.rule_of(packs.load(lot.tender.pack_id))
    return found.cited if found else rules.LAW


def _asked(row: PriceCorrection) -> statements.Asked:
    said = rules.read(row.reading)
    return statements.Asked(row.lot, row.bid_id, row.number, read_out(row.lot, row.bid_id), said)


def _correction(row: PriceCorrection) -> Correction:
    return Correction(row.number, rules.read(row.reading), confirmed=bool(row.confirmed))


def _check(actor: Actor, row: PriceCorrection, signed: Signed, cert_der: bytes, now: dt.datetime) -> bool:
    said = next((one for one in (True, False) if statements.encode(_asked(row), confirms=one) == signed.raw), None)
    if said is None or not signed.signed_by(certificates.signer(actor, cert_der, now)):
        raise Forbidden(
            "arithmetic.signature", "所签内容或者签名与要求不符", "Not what was asked, or not signed by your key",
            rule=rules.LAW,
        )  # fmt: skip
    return said


def _sent(lot_code: str) -> list[tuple[PriceCorrection, Clarification]]:
    wanted = (
        select(PriceCorrection, Clarification)
        .join(
            Clarification, (Clarification.lot == PriceCorrection.lot) & (Clarification.number == PriceCorrection.number)
        )
        .where(PriceCorrection.lot == lot_code, Clarification.sent_at.is_not(None))
        .order_by(PriceCorrection.number)
    )
    return [(row, asked) for row, asked in db.session.execute(wanted)]


def _open(asked: Clarification) -> bool:
    return asked.answered_at is None and asked.lapsed_at is None


def _row(lot_code: str, number: int) -> PriceCorrection:
    wanted = select(PriceCorrection).where(PriceCorrection.lot == lot_code, PriceCorrection.number == number)
    return db.session.scalars(wanted).one()


def _drop_unsent(lot_code: str, bid_id: str, law: str) -> None:
    """A bidder is asked once; a proposal that did not go out is replaced."""
    if any(row.bid_id == bid_id for row, _ in _sent(lot_code)):
        raise Conflict("arithmetic.asked", "已要求该投标人确认修正后的报价", "This bidder was asked already", rule=law)
    old = select(PriceCorrection.number).where(PriceCorrection.lot == lot_code, PriceCorrection.bid_id == bid_id)
    numbers = list(db.session.scalars(old))
    db.session.execute(
        delete(PriceCorrection).where(PriceCorrection.lot == lot_code, PriceCorrection.number.in_(numbers))
    )
    db.session.execute(delete(Clarification).where(Clarification.lot == lot_code, Clarification.number.in_(numbers)))
