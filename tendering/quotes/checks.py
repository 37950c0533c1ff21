"""Whether a draft may say that two suppliers suffice (N07, N09), and what its notice says of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from kernel.db import db
from kernel.law import holds
from supervision import facts, log
from tendering import packs
from tendering.checklist import Obstacle
from tendering.models import Lot, Tender
from tendering.packs import Kind, Pack
from tendering.quotes import rules
from tendering.quotes.rules import Fewer
from tendering.round_models import RepeatDecision
from tendering.round_rules import Choice
from tendering.states import LotState

FIELD = "fewer_ground"


def stated(tender: Tender) -> dict[str, Any]:
    """What the notice of a negotiation or consultation says of its suppliers; nothing in other procedures."""
    if not rules.negotiated(packs.load(tender.pack_id)):
        return {}
    draft = tender.draft
    said = {name: draft.get(name) or None for name in ("fewer_ground", "fewer_document", "fewer_lot")}
    return {"suppliers": draft.get("suppliers") or "notice", **said}


def obstacles(tender: Tender) -> list[Obstacle]:
    """What keeps the reason for two suppliers from standing; empty where none is named."""
    pack, ground = packs.load(tender.pack_id), tender.draft.get("fewer_ground")
    if not ground or not rules.negotiated(pack):
        return []
    if ground not in rules.FEWER[pack.procedure]:
        return [
            _obstacle(
                "ground",
                "本采购方式的法律没有列明此情形。",
                "The law of this procedure does not list this reason.",
                pack,
            )
        ]
    return [*_document(tender, pack), *(_two_bidders(tender, pack) if ground == Fewer.TWO_BIDDERS else ())]


def _document(tender: Tender, pack: Pack) -> Iterator[Obstacle]:
    if len(str(tender.draft.get("fewer_document") or "").strip()) < 4:
        yield _obstacle("document", "请填写可以为两家的依据文件。", "Name the document by which two suffice.", pack)


@holds("two_supplier_approval")
def _two_bidders(tender: Tender, pack: Pack) -> Iterator[Obstacle]:
    """N07: the open tender failed with two, and the finance department's approval of another method is on record."""
    cited = pack.the(Kind.REQUIRED, "two_supplier_approval").cited
    failed = db.session.scalar(select(Lot).where(Lot.code == str(tender.draft.get("fewer_lot") or "")))
    if failed is None or failed.tender.owner_org != tender.owner_org or failed.state != LotState.FAILED:
        yield Obstacle(
            "fewer.lot", "请写明只有两家供应商的原招标标段。", "Name the lot whose tender found two.", cited, FIELD
        )
        return
    if _live(failed) != pack.the(Kind.ALLOWED, "two_quotes").value:
        yield Obstacle("fewer.not_two", "原招标不是只有两家供应商。", "That tender did not find two.", cited, FIELD)
    wanted = select(RepeatDecision).where(
        RepeatDecision.lot_id == failed.id, RepeatDecision.choice == Choice.OTHER_METHOD
    )
    if db.session.scalar(wanted) is None:
        yield Obstacle(
            "fewer.unapproved",
            "原招标标段尚无财政部门批准改用其他方式的记录。",
            "The finance department's approval of another method is not on record for that lot.",
            cited,
            FIELD,
        )


def _live(failed: Lot) -> int:
    """How many bids stood at the close, as the log says."""
    row = log.latest("box.closed", failed.code)
    fact = None if row is None else row.value
    return sum(bid.status == "live" for bid in fact.bids) if isinstance(fact, facts.BoxClosed) else 0


def _obstacle(name: str, zh: str, en: str, pack: Pack) -> Obstacle:
    return Obstacle(f"fewer.{name}", zh, en, pack.the(Kind.ALLOWED, "two_quotes").cited, FIELD)
