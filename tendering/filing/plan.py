"""A plan as it is filed: what it says, what it still lacks, whether it looks like splitting. Pure."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from kernel import canonical, money
from kernel.clock import beijing
from kernel.errors import Words
from kernel.law import holds
from tendering.checklist import Obstacle
from tendering.invitations.rules import EITHER
from tendering.packs import Kind, Pack, Rule
from tendering.states import TENDERS, TenderEvent, TenderState

TYPE = "kaibiao-plan/1"
LAW = "T01 " + "；".join(TENDERS.move(TenderState.DRAFT, TenderEvent.FILE, "OWNER").law)
OPEN = frozenset({"open", "prequalified"})
"""Procedures in which everybody may bid: they need no ground."""
NEAR = 90
"""Percent of a limit from which a total is near it (rules.md 6, S01)."""


@dataclass(frozen=True)
class Ground:
    """A lawful reason for a method that is not open."""

    code: str
    words: Words


@dataclass(frozen=True)
class Grounds:
    clause: str
    choices: tuple[Ground, ...]


@dataclass(frozen=True)
class Party:
    name: str
    uscc: str


@dataclass(frozen=True)
class Source:
    """What a plan is made of: the draft, whose it is, and the law it goes by."""

    code: str
    pack: Pack
    draft: Mapping[str, Any]
    owner: Party
    agency: Party | None

    @property
    def lots(self) -> Sequence[Mapping[str, Any]]:
        return self.draft.get("lots") or []

    @property
    def item(self) -> str:
        """What is bought, as it is counted over a year; the project where no item is named."""
        return _text(self.draft, "item") or _text(self.draft, "project_name")


def content(source: Source) -> bytes:
    """The exact bytes that go to every department; the same plan always gives the same bytes."""
    draft, pack = source.draft, source.pack
    return canonical.encode(
        {
            "type": TYPE,
            "tender": source.code,
            "trade": str(pack.trade),
            "pack": pack.id,
            "procedure": pack.procedure,
            "region": draft.get("region"),
            "project_name": _text(draft, "project_name"),
            "item": source.item,
            "owner": vars(source.owner),
            "agency": vars(source.agency) if source.agency else None,
            "fund_source": _text(draft, "fund_source"),
            "state_funded": bool(draft.get("state_funded", True)),
            "approval_doc": _text(draft, "approval_doc"),
            "ground": draft.get("method_ground") or None,
            "ground_approval": _text(draft, "ground_approval") or None,
            "original_contract": _text(draft, "original_contract") or None,
            "valuation": _text(draft, "valuation") or None,
            "budget": budget(source),
            "lots": [_lot(source, number, row) for number, row in enumerate(source.lots, 1)],
        }
    )


def budget(source: Source) -> str:
    """The sum of what the lots are estimated at."""
    return money.wire(total(source))


def total(source: Source) -> money.Fen:
    return money.Fen(sum(estimate(row) or 0 for row in source.lots))


def estimate(lot: Mapping[str, Any]) -> int | None:
    """What a lot is estimated to cost, or to bring; its ceiling or floor where the owner states no estimate beside it."""
    text = lot.get("estimate") or lot.get("ceiling") or lot.get("floor")
    return money.parse(text) if text else None


def subject(lot: Mapping[str, Any]) -> str:
    return str((lot.get("method") or {}).get("goods_or_services") or "")


@holds("estimate.works", "estimate.goods", "estimate.services")
def compulsory(source: Source, lot: Mapping[str, Any]) -> Rule | None:
    """The threshold that makes tendering this lot compulsory (C01); None where the law leaves it free."""
    if not source.draft.get("state_funded", True):
        return None
    fen = estimate(lot) or 0
    found = source.pack.find(Kind.THRESHOLD, f"estimate.{subject(lot)}")
    return next((rule for rule in found if fen >= rule.value), None)


def _lot(source: Source, number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    fen, rule = estimate(row), compulsory(source, row)
    return {
        "number": number,
        "name": _text(row, "name"),
        "subject": subject(row),
        "estimate": None if fen is None else money.wire(money.Fen(fen)),
        "compulsory": rule.id if rule else None,
    }


def obstacles(source: Source) -> list[Obstacle]:
    """Everything that keeps the plan from being filed (T01); empty when it can be."""
    return [*_stated(source), *_estimates(source), *_method(source), *_additions(source), *_valuation(source)]


def _stated(source: Source) -> Iterator[Obstacle]:
    named = (
        ("title", "标题", "the title"),
        ("project_name", "项目名称", "the project's name"),
        ("fund_source", "资金来源", "the source of funds"),
        (
            "approval_doc",
            "项目审批、核准、备案或者预算批复文件",
            "the document that approves the project or its budget",
        ),
    )
    for name, zh, en in named:
        if not _text(source.draft, name):
            yield Obstacle(f"filing.{name}", f"备案缺少：{zh}。", f"To be filed it lacks {en}.", LAW, name)


def _estimates(source: Source) -> Iterator[Obstacle]:
    for number, row in enumerate(source.lots, 1):
        if estimate(row) is None:
            yield Obstacle(
                "filing.estimate",
                f"备案缺少：第 {number} 标段的预算或者估算价。",
                f"To be filed lot {number} lacks its budget or estimate.",
                LAW,
                f"lots.{number}.estimate",
            )


@holds("method_ground", "invitees")
def _method(source: Source) -> Iterator[Obstacle]:
    """A method that is not open needs its lawful ground and the document that approves it (C02, G06, N12, L01)."""
    offered = grounds(source.pack)
    if offered is not None:
        yield from _ground(source, offered)
    if source.pack.procedure in EITHER and source.draft.get("suppliers") != "invited":
        return  # by notice (N02)
    for rule in source.pack.find(Kind.MIN_COUNT, "invitees"):
        if int(source.draft.get("invitees") or 0) < rule.value:
            yield Obstacle(
                "filing.invitees",
                f"邀请的单位不得少于 {rule.value} 家。",
                f"At least {rule.value} are invited.",
                rule.cited,
                "invitees",
            )


def _ground(source: Source, offered: Grounds) -> Iterator[Obstacle]:
    rules = source.pack.find(Kind.REQUIRED, "method_ground")
    cited = rules[0].cited if rules else offered.clause
    if source.draft.get("method_ground") not in {one.code for one in offered.choices}:
        yield Obstacle(
            "filing.method_ground",
            "请选择采用非公开方式的法定情形。",
            "Choose the lawful ground for a method that is not open.",
            cited,
            "method_ground",
        )
    if not _text(source.draft, "ground_approval"):
        yield Obstacle(
            "filing.ground_approval",
            "请填写批准采用该方式的文件。",
            "Name the document that approves the method.",
            cited,
            "ground_approval",
        )


@holds("source_additions")
def _additions(source: Source) -> Iterator[Obstacle]:
    """What is added to an earlier contract without competition stays within its share of that contract (N12)."""
    if source.draft.get("method_ground") != "addition":
        return
    for rule in source.pack.find(Kind.MAX_PERCENT, "source_additions"):
        text = _text(source.draft, "original_contract")
        whole = money.parse(text) if text else 0
        if total(source) * 100 > whole * rule.value:
            yield Obstacle(
                "filing.additions",
                f"添购资金总额不得超过原合同采购金额的 {rule.value}%：请填写原合同金额，或者减少添购。",
                f"Additions stay within {rule.value} % of the original contract: state its amount, or add less.",
                rule.cited,
                "original_contract",
            )


@holds("valuation")
def _valuation(source: Source) -> Iterator[Obstacle]:
    """State property goes by an approved valuation (P01)."""
    for rule in source.pack.find(Kind.REQUIRED, "valuation"):
        if not _text(source.draft, "valuation"):
            yield Obstacle(
                "filing.valuation",
                "备案缺少：经核准或者备案的资产评估文件。",
                "To be filed it lacks the approved valuation.",
                rule.cited,
                "valuation",
            )


def grounds(pack: Pack) -> Grounds | None:
    """The lawful grounds for the pack's procedure; None where it needs none."""
    return None if pack.procedure in OPEN else _grounds().get(pack.trade, {}).get(pack.procedure)


@cache
def _grounds() -> dict[str, dict[str, Grounds]]:
    read = json.loads((Path(__file__).parent / "grounds.json").read_bytes())
    return {trade: {name: _read(row) for name, row in rows.items()} for trade, rows in read.items()}


def _read(row: Mapping[str, Any]) -> Grounds:
    choices = tuple(Ground(one["code"], Words(one["zh"], one["en"])) for one in row["grounds"])
    return Grounds(row["clause"], choices)


@dataclass(frozen=True)
class Earlier:
    """An earlier filing of the same owner for the same item."""

    procedure: str
    fen: int
    filed_at: dt.datetime


@dataclass(frozen=True)
class Sign:
    """What the supervisor should look at (rules.md 6): a total against its limit."""

    point: str
    color: str
    total: int
    limit: int
    rule: Rule


@holds("year_total", "estimate.works", "estimate.goods", "estimate.services")
def splitting(source: Source, history: Sequence[Earlier], now: dt.datetime) -> list[Sign]:
    """Signs that one purchase is cut into pieces to escape the open tender (G48, S01).

    Only pieces by a method that is not open count; one that everybody may bid for escapes nothing.
    """
    if source.pack.procedure in OPEN:
        return []
    mine = total(source)
    found = [
        _sign("G48", rule, mine + _of_year(history, now)) for rule in source.pack.find(Kind.THRESHOLD, "year_total")
    ]
    for name in sorted({subject(row) for row in source.lots}):
        limits = source.pack.find(Kind.THRESHOLD, f"estimate.{name}")
        found += [_sign("S01", rule, mine + _of_months(history, now)) for rule in limits]
    return [sign for sign in found if sign is not None]


def _sign(point: str, rule: Rule, total: int) -> Sign | None:
    """Red from the limit on, yellow near it. A limit that the county has not set says nothing."""
    if not rule.value or total * 100 < rule.value * NEAR:
        return None
    return Sign(point, "red" if total >= rule.value else "yellow", total, rule.value, rule)


def _of_year(history: Sequence[Earlier], now: dt.datetime) -> int:
    """The fiscal year is the calendar's (《预算法》第十八条)."""
    year = beijing(now).year
    return _sum(one for one in history if beijing(one.filed_at).year == year)


def _of_months(history: Sequence[Earlier], now: dt.datetime) -> int:
    local = beijing(now)
    since = (local.year - 1, local.month, local.day)
    return _sum(one for one in history if beijing(one.filed_at).timetuple()[:3] > since)


def _sum(history: Iterator[Earlier]) -> int:
    return sum(one.fen for one in history if one.procedure not in OPEN)


def _text(draft: Mapping[str, Any], name: str) -> str:
    return str(draft.get(name) or "").strip()
