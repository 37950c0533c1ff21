"""Answers of the nodes, taken once each however often they are sent: acks, closes, release hashes, releases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select

from bidding import baseprice, disputes, lots, nodes, releases
from bidding.models import Acknowledgment, Bid, NodeClose, ReleaseHash, Roll
from bidding.states import Answered
from kernel.db import db
from kernel.errors import Conflict, NotFound
from kernel.keys import b64
from kernel.statements import Signed
from sealing import receipts, release, roll
from sealing.wire import WireError
from supervision import facts, log

Said = TypeVar("Said")


def take_ack(node: str, body: dict[str, Any], now: datetime) -> None:
    """A trustee's word that its lines of a manifest are right."""
    signed, said = _read(node, body, receipts.Ack.read)
    _take_word(node, signed, (Answered.ACK, said), now)


def take_refusal(node: str, body: dict[str, Any], now: datetime) -> None:
    """A trustee's word that its line of a manifest is not right, and why."""
    signed, said = _read(node, body, receipts.Refusal.read)
    _take_word(node, signed, (Answered.REFUSAL, said), now)


def take_close(node: str, body: dict[str, Any], now: datetime) -> None:
    """A node's close; `steps.step_closes` logs it, one after the other, so that admissions can be recomputed."""
    signed, said = _read(node, body, roll.Close.read)
    _check_share(node, said.lot)
    known = db.session.scalar(select(Roll).where(Roll.lot == said.lot, Roll.seq == said.seq))
    if known is None or (known.root, known.count) != (said.root, said.count):
        raise Conflict(
            "close.other_roll",
            "关闭声明所指的名册与平台公布的不符。",
            "The close is on another roll than the platform logged.",
            rule="kaibiao-seal/1 1.4",
        )
    one = (NodeClose.lot == said.lot, NodeClose.seq == said.seq, NodeClose.node == node)
    if db.session.scalar(select(NodeClose.id).where(*one)) is None:
        parts = {"file": signed.raw, "sig": signed.sig, "taken_at": now}
        db.session.add(NodeClose(lot=said.lot, seq=said.seq, node=node, **parts))
        db.session.flush()


def take_release_hash(node: str, body: dict[str, Any], now: datetime) -> None:
    """A trustee's promise, logged at once as an open fact."""
    signed, said = _read(node, body, release.ReleaseHash.read)
    share = _check_share(node, said.lot)
    releases.check_target(said, share)
    if releases.promised((said.lot, said.stage, said.number), node) is not None:
        return
    fact = facts.ReleaseHash(lot=said.lot, stage=said.stage, node=node, file=b64(signed.raw), sig=b64(signed.sig))
    row = ReleaseHash(
        lot=said.lot,
        stage=said.stage,
        seq=said.seq,
        number=said.number,
        node=node,
        i=share,
        release_sha256=said.sha256,
        file=signed.raw,
        sig=signed.sig,
        taken_at=now,
        log_fact=log.append(fact, lot=said.lot).id,
    )
    db.session.add(row)
    db.session.flush()
    releases.tell_committed(row, now)


def take_release(node: str, body: dict[str, Any], now: datetime) -> None:
    """A trustee's release file; void, and the trustee's fault, unless it is what was promised and leaves nothing out."""
    releases.take(node, body, now)


def take_relayed(node: str, body: dict[str, Any], now: datetime) -> None:  # noqa: ARG001  one form for all answers
    """A release that a trustee gave to its peer: taken as if it had come from the trustee, whose promise it keeps."""
    of = body.get("of")
    if not isinstance(of, str):
        raise nodes.malformed("it does not say whose release it is")
    releases.take(of, body, now)


def _read(node: str, body: dict[str, Any], form: Callable[[Signed], Said]) -> tuple[Signed, Said]:
    """The node's statement, and what it says; Invalid when it has not that form."""
    signed = nodes.statement(node, body)
    try:
        return signed, form(signed)
    except WireError as error:
        raise nodes.malformed(str(error)) from error


def _take_word(
    node: str, signed: Signed, word: tuple[Answered, receipts.Ack | receipts.Refusal], now: datetime
) -> None:
    kind, said = word
    bid = db.session.scalar(select(Bid).where(Bid.manifest_sha256 == said.manifest_sha256))
    if bid is None:
        raise NotFound("bid.unknown", "没有这份投标。", "There is no such bid.", rule="kaibiao-seal/1 1.3")
    if nodes.share_of(node, lots.keyset(lots.find(bid.lot))) != said.i:
        raise nodes.malformed("it speaks for another trustee's share")
    one = (Acknowledgment.bid == bid.id, Acknowledgment.node == node, Acknowledgment.sha256 == signed.sha256)
    if db.session.scalar(select(Acknowledgment.id).where(*one)) is None:
        parts = {"file": signed.raw, "sig": signed.sig, "sha256": signed.sha256, "taken_at": now}
        db.session.add(Acknowledgment(bid=bid.id, node=node, kind=kind, **parts))
        db.session.flush()


def _check_share(node: str, lot_code: str) -> int:
    return nodes.share_of(node, lots.keyset(lots.find(lot_code)))


handlers = {
    "ack": take_ack,
    "refusal": take_refusal,
    "close": take_close,
    "release.hash": take_release_hash,
    "release": take_release,
    "release.relayed": take_relayed,
    **disputes.handlers,
    **baseprice.handlers,
}
"""Kinds of the nodes' answers that belong to bidding."""
