"""The terms of the play's one lot: the notice, the evaluation method, what each bidder offers and how experts judge it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from kernel.clock import rfc3339

TITLE = "清江县农村公路改造提升工程（清江至石桥段）施工招标公告"
PROJECT = "清江县农村公路改造提升工程（清江至石桥段）"
LOT = "施工第一标段（K0+000—K12+600）"
CEILING = "23500000.00"
CLOSES_AFTER_S, EXTENDED_BY_S, SPARE_S = 36, 20, 9
"""From the draft to the deadline; by how much the owner moves it, and when, while bids are still on their way."""

METHOD: dict[str, Any] = {
    "type": "kaibiao-method/1",
    "id": "cn_comprehensive",
    "price_weight": "60",
    "criteria": [
        {"id": "plan", "name": "施工组织设计", "name_en": "Method statement", "max": "20", "step": "0.50", "objective": False},
        {"id": "team", "name": "项目管理机构", "name_en": "Site management", "max": "10", "step": "0.50", "objective": False},
        {"id": "record", "name": "类似工程业绩", "name_en": "Similar works done", "max": "10", "step": "2", "objective": True},
    ],
    "rounding": {"price_score": "0.01", "criterion_mean": "0.01", "total": "0.01"},
    "deduction": None,
    "tie": ["price"],
    "minimum_valid": 3,
    "max_price": CEILING,
    "goods_or_services": "works",
}  # fmt: skip


@dataclass(frozen=True)
class Offer:
    """What one bidder puts into its bid, and what the experts will think of it (plan, team, record)."""

    login: str
    price: str
    days: int
    leader: str
    megabytes: int
    marks: tuple[int, int, int]


REPLACED, LARGE, BROWSER = "hongtu", "nanshan", "shuidian"
LEAD, PARTNER, INTERRUPTED, WITHDRAWN = "beichen", "songcheng", "dongling", "xihe"
FIRST_PRICE = "22480000.00"
OFFERS = {
    offer.login: offer
    for offer in (
        Offer(REPLACED, "21846300.00", 178, "周明远", 2, (16, 8, 8)),
        Offer(LARGE, "22109500.00", 180, "韩立群", 198, (18, 8, 10)),
        Offer(BROWSER, "21998000.00", 175, "沈秋实", 24, (15, 7, 6)),
        Offer(LEAD, "22354800.50", 180, "陆建平", 12, (17, 9, 8)),
        Offer(INTERRUPTED, "22800000.00", 165, "董长河", 80, (14, 7, 4)),
        Offer(WITHDRAWN, "21500000.00", 170, "许文涛", 1, (12, 6, 2)),
    )
}


def notice(closes_at: dt.datetime) -> dict[str, Any]:
    """The draft as the owner's clerk writes it down."""
    return {
        "trade": "construction",
        "pack": "practice.construction.open",
        "title": TITLE,
        "region": "990101",
        "project_name": PROJECT,
        "content": "路基土石方、排水防护、水泥混凝土路面、小桥涵、安全设施及绿化工程的施工、缺陷责任期修复和保修。",
        "scale": "路线全长 12.6 公里，三级公路标准，设计速度 30 公里/小时，路基宽 7.5 米；新建 1—13 米小桥 2 座、涵洞 31 道。",
        "fund_source": "县级财政资金 60%，上级补助资金 40%",
        "approval_doc": "青发改投资〔2026〕18号",
        "qualification": "具有公路工程施工总承包三级及以上资质和有效的安全生产许可证；项目经理具有公路工程专业二级及以上注册建造师资格。",
        "consortium_allowed": True,
        "contact": {"name": "王工", "phone": "0990-6210088", "address": "清江县人民路 18 号县交通运输局 306 室"},
        "documents_obtained": "自公告发布之时起在本平台免费下载，无须登录。",
        "submission": "在投标人自己的计算机上封标后上传本平台；平台和任何单个节点都不能提前打开。",
        "bid_validity_days": 90,
        "lots": [{"name": LOT, "ceiling": CEILING, "closes_at": rfc3339(closes_at), "method": METHOD}],
        "agency_uscc": None,
    }


def scores(login: str, expert: int) -> dict[str, str]:
    """What one of the five experts gives this bid: they differ in taste, not in what can be counted."""
    plan, team, record = OFFERS[login].marks
    taste = (expert % 3 - 1) * 50
    return {"plan": _points(plan * 100 + taste), "team": _points(team * 100 - taste), "record": str(record)}


def _points(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"
