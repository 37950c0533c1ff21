"""What follows a failed lot: the next round from a copied draft (T30), or the recorded decision not to hold one (C31, G22)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel import canonical
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Invalid, Refusal, Words
from supervision import facts, log, round_facts
from tendering import codes, drafts, packs, publishing, round_rules, visibility
from tendering.checklist import Obstacle
from tendering.codes import TenderCode
from tendering.lifecycle import lot_of, move
from tendering.models import Lot, Tender
from tendering.round_models import NextRound, RepeatDecision
from tendering.round_rules import Choice, Failed, Option
from tendering.states import LotEvent, LotState

LAW = "rules.md 5.3 T30"


@dataclass(frozen=True)
class Failure:
    """Why a lot failed, as the log says it."""

    words: Words
    law: str
    at: str


@dataclass(frozen=True)
class Reconsidered:
    """What the owner says before another round; `changed` is False where the documents stand as they are."""

    reasons: str
    changes: str
    changed: bool = True


@dataclass(frozen=True)
class Consent:
    """Whose, and by which document; empty where the law asks for none."""

    authority: str = ""
    document: str = ""


def failure(lot: Lot) -> Failure | None:
    """Why and by which law the lot ended without a winner; None while it has not failed."""
    moved = [row.value for row in log.find("state.changed", lot.code)]
    found = [fact for fact in moved if isinstance(fact, facts.StateChanged) and fact.now == LotState.FAILED]
    if not found or lot.state not in (LotState.FAILED, LotState.RETENDERED):
        return None
    told = log.latest("tender.failed", lot.code)
    law = told.value.law if told and isinstance(told.value, facts.TenderFailed) else "；".join(found[-1].law)
    return Failure(round_rules.FAILURES[found[-1].event], law, found[-1].at)


def round_of(tender: Tender) -> int:
    """Which round of its project's lots this tender is: the first notice is round 1."""
    found = db.session.scalars(select(NextRound.number).where(NextRound.tender_id == tender.id).limit(1)).first()
    return found or 1


def next_of(lot: Lot) -> NextRound | None:
    """The round that takes this lot up again, prepared or published."""
    return db.session.scalar(select(NextRound).where(NextRound.lot_id == lot.id))


def earlier_of(tender: Tender) -> list[NextRound]:
    """The failed lots that this tender takes up again."""
    return list(db.session.scalars(select(NextRound).where(NextRound.tender_id == tender.id).order_by(NextRound.id)))


def decision_of(lot: Lot) -> RepeatDecision | None:
    return db.session.scalar(select(RepeatDecision).where(RepeatDecision.lot_id == lot.id))


def options(lot: Lot) -> list[Option]:
    """What may follow now; nothing once it is decided."""
    if lot.state != LotState.FAILED or next_of(lot) is not None or decision_of(lot) is not None:
        return []
    return round_rules.options(packs.load(lot.tender.pack_id), _failed(lot))


def prepare(actor: Actor, lots: Sequence[str], said: Reconsidered, now: dt.datetime) -> Tender:
    """A draft of the next round with these failed lots of one tender; its codes continue the project's."""
    found = [lot_of(code, lock=True) for code in sorted(set(lots))]
    if not found or len({lot.tender_id for lot in found}) != 1:
        raise Invalid("round.lots", "请选择同一项目的失败标段。", "Choose failed lots of one tender.", rule=LAW)
    old = found[0].tender
    visibility.check_project(old, actor, Role.OWNER)
    for lot in found:
        _check_open(lot)
    round_rules.check_reconsidered(said.reasons, said.changes, packs.load(old.pack_id))
    draft = drafts.create_draft(actor, _copied(old, found), now)
    number = round_of(old) + 1
    db.session.add_all(_entry(lot, draft, number, said, now) for lot in found)
    db.session.flush()
    records.acted(actor, f"round.prepared {number}", now, lot=old.code)
    return draft


def decide(actor: Actor, lot_code: str, choice: Choice, said: tuple[str, Consent], now: dt.datetime) -> RepeatDecision:
    """Record that no further tender is held, or another method is used, with the consent that the law asks for."""
    lot = lot_of(lot_code, lock=True)
    visibility.check_project(lot.tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    _check_open(lot)
    pack, (reasons, consent) = packs.load(lot.tender.pack_id), said
    option = round_rules.check_choice(pack, _failed(lot), choice, consent.document)
    if choice is Choice.AGAIN:
        raise Invalid("repeat.choice", "重新招标请编制下一轮。", "For another round, prepare its draft.", rule=LAW)
    round_rules.check_reconsidered(reasons, reasons, pack)
    found = RepeatDecision(
        lot_id=lot.id, choice=choice, authority=consent.authority.strip()[:200],
        document=consent.document.strip()[:200], reasons=reasons.strip(), decided_at=now,
    )  # fmt: skip
    db.session.add(found)
    db.session.flush()
    _record_decision(actor, lot, found, option, now)
    return found


def obstacles(tender: Tender) -> list[Obstacle]:
    """What keeps a draft of a later round from being published: nothing changed although it was said to be."""
    earlier = earlier_of(tender)
    if not earlier or not earlier[0].changed:
        return []
    old = earlier[0].lot.tender
    try:
        round_rules.check_changed(
            packs.load(tender.pack_id), _whole(old, earlier), _whole(tender, None), [_files(old), _files(tender)]
        )
    except Refusal as refusal:
        return [Obstacle(refusal.code, refusal.words.zh, refusal.words.en, refusal.rule or "", "documents")]
    return []


def stated(tender: Tender) -> dict[str, Any]:
    """What the notice of a later round says of the one before; nothing for a first round, whose notice stays as it was."""
    earlier = earlier_of(tender)
    if not earlier:
        return {}
    first = earlier[0]
    return {
        "round": {
            "number": first.number,
            "of": first.lot.tender.code,
            "lots": [row.lot.code for row in earlier],
            "reasons": first.reasons,
            "changes": first.changes,
            "changed": first.changed,
        }
    }


def published(actor: Actor, tender: Tender, now: dt.datetime) -> None:
    """With the notice of the new round the failed lots are tendered again (T30)."""
    for row in earlier_of(tender):
        move(row.lot, LotEvent.RETENDER, actor, now, [f"round {row.number} published: {tender.code}"])
        fact = round_facts.Retendered(
            lot=row.lot.code,
            tender=tender.code,
            round=row.number,
            reasons_sha256=canonical.sha(row.reasons.encode()),
            changes_sha256=canonical.sha(row.changes.encode()),
        )
        log.append(fact, lot=row.lot.code)


def _check_open(lot: Lot) -> None:
    if lot.state != LotState.FAILED:
        raise Conflict(
            "round.not_failed", "标段没有失败，不能重新招标。", "The lot has not failed.", rule=LAW, state=lot.state
        )
    if next_of(lot) is not None or decision_of(lot) is not None:
        raise Conflict("round.decided", "本标段的后续已经确定。", "What follows this lot is decided already.", rule=LAW)


def _failed(lot: Lot) -> Failed:
    moved = [row.value for row in log.find("state.changed", lot.code)]
    event = next((fact.event for fact in reversed(moved) if isinstance(fact, facts.StateChanged)), "")
    return Failed(event, round_of(lot.tender), approved=bool(lot.tender.draft.get("approval_doc")))


def _copied(old: Tender, lots: Sequence[Lot]) -> dict[str, Any]:
    """The old terms without their times; its files are uploaded anew, as they were reconsidered."""
    rows = old.draft.get("lots") or []
    terms = [{**rows[lot.number - 1], "closes_at": None} for lot in lots]
    owner = drafts.organization(old.owner_org).uscc
    project = codes.project_of(TenderCode(old.code))
    prequal = {name: value for name, value in (old.draft.get("prequal") or {}).items() if name == "criteria"}
    found = {**old.draft, "project": project, "owner_uscc": owner, "lots": terms}
    return {**found, "prequal": prequal} if prequal else found


def _entry(lot: Lot, draft: Tender, number: int, said: Reconsidered, now: dt.datetime) -> NextRound:
    return NextRound(
        lot_id=lot.id, tender_id=draft.id, number=number, reasons=said.reasons.strip(), changes=said.changes.strip(),
        changed=said.changed, prepared_at=now,
    )  # fmt: skip


def _whole(tender: Tender, earlier: Sequence[NextRound] | None) -> dict[str, Any]:
    """The terms that bind, lot by lot, without the times; of the old tender only the lots that come again."""
    rows = tender.draft.get("lots") or []
    chosen = rows if earlier is None else [rows[row.lot.number - 1] for row in earlier]
    timeless = [
        {key: value for key, value in row.items() if key != "closes_at" and value is not None} for row in chosen
    ]
    return {**round_rules.substance(tender.draft), "terms": timeless}


def _files(tender: Tender) -> frozenset[str]:
    return frozenset(document.sha256 for document in tender.documents)


def _record_decision(actor: Actor, lot: Lot, found: RepeatDecision, option: Option, now: dt.datetime) -> None:
    fact = round_facts.RepeatDecided(
        lot=lot.code,
        choice="no_more_tender" if option.choice is Choice.NO_MORE else "other_method",
        authority=found.authority,
        document=found.document,
        reasons_sha256=canonical.sha(found.reasons.encode()),
        law=option.law,
        at=rfc3339(now),
    )
    log.append(fact, lot=lot.code)
    records.acted(actor, f"repeat.{option.choice}", now, lot=lot.code)
    publishing.queue(lot.tender.code)
