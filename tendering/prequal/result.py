"""The owner's result: each applicant learns its own, who passed stays secret until the opening, and bids are taken (T05)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel import canonical, keys
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Invalid, Words
from kernel.law import holds
from kernel.statements import Signed
from supervision import facts, log, prequal_facts
from tendering import drafts, packs, publishing, statements, timetable, visibility
from tendering.lifecycle import lot_of, move
from tendering.models import Lot
from tendering.objections import stays
from tendering.prequal import applying, committee, reviewing, rules
from tendering.prequal.models import PrequalApplication, PrequalResult
from tendering.prequal.reviewing import Reviewed
from tendering.statements import ToSign
from tendering.states import CLOCK, LotEvent, LotState

TYPE = "kaibiao-prequal-result/1"


def of_lot(lot: Lot) -> PrequalResult | None:
    return db.session.scalar(select(PrequalResult).where(PrequalResult.lot_id == lot.id))


def sheet(lot: Lot, closes_at: dt.datetime | None) -> list[ToSign]:
    """What the owner signs: who passed and, where enough did, the timetable with the deadline for bids."""
    reviewed = _complete(lot)
    items = [_statement(lot, [one.application for one in reviewed if one.passed])]
    if not enough(lot, reviewed):
        return items
    if closes_at is None:
        raise Invalid("prequal.closes_at", "请填写投标截止时间。", "Set the deadline for bids.", rule=rules.LAW, fields={"closes_at": "missing"})  # fmt: skip
    return [*items, statements.timetable(lot.code, lot.keyset_sha256 or "", closes_at)]


def enough(lot: Lot, reviewed: list[Reviewed]) -> bool:
    """Whether as many passed as the law asks for (C08)."""
    return sum(one.passed for one in reviewed) >= rules.least(packs.load(lot.tender.pack_id)).value


def give(
    actor: Actor, lot_code: str, closes_at: dt.datetime | None, signatures: Mapping[str, str], now: dt.datetime
) -> Lot:
    """Give the result: with it bids are taken from who passed, or the lot fails for too few. Once, and for all applicants at once."""
    lot = lot_of(lot_code, lock=True)
    visibility.check_project(lot.tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    committee.check_reviewing(lot)
    stays.check_free(lot)
    reviewed = _complete(lot)
    signed = [_signed(lot, item, signatures) for item in sheet(lot, closes_at)]
    _tell(reviewed)
    _enter(lot, signed[0], now)
    if closes_at is not None and enough(lot, reviewed):
        _collect(actor, lot, (signed[1], closes_at), now)
    else:
        fail(lot, actor, now)
    records.acted(actor, "prequal.result", now, lot=lot.code, cert_sha256=canonical.sha(lot.tender.cert or b""))
    publishing.queue(lot.tender.code)
    return lot


@holds("documents_issued:bids_due")
def _collect(actor: Actor, lot: Lot, timed: tuple[Signed, dt.datetime], now: dt.datetime) -> None:
    """Who passed has the law's time from now on: with the result the documents of the tender are issued (C09, G01)."""
    moments, closes_at = timed
    timetable.check_deadline(timetable.earliest_deadline(packs.load(lot.tender.pack_id), now), closes_at)
    sig = keys.b64(moments.sig)
    log.append(facts.Timetable(lot=lot.code, file=keys.b64(moments.raw), sig=sig))
    times = {"timetable": moments.raw, "timetable_sig": sig, "closes_at": closes_at, "opens_at": closes_at}
    move(
        lot, LotEvent.QUALIFIED, actor, now, ["every application reviewed", "enough passed"], **times, qualified_at=now
    )


@holds("prequalified", "T05")
def fail(lot: Lot, by: Actor | None, now: dt.datetime) -> None:
    """Too few applied or passed: the lot fails, and the owner tenders again (C08)."""
    least = rules.least(packs.load(lot.tender.pack_id))
    log.append(facts.TenderFailed(lot=lot.code, reason="too_few_qualified", law=least.cited), lot=lot.code)
    move(lot, LotEvent.TOO_FEW_QUALIFIED, by or CLOCK, now, [f"fewer than {least.value}"])


def told(actor: Actor, lot: Lot, now: dt.datetime) -> PrequalApplication:
    """The actor's own application with its own result; the first reading of it is a receipt."""
    row = applying.own(actor, lot)
    if row.told is not None and row.read_at is None:
        row.read_at = now
        log.append(prequal_facts.PrequalRead(lot=lot.code, at=rfc3339(now)), lot=lot.code, subject=actor.subject)
    return row


def _complete(lot: Lot) -> list[Reviewed]:
    reviewed = reviewing.of_lot(lot)
    waiting = sum(one.missing for one in reviewed)
    if waiting or lot.state != LotState.PREQUAL_REVIEW:
        raise Conflict(
            "prequal.incomplete",
            f"资格审查尚未完成，还缺 {waiting} 份审查意见。",
            f"The review is not complete: {waiting} findings are missing.",
            rule=rules.LAW,
        )
    return reviewed


def _statement(lot: Lot, passed: list[PrequalApplication]) -> ToSign:
    rows = [_row(one) for one in sorted(passed, key=lambda one: one.party)]
    raw = canonical.encode({"type": TYPE, "lot": lot.code, "passed": rows})
    names = "、".join(one["name"] for one in rows) or "—"
    words = Words(
        f"标段 {lot.code} 通过资格预审的申请人（开标前保密）：{names}",
        f"Who passed the pre-qualification of lot {lot.code} (secret until the opening): {names}",
    )
    return ToSign(TYPE, raw, words, lot.code)


def _row(one: PrequalApplication) -> dict[str, Any]:
    codes = sorted(drafts.organization(member).uscc for member in one.members)
    return {"party": one.party, "name": one.name, "codes": codes}


def _signed(lot: Lot, item: ToSign, signatures: Mapping[str, str]) -> Signed:
    """By the owner's key of the lot's keyset."""
    owner = keys.parse((lot.fact_keys or {})["owner"])
    try:
        signed = Signed(item.raw, keys.unb64(signatures.get(item.sha256, "")))
    except ValueError as error:
        raise statements.unsigned() from error
    if not signed.signed_by(owner):
        raise Invalid(
            "prequal.signature",
            f"缺少招标人密钥的签名：{item.words.zh}",
            f"The owner's key has not signed: {item.words.en}",
            rule=rules.LAW,
            fields={"signatures": item.sha256},
        )
    return signed


def _tell(reviewed: list[Reviewed]) -> None:
    """Each applicant its own result with the reasons, and nobody another's."""
    for one in reviewed:
        one.application.passed = one.passed
        one.application.told = [
            {"criterion": found.criterion.id, "passes": found.passes, "reasons": list(found.reasons)}
            for found in one.findings
        ]
    db.session.flush()


def _enter(lot: Lot, signed: Signed, now: dt.datetime) -> None:
    sig = keys.b64(signed.sig)
    db.session.add(PrequalResult(lot_id=lot.id, file=signed.raw, sig=sig, given_at=now))
    db.session.flush()
    fact = prequal_facts.PrequalResult(lot=lot.code, file=keys.b64(signed.raw), sig=sig, at=rfc3339(now))
    log.append(fact, lot=lot.tender.code)
