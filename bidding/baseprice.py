"""The base price at the opening (C20.base): lines taken from the trustees, opened by t of them, read out after the bids.

Order of durable steps, and what a crash after each leaves behind:
1. a trustee's line stands in row and log     - the next one is awaited;
2. opened or judged, and logged, in one commit - the next step tells it once the log has placed it;
3. told and marked as read out                 - the opening goes on.
One that cannot be opened is announced as such: nobody can choose after the deadline whether it is revealed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from bidding import events, lots, nodes
from bidding.models import Opening
from kernel import canonical, money
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import NotFound
from kernel.keys import b64
from kernel.law import holds
from kernel.money import Fen
from kernel.statements import Signed
from sealing import baseprice as protocol
from sealing.faults import Judgment, Party
from sealing.wire import WireError
from supervision import alerts, log
from supervision import base_price_facts as facts
from supervision.models import LogFact
from tendering.baseprice import service
from tendering.baseprice.models import BasePrice, BasePriceLine
from tendering.models import Lot

_SHORT = Judgment(
    Party.TRUSTEE, "1.5", "能用的密钥份额不足", "too few of the trustees gave a good line"
)  # fmt: skip


def take_line(node: str, body: dict[str, Any], now: datetime) -> None:
    """A trustee's line, logged at once as an open fact; each trustee speaks once."""
    signed = nodes.statement(node, body)
    try:
        said = protocol.BaseLine.read(signed)
    except WireError as error:
        raise nodes.malformed(str(error)) from error
    lot = lots.find(said.lot)
    row = service.of(lot)
    if row is None or row.sha256 != said.base_price_sha256:
        raise NotFound("base_price.unknown", "没有这份标底。", "There is no such base price.", rule=service.PROTOCOL)
    if nodes.share_of(node, lots.keyset(lot)) != said.i:
        raise nodes.malformed("it speaks for another trustee's share")
    if any(line.node == node for line in row.lines):
        return
    row.lines.append(BasePriceLine(node=node, i=said.i, line=said.line, taken_at=now))
    log.append(facts.BasePriceLine(lot=lot.code, node=node, file=b64(signed.raw), sig=b64(signed.sig)), lot=lot.code)
    db.session.flush()


@holds("C20.base")
def say_next(running: Opening, now: datetime) -> bool | None:
    """Open, log or tell it; True when something was done, False while it waits, None when there is nothing to say."""
    lot = lots.find(running.lot)
    row = service.of(lot)
    if row is None or row.read_out_at is not None:
        return None
    if row.said_fact is None:
        return _settle(lot, row, now)
    index = db.session.scalar(select(LogFact.index).where(LogFact.id == row.said_fact))
    if index is None:
        return False
    row.read_out_at = running.read_out_at = now
    db.session.flush()
    _tell(lot, row, index, now)
    return True


def told(lot: Lot) -> dict[str, Any] | None:
    """What the opening record says of it; None where the owner sealed none."""
    row = service.of(lot)
    if row is None:
        return None
    found = {"base_price_sha256": row.sha256, "amount": _amount(row), "finding": row.finding}
    return {**found, "sheet_sha256": canonical.sha(row.plain) if row.plain else None}


def _settle(lot: Lot, row: BasePrice, now: datetime) -> bool:
    found = _found(lot, row, now)
    if found is None:
        return False
    said = _judged(lot, row, found, now) if isinstance(found, Judgment) else _opened(lot, row, found, now)
    row.said_fact = log.append(said, lot=lot.code).id
    db.session.flush()
    return True


def _opened(lot: Lot, row: BasePrice, found: protocol.Revealed, now: datetime) -> facts.BasePriceOpened:
    row.amount_fen, row.plain = found.amount, found.plain
    return facts.BasePriceOpened(
        lot=lot.code,
        base_price_sha256=row.sha256,
        sheet_sha256=canonical.sha(found.plain),
        amount=money.wire(found.amount),
        at=rfc3339(now),
    )


def _judged(lot: Lot, row: BasePrice, found: Judgment, now: datetime) -> facts.BasePriceUnread:
    row.finding = {"party": _party(found), "rule": found.rule, "zh": found.zh, "en": found.en}
    _alert(lot, row, now)
    about = {"lot": lot.code, "base_price_sha256": row.sha256}
    return facts.BasePriceUnread(**about, rule=found.rule, reason=found.en, at=rfc3339(now))


def _found(lot: Lot, row: BasePrice, now: datetime) -> protocol.Revealed | Judgment | None:
    """None while a trustee may still give the line that is missing: until all have spoken, or those missing are named."""
    keyset = lots.keyset(lot)
    stage = protocol.stage_of(keyset)
    assert stage is not None, "recorded for a stage that reads prices out"
    lines = {line.i: line.line.encode("ascii") for line in row.lines if line.line is not None}
    over = len(row.lines) == stage.n or lots.moments(lot).missing_is_named(now)
    if len(lines) < stage.t:
        return _SHORT if over else None
    found = protocol.reveal(protocol.BasePrice.read(Signed(row.file, row.sig)), lines)
    waits = isinstance(found, Judgment) and found.party is Party.TRUSTEE and not over
    return None if waits else found


def _party(judgment: Judgment) -> str:
    """Who seals a base price is its owner, and the platform keeps no file of it but the log's."""
    return "trustee" if judgment.party is Party.TRUSTEE else "owner"


@holds("C20.base")
def _alert(lot: Lot, row: BasePrice, now: datetime) -> None:
    """A base price that nobody can open is a matter for the supervisors, whoever's fault it is."""
    rule = service.rule_of(lot)
    evidence = {"rule": rule.cited if rule else "", "base_price_sha256": row.sha256, "finding": row.finding}
    alerts.once(lot.code, alerts.Point("S14.C20.base", "red", "process"), evidence, now)


def _tell(lot: Lot, row: BasePrice, index: int, now: datetime) -> None:
    if row.amount_fen is None:
        finding = row.finding or {}
        words = {"reason": finding.get("zh"), "reason_en": finding.get("en")}
        events.tell(lot.code, "base_price.unread", now, **words, log_index=index)
        return
    words = {"amount": _amount(row), "amount_words": money.words(Fen(row.amount_fen))}
    events.tell(lot.code, "base_price.readout", now, **words, log_index=index)


def _amount(row: BasePrice) -> str | None:
    return None if row.amount_fen is None else money.wire(Fen(row.amount_fen))


handlers = {"base_price.line": take_line}
"""Kinds of the nodes' answers that belong here."""
