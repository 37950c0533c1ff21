"""The review: papers read by purchaser or agency, one signed statement on all bidders, and too few fail the lot (G21)."""

from __future__ import annotations

import datetime as dt

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from evaluation import admitting, passes, reading
from evaluation.qualification import rules, standing
from evaluation.qualification.models import QualificationReview
from evaluation.qualification.rules import Finding, Review
from kernel import keys
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid
from kernel.law import holds
from kernel.statements import Signed
from supervision import facts, log
from supervision.review_facts import QualificationReviewed
from supervision.vocabulary import Disclosure
from tendering import lifecycle, packs, visibility
from tendering.models import Lot
from tendering.objections import stays
from tendering.packs import Rule
from tendering.states import LotEvent, LotState


def ready(lot: Lot) -> bool:
    """Opened, every paper open, and nobody has reviewed: now it is the reviewers' turn."""
    if lot.state != LotState.OPENED or not standing.waits(lot):
        return False
    return bool(admitting.admitted(lot)) and not admitting.unopened(lot)


def statement(actor: Actor, lot_code: str, findings: tuple[Finding, ...]) -> bytes:
    """What purchaser or agency signs; refused before its turn, and while a bidder is left out."""
    lot = lifecycle.lot_of(lot_code)
    side = _side(actor, lot)
    rule = _rule(lot)
    _check_turn(lot, rule)
    review = Review(lot.code, side, findings)
    rules.check(rule, review, {bid.bid_id for bid, _ in reading.assessed(lot.code)})
    return review.file()


@holds("G21")
def give(actor: Actor, lot_code: str, signed: Signed, now: dt.datetime) -> Lot:
    """Take the signed review, once for all bidders: the evaluation goes on with those qualified, or the lot fails."""
    lot = lifecycle.lot_of(lot_code, lock=True)
    side = _side(actor, lot)
    actor.take_part(Part.SIGN)
    stays.check_free(lot)
    review = _read(signed, _rule(lot))
    if signed.raw != statement(actor, lot_code, review.findings):
        raise _other(_rule(lot))
    _check_signature(lot, side, signed)
    _enter(actor, lot, signed, now)
    if not rules.enough(_rule(lot), review):
        _fail(actor, lot, now)
    return lot


def paper(actor: Actor, lot_code: str, bid_id: str, path: str, now: dt.datetime) -> str:
    """Where a reviewer reads one paper of a bidder for the next minute: from its turn until the evaluation begins."""
    lot = lifecycle.lot_of(lot_code)
    side = _side(actor, lot)
    if not ready(lot):
        raise _early(_rule(lot))
    return passes.ticketed(lot_code, bid_id, path, side, now)


def _side(actor: Actor, lot: Lot) -> str:
    role = visibility.check_project(lot.tender, actor, Role.OWNER, Role.AGENCY)
    return "owner" if role is Role.OWNER else "agency"


def _rule(lot: Lot) -> Rule:
    found = rules.rule_of(packs.load(lot.tender.pack_id))
    if found is None:
        raise Conflict(
            "qualification.not_here",
            "本项目的资格由评标委员会审查。",
            "In this procedure the committee reviews qualification.",
            rule="财政部令第87号第四十四条",
        )
    return found


def _check_turn(lot: Lot, rule: Rule) -> None:
    if standing.row_of(lot.code) is not None:
        raise Conflict(
            "qualification.given", "资格审查结果已经作出。", "The review was given already.", rule=rule.cited
        )
    if not ready(lot) or lot.suspended_at is not None:
        raise _early(rule)


def _early(rule: Rule) -> Conflict:
    return Conflict(
        "qualification.not_now",
        "投标文件开启之后、评审开始之前，才能审查资格。",
        "Qualification is reviewed once the documents are open and before the evaluation begins.",
        rule=rule.cited,
    )


def _read(signed: Signed, rule: Rule) -> Review:
    try:
        return rules.read(signed.raw)
    except (ValueError, TypeError) as error:
        raise _other(rule) from error


def _other(rule: Rule) -> Invalid:
    return Invalid(
        "qualification.other",
        "所签文件不是本标段的资格审查结果。",
        "That is not a review of this lot's bidders.",
        rule=rule.cited,
        fields={"statement": "other"},
    )


def _check_signature(lot: Lot, side: str, signed: Signed) -> None:
    if not signed.signed_by(keys.parse((lot.fact_keys or {})[side])):
        raise Forbidden(
            "statement.other_key",
            "签名不是本标段密钥组中采购人（代理机构）的密钥所作。",
            "The signature is not by the purchaser's or agency's key of this lot's keyset.",
            rule="sealing.md 1.1 fact_keys",
        )


def _enter(actor: Actor, lot: Lot, signed: Signed, now: dt.datetime) -> None:
    sig = keys.b64(signed.sig)
    db.session.add(QualificationReview(lot=lot.code, file=signed.raw, sig=sig, given_at=now))
    db.session.flush()
    fact = QualificationReviewed(lot=lot.code, file=keys.b64(signed.raw), sig=sig, at=rfc3339(now))
    log.append(fact, lot=lot.code, subject=actor.subject)
    records.acted(actor, "qualification.reviewed", now, lot=lot.code)


@holds("G21")
def _fail(actor: Actor, lot: Lot, now: dt.datetime) -> None:
    """No evaluation: the lot fails at once, and everybody may see why."""
    rule = _rule(lot)
    log.append(facts.TenderFailed(lot=lot.code, reason="too_few_qualified", law=rule.cited), lot=lot.code)
    lifecycle.move(lot, LotEvent.TOO_FEW_QUALIFIED, actor, now, [f"fewer than {rule.value} qualified"])
    log.disclose_lot(lot.code, Disclosure.AT_AWARD, now)
    reading.under_way(lot.code, lock=True).revision += 1
