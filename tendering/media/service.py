"""Entering where else a notice was published, and comparing what stands there (C04; rules.md 6, S02)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from accounts import records
from accounts.actor import Actor
from accounts.roles import Role
from kernel import canonical
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Invalid
from kernel.law import holds
from supervision import alerts, log, media_facts
from tendering import notices, packs, visibility
from tendering.media import rules
from tendering.media.models import Elsewhere
from tendering.models import Tender
from tendering.packs import Kind, Pack

MAX_TEXT = 200_000


@dataclass(frozen=True)
class Publication:
    """What the project says: on which medium, at which address, when, and the whole text as it stands there."""

    medium: str
    url: str
    published_at: dt.datetime
    text: str


@holds("notice")
def enter(actor: Actor, tender: Tender, said: Publication, now: dt.datetime) -> Elsewhere:
    """Compare and record it; a difference, or more than half a day's delay, alerts the supervisor."""
    visibility.check_project(tender, actor, Role.OWNER, Role.AGENCY)
    _check(tender, said, now)
    assert tender.published_at is not None
    row = Elsewhere(
        tender_id=tender.id,
        medium=said.medium.strip(),
        url=rules.check_url(said.url),
        sha256=canonical.sha(said.text.encode()),
        same=rules.same(notices.content(tender), said.text),
        published_at=said.published_at,
        entered_at=now,
    )
    db.session.add(row)
    db.session.flush()
    records.acted(actor, "notice.elsewhere", now, lot=tender.code)
    _record(tender, row, now)
    _alert(tender, row, now)
    return row


def of(tender: Tender) -> Sequence[Elsewhere]:
    """Every publication entered, newest first."""
    return db.session.scalars(
        select(Elsewhere).where(Elsewhere.tender_id == tender.id).order_by(Elsewhere.id.desc())
    ).all()


def _check(tender: Tender, said: Publication, now: dt.datetime) -> None:
    if tender.published_at is None:
        raise Conflict("media.early", "公告尚未发布。", "The notice is not published yet.", rule=rules.LAW)
    if not said.medium.strip() or len(said.medium) > 120:
        raise Invalid(
            "media.name", "请填写媒介名称。", "Name the medium.", rule=rules.LAW, fields={"medium": "missing"}
        )
    if not said.text.strip() or len(said.text) > MAX_TEXT:
        raise Invalid(
            "media.text",
            "请粘贴该媒介上公告的全文。",
            "Paste the whole text as it stands there.",
            rule=rules.LAW,
            fields={"text": "missing"},
        )
    if not tender.published_at <= said.published_at <= now:
        raise Invalid(
            "media.time",
            "其他媒介的发布时间应当在本平台发布之后、现在之前。",
            "Another medium publishes after this platform, and not in the future.",
            rule=rules.LAW,
            fields={"published_at": "order"},
        )


def _record(tender: Tender, row: Elsewhere, now: dt.datetime) -> None:
    log.append(
        media_facts.NoticeElsewhere(
            tender=tender.code, medium=row.medium, url=row.url, sha256=row.sha256, same=row.same,
            published_at=rfc3339(row.published_at), at=rfc3339(now),
        ),
        lot=tender.code,
    )  # fmt: skip


def _alert(tender: Tender, row: Elsewhere, now: dt.datetime) -> None:
    assert tender.published_at is not None
    color = rules.color(same=row.same, published_at=tender.published_at, elsewhere_at=row.published_at)
    if color is None:
        return
    evidence = {"rule": _cited(packs.load(tender.pack_id)), "medium": row.medium, "url": row.url, "sha256": row.sha256}
    for lot in tender.lots:
        alerts.once(lot.code, alerts.Point("S02.C04", color, "content"), evidence, now)


def _cited(pack: Pack) -> str:
    found = pack.find(Kind.SAME_TEXT, "notice")
    return found[0].cited if found else rules.LAW
