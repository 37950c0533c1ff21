"""What the pages of a sale show to whom: allow-lists over `visibility`, and what is left for each to do."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.actor import Actor
from accounts.roles import Role
from kernel import canonical, keys
from kernel.errors import Refusal, Words
from tendering import drafts, packs, visibility
from tendering.contracts import papers
from tendering.models import Lot, Tender
from tendering.offers import applications, deals, deposits, on_site, payments, reserve, steps
from tendering.offers import terms as sale
from tendering.offers.applications import pack_of, terms_of
from tendering.offers.models import OfferApplication
from tendering.offers.terms import OfferTerms, Preemption, Way
from tendering.offers.visibility import Phase, Viewer, may_see
from tendering.states import LotState

STATES = {
    "made": Words("待中心核对材料", "The centre checks the papers"),
    "complete": Words("材料齐全，待出让人（转让方）确认", "Complete; the seller decides"),
    "returned": Words("已退回补正", "Returned: something is missing"),
    "confirmed": Words("资格已确认", "Confirmed"),
    "refused": Words("不予确认", "Not confirmed"),
    "taken_back": Words("已撤回", "Taken back"),
}
USES = {
    "housing": Words("居住", "Housing"),
    "industry": Words("工业", "Industry"),
    "science": Words("教育、科技、文化、卫生、体育", "Education, science, culture, health, sports"),
    "commerce": Words("商业、旅游、娱乐", "Commerce, tourism, entertainment"),
    "mixed": Words("综合或者其他", "Mixed or other"),
}
SUBJECTS = {
    "land": Words("国有建设用地使用权", "Land"),
    "equity": Words("产（股）权", "Equity"),
    "increase": Words("企业增资", "Capital increase"),
    "assets": Words("实物资产", "Assets"),
    "rights": Words("经营权等其他权益", "Rights"),
}
WAYS = {
    Way.ONE_TAKER: Words("唯一受让方按不低于底价成交", "The one taker buys, not below the floor"),
    Way.CONTEST: Words("密封报价，价高者得，同价先到者得", "Sealed offers: the highest buys, of equals the first"),
    Way.COMMITTEE: Words("密封投标，评标后按排名成交", "Sealed bids, by the committee's ranking"),
    Way.ON_SITE: Words("现场竞价，价高者得，同价先报者得", "On site: the highest buys, of equals the first"),
}
PREEMPTION = {
    Preemption.NONE: Words("无优先购买权", "Nobody has pre-emption"),
    Preemption.WAIVED: Words("原股东已放弃优先购买权", "Shareholders gave up pre-emption"),
    Preemption.RESERVED: Words("原股东保留优先购买权", "Shareholders keep their pre-emption"),
}


def terms(lot: Lot) -> OfferTerms | None:
    """The sale's terms for pages; None for a lot that is bought, not sold."""
    return terms_of(lot) if sale.is_offer(pack_of(lot)) else None


def way(lot: Lot) -> Words:
    return WAYS[sale.way(pack_of(lot))]


def is_sale(tender: Tender) -> bool:
    return sale.is_offer(packs.load(tender.pack_id))


def open_to_apply(lot: Lot, now: dt.datetime) -> bool:
    return may(lambda: applications.check_open(lot, now))


def may(check: Any) -> bool:
    try:
        check()
    except Refusal:
        return False
    return True


def own(actor: Actor | None, lot: Lot) -> dict[str, Any] | None:
    """The own application, for its applicant alone."""
    if actor is None or Role.BIDDER not in actor.roles:
        return None
    try:
        row = applications.own(actor, lot)
    except Refusal:
        return None
    decision = canonical.decode(row.decision) if row.decision else None
    receipt = row.receipt.decode()
    return {"row": row, "state": STATES[row.state], "decision": decision, "said": row.said, "receipt": receipt}


def on_desk(actor: Actor) -> list[dict[str, Any]]:
    """What waits for the centre's check or this seller's decision: each to be handled, never counted, gone once handled."""
    if Role.OPS in actor.roles:
        return [_waiting(row, Viewer.OPS, Phase.MADE) for row in applications.waiting_for(applications.MADE)]
    if Role.OWNER in actor.roles:
        rows = applications.waiting_for(applications.COMPLETE, owner_org=actor.organization_id)
        return [_waiting(row, Viewer.OWNER, Phase.COMPLETE) for row in rows]
    return []


def _waiting(row: OfferApplication, viewer: Viewer, phase: Phase) -> dict[str, Any]:
    whole = may_see(viewer, phase, "shareholder")
    said = {name: value for name, value in row.said.items() if whole or name != "shareholder"}
    values = {"applicant": drafts.organization(row.organization_id), "said": said, "files": row.files}
    seen = {name: value for name, value in values.items() if may_see(viewer, phase, name)}
    if may_see(viewer, phase, "deposit"):
        seen["deposit"] = deposits.problem(row.lot, row.organization_id)
    told = {"law": applications.law(row.lot), "deposit_asked": deposits.asked(row.lot)}
    return {"token": row.token, "lot": row.lot, **told, **seen}


def may_open_file(actor: Actor, row: OfferApplication) -> bool:
    """The applicant always; whoever has the application on the desk now."""
    if actor.organization_id == row.organization_id and Role.BIDDER in actor.roles:
        return True
    return any(one["token"] == row.token for one in on_desk(actor))


def room(actor: Actor | None, lot: Lot) -> dict[str, Any]:
    """The sale as this viewer may see it: the deal for everybody, the forms for whoever may use them now."""
    staff = actor is not None and Role.OPS in actor.roles
    owner = actor is not None and Role.OWNER in actor.roles and visibility.of_project(lot.tender, actor)
    deal = deals.of(lot)
    bought = deal is not None and actor is not None and deal.organization_id == actor.organization_id
    standing = lot.state in (LotState.DEAL, LotState.AWARDED)
    named = may_see(_holder(owner=owner, staff=staff), Phase.ENDED, "shareholder")
    return {
        "owner": owner,
        "staff": staff,
        "deal": deal,
        "buyer": bought and Role.BIDDER in (actor.roles if actor else ()),
        "item": deals.statement(lot) if deal is not None and standing else None,
        "b64": keys.b64,
        "reserve": deals.reserve_of(lot),
        "reserve_waits": reserve.proposed(lot),
        "reserve_may": lot.state in reserve.MAY_OPEN,
        **_outcome(lot, inside=may_see(_holder(owner=owner, staff=staff), Phase.ROOM, "applicant")),
        **_money(lot),
        "way_words": WAYS,
        "applicants": _shareholders(lot) if named and lot.state == LotState.DEAL else [],
    }


def _holder(*, owner: bool, staff: bool) -> Viewer:
    """As whom of the table somebody looks at a sale that is not the own."""
    if staff:
        return Viewer.OPS
    return Viewer.OWNER if owner else Viewer.OTHER


def _outcome(lot: Lot, *, inside: bool) -> dict[str, Any]:
    """Who sells in the room knows who is in the room; everybody sees what was entered once it stands."""
    entered = on_site.entered(lot)
    confirmed = applications.in_state(lot, applications.CONFIRMED)
    names = {row.token: drafts.organization(row.organization_id).name for row in confirmed}
    row = on_site.of(lot)
    shown = row is not None and (row.stands_at is not None or (inside and entered))
    return {
        "entered": entered,
        "bidders": list(names.items()) if inside and lot.state == LotState.BIDDING else [],
        "outcome": row if shown else None,
        "names": names if shown and inside else {},
    }


def _money(lot: Lot) -> dict[str, Any]:
    contract = papers.signed_contract(lot)
    running = contract is not None and lot.state == LotState.CONTRACTED
    return {"payments": payments.of(lot), "owed": payments.owed(lot) if running else None}


def _shareholders(lot: Lot) -> list[tuple[str, str]]:
    rows = [row for row in applications.in_state(lot, applications.CONFIRMED) if row.said.get("shareholder")]
    return [(row.token, drafts.organization(row.organization_id).name) for row in rows]


def answer_by(lot: Lot) -> dt.datetime | None:
    """Until when the seller answers on the takers of a disclosure."""
    contest = sale.way(pack_of(lot)) is Way.CONTEST
    return steps.decide_by(lot, lot.applications_due) if contest and lot.applications_due else None
