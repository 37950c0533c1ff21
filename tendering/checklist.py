"""All that keeps a draft from being published, as a list and not one refusal at a time. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kernel.clock import beijing
from kernel.errors import Refusal
from kernel.law import holds
from tendering import methods, security, timetable, wording
from tendering.packs import OFFERS, Kind, Pack


@dataclass(frozen=True)
class Obstacle:
    """One thing missing: what to do in both languages, the rule that asks for it, the form field where it is put right."""

    code: str
    zh: str
    en: str
    rule: str
    field: str = ""


@dataclass(frozen=True)
class LotView:
    """What the checklist needs to know of a lot. `keys` are the obstacles of its keyset, found by who holds the keys."""

    number: int
    terms: Mapping[str, Any]
    closes_at: dt.datetime | None
    keys: Sequence[Obstacle] = ()


@dataclass(frozen=True)
class TenderView:
    pack: Pack
    notice: Mapping[str, Any]
    lots: Sequence[LotView]
    documents: Sequence[str] = field(default_factory=tuple)


FIELDS: tuple[tuple[str, str, str], ...] = (
    ("title", "标题", "the title"),
    ("project_name", "项目名称", "the project's name"),
    ("content", "招标内容和范围", "what is tendered, and its scope"),
    ("scale", "规模", "the scale"),
    ("fund_source", "资金来源", "the source of funds"),
    ("qualification", "投标人资格要求", "the qualification asked of bidders"),
    ("documents_obtained", "获取招标文件的时间和方式", "when and how documents are obtained"),
    ("submission", "递交投标文件的方式", "how bids are submitted"),
)
"""Contents the notice must state (令10号 art. 5; 财政部令第87号 art. 13), each with its name for people."""

CONTACT: tuple[tuple[str, str, str], ...] = (
    ("name", "联系人", "the contact's name"),
    ("phone", "联系电话", "the contact's telephone"),
    ("address", "联系地址", "the contact's address"),
)


def obstacles(view: TenderView, now: dt.datetime) -> list[Obstacle]:
    """Everything still missing, in the order of the form; empty when the tender can be published at `now`."""
    found = [*_pack(view, now), *_notice(view), *_wording(view), *_documents(view)]
    if not view.lots:
        found.append(_missing(view, "lots", "至少一个标段（包）", "at least one lot"))
    for lot in view.lots:
        found += [*_lot(view, lot), *_deadline(view.pack, lot, now), *lot.keys]
    return found


def _pack(view: TenderView, now: dt.datetime) -> Iterator[Obstacle]:
    if not view.pack.in_force(beijing(now).date()):
        yield Obstacle(
            "pack.not_in_force",
            "规则包今日不在有效期内，请改选。",
            "The law pack is not in force today: choose another.",
            "rules.md 1",
            "pack",
        )


@holds("M10-5", "M87-13", "L16", "P16")
def _notice(view: TenderView) -> Iterator[Obstacle]:
    for name, zh, en in FIELDS:
        if _blank(view.notice.get(name)):
            yield _missing(view, name, zh, en)
    contact = view.notice.get("contact") or {}
    for name, zh, en in CONTACT:
        if _blank(contact.get(name)):
            yield _missing(view, f"contact.{name}", zh, en)
    yield from _terms(view)


@holds("C24", "M87-19", "bid_validity_days")
def _terms(view: TenderView) -> Iterator[Obstacle]:
    if view.notice.get("consortium_allowed") is None:
        rule = view.pack.the(Kind.REQUIRED, "consortium_allowed")
        yield Obstacle(
            "notice.consortium_allowed",
            "请说明是否接受联合体投标。",
            "Say whether consortia are accepted.",
            rule.cited,
            "consortium_allowed",
        )
    if not view.notice.get("bid_validity_days"):
        rules = view.pack.find(Kind.REQUIRED, "bid_validity_days") or view.pack.find(Kind.REQUIRED, "notice")
        yield Obstacle(
            "notice.bid_validity_days",
            "请填写投标有效期（天）。",
            "State how many days bids stay valid.",
            rules[0].cited,
            "bid_validity_days",
        )


def _wording(view: TenderView) -> Iterator[Obstacle]:
    for found in wording.unexplained(view.notice, view.pack):
        yield Obstacle(
            f"wording.{found.rule.kind}",
            f"“{found.quote}”{found.says.zh}：请修改，或者写明理由（理由随公告公开）。",
            f"“{found.quote}” {found.says.en}: change it, or say why it is needed (the reason is public with the notice).",
            found.rule.cited,
            "wording",
        )


@holds("C63")
def _documents(view: TenderView) -> Iterator[Obstacle]:
    if not view.documents:
        yield _missing(view, "documents", "招标文件（至少一份）", "the tender documents (at least one)")


@holds("method_for_standard")
def _uniform(view: TenderView, lot: LotView) -> Iterator[Obstacle]:
    """Goods and services of one standard go by the lowest evaluated price (G29)."""
    method = (lot.terms.get("method") or {}).get("id")
    for rule in view.pack.find(Kind.REQUIRED, "method_for_standard"):
        if lot.terms.get("uniform") and method not in (None, methods.LOWEST):
            yield Obstacle(
                "method.uniform",
                "技术、服务等标准统一的货物和服务，应当采用最低评标价法。",
                "Goods and services of one standard go by the lowest evaluated price.",
                rule.cited,
                f"lots.{lot.number}.method",
            )


@holds("document_fee")
def _fee(view: TenderView, lot: LotView) -> Iterator[Obstacle]:
    """What is taken online is free (C06)."""
    for rule in view.pack.find(Kind.FORBIDDEN, "document_fee"):
        if lot.terms.get("document_fee") is not None:
            yield Obstacle(
                "documents.fee",
                "网上获取文件不得收费。",
                "Documents taken online are free.",
                rule.cited,
                f"lots.{lot.number}.document_fee",
            )


@holds("min_price", "budget")
def _lot(view: TenderView, lot: LotView) -> Iterator[Obstacle]:
    where = f"lots.{lot.number}"
    ceiling = lot.terms.get("ceiling")
    if _blank(lot.terms.get("name")):
        yield _missing(view, f"{where}.name", f"第 {lot.number} 标段名称", f"the name of lot {lot.number}")
    price = view.pack.find(Kind.FORBIDDEN, "min_price")
    if lot.terms.get("min_price") is not None and price:
        yield Obstacle(
            "price.minimum_forbidden",
            "不得设定最低投标限价。",
            "A minimum price is forbidden.",
            price[0].cited,
            f"{where}.min_price",
        )
    yield from _fee(view, lot)
    if ceiling is None and view.pack.trade == "procurement":
        yield Obstacle(
            "price.budget_missing",
            f"第 {lot.number} 包须公开预算金额或最高限价。",
            f"Lot {lot.number} must state its budget or maximum price.",
            price[0].cited,
            f"{where}.ceiling",
        )
    yield from _uniform(view, lot)
    for fault in methods.faults(lot.terms.get("method"), view.pack, ceiling):
        yield Obstacle(fault.code, fault.zh, fault.en, fault.rule, f"{where}.method")
    for fault in security.faults(lot.terms, view.notice.get("deposit_forms") or (), view.pack):
        yield Obstacle(fault.code, fault.zh, fault.en, fault.rule, f"{where}.deposit")


def _deadline(pack: Pack, lot: LotView, now: dt.datetime) -> Iterator[Obstacle]:
    where = f"lots.{lot.number}.closes_at"
    if pack.procedure == "prequalified":
        return  # bids are due once it is known who may bid
    if lot.closes_at is None:
        rule = pack.find(Kind.SAME_MOMENT, "opening")[0].cited
        yield Obstacle(
            "deadline.missing",
            f"请填写第 {lot.number} 标段的投标截止时间。",
            f"Set the deadline of lot {lot.number}.",
            rule,
            where,
        )
        return
    if pack.procedure in OFFERS:
        return  # `offers.rules` counts from the disclosure
    closes_at = lot.closes_at
    yield from refused(lambda: timetable.check_deadline(timetable.earliest_deadline(pack, now), closes_at), where)


def refused(check: Callable[[], None], where: str) -> Iterator[Obstacle]:
    """The refusal that `check` raises, as an obstacle at the field `where`; nothing when it passes."""
    try:
        check()
    except Refusal as refusal:
        yield Obstacle(refusal.code, refusal.words.zh, refusal.words.en, refusal.rule or "", where)


def _missing(view: TenderView, name: str, zh: str, en: str) -> Obstacle:
    rule = view.pack.the(Kind.REQUIRED, "notice").cited
    return Obstacle(f"notice.{name}", f"缺少：{zh}。", f"Missing: {en}.", rule, name)


def _blank(value: object) -> bool:
    return not isinstance(value, str) or not value.strip()
