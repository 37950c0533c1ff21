"""Recording a lot's one secret base price, and what may be said of it (C20.base)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel import keys, money
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid, TooLate
from kernel.law import holds
from kernel.money import Fen
from kernel.statements import Signed
from sealing import baseprice as sealing
from sealing.keyset import Keyset
from supervision import facts, log
from supervision.base_price_facts import BasePriceSealed
from tendering import lifecycle, packs, publishing, visibility
from tendering.baseprice.models import BasePrice
from tendering.baseprice.visibility import TABLE, Phase, Viewer
from tendering.models import Lot
from tendering.packs import Kind, Rule
from tendering.states import LotState

PROTOCOL = sealing.TYPE


def rule_of(lot: Lot) -> Rule | None:
    """The pack's rule; None where its law knows no base price, or the first opening reads out no price."""
    found = packs.load(lot.tender.pack_id).find(Kind.MAX_COUNT, "base_price")
    return found[0] if found and lot.keyset and sealing.stage_of(Keyset.parse(lot.keyset)) else None


@holds("C20.base", "base_price")
def record(actor: Actor, lot_code: str, signed: Signed, now: dt.datetime) -> BasePrice:
    """Take the sealed base price: before the deadline, once, by the owner's key; the platform cannot read it."""
    lot = lifecycle.lot_of(lot_code, lock=True)
    visibility.check_project(lot.tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    rule = check_may(lot, now)
    assert lot.keyset is not None, "what collects has its keyset"
    _check_sealed(lot, signed)
    row = BasePrice(
        lot_id=lot.id, keyset_sha256=lot.keyset_sha256, file=signed.raw, sig=signed.sig, sha256=signed.sha256,
        sealed_at=now, log_fact=_log(lot, signed, now),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    records.acted(actor, f"base_price.sealed under {rule.id}", now, lot=lot.code)
    publishing.queue(lot.tender.code)
    return row


@holds("C20.base")
def check_may(lot: Lot, now: dt.datetime) -> Rule:
    """The rule under which a base price may be recorded now; refused where there is one, and from the deadline on."""
    rule = rule_of(lot)
    if rule is None:
        zh, en = "本项目适用的规则没有标底。", "The rules of this tender know no base price."
        raise Conflict("base_price.not_here", zh, en, rule=packs.load(lot.tender.pack_id).id)
    if of(lot) is not None:
        raise _second(lot, rule, now)
    _check_in_time(lot, rule, now)
    return rule


def of(lot: Lot) -> BasePrice | None:
    """The base price sealed to the keyset in force."""
    found: BasePrice | None = db.session.scalar(
        select(BasePrice).where(BasePrice.lot_id == lot.id, BasePrice.keyset_sha256 == lot.keyset_sha256)
    )
    return found


def shown(lot: Lot, viewer: Viewer = Viewer.PUBLIC) -> dict[str, Any]:
    """What may be said of it now; empty where there is none."""
    row = of(lot)
    if row is None:
        return {}
    phase = Phase.SEALED if row.read_out_at is None else Phase.READ_OUT
    amount = None if row.amount_fen is None else money.wire(Fen(row.amount_fen))
    values = {"sealed": rfc3339(row.sealed_at), "sha256": row.sha256, "amount": amount, "unread": row.finding}
    return TABLE.shown(viewer, phase, values)


def _check_in_time(lot: Lot, rule: Rule, now: dt.datetime) -> None:
    """As long as bids are taken: a suspended lot goes on accepting."""
    passed = lot.closes_at is not None and now >= lot.closes_at and lot.suspended_at is None
    if lot.state == LotState.COLLECTING and not passed:
        return
    if lot.closes_at is not None and now >= lot.closes_at:
        zh, en = "投标已截止，不能再设标底。", "The deadline has passed: no base price is taken any more."
        raise TooLate("base_price.late", zh, en, rule=rule.cited, closes_at=rfc3339(lot.closes_at))
    zh, en = "标段接收投标期间才能封存标底。", "A base price is sealed while the lot takes bids."
    raise Conflict("base_price.not_now", zh, en, rule=rule.cited, state=lot.state)


def _second(lot: Lot, rule: Rule, now: dt.datetime) -> Conflict:
    refusal = Conflict(
        "base_price.second",
        "本标段已有标底，不得再设，也不得更换。",
        "The lot has its base price: there is no second one, and nobody puts another in its place.",
        rule=rule.cited,
    )
    said = {"what": "base_price.record", "code": "base_price.second", "role": str(Role.OWNER), "at": rfc3339(now)}
    refusal.recording(facts.AttemptRefused(**said), lot=lot.code)
    return refusal


def _check_sealed(lot: Lot, signed: Signed) -> None:
    assert lot.keyset is not None
    found = sealing.faults(signed, Keyset.parse(lot.keyset), lot.keyset_sha256 or "")
    if any(fault.code == "base_signature" for fault in found):
        zh, en = "须用密钥组中招标人的密钥签署标底。", "Sign it with the key that the keyset names for the owner."
        raise Forbidden("base_price.other_key", zh, en, rule="sealing.md 1.1 fact_keys")
    if found:
        zh, en = "；".join(fault.zh for fault in found), "; ".join(fault.en for fault in found)
        codes = [fault.code for fault in found]
        raise Invalid("base_price.unsealed", f"标底没有封好：{zh}。", f"Not sealed: {en}.", rule=PROTOCOL, faults=codes)


def _log(lot: Lot, signed: Signed, now: dt.datetime) -> int:
    sealed = {"file": keys.b64(signed.raw), "sig": keys.b64(signed.sig), "at": rfc3339(now)}
    return log.append(BasePriceSealed(lot=lot.code, **sealed), lot=lot.code).id
