"""The notice of a play: whole and lawful as it stands; a scenario's `notice` and `lots` change what its story needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from accounts.actor import Actor
from kernel import money
from kernel.clock import rfc3339
from portal.scenario import watch
from tendering.offers import reserve
from tendering.offers import terms as offers

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
CEILING = "21846300.00"
CRITERIA = [
    {"id": "plan", "name": "施工组织设计", "name_en": "Work plan", "max": "40", "step": "0.5", "objective": False},
    {"id": "record", "name": "业绩", "name_en": "Record", "max": "20", "step": "5", "objective": True},
]
SERVICES = [
    {
        "id": "plan",
        "name": "服务方案",
        "name_en": "Plan of the service",
        "max": "60",
        "step": "0.5",
        "objective": False,
    },
    {"id": "record", "name": "业绩", "name_en": "Record", "max": "20", "step": "5", "objective": True},
]
METHODS: dict[str, dict[str, Any]] = {
    "lowest": {"id": "cn_lowest", "price_weight": "100", "criteria": []},
    "comprehensive": {"id": "cn_comprehensive", "price_weight": "40", "criteria": CRITERIA},
    "comprehensive_services": {"id": "cn_comprehensive", "price_weight": "20", "criteria": SERVICES},
    "highest": {"id": "highest_price", "price_weight": "100", "criteria": [], "minimum_valid": 1},
}
_METHOD: dict[str, Any] = {
    "type": "kaibiao-method/1", "rounding": {"price_score": "0.01", "criterion_mean": "0.01", "total": "0.01"},
    "deduction": None, "tie": [], "minimum_valid": 3, "goods_or_services": "works",
}  # fmt: skip
_NOTICE = {
    "title": "青山县农村公路改造工程招标公告", "region": "990101", "project_name": "青山县农村公路改造工程",
    "content": "路基、路面、桥涵、交通安全设施", "scale": "全长 12.6 公里", "fund_source": "县级财政资金", "approval_doc": "青发改投资〔2026〕18号",
    "qualification": "公路工程施工总承包三级及以上", "consortium_allowed": True,
    "contact": {"name": "王工", "phone": "0990-1234567", "address": "青山县人民路1号"},
    "documents_obtained": "自公告发布起在本平台免费下载", "submission": "在本平台封标后上传",
    "bid_validity_days": 90, "agency_uscc": None,
}  # fmt: skip
_WHENEVER = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
NONCE = "ab" * 32
"""Behind the commitment to every played reserve price."""
LOT_TERMS = (
    "name",
    "ceiling",
    "method",
    "tie",
    "minimum_valid",
    "goods_or_services",
    "deduction",
    "deposit",
    "reserve",
    *offers.LOT_FIELDS,
)


def draft(terms: Mapping[str, Any], closes_at: dt.datetime, agency: Actor | None) -> dict[str, Any]:
    """What the owner drafts: every lot closes at the same moment."""
    return {
        **_NOTICE,
        "trade": terms["trade"],
        "pack": terms["pack"],
        "agency_uscc": agency.uscc if agency else None,
        **terms["notice"],
        "lots": lots(terms["lots"], closes_at),
    }


def lots(rows: Sequence[Mapping[str, Any]], closes_at: dt.datetime) -> list[dict[str, Any]]:
    return [_lot(number, row, closes_at) for number, row in enumerate(rows, 1)]


def _lot(number: int, row: Mapping[str, Any], closes_at: dt.datetime) -> dict[str, Any]:
    for name in row.keys() - set(LOT_TERMS):
        raise ValueError(f"a lot has no {name!r}; it has: {', '.join(LOT_TERMS)}")
    kind = row.get("method", "lowest")
    ceiling = row.get("ceiling", None if _sold(row) else CEILING)
    if kind not in METHODS:
        raise ValueError(f"there is no method {kind!r}; there are: {', '.join(METHODS)}")
    own = {name: row[name] for name in ("tie", "minimum_valid", "goods_or_services", "deduction") if name in row}
    method = {**_METHOD, **METHODS[kind], "max_price": ceiling, **own}
    name = row.get("name", f"第{number}标段")
    return {"name": name, "ceiling": ceiling, "closes_at": rfc3339(closes_at), "method": method, **_offered(row)}


def _sold(row: Mapping[str, Any]) -> bool:
    """Whether the lot is sold, not bought: then there is no ceiling."""
    return not row.keys().isdisjoint({"reserve", "deposit", *offers.LOT_FIELDS})


def _offered(row: Mapping[str, Any]) -> dict[str, Any]:
    """What only a sale states; moments as the files write them, the reserve as its commitment."""
    found = {name: row[name] for name in ("deposit", *offers.LOT_FIELDS) if row.get(name)}
    for name in offers.INSTANTS:
        if name in found:
            found[name] = rfc3339(watch.moment(found[name], _WHENEVER))
    if "reserve" in row:
        found["reserve_sha256"] = reserve.commitment(money.parse(row["reserve"]), NONCE)
    return found
