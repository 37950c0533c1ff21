"""The award notice and the results, one private data message for each bidder, with a receipt when it is read (C53, G38)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from accounts import records
from accounts.actor import Actor
from kernel import canonical, keys
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import NotFound
from kernel.law import holds
from kernel.site import site
from kernel.statements import Signed
from supervision import contract_facts, log
from tendering.contracts import course
from tendering.contracts.models import Message
from tendering.models import Lot

NOTICE, RESULT = "notice", "result"
TYPES = {NOTICE: "kaibiao-award-notice/1", RESULT: "kaibiao-award-result/1"}
RULE = "《招标投标法》第四十五条；财政部令第87号第六十九条"


@dataclass(frozen=True)
class Told:
    """What one bidder is told; `content` stands in its message beside the lot and the winner."""

    bid_id: str
    organization: int
    content: dict[str, Any]


@holds("award_notices", "reasons", "award:result_announced")
def send(lot: Lot, everybody: Sequence[Told], now: dt.datetime) -> bool:
    """Tell every bidder its own result, once for each award; whether there was anything to do."""
    number = course.round_of(lot.code)
    if not everybody or of_round(lot.code, number):
        return False
    sent = [_entered(lot, number, told, now) for told in everybody]
    db.session.add_all(sent)
    db.session.flush()
    notice = next(row for row in sent if row.kind == NOTICE)
    rest = sorted(canonical.sha(row.file) for row in sent if row.kind == RESULT)
    log.append(
        contract_facts.AwardNotified(
            lot=lot.code,
            round=number,
            notice_sha256=canonical.sha(notice.file),
            results_sha256=canonical.sha(canonical.encode(rest)),
            at=rfc3339(now),
        )
    )
    return True


def _entered(lot: Lot, number: int, told: Told, now: dt.datetime) -> Message:
    kind = NOTICE if told.bid_id == lot.awarded_bid else RESULT
    winner = next(row for row in lot.ranking or [] if row["bid_id"] == lot.awarded_bid)
    content = {
        "type": TYPES[kind],
        "lot": lot.code,
        "round": number,
        "bid_id": told.bid_id,
        "winner": {"bidder": winner["bidder"], "price": winner["price"]},
        "own": told.content,
        "at": rfc3339(now),
    }
    signed = Signed.make(content, site().key("platform"))
    return Message(
        lot=lot.code,
        round=number,
        bid_id=told.bid_id,
        organization=told.organization,
        kind=kind,
        file=signed.raw,
        sig=keys.b64(signed.sig),
        sent_at=now,
    )


def of_round(lot: str, number: int) -> list[Message]:
    wanted = select(Message).where(Message.lot == lot, Message.round == number)
    return list(db.session.scalars(wanted.order_by(Message.id)))


def notice_of(lot: str) -> Message | None:
    """The award notice of the current round, once it was sent."""
    return next((row for row in of_round(lot, course.round_of(lot)) if row.kind == NOTICE), None)


def own(actor: Actor, lot: str) -> list[Message]:
    """The messages to the actor's organization about this lot, newest first; NotFound when there is none, for anybody."""
    mine = (Message.lot == lot, Message.organization == actor.organization_id)
    found = list(db.session.scalars(select(Message).where(*mine).order_by(Message.id.desc())))
    if not found:
        raise NotFound(
            "outcome.none", "没有发给您单位的结果通知。", "There is no message to your organization.", rule=RULE
        )
    return found


def read(actor: Actor, row: Message, now: dt.datetime) -> None:
    """The first reading is a receipt: a sealed fact about the reader."""
    if row.read_at is not None:
        return
    row.read_at = now
    db.session.flush()
    fact = contract_facts.AwardRead(
        lot=row.lot, message_sha256=canonical.sha(row.file), org=actor.organization, at=rfc3339(now)
    )
    log.append(fact, lot=row.lot, subject=actor.subject)
    records.acted(actor, "outcome.read", now, lot=row.lot)
