"""Moving a lot's deadline, only ever later; standing still and going on; each a statement signed by the right key."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CursorResult, update

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel import canonical, keys
from kernel.db import db
from kernel.errors import Conflict, Forbidden
from kernel.law import holds
from kernel.site import site
from kernel.statements import Signed
from supervision import facts, log
from supervision.deadline import OBJECTION
from tendering import packs, publishing, rules, statements, timetable, visibility
from tendering.lifecycle import move
from tendering.models import Lot
from tendering.objections import service as objections
from tendering.offers import moving
from tendering.states import CLOCK, PREQUALIFYING, LotEvent, LotState

OWNER, SUPERVISOR, PLATFORM = "owner", "supervisor", "platform"
RULE = "log-and-nodes.md 3 Deadline"


def extend_deadline(actor: Actor, lot: Lot, signed: Signed, now: dt.datetime) -> Lot:
    """Move a collecting lot's deadline later. Its keyset, and with it every bid sealed so far, stays what it is."""
    _check_signer(actor, lot, signed, OWNER)
    content = statements.read(signed, statements.TIMETABLE, lot.code, ("keyset_sha256", "closes_at", "opens_at"))
    if content["keyset_sha256"] != lot.keyset_sha256:
        raise Conflict(
            "deadline.other_keyset",
            "时间表所指的密钥组不是本标段现行的密钥组。",
            "The timetable names another keyset than the lot's.",
            rule=RULE,
        )
    check_running(lot)
    moments, old = statements.moments(content), _closes_at(lot)
    rules.check_later(old, moments.closes_at, now)
    timetable.check_in_time(packs.load(lot.tender.pack_id), old, now)
    _change(lot, {"timetable": signed.raw, "timetable_sig": keys.b64(signed.sig), **vars(moments)})
    log.append(facts.Timetable(lot=lot.code, file=keys.b64(signed.raw), sig=keys.b64(signed.sig)))
    _acted(actor, lot, "lot.extended", now)
    return lot


def suspend(actor: Actor | None, lot: Lot, signed: Signed, now: dt.datetime) -> Lot:
    """Stop a collecting or listed lot's clock, for an objection or by order. The lot goes on accepting bids or applications."""
    by = _signer(lot, signed)
    _check_signer(actor, lot, signed, by)
    content = statements.read(signed, statements.SUSPENDED, lot.code, ("at", "cause"))
    if by == PLATFORM and not content["cause"].startswith(OBJECTION):
        raise _other_key()
    check_stoppable(lot)
    at = statements.instant(content, "at")
    rules.check_at(at, now, lot.timings["cut_grace"])
    rules.check_before(now, _closes_at(lot))
    _change(lot, {"suspended_at": at, "suspended_cause": content["cause"]})
    log.append(facts.Suspended(lot=lot.code, by=by, file=keys.b64(signed.raw), sig=keys.b64(signed.sig)))
    _acted(actor, lot, "lot.suspended", now)
    return lot


def resume(actor: Actor | None, lot: Lot, signed: Signed, now: dt.datetime) -> Lot:
    """Let a suspended lot go on; bidders get back all the time that was left."""
    by = _signer(lot, signed)
    _check_signer(actor, lot, signed, by)
    content = statements.read(signed, statements.RESUMED, lot.code, ("at", "closes_at", "opens_at"))
    check_suspended(lot)
    assert lot.suspended_at is not None, "just checked"
    at, moments = statements.instant(content, "at"), statements.moments(content)
    rules.check_at(at, now, lot.timings["cut_grace"])
    rules.check_resumed(moments.closes_at, rules.resumed_at_least(_closes_at(lot), lot.suspended_at, at))
    more = moving.resumed(lot, at, moments.closes_at, now)
    _change(lot, {"suspended_at": None, "suspended_cause": None, **vars(moments), **more})
    log.append(facts.Resumed(lot=lot.code, by=by, file=keys.b64(signed.raw), sig=keys.b64(signed.sig)))
    _acted(actor, lot, "lot.resumed", now)
    return lot


def collect_again(actor: Actor | None, lot: Lot, signed: Signed, now: dt.datetime) -> Lot:
    """After an outage over the deadline, by order of the supervising authority, while no roll is in the log."""
    _check_signer(actor, lot, signed, SUPERVISOR)
    content = statements.read(signed, statements.OUTAGE, lot.code, ("at", "closes_at", "opens_at"))
    at, moments = statements.instant(content, "at"), statements.moments(content)
    rules.check_at(at, now, lot.timings["cut_grace"])
    check_unrolled(lot)
    rules.check_later(now, moments.closes_at, now - dt.timedelta(seconds=1))
    fact = facts.OutageOrder(lot=lot.code, file=keys.b64(signed.raw), sig=keys.b64(signed.sig))
    log.append(fact)
    if lot.state == LotState.SEALED:
        move(lot, LotEvent.COLLECT_AGAIN, CLOCK, now, [f"outage.order at {at.isoformat()}"], **vars(moments))
    else:
        _change(lot, vars(moments))
    _acted(actor, lot, "lot.collects_again", now)
    return lot


def check_running(lot: Lot) -> None:
    """Conflict unless the lot takes bids and its clock runs."""
    _check_running(lot, LotState.COLLECTING)


def check_stoppable(lot: Lot) -> None:
    """Conflict unless the lot takes bids or applications to buy and its clock runs."""
    _check_running(lot, LotState.COLLECTING, LotState.LISTING)


def _check_running(lot: Lot, *states: LotState) -> None:
    if lot.state not in states:
        raise Conflict(
            "lot.not_collecting",
            "标段不在接收投标阶段。",
            "The lot is not collecting bids.",
            rule=RULE,
            state=lot.state,
        )
    if lot.suspended_at is not None:
        raise Conflict("lot.suspended", "标段已暂停，请先恢复。", "The lot is suspended: resume it first.", rule=RULE)


def check_suspended(lot: Lot) -> None:
    """Conflict unless the lot stands still and nothing keeps it from going on. Before bids are taken a reply alone does it."""
    if lot.suspended_at is None or lot.state in PREQUALIFYING:
        raise Conflict("lot.not_suspended", "标段没有暂停。", "The lot is not suspended.", rule=RULE)
    _check_answered(lot)


def check_unrolled(lot: Lot) -> None:
    """Conflict once the roll stands in the log: from then on nothing collects again."""
    if log.latest("box.closed", lot.code) is not None or lot.state not in (LotState.COLLECTING, LotState.SEALED):
        raise Conflict(
            "outage.too_late",
            "投标清单已经封存，不能再延长。",
            "The roll is already in the log: the lot cannot collect again.",
            rule=RULE,
        )


@holds("C14")
def _check_answered(lot: Lot) -> None:
    """What an objection stopped goes on only when every one of them is answered or withdrawn."""
    for row in objections.open_ones(lot):
        if row.suspends and (lot.suspended_cause or "").startswith(OBJECTION):
            law = packs.load(lot.tender.pack_id).clause("objection_received")
            raise Conflict(
                "objection.open",
                f"第 {row.number} 号异议尚未答复，答复前不得恢复。",
                f"Objection {row.number} has no reply yet: until then the lot stands still.",
                rule=f"C14 {law}",
            )


def _closes_at(lot: Lot) -> dt.datetime:
    assert lot.closes_at is not None, "a published lot has its times"
    return lot.closes_at


def _signer(lot: Lot, signed: Signed) -> str:
    """Whose key made the signature: the owner's of the keyset, the platform's, else it must be the supervising authority's."""
    if signed.signed_by(site().key("platform").public_key()):
        return PLATFORM
    return OWNER if _signed_by(lot, signed, OWNER) else SUPERVISOR


def _signed_by(lot: Lot, signed: Signed, who: str) -> bool:
    return signed.signed_by(keys.parse((lot.fact_keys or {})[who]))


def _check_signer(actor: Actor | None, lot: Lot, signed: Signed, who: str) -> None:
    """The person holds the role that goes with the key, and the key of the keyset made the signature.

    Without a person it is the supervising authority's own node that speaks, by its key alone, or the platform's clock.
    """
    if who == PLATFORM and actor is None:
        return
    if actor is not None and who != PLATFORM:
        _check_person(actor, lot, who)
    elif who != SUPERVISOR:
        raise _other_key()
    if lot.fact_keys is None or not _signed_by(lot, signed, who):
        raise _other_key()


def _check_person(actor: Actor, lot: Lot, who: str) -> None:
    visibility.check_seen(lot.tender, actor)
    if who == OWNER:
        visibility.check_project(lot.tender, actor, Role.OWNER)
        actor.take_part(Part.SIGN)
    else:
        actor.act_as(Role.SUP)


def _other_key() -> Forbidden:
    return Forbidden(
        "statement.other_key",
        "签名不是本标段密钥组中招标人或监督机构的密钥所作。",
        "The signature is not by the owner's or the supervising authority's key of this lot's keyset.",
        rule="sealing.md 1.1 fact_keys",
    )


def _change(lot: Lot, values: dict[str, Any]) -> None:
    """Change moments of the lot as it was read; the clock may close it, or somebody change it, in between."""
    change = (
        update(Lot)
        .where(
            Lot.id == lot.id,
            Lot.state == lot.state,
            Lot.closes_at == lot.closes_at,
            Lot.suspended_at.is_not_distinct_from(lot.suspended_at),
        )
        .values(**values)
    )
    done = db.session.execute(change)
    assert isinstance(done, CursorResult)
    if done.rowcount != 1:
        raise Conflict(
            "lot.changed", "标段状态已变化，请刷新后重试。", "The lot has moved on: reload and try again.", rule=RULE
        )
    publishing.queue(lot.tender.code)


def _acted(actor: Actor | None, lot: Lot, what: str, now: dt.datetime) -> None:
    if actor is None:
        return  # the open fact itself carries the authority's signature
    records.acted(actor, what, now, lot=lot.code, cert_sha256=canonical.sha(lot.tender.cert or b""))
