"""Voiding a lot and ordering its re-evaluation (T29): by the supervising authority's signed, published directive alone.

The officer signs with the authority's key of the lot's keyset; a second person, of the inspection's or the management office's
organization, puts it into force. Nothing else of a tender can be changed from here.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from evaluation import reopening
from kernel import canonical, keys
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Words
from kernel.statements import Signed
from oversight.directive_models import DirectiveOrder
from supervision import log, round_facts
from tendering import approvals, lifecycle, rules, statements
from tendering.approvals import Act, Step
from tendering.models import Lot
from tendering.statements import ToSign
from tendering.states import MACHINE, LotEvent, LotState

TYPE = "kaibiao-directive/1"
EVENTS = {Act.VOID: LotEvent.VOID, Act.REOPEN: LotEvent.REOPEN_EVALUATION}
FIELDS = ("act", "reasons", "law", "at")


def statement(lot: str, act: Act, reasons: str, law: str, at: dt.datetime) -> ToSign:
    """What the authority signs."""
    content = {"type": TYPE, "lot": lot, "act": act.value, "reasons": reasons, "law": law, "at": rfc3339(at)}
    done = approvals.CONTROLS[act].words
    words = Words(
        f"标段 {lot}：{done.zh}。理由：{reasons}（{law}）", f"Lot {lot}: {done.en}. Reasons: {reasons} ({law})"
    )
    return ToSign(TYPE, canonical.encode(content), words, lot)


def possible(lot: Lot) -> list[Act]:
    """The directives that the lot's state admits."""
    events = {move.event for move in MACHINE.moves_from(LotState(lot.state))}
    return [act for act, event in EVENTS.items() if event in events]


def check_possible(lot: Lot, act: Act) -> None:
    """Conflict naming the law where the lot's state does not admit this directive (T29)."""
    if act not in possible(lot):
        control = approvals.CONTROLS[act]
        raise Conflict(
            f"{act}.wrong_state",
            f"标段当前状态不能“{control.words.zh}”。",
            f"The lot's present state does not admit this ({control.words.en}).",
            rule=f"rules.md 5.3 T29；{control.law}",
            state=lot.state,
        )


def propose(actor: Actor, lot_code: str, signed: Signed, now: dt.datetime) -> DirectiveOrder:
    """The authority's officer hands in the signed directive; it waits for its second."""
    actor.act_as(Role.SUP)
    actor.take_part(Part.SIGN)
    lot = lifecycle.lot_of(lot_code, lock=True)
    content = statements.read(signed, TYPE, lot.code, FIELDS)
    act = _act(content)
    check_possible(lot, act)
    _check_signed(lot, signed)
    rules.check_at(statements.instant(content, "at"), now, lot.timings["cut_grace"])
    approvals.check_reason(act, content["law"])
    step = Step(approvals.name_of(act, lot.code), Role.SUP, content["reasons"])
    first = approvals.propose(actor, lot.tender, step, now)
    found = DirectiveOrder(
        lot_id=lot.id, approval_id=first.id, act=act, file=signed.raw, sig=keys.b64(signed.sig), signed_at=now
    )
    db.session.add(found)
    db.session.flush()
    return found


def second(actor: Actor, lot_code: str, act: Act, now: dt.datetime) -> Lot:
    """Put the waiting directive into force: it is published, and the lot moves by it."""
    role = actor.act_as_any(Role.INSP, Role.MGR)
    lot = lifecycle.lot_of(lot_code, lock=True)
    check_possible(lot, act)
    order = waiting(lot, act)
    if order is None:
        raise approvals.none_waiting(act)
    approvals.second(actor, lot.tender, Step(approvals.name_of(act, lot.code), role), now)
    order.in_force_at = now
    _carry_out(actor, lot, order, now)
    records.acted(actor, f"directive.{act}", now, lot=lot.code)
    return lot


def take_back(actor: Actor, lot_code: str, act: Act, now: dt.datetime) -> None:
    """The authority takes its directive back before it is in force."""
    actor.act_as(Role.SUP)
    lot = lifecycle.lot_of(lot_code, lock=True)
    order = waiting(lot, act)
    if order is None:
        raise approvals.none_waiting(act)
    order.approval_id = None
    db.session.flush()
    approvals.take_back(actor, lot.tender, approvals.name_of(act, lot.code), now)


def waiting(lot: Lot, act: Act) -> DirectiveOrder | None:
    """The directive that waits for its second."""
    wanted = select(DirectiveOrder).where(
        DirectiveOrder.lot_id == lot.id,
        DirectiveOrder.act == act,
        DirectiveOrder.in_force_at.is_(None),
        DirectiveOrder.approval_id.is_not(None),
    )
    return db.session.scalars(wanted.order_by(DirectiveOrder.id.desc())).first()


def of_lot(lot: Lot) -> list[DirectiveOrder]:
    """All that were not taken back, in order of time."""
    wanted = select(DirectiveOrder).where(DirectiveOrder.lot_id == lot.id, DirectiveOrder.approval_id.is_not(None))
    return list(db.session.scalars(wanted.order_by(DirectiveOrder.id)))


def content_of(order: DirectiveOrder) -> dict[str, Any]:
    """What the directive says, from the bytes that were signed."""
    return Signed(order.file, keys.unb64(order.sig)).content(TYPE)


def _act(content: dict[str, Any]) -> Act:
    if content["act"] not in EVENTS:
        raise statements.unsigned()
    return Act(content["act"])


def _check_signed(lot: Lot, signed: Signed) -> None:
    if not signed.signed_by(keys.parse((lot.fact_keys or {})["supervisor"])):
        raise Forbidden(
            "statement.other_key",
            "签名不是本标段密钥组中监督机构的密钥所作。",
            "The signature is not by the supervising authority's key of this lot's keyset.",
            rule="sealing.md 1.1 fact_keys",
        )


def _carry_out(actor: Actor, lot: Lot, order: DirectiveOrder, now: dt.datetime) -> None:
    content, act = content_of(order), Act(order.act)
    log.append(
        round_facts.Directive(
            lot=lot.code,
            act="void" if act is Act.VOID else "reopen",
            reasons_sha256=canonical.sha(content["reasons"].encode()),
            law=content["law"],
            file=keys.b64(order.file),
            sig=order.sig,
        ),
        lot=lot.code,
    )
    guards = ["directive signed and published", "two approvals of different organizations"]
    if act is Act.VOID:
        lifecycle.move(lot, LotEvent.VOID, actor, now, guards)
        return
    cleared: dict[str, Any] = {"publicity_from": None, "publicity_until": None, "ranking": None, "given_up": {}}
    lifecycle.move(lot, LotEvent.REOPEN_EVALUATION, actor, now, guards, **cleared)
    reopening.reopen(lot.code, now)
