"""Naming who is invited, fixing the list in the log, drawing from it, and the invited party's answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select, update

from accounts import records
from accounts.actor import Actor
from accounts.directory import organization_of
from accounts.models import Organization
from accounts.roles import OrgKind, Part, Role
from kernel import canonical
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Invalid, NotFound
from supervision import invitation_facts, log
from supervision.invitation_facts import Invitee
from tendering import drafts, packs, visibility
from tendering.checklist import Obstacle
from tendering.invitations import rules
from tendering.invitations.door import check_invited
from tendering.invitations.models import Invitation, InvitationList
from tendering.invitations.rules import Ground, List, Listed
from tendering.models import Tender
from tendering.states import TenderState

MAX_ROWS = 99


def of(tender: Tender) -> InvitationList | None:
    found: InvitationList | None = db.session.scalar(
        select(InvitationList).where(InvitationList.tender_id == tender.id).execution_options(populate_existing=True)
    )
    return found


def put(actor: Actor, tender: Tender, given: List, now: dt.datetime) -> InvitationList:
    """Write the list anew, as owner or agency; refused once it is fixed, and for whoever cannot be invited."""
    visibility.check_project(tender, actor)
    actor.take_part(Part.PREPARE)
    _hold(tender)
    named = _organizations(tender, given.rows)
    found = of(tender) or InvitationList(tender_id=tender.id, witnesses="")
    found.draw, found.witnesses = given.draw if given.by_lot else None, "\n".join(given.witnesses)
    found.rows.clear()
    db.session.add(found)
    db.session.flush()
    for row, one in zip(given.rows, named, strict=True):
        found.rows.append(Invitation(organization_id=one.id, ground=row.ground))
    db.session.flush()
    records.acted(actor, "invitation.prepared", now)
    return found


def _hold(tender: Tender) -> None:
    """Whoever writes or fixes the list does so alone: what is fixed is what was read."""
    db.session.refresh(tender, with_for_update=True)
    drafts.check_draft(tender)
    check_unfixed(tender)


def check_unfixed(tender: Tender) -> None:
    found = of(tender)
    if found is not None and found.fixed_at is not None:
        raise Conflict(
            "invitation.fixed",
            "邀请名单已确定，不能再改。",
            "The list is fixed and stands as it is.",
            rule=packs.load(tender.pack_id).clause("invitees"),
        )


def _organizations(tender: Tender, rows: Sequence[Listed]) -> list[Organization]:
    if not 0 < len(rows) <= MAX_ROWS or len({row.uscc for row in rows}) != len(rows):
        raise _unnamed("名单为 1 至 99 家，不得重复。", "A list names 1 to 99 organizations, each once.", "rows")
    sides = [one for one in (tender.owner_org, tender.agency_org) if one is not None]
    own = {drafts.organization(one).uscc for one in sides}
    return [_organization(row.uscc, own) for row in rows]


def _organization(uscc: str, own: set[str]) -> Organization:
    found = organization_of(uscc, OrgKind.BIDDER)
    if found is None:
        raise _unnamed(f"没有登记代码为 {uscc} 的投标单位。", f"No bidder is registered with the code {uscc}.", uscc)
    if uscc in own:
        raise _unnamed("招标人和代理机构不能邀请自己。", "Owner and agency cannot invite themselves.", uscc)
    return found


def _unnamed(zh: str, en: str, field: str) -> Invalid:
    rule = "《招标投标法》第十七条；《政府采购法》第三十四条"
    return Invalid("invitation.unnamed", zh, en, rule=rule, fields={"invitations": field})


def read(found: InvitationList) -> List:
    """The list as the rules see it."""
    rows = [Listed(drafts.organization(one.organization_id).uscc, Ground(one.ground)) for one in found.rows]
    return List(rows, found.draw, tuple(filter(None, found.witnesses.split("\n"))))


def fix(actor: Actor, tender: Tender, now: dt.datetime) -> InvitationList:
    """The owner fixes the list: sealed in the log at once. Where it is drawn from, the clock draws next."""
    visibility.check_project(tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    _hold(tender)
    found = of(tender)
    if missing := _unlawful(tender, found):
        raise Conflict(
            missing[0].code,
            "".join(one.zh for one in missing),
            " ".join(one.en for one in missing),
            rule=missing[0].rule,
            obstacles=[vars(one) for one in missing],
        )
    assert found is not None
    fact = _fact(tender, found, now)
    row = log.append(fact, lot=tender.code)
    found.fixed_at, found.fact_id, found.sha256 = now, row.id, canonical.sha(fact.canonical())
    if found.draw is None:
        _invite([one.id for one in found.rows], now)
    records.acted(actor, _said(found), now)
    return found


def _said(found: InvitationList) -> str:
    """Who watched the draw stands with who acted: sealed, and never public."""
    names = "、".join(filter(None, found.witnesses.split("\n")))
    return f"invitation.listed before {names}" if names else "invitation.listed"


def _unlawful(tender: Tender, found: InvitationList | None) -> list[Obstacle]:
    given = read(found) if found is not None else List((), None)
    return rules.obstacles(packs.load(tender.pack_id), given)


def _fact(tender: Tender, found: InvitationList, now: dt.datetime) -> invitation_facts.InvitationListed:
    rows = [(drafts.organization(one.organization_id), one.ground) for one in found.rows]
    invitees = tuple(Invitee(uscc=one.uscc, name=one.name, ground=ground) for one, ground in rows)
    return invitation_facts.InvitationListed(tender=tender.code, draw=found.draw, invitees=invitees, at=rfc3339(now))


def _invite(ids: Sequence[int], now: dt.datetime) -> None:
    db.session.execute(update(Invitation).where(Invitation.id.in_(ids)).values(invited_at=now))


def obstacles(tender: Tender) -> list[Obstacle]:
    """What keeps a notice from being published on account of who is invited; nothing where all may bid."""
    pack = packs.load(tender.pack_id)
    if not rules.by_invitation(pack, tender.draft):
        return []
    found, cited = of(tender), pack.clause("invitees")
    if found is None or found.fixed_at is None:
        return [
            Obstacle("invitation.unfixed", "邀请名单尚未确定。", "The list of those invited is not fixed yet.", cited, rules.FIELD)
        ]  # fmt: skip
    if found.draw is not None and found.seed is None:
        return [
            Obstacle("invitation.undrawn", "等待公开日志抽取受邀单位。", "Waiting for the log to draw who is invited.", cited, rules.FIELD)
        ]  # fmt: skip
    return rules.obstacles(pack, read(found))


def answer(actor: Actor, tender: Tender, *, accepts: bool, now: dt.datetime) -> Invitation:
    """The invited party says whether it means to bid. It binds nobody, and nobody but itself sees it before the opening."""
    visibility.check_seen(tender, actor)
    actor.act_as(Role.BIDDER)
    check_invited(tender, actor.organization_id)
    if not open_to_answers(tender):
        raise Conflict(
            "invitation.closed",
            "投标截止后不再答复邀请。",
            "After the deadline an invitation is not answered any more.",
            rule=packs.load(tender.pack_id).clause("invitees"),
        )
    found = mine(actor, tender)
    found.accepts, found.answered_at = accepts, now
    fact = invitation_facts.InvitationAnswered(tender=tender.code, accepts=accepts, at=rfc3339(now))
    log.append(fact, lot=tender.code, subject=actor.subject)
    records.acted(actor, "invitation.answered", now)
    return found


def open_to_answers(tender: Tender) -> bool:
    return tender.state == TenderState.PUBLISHED and any(lot.state == "collecting" for lot in tender.lots)


def mine(actor: Actor, tender: Tender) -> Invitation:
    """The actor's own invitation, which it must have."""
    wanted = select(Invitation).join(InvitationList).where(
        InvitationList.tender_id == tender.id, Invitation.organization_id == actor.organization_id
    )  # fmt: skip
    return db.session.scalars(wanted).one()


def received(actor: Actor) -> list[Invitation]:
    """The invitations of published tenders that the actor's organization holds, newest first."""
    if Role.BIDDER not in actor.roles:
        return []
    wanted = select(Invitation).join(InvitationList).join(Tender).where(
        Invitation.organization_id == actor.organization_id,
        Invitation.invited_at.is_not(None),
        Tender.published_at.is_not(None),
    )  # fmt: skip
    return list(db.session.scalars(wanted.order_by(Tender.published_at.desc(), Invitation.id.desc())))


def everybody_may_bid() -> NotFound:
    return NotFound(
        "invitation.none",
        "本项目不以邀请方式进行。",
        "This procedure does not go by invitation.",
        rule="《招标投标法》第十条；《政府采购法》第二十九条",
    )
