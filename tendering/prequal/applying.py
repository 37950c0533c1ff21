"""Applying for a lot's pre-qualification: handed in, replaced or withdrawn until the deadline, seen by nobody else before it."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from accounts import consortia, records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel import canonical
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Forbidden, NotFound, Refusal
from kernel.law import holds
from supervision import log, prequal_facts
from tendering import drafts, packs, visibility
from tendering.attachments import Attachment
from tendering.lifecycle import lot_of
from tendering.models import Lot
from tendering.prequal import judging, rules
from tendering.prequal.models import PrequalApplication, PrequalFile
from tendering.states import LotState

TYPE = "kaibiao-application/1"


@dataclass(frozen=True)
class Party:
    """Who applies: the own organization, or a complete consortium by its lead."""

    spelled: str
    name: str
    members: tuple[int, ...]


@dataclass(frozen=True)
class Said:
    """What is handed in; `party` as bidding spells it, None for the own organization."""

    answers: Mapping[str, str]
    papers: Sequence[Attachment] = ()
    party: str | None = None


@holds("documents_end:applications_due", "notice_published:applications_due", "late_bid")
def hand_in(actor: Actor, lot_code: str, said: Said, now: dt.datetime) -> tuple[PrequalApplication, list[str]]:
    """Hand in an application, or another in the place of the last; with the blobs that it leaves without a row.

    Late is refused by the server's clock, and the attempt recorded. The lot's row is locked, so that the close finds an
    application whole or not at all.
    """
    try:
        return _handed_in(actor, lot_code, said, now)
    except Refusal as refusal:
        raise _recorded(refusal, actor, lot_code, now) from None


def _handed_in(actor: Actor, lot_code: str, said: Said, now: dt.datetime) -> tuple[PrequalApplication, list[str]]:
    lot = lot_of(lot_code, lock=True)
    check_may_apply(actor, lot, now)
    party = _party(actor, lot, said.party)
    answers = judging.check_answers(rules.criteria_of(lot.tender.draft), said.answers)
    found = _row(actor, lot)
    _check_once(lot, party, found)
    old = [file.blob_key for file in found.files] if found is not None else []
    row = _entered(found or _new(actor, lot), party, answers, said.papers, now)
    _record(actor, lot, prequal_facts.PrequalApplied(lot=lot.code, application_sha256=row.sha256, at=rfc3339(now)))
    records.acted(actor, "prequal.applied", now, lot=lot.code)
    return row, old


def check_may_apply(actor: Actor, lot: Lot, now: dt.datetime) -> None:
    """A bidder who may sign, while applications are taken; never the tender's own side."""
    visibility.check_seen(lot.tender, actor)
    actor.act_as(Role.BIDDER)
    actor.take_part(Part.SIGN)
    check_open(lot, now)
    sides = [one for one in (lot.tender.owner_org, lot.tender.agency_org) if one is not None]
    if actor.uscc in {drafts.organization(one).uscc for one in sides}:
        raise Forbidden(
            "bid.own_tender",
            "招标人和代理机构不得参加本项目投标。",
            "Owner and agency do not bid in their own tender.",
            rule="《招标投标法实施条例》第三十四条",
        )


def check_open(lot: Lot, now: dt.datetime) -> None:
    """Refused unless the lot takes applications now. One that stands still goes on taking them."""
    taking, stands = lot.state == LotState.PREQUAL, lot.suspended_at is not None
    rules.check_open(packs.load(lot.tender.pack_id), lot.applications_due, now, taking=taking, stands=stands)


def withdraw(actor: Actor, lot_code: str, now: dt.datetime) -> PrequalApplication:
    """Take the application back; until the deadline another may follow."""
    lot = lot_of(lot_code, lock=True)
    check_may_apply(actor, lot, now)
    row = own(actor, lot)
    if row.withdrawn_at is not None:
        raise Conflict("application.withdrawn", "申请已撤回。", "It is withdrawn already.", rule=rules.LAW)
    row.withdrawn_at = now
    fact = prequal_facts.PrequalWithdrawn(lot=lot.code, application_sha256=row.sha256, at=rfc3339(now))
    _record(actor, lot, fact)
    records.acted(actor, "prequal.withdrawn", now, lot=lot.code)
    return row


def own(actor: Actor, lot: Lot) -> PrequalApplication:
    """The application of the actor's organization; NotFound without one, for anybody."""
    row = _row(actor, lot)
    if row is None:
        raise NotFound("application.none", "没有您单位的申请。", "There is no application of yours.", rule=rules.LAW)
    return row


def mine(actor: Actor) -> list[PrequalApplication]:
    """Every application of the actor's organization, newest first."""
    wanted = select(PrequalApplication).where(PrequalApplication.organization_id == actor.organization_id)
    return list(
        db.session.scalars(wanted.order_by(PrequalApplication.handed_in_at.desc(), PrequalApplication.id.desc()))
    )


def live(lot: Lot) -> list[PrequalApplication]:
    """The applications that count, in an order that follows the random token; for the review, never before the deadline."""
    wanted = select(PrequalApplication).where(
        PrequalApplication.lot_id == lot.id, PrequalApplication.withdrawn_at.is_(None)
    )
    return list(db.session.scalars(wanted.order_by(PrequalApplication.token)))


@holds("C24")
def _party(actor: Actor, lot: Lot, party: str | None) -> Party:
    """A consortium is declared and confirmed by every member before it applies (C24)."""
    spelled, name = consortia.bidding_for(actor, party)
    kind, _, code = spelled.partition(":")
    if kind != "consortium":
        return Party(spelled, name, (actor.organization_id,))
    if not lot.tender.draft.get("consortium_allowed"):
        raise Forbidden(
            "consortium.not_admitted",
            "本项目不接受联合体投标。",
            "This tender admits no consortia.",
            rule=packs.load(lot.tender.pack_id).clause("consortium_allowed"),
        )
    members = consortia.members_of(consortia.seen_by(actor, code))
    return Party(spelled, name, tuple(sorted(organization.id for organization, _ in members)))


@holds("C24.once")
def _check_once(lot: Lot, party: Party, own_row: PrequalApplication | None) -> None:
    """Each organization applies once, alone or in one consortium; the lot's row is locked meanwhile."""
    pack = packs.load(lot.tender.pack_id)
    for other in live(lot):
        if other is not own_row and not set(other.members).isdisjoint(party.members):
            raise Conflict(
                "application.twice",
                "联合体成员已以自己名义或者参加其他联合体提出申请。",
                "A member of this party has applied already, alone or in another consortium.",
                rule=pack.clause("consortium_members") or pack.clause("consortium_allowed"),
            )


def _row(actor: Actor, lot: Lot) -> PrequalApplication | None:
    mine = (PrequalApplication.lot_id == lot.id, PrequalApplication.organization_id == actor.organization_id)
    return db.session.scalar(select(PrequalApplication).where(*mine))


def _new(actor: Actor, lot: Lot) -> PrequalApplication:
    return PrequalApplication(token=secrets.token_hex(16), lot_id=lot.id, organization_id=actor.organization_id)


def _entered(
    row: PrequalApplication, party: Party, answers: dict[str, str], papers: Sequence[Attachment], now: dt.datetime
) -> PrequalApplication:
    row.party, row.name, row.members, row.answers = party.spelled, party.name, list(party.members), answers
    row.files = [PrequalFile(**vars(paper)) for paper in papers]
    row.sha256 = canonical.sha(_content(party, answers, papers))
    row.handed_in_at, row.withdrawn_at = now, None
    db.session.add(row)
    db.session.flush()
    return row


def _content(party: Party, answers: Mapping[str, str], papers: Sequence[Attachment]) -> bytes:
    files = [{"name": paper.name, "size": paper.size, "sha256": paper.sha256} for paper in papers]
    return canonical.encode({"type": TYPE, "party": party.spelled, "answers": dict(answers), "files": files})


def _record(actor: Actor, lot: Lot, fact: prequal_facts.PrequalApplied | prequal_facts.PrequalWithdrawn) -> None:
    log.append(fact, lot=lot.code, subject=actor.subject)


def _recorded(refusal: Refusal, actor: Actor, lot_code: str, now: dt.datetime) -> Refusal:
    """A late application becomes a sealed fact after the roll-back."""
    if refusal.code != "application.late":
        return refusal
    fact = prequal_facts.PrequalRefused(
        lot=lot_code, code=refusal.code, rule=refusal.rule or rules.LAW, at=rfc3339(now)
    )
    return refusal.recording(fact, lot=lot_code, subject=actor.subject)
