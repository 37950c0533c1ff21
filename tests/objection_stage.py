"""What the tests of objections and complaints share: raising, answering, and a log that gives facts their places."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from kernel.clock import rfc3339
from kernel.db import db
from supervision.models import LogFact
from tendering import service
from tendering.objections import service as objections
from tendering.objections import steps
from tendering.objections.models import Objection
from tendering.objections.rules import Effect
from tendering.states import CLOCK, LotEvent
from tests.tendering_stage import Stage, method, seconds

BIDS = [service.Candidate(f"{n:032x}", f"{n:064x}", f"投标人{n}", f"{n}000000.00") for n in (1, 2, 3)]
TO_REPORT = (LotEvent.CLOSE, LotEvent.START_OPENING, LotEvent.END_OPENING, LotEvent.START_EVALUATION, LotEvent.REPORT)


def construction(stage: Stage, closes_in: int = 60) -> str:
    """A published lot of works that closes after so many seconds."""
    return stage.lots(stage.published(lots=[_lot(stage, closes_in)]))[0]


def procurement(stage: Stage, closes_in: int = 60) -> str:
    lot = {**_lot(stage, closes_in), "method": method(goods_or_services="goods")}
    changes = {"trade": "procurement", "pack": "practice.procurement.open", "agency_uscc": None}
    return stage.lots(stage.published(lots=[lot], **changes))[0]


def _lot(stage: Stage, closes_in: int) -> dict[str, Any]:
    closes_at = rfc3339(stage.now + seconds(closes_in))
    return {"name": "第一标段", "ceiling": "21846300.00", "closes_at": closes_at, "method": method()}


def statement(sort: str = "objection", subject: str = "documents", **more: Any) -> objections.Statement:
    words = {"text": "资格条件限制了外地企业。", "demand": "请修改第三章第二条。"}
    return objections.Statement(sort, subject, **{**words, **more})


def raised(
    stage: Stage, lot: str, sort: str = "objection", subject: str = "documents", who: str = "bidder"
) -> Objection:
    with stage.act() as now:
        return objections.raise_objection(stage.actors[who], lot, statement(sort, subject), now)


def answered(stage: Stage, lot: str, number: int, effect: Effect = Effect.REJECTED) -> Objection:
    with stage.act() as now:
        reply = objections.Reply(effect, "条件来自项目规模，予以保留。")
        return objections.answer(stage.owner, lot, number, reply, now)


def withdrawn(stage: Stage, row: Objection, who: str = "bidder") -> Objection:
    with stage.act() as now:
        return objections.withdraw(stage.actors[who], row.token, now)


def logged(stage: Stage) -> None:
    """Give every fact its place, as the sequencer would."""
    with stage.act():
        last = max(db.session.scalars(select(LogFact.index).where(LogFact.index.is_not(None))), default=-1)
        for row in db.session.scalars(select(LogFact).where(LogFact.index.is_(None)).order_by(LogFact.id)):
            last += 1
            row.index = last


def ticked(stage: Stage) -> bool:
    """The log takes what waits, then the clock does what is due."""
    logged(stage)
    return steps.step_objections(stage.now)


def moved(stage: Stage, lot: str, *events: LotEvent) -> None:
    for event in events:
        with stage.act() as now:
            service.move(service.lot_of(lot), event, CLOCK, now)


def in_publicity(stage: Stage, lot: str) -> None:
    moved(stage, lot, *TO_REPORT)
    with stage.act() as now:
        service.start_publicity(stage.owner, service.lot_of(lot), BIDS, now)


def award(stage: Stage, lot: str, bid: int = 0) -> None:
    with stage.act(write=False):
        item = service.award_statement(service.lot_of(lot), BIDS[bid].bid_id)
    signed = stage.signed(item)
    with stage.act() as now:
        service.award(stage.owner, service.lot_of(lot), signed, now)
