"""Drafting a tender: only people of its owner and agency know of it, and nothing in it binds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from accounts import records
from accounts.actor import Actor
from accounts.directory import organization_of
from accounts.models import Organization
from accounts.roles import OrgKind, Part, Role
from kernel import canonical, money
from kernel.clock import parse_rfc3339
from kernel.db import db
from kernel.errors import Conflict, Invalid
from kernel.site import site
from tendering import codes, numbering, packs, visibility
from tendering.codes import ProjectCode, TenderCode, Trade
from tendering.filing.models import Intent, Plan
from tendering.invitations.models import InvitationList
from tendering.models import Lot, Tender
from tendering.offers import terms as offers
from tendering.packs import Pack
from tendering.states import LotState, TenderState

MAX_LOTS = 99
FORM_RULE = "《招标公告和公示信息发布管理办法》第五条"


def create_draft(actor: Actor, data: Mapping[str, Any], now: dt.datetime) -> Tender:
    """A new draft with its codes, by the owner or by an agency that names its owner."""
    role = actor.act_as_any(Role.OWNER, Role.AGENCY)
    actor.take_part(Part.PREPARE)
    trade = Trade(data["trade"])
    pack = packs.choose(data["pack"], trade, practice=site().settings.practice)
    owner, agency = _parties(actor, role, data)
    tender = Tender(
        code=numbering.next_tender(_project(trade, owner, data)),
        trade=trade,
        pack_id=pack.id,
        method=pack.procedure,
        practice=site().settings.practice,
        title=data["title"],
        region=data["region"],
        owner_org=owner,
        agency_org=agency,
        state=TenderState.DRAFT,
        draft=dict(data),
        created_by=actor.person_id,
        created_at=now,
    )
    db.session.add(tender)
    _set_lots(tender, pack)
    db.session.flush()
    records.acted(actor, "tender.drafted", now)
    return tender


def update_draft(actor: Actor, tender: Tender, changes: Mapping[str, Any], now: dt.datetime) -> Tender:
    """Replace the given parts of a draft. Another pack or number of lots makes the keysets asked for so far useless."""
    visibility.check_project(tender, actor)
    actor.take_part(Part.PREPARE)
    check_draft(tender)
    draft = {**tender.draft, **changes}
    if draft["trade"] != tender.trade or draft["region"] != tender.region:
        raise _invalid(
            "trade", "交易类别和行政区划写在编号里，不能更改。", "Trade and region stand in the code and cannot change."
        )
    pack = packs.choose(draft["pack"], Trade(tender.trade), practice=site().settings.practice)
    if pack.id != tender.pack_id:
        drop_keysets(tender)
    tender.draft, tender.title, tender.pack_id = draft, draft["title"], pack.id
    tender.method = pack.procedure
    _set_agency(tender, _agency(draft.get("agency_uscc")))
    _set_lots(tender, pack)
    db.session.flush()
    records.acted(actor, "tender.edited", now)
    return tender


def discard_draft(actor: Actor, tender: Tender, now: dt.datetime) -> list[str]:
    """Throw a draft away with its lots and documents; returns the blob keys, to be deleted after the commit.

    Its codes are never given out again: nodes may have made keys under them.
    """
    visibility.check_project(tender, actor)
    actor.take_part(Part.PREPARE)
    check_draft(tender)
    _check_never_filed(tender)
    _check_never_fixed(tender)
    blobs = [document.blob_key for document in tender.documents]
    records.acted(actor, f"tender.discarded {tender.code}", now)
    db.session.delete(tender)
    db.session.flush()
    return blobs


def _check_never_filed(tender: Tender) -> None:
    if db.session.scalar(select(Plan.id).where(Plan.tender_id == tender.id).limit(1)) is not None:
        raise Conflict(
            "tender.was_filed",
            "招标计划已备案过，备案记录须留存，不能删除。",
            "The plan was filed, and what was filed is kept: this draft is not deleted.",
            rule="rules.md 5.3 T01",
        )
    if db.session.scalar(select(Intent.id).where(Intent.tender_id == tender.id)) is not None:
        raise Conflict(
            "tender.intent_public",
            "采购意向已公开，不能删除。",
            "The intent is public: this draft is not deleted.",
            rule="rules.md 5.3 T01",
        )


def _check_never_fixed(tender: Tender) -> None:
    """A list that was drawn from is not thrown away to draw another."""
    fixed = InvitationList.fixed_at.is_not(None)
    if db.session.scalar(select(InvitationList.id).where(InvitationList.tender_id == tender.id, fixed)) is not None:
        raise Conflict(
            "tender.list_fixed",
            "邀请名单已确定并写入日志，不能删除。",
            "The list of those invited is fixed in the log: this draft is not deleted.",
            rule=packs.load(tender.pack_id).clause("invitees"),
        )


def check_draft(tender: Tender) -> None:
    """Conflict once published: from then on terms change only by published facts."""
    if not tender.unpublished:
        raise Conflict(
            "tender.published",
            "公告已发布，不能再按草稿修改。",
            "The notice is published and is no longer a draft.",
            rule="《招标投标法》第二十三条；财政部令第87号第二十七条",
        )


def drop_keysets(tender: Tender) -> None:
    for lot in tender.lots:
        lot.keyset, lot.keyset_sha256, lot.fact_keys = None, None, None
        lot.keyset_owner_sig = lot.keyset_supervisor_sig = None


def _set_agency(tender: Tender, agency: int | None) -> None:
    """Another agency has another key, so that the keysets asked for so far name the wrong one."""
    if agency != tender.agency_org:
        tender.agency_org, tender.agency_cert = agency, None
        drop_keysets(tender)


def organization(tender_side: int) -> Organization:
    found = db.session.get(Organization, tender_side)
    assert found is not None, "a foreign key holds it"
    return found


def _parties(actor: Actor, role: Role, data: Mapping[str, Any]) -> tuple[int, int | None]:
    if role is Role.OWNER:
        return actor.organization_id, _agency(data.get("agency_uscc"))
    owner = organization_of(str(data.get("owner_uscc") or ""), OrgKind.OWNER)
    if owner is None:
        raise _invalid(
            "owner_uscc", "代理机构须写明已登记的招标人。", "An agency names an owner that is registered here."
        )
    return owner.id, actor.organization_id


def _agency(uscc: str | None) -> int | None:
    if not uscc:
        return None
    found = organization_of(uscc, OrgKind.AGENCY)
    if found is None:
        raise _invalid("agency_uscc", "没有登记此代理机构。", "No such agency is registered here.")
    return found.id


def _project(trade: Trade, owner: int, data: Mapping[str, Any]) -> ProjectCode:
    """The project named by an earlier tender of the same owner (a second round), or a new one."""
    earlier = data.get("project")
    if not earlier:
        return numbering.next_project(trade, data["region"])
    known = db.session.scalar(
        select(Tender.id).where(Tender.code.startswith(earlier, autoescape=True), Tender.owner_org == owner)
    )
    if len(earlier) != 17 or known is None or codes.trade_of(earlier) is not trade:
        raise _invalid("project", "没有此项目编号，或不属于本招标人。", "You have no project with this code.")
    return ProjectCode(earlier)


def _set_lots(tender: Tender, pack: Pack) -> None:
    rows = tender.draft.get("lots") or []
    if len(rows) > MAX_LOTS:
        raise _invalid("lots", f"一个招标项目最多 {MAX_LOTS} 个标段。", f"A tender has at most {MAX_LOTS} lots.")
    while len(tender.lots) > len(rows):
        tender.lots.pop()
    for number, terms in enumerate(rows, 1):
        if number > len(tender.lots):
            code = numbering.lot(TenderCode(tender.code), number)
            tender.lots.append(Lot(code=code, number=number, state=LotState.DRAFT, keyset_version=0, given_up={}))
        _set_terms(tender.lots[number - 1], terms, pack)


def _set_terms(lot: Lot, terms: Mapping[str, Any], pack: Pack) -> None:
    """Opening is at the moment of the deadline (C32, G19): one time and not two; none yet where a pre-qualification comes first."""
    where = f"lots.{lot.number}"
    lot.name = str(terms.get("name") or "")
    untimed = pack.procedure == "prequalified"
    lot.closes_at = lot.opens_at = None if untimed else _instant(terms.get("closes_at"), f"{where}.closes_at")
    if offers.is_offer(pack):
        lot.applications_due = _instant(terms.get("applications_due"), f"{where}.applications_due")
    lot.ceiling_fen = _amount(terms.get("ceiling"), f"{where}.ceiling")
    lot.method = _method(terms.get("method"), f"{where}.method")
    lot.method_sha256 = canonical.sha(lot.method) if lot.method else None
    lot.timings = pack.timings.to_json()


def _instant(text: str | None, where: str) -> dt.datetime | None:
    try:
        return parse_rfc3339(text) if text else None
    except ValueError as error:
        raise _invalid(where, "时间格式应为 2026-11-23T01:30:00Z。", "Times look like 2026-11-23T01:30:00Z.") from error


def _amount(text: str | None, where: str) -> int | None:
    try:
        return money.parse(text) if text is not None else None
    except ValueError as error:
        raise _invalid(where, "金额以元计，保留两位小数。", "Amounts are in yuan with two decimals.") from error


def _method(method: Mapping[str, Any] | None, where: str) -> bytes | None:
    try:
        return canonical.encode(dict(method)) if method else None
    except (TypeError, ValueError) as error:
        raise _invalid(where, "评标办法不能含浮点数。", "A method holds no floating-point numbers.") from error


def _invalid(field: str, zh: str, en: str) -> Invalid:
    return Invalid("notice.invalid", zh, en, rule=FORM_RULE, fields={field: zh})
