"""A deposit that does not go back: kept by the owner's reasoned decision under a clause of the law, or turned into the performance bond."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from accounts import records
from accounts.actor import Actor
from accounts.models import Organization
from accounts.roles import Part, Role
from escrow import grounds, ledger, lots, refunds
from escrow.asking import of
from escrow.ledger import CONTRA, GUARANTEES, OWNER, Event, Leg
from escrow.models import Decision, Deposit
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid, NotFound
from kernel.law import holds
from kernel.money import Fen, wire
from supervision import deposit_facts, log
from tendering import packs, visibility
from tendering.contracts.models import Message
from tendering.lifecycle import lot_of
from tendering.models import Lot
from tendering.packs import Kind

RULE = "《招标投标法实施条例》第三十五条、第七十四条"
WINNERS_GROUNDS = ("no_contract", "no_bond")


@holds("deposit_kept")
def decide(actor: Actor, ref: str, ground: str, reason: str, now: dt.datetime) -> Decision:
    """The owner decides, with clause and reasons, to keep one deposit. No clock and no rule ever does (C29)."""
    deposit = _named(ref)
    lot = lot_of(deposit.lot)
    if visibility.check_project(lot.tender, actor, Role.OWNER) is not Role.OWNER:
        raise Forbidden("deposit.keeper", "由招标人决定。", "The owner decides.", rule=RULE)
    actor.take_part(Part.SIGN)
    lots.check_open(lot)
    law = grounds.legal_head(packs.load(lot.tender.pack_id), ground)
    _check(deposit, ground, law, reason)
    row = Decision(
        deposit_id=deposit.id, ground=ground, law=law, reason=reason.strip(), decided_by=actor.person_id, decided_at=now
    )
    db.session.add(row)
    running = refunds.open_of(deposit)
    if running is not None:
        running.ended_at = now  # the duty ends with the decision; what was approved already cannot be kept
    db.session.flush()
    records.acted(actor, "deposit.keep_decided", now, lot=lot.code)
    return row


def _check(deposit: Deposit, ground: str, law: str | None, reason: str) -> None:
    if law is None:
        raise Invalid(
            "keep.ground", "没有这个法定情形。", "The law knows no such ground.", rule=RULE, fields={"ground": "choice"}
        )
    if not 4 <= len(reason.strip()) <= 2000:
        raise Invalid("keep.reason", "请写明理由（4 至 2000 字）。", "Give reasons in 4 to 2000 characters.", rule=RULE, fields={"reason": "length"})  # fmt: skip
    running = refunds.open_of(deposit)
    if deposit.withdrawn_at is not None:
        raise Conflict("keep.withdrawn", "截止前撤回的，应当退还。", "Withdrawn in time: it goes back.", rule=RULE)
    if decision_of(deposit) is not None or (running is not None and running.batch_id is not None):
        raise Conflict("keep.late", "已决定或者已在退还中。", "It is decided, or on its way back.", rule=RULE)
    if ground in WINNERS_GROUNDS and not _was_chosen(deposit):
        raise Conflict("keep.not_winner", "只适用于中标人。", "This is about a winner only.", rule=RULE)


def _was_chosen(deposit: Deposit) -> bool:
    wanted = (Message.lot == deposit.lot, Message.organization == deposit.organization, Message.kind == "notice")
    return db.session.scalar(select(Message.id).where(*wanted)) is not None


def decision_of(deposit: Deposit) -> Decision | None:
    return db.session.scalar(select(Decision).where(Decision.deposit_id == deposit.id))


def carry_out(actor: Actor, ref: str, now: dt.datetime) -> Decision:
    """The centre's finance posts what the owner decided: to the owner's account, under the decision."""
    actor.act_as(Role.FIN)
    deposit = _named(ref)
    row = decision_of(deposit)
    if row is None or row.approved_at is not None:
        raise Conflict("keep.undecided", "没有待执行的决定。", "No decision waits.", rule=RULE)
    row.approved_by, row.approved_at = actor.person_id, now
    move(deposit, OWNER, f"forfeit:{row.id}", now)
    _ended(deposit, "kept", row.law, now)
    records.acted(actor, "deposit.kept", now, lot=deposit.lot)
    return row


def to_bond(actor: Actor, code: str, now: dt.datetime) -> Deposit:
    """The winner has its deposit stand as the performance bond, where the law allows it (G14)."""
    actor.act_as(Role.BIDDER)
    actor.take_part(Part.PAY)
    lot, deposit = lot_of(code), of(actor.organization_id, code)
    running = refunds.open_of(deposit) if deposit else None
    if deposit is None or not may_be_bond(lot, deposit):
        raise Conflict("bond.not_now", "现在不能转为履约保证金。", "It does not become the bond now.", rule=RULE)
    if running is not None:
        running.ended_at = now
    move(deposit, f"L:pbond:{deposit.ref}", f"conv:{deposit.ref}", now)
    _ended(deposit, "converted", _bond_law(lot) or RULE, now)
    records.acted(actor, "deposit.converted", now, lot=code)
    return deposit


def may_be_bond(lot: Lot, deposit: Deposit) -> bool:
    """The winner's money, once the contract is signed and before its return was proposed."""
    running = refunds.open_of(deposit)
    free = running is None or running.batch_id is None
    signed = lots.moments(lot).get("contract_signed") is not None
    mine = lots.winner(lot) == deposit.organization and deposit.guarantee is None
    return free and signed and mine and _bond_law(lot) is not None and refunds.holding(deposit) > 0


def _bond_law(lot: Lot) -> str | None:
    found = packs.load(lot.tender.pack_id).find(Kind.MAX_INTERVAL, "deposit_returned_winner")
    return found[0].cited if found else None


def move(deposit: Deposit, to: str, key: str, now: dt.datetime) -> None:
    """What counts as the deposit moves; what never counted stays in suspense and is not anybody's to keep."""
    if deposit.guarantee is not None:
        back = Leg(CONTRA, GUARANTEES, Fen(deposit.guarantee.amount))
        ledger.post(Event(key, "guarantee.claimed", now), [back])
        return
    own = f"L:dep:{deposit.ref}"
    amount = ledger.balance(own).posted
    if amount == 0:
        raise Conflict("keep.nothing", "没有可以处理的保证金。", "There is nothing to keep.", rule=RULE)
    ledger.post(Event(key, "deposit.moved", now), [Leg(own, to, amount)])


def _ended(deposit: Deposit, how: str, law: str, now: dt.datetime) -> None:
    deposit.ended, deposit.ended_at = how, now
    name = db.session.get_one(Organization, deposit.organization).name
    kept = deposit_facts.DepositKept.read(
        {
            "lot": deposit.lot,
            "org": name,
            "amount": wire(Fen(deposit.due_fen)),
            "law": law,
            "kept": how,
            "at": rfc3339(now),
        }
    )
    log.append(kept, lot=deposit.lot, subject=f"person:{deposit.person}")
    db.session.flush()


def _named(ref: str) -> Deposit:
    found = db.session.scalar(select(Deposit).where(Deposit.ref == ref, Deposit.ended_at.is_(None)).with_for_update())
    if found is None:
        raise NotFound("deposit.unknown", "没有这笔保证金。", "There is no such deposit.", rule=RULE)
    return found
