"""Applying to take part, the centre's check and the seller's decision; the result goes to the applicant alone (A1, L06, L07)."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel import canonical, keys, money
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid, NotFound
from kernel.law import holds
from kernel.money import Fen
from kernel.site import site
from kernel.statements import Signed
from supervision import log, offer_facts
from tendering import drafts, packs, visibility
from tendering.attachments import Attachment
from tendering.lifecycle import lot_of
from tendering.models import Lot
from tendering.offers import deposits, moving
from tendering.offers import terms as sale
from tendering.offers.models import OfferApplication, OfferFile
from tendering.offers.terms import OfferTerms, Way
from tendering.packs import Kind, Pack
from tendering.states import LotState

TYPE, RECEIPT, DECISION = "kaibiao-application/1", "kaibiao-application-receipt/1", "kaibiao-application-decision/1"
MADE, COMPLETE, RETURNED, CONFIRMED, REFUSED, TAKEN_BACK = (
    "made", "complete", "returned", "confirmed", "refused", "taken_back",
)  # fmt: skip
TAKING = frozenset({LotState.LISTING, LotState.COLLECTING})
FLAGS = ("management", "prepared_sale", "shareholder")
TEXTS = ("contact", "phone", "standing")
LEAST = 4


@dataclass(frozen=True)
class Said:
    """What an applicant declares; `offer` in fen is what it pays should it stay the only one."""

    texts: Mapping[str, str]
    flags: frozenset[str] = frozenset()
    offer: Fen | None = None
    papers: Sequence[Attachment] = ()


def terms_of(lot: Lot) -> OfferTerms:
    return sale.read(lot.tender.draft, lot.number)


def pack_of(lot: Lot) -> Pack:
    return packs.load(lot.tender.pack_id)


@holds("A1", "L07")
def apply(actor: Actor, lot_code: str, said: Said, now: dt.datetime) -> OfferApplication:
    """Hand in an application, or one anew that was returned; with a receipt signed by the platform, and no word to anybody else."""
    lot = lot_of(lot_code, lock=True)
    check_may_apply(actor, lot, now)
    found = _row(actor, lot)
    if found is not None and found.state not in (RETURNED, TAKEN_BACK):
        raise Conflict("application.once", "贵单位已提交申请。", "You have applied already.", rule=law(lot))
    _check_said(lot, said)
    row = found or OfferApplication(token=secrets.token_hex(16), lot_id=lot.id, organization_id=actor.organization_id)
    _enter(row, lot, actor, said, now)
    deposits.applied_again(lot, actor.organization_id, now)
    fact = offer_facts.OfferApplied(
        lot=lot.code, application_sha256=row.sha256, org=actor.organization, at=rfc3339(now)
    )
    log.append(fact, subject=actor.subject)
    records.acted(actor, "offer.applied", now, lot=lot.code)
    return row


def check_may_apply(actor: Actor, lot: Lot, now: dt.datetime) -> None:
    """A bidder who may sign, while applications are taken; never the seller or its agency (P13.related)."""
    visibility.check_seen(lot.tender, actor)
    actor.act_as(Role.BIDDER)
    actor.take_part(Part.SIGN)
    check_open(lot, now)
    sides = [one for one in (lot.tender.owner_org, lot.tender.agency_org) if one is not None]
    if actor.uscc in {drafts.organization(one).uscc for one in sides}:
        zh, en = "出让人（转让方）及其代理机构不得参加。", "Seller and agency do not take part."
        raise Forbidden("application.own_sale", zh, en, rule="《拍卖法》第二十二条、第三十条")


def check_open(lot: Lot, now: dt.datetime) -> None:
    """Conflict unless the lot takes applications at `now`."""
    if not sale.is_offer(pack_of(lot)) or lot.state not in TAKING or lot.applications_due is None:
        zh, en = "本标的现在不接受申请。", "No applications are taken for this lot now."
        raise Conflict("application.closed", zh, en, rule=law(lot), state=lot.state)
    due = moving.due_at(lot, now)
    if due is None or now >= due:
        zh, en = "申请已截止。", "The time for applications is over."
        raise Conflict("application.late", zh, en, rule=law(lot))


def law(lot: Lot) -> str:
    """What the lot's law says of who may take part."""
    pack = pack_of(lot)
    return pack.clause("applicants") or pack.clause("taker_conditions") or deal_law(pack) or "rules.md 5.3 A1"


def deal_law(pack: Pack) -> str:
    """By which rules the law says who buys."""
    return "；".join(dict.fromkeys(rule.clause for rule in pack.rules if rule.ends == "deal"))


def _check_said(lot: Lot, said: Said) -> None:
    short = [name for name in TEXTS if len(said.texts.get(name, "").strip()) < LEAST]
    if short:
        zh, en = "请填写联系人、电话和符合条件的说明。", "Name a contact, a telephone and how you meet the conditions."
        raise Invalid("application.incomplete", zh, en, rule=law(lot), fields=dict.fromkeys(short, "length"))
    _check_bought_by_managers(lot, said)
    terms = terms_of(lot)
    if sale.way(pack_of(lot)) is Way.CONTEST and (said.offer is None or said.offer < (terms.floor or 0)):
        zh, en = "承诺受让价不得低于底价。", "The price you undertake to pay is not below the floor."
        raise Invalid(
            "application.below_floor", zh, en, rule=f"P08 {deal_law(pack_of(lot))}", fields={"offer": "floor"}
        )


@holds("P12")
def _check_bought_by_managers(lot: Lot, said: Said) -> None:
    """Managers who prepared the sale do not buy; all others bid as equals (P12)."""
    for rule in pack_of(lot).find(Kind.REQUIRED, "preemption"):
        if {"management", "prepared_sale"} <= said.flags:
            zh = "管理层参与转让方案制订和组织实施的，不得受让。"
            en = "Managers who took part in preparing the sale do not buy."
            raise Forbidden("application.prepared_sale", zh, en, rule=rule.cited)


def _enter(row: OfferApplication, lot: Lot, actor: Actor, said: Said, now: dt.datetime) -> None:
    row.person_id, row.state, row.offer_fen = actor.person_id, MADE, said.offer
    row.said = {
        **{name: said.texts.get(name, "").strip() for name in TEXTS},
        **{name: name in said.flags for name in FLAGS},
    }
    if row.id is not None:
        row.files.clear()
        db.session.flush()  # the old names go before the new ones come
    row.files = [OfferFile(**vars(paper)) for paper in said.papers]
    row.sha256 = canonical.sha(_content(lot, actor, said, row))
    signed = Signed.make(
        {"type": RECEIPT, "lot": lot.code, "application": row.token, "sha256": row.sha256, "at": rfc3339(now)},
        site().key("platform"),
    )
    row.receipt, row.receipt_sig, row.made_at = signed.raw, keys.b64(signed.sig), now
    row.decision = row.decision_sig = row.decided_at = None
    row.remark = ""
    db.session.add(row)
    db.session.flush()


def _content(lot: Lot, actor: Actor, said: Said, row: OfferApplication) -> bytes:
    files = [{"name": one.name, "size": one.size, "sha256": one.sha256} for one in said.papers]
    offer = None if said.offer is None else money.wire(said.offer)
    return canonical.encode(
        {"type": TYPE, "lot": lot.code, "applicant": {"name": actor.organization, "uscc": actor.uscc}, "said": row.said, "offer": offer, "files": files}
    )  # fmt: skip


def take_back(actor: Actor, lot_code: str, now: dt.datetime) -> OfferApplication:
    """Withdraw the own application while applications are taken."""
    lot = lot_of(lot_code, lock=True)
    actor.act_as(Role.BIDDER)
    check_open(lot, now)
    row = own(actor, lot)
    if row.state in (REFUSED, TAKEN_BACK):
        raise Conflict("application.decided", "申请已办结。", "The application is settled.", rule=law(lot))
    row.state = TAKEN_BACK
    deposits.given_back(lot, actor.organization_id, now)
    _step(row, lot, TAKEN_BACK, now)
    records.acted(actor, "offer.taken_back", now, lot=lot.code)
    return row


@holds("A1")
def check(actor: Actor, token: str, *, complete: bool, remark: str, now: dt.datetime) -> OfferApplication:
    """The centre says whether an application is complete: papers, and the deposit where one is asked (L06); never whether it suits."""
    actor.act_as(Role.OPS)
    row = _waiting(token, MADE)
    lot = row.lot
    if complete:
        deposits.check_arrived(lot, row.organization_id)
    row.state, row.remark = (COMPLETE if complete else RETURNED), _remark(lot, remark, needed=not complete)
    _step(row, lot, row.state, now)
    records.acted(actor, f"offer.{row.state}", now, lot=lot.code)
    return row


def decide(actor: Actor, token: str, *, confirmed: bool, reason: str, now: dt.datetime) -> OfferApplication:
    """The seller confirms or refuses, with reason and clause; told to the applicant alone, in a notice signed by the platform."""
    row = _waiting(token, COMPLETE)
    lot = lot_of(row.lot.code, lock=True)
    visibility.check_project(lot.tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    settle(row, lot, _remark(lot, reason, needed=not confirmed), now, confirmed=confirmed)
    records.acted(actor, f"offer.{row.state}", now, lot=lot.code)
    return row


def settle(row: OfferApplication, lot: Lot, reason: str, now: dt.datetime, *, confirmed: bool) -> None:
    """Write the decision and its signed notice."""
    row.state, row.remark, row.decided_at = (CONFIRMED if confirmed else REFUSED), reason, now
    said: dict[str, Any] = {
        "type": DECISION, "lot": lot.code, "application": row.token, "result": row.state, "reason": reason,
        "law": law(lot), "at": rfc3339(now),
    }  # fmt: skip
    signed = Signed.make(said, site().key("platform"))
    row.decision, row.decision_sig = signed.raw, keys.b64(signed.sig)
    _step(row, lot, row.state, now, canonical.sha(signed.raw))


def _step(row: OfferApplication, lot: Lot, step: str, now: dt.datetime, decision: str | None = None) -> None:
    fact = offer_facts.OfferStep(
        lot=lot.code, application_sha256=row.sha256, step=step, decision_sha256=decision, at=rfc3339(now)
    )
    log.append(fact, subject=f"person:{row.person_id}")
    db.session.flush()


def _remark(lot: Lot, text: str, *, needed: bool) -> str:
    said = text.strip()[:2000]
    if needed and len(said) < LEAST:
        zh, en = "请写明理由和依据条款。", "Give the reason and the clause it rests on."
        raise Invalid("application.reason", zh, en, rule=law(lot), fields={"reason": "length"})
    return said


def _waiting(token: str, state: str) -> OfferApplication:
    """The application of that token in that state, locked; NotFound for one that is not on this desk any more."""
    wanted = select(OfferApplication).where(OfferApplication.token == token, OfferApplication.state == state)
    found = db.session.scalar(wanted.with_for_update().execution_options(populate_existing=True))
    if found is None:
        raise NotFound("application.none", "没有待办的申请。", "No such application waits.", rule="rules.md 5.3 A1")
    return found


def own(actor: Actor, lot: Lot) -> OfferApplication:
    """The application of the actor's organization; NotFound without one."""
    row = _row(actor, lot)
    if row is None:
        raise NotFound("application.none", "没有贵单位的申请。", "There is no application of yours.", rule=law(lot))
    return row


def _row(actor: Actor, lot: Lot) -> OfferApplication | None:
    mine = (OfferApplication.lot_id == lot.id, OfferApplication.organization_id == actor.organization_id)
    return db.session.scalar(select(OfferApplication).where(*mine))


def mine(actor: Actor) -> list[OfferApplication]:
    """Every application of the actor's organization, newest first."""
    wanted = select(OfferApplication).where(OfferApplication.organization_id == actor.organization_id)
    return list(db.session.scalars(wanted.order_by(OfferApplication.made_at.desc(), OfferApplication.id.desc())))


def in_state(lot: Lot, *states: str) -> list[OfferApplication]:
    """For the clock and the rules alone, in the order in which they came: never shown to anybody while the sale runs."""
    wanted = select(OfferApplication).where(OfferApplication.lot_id == lot.id, OfferApplication.state.in_(states))
    return list(db.session.scalars(wanted.order_by(OfferApplication.made_at, OfferApplication.id)))


def waiting_for(state: str, *, owner_org: int | None = None) -> list[OfferApplication]:
    """What waits on a desk: `made` on the centre's, `complete` on the seller's; in the order of random tokens, which tells nothing."""
    wanted = select(OfferApplication).where(OfferApplication.state == state).order_by(OfferApplication.token)
    found = [row for row in db.session.scalars(wanted) if row.lot.state in TAKING]
    return [row for row in found if owner_org is None or row.lot.tender.owner_org == owner_org]
