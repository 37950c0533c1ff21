"""One notice, one text: what other media carry is compared without regard to blanks and line ends. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from kernel.errors import Invalid

LAW = "《招标投标法实施条例》第十五条；《电子招标投标办法》第十七条"
LATE = dt.timedelta(hours=12)
"""After this the supervisor looks at a medium that carries the notice later than the platform (rules.md 6, S02)."""
LABELS = (
    ("title", ""), ("tender", "招标项目编号："), ("project_name", "项目名称："), ("content", "招标内容和范围："),
    ("scale", "规模："), ("fund_source", "资金来源："), ("qualification", "投标人资格要求："),
    ("documents_obtained", "获取招标文件："), ("submission", "递交投标文件："),
)  # fmt: skip


def plain(notice: Mapping[str, Any]) -> str:
    """The notice as text for other media, made of what was signed and nothing else."""
    return "\n".join(_lines(notice)) + "\n"


def _lines(notice: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{label}{notice[name]}" for name, label in LABELS)
    for lot in notice["lots"]:
        yield f"标段：{lot['name']}（{lot['lot']}） 最高限价（元）：{lot['ceiling'] or '不设'} 截止（UTC）：{lot['closes_at'] or '另行公布'}"
    yield f"招标人：{notice['owner']['name']} {notice['owner']['uscc']}"
    if notice["agency"]:
        yield f"代理机构：{notice['agency']['name']} {notice['agency']['uscc']}"
    contact = notice["contact"]
    yield " ".join(str(contact.get(name) or "") for name in ("name", "phone", "email", "address")).strip()
    yield f"平台地址：{notice['platform']}"


def same(notice: Mapping[str, Any], text: str) -> bool:
    """Whether a medium's text holds the whole notice, word for word; what stands around it does not matter."""
    return _squeezed(plain(notice)) in _squeezed(text)


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def check_url(url: str) -> str:
    """An address that a reader can open."""
    found = urlsplit(url.strip())
    if found.scheme not in ("http", "https") or not found.hostname or len(url) > 500:
        raise Invalid(
            "media.url",
            "请填写该媒介上公告的网址（http 或 https）。",
            "Give the notice's address on that medium (http or https).",
            rule=LAW,
            fields={"url": "address"},
        )
    return url.strip()


def color(*, same: bool, published_at: dt.datetime, elsewhere_at: dt.datetime) -> str | None:
    """What the supervisor is told: red where the words differ, yellow where they came late."""
    if not same:
        return "red"
    return "yellow" if elsewhere_at - published_at > LATE else None
