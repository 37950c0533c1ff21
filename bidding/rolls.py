"""Building the roll: every bid received, with its receipt's place below the cut (sealing.md 1.4)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from bidding import lots, nodes
from bidding.models import Bid
from kernel.db import db
from kernel.statements import Signed
from sealing.roll import Roll, RollEntry, Status
from sealing.succession import Warrant
from supervision import log
from supervision.checkpoints import quorum_checkpoint_within
from supervision.models import LogCut, LogFact
from tendering.models import Lot


@dataclass(frozen=True)
class Cut:
    """The checkpoint whose quorum times all lie in [closes_at, closes_at + cut_grace]; `note` carries those lines."""

    size: int
    note: bytes


def cut_of(lot: Lot) -> Cut | None:
    """The lot's cut once it is made; None while entries or cosignatures are on their way.

    When no quorum answers within the window there is none, and only an outage order of the supervising authority
    helps (log-and-nodes.md, section 3).
    """
    assert lot.closes_at is not None
    asked = db.session.get(LogCut, (lot.code, lot.closes_at))
    if asked is None or asked.size is None:
        return None
    start = int(lot.closes_at.timestamp())
    end = start + lots.keyset(lot).cut_grace
    found = quorum_checkpoint_within(nodes.policy(), asked.size, start, end)
    return None if found is None else Cut(found.checkpoint.size, found.note.encode())


def build(lot: Lot, cut: Cut, seq: int = 1) -> Roll:
    """The roll of everything received for the lot whose receipt stands below the cut."""
    rows = db.session.execute(
        select(Bid, LogFact.index)
        .join(LogFact, LogFact.id == Bid.log_fact)
        .where(Bid.lot == lot.code, LogFact.index.is_(None) | (LogFact.index < cut.size))
    )
    return Roll.of(lot.code, seq, cut.size, [_entry(bid, placed(index), cut.size) for bid, index in rows])


def received(lot_code: str, cut_size: int) -> dict[str, tuple[str, str | None]]:
    """Hash to status and what ended it, of every bid whose receipt stands below the cut: what the roll must say."""
    rows = db.session.execute(
        select(Bid.manifest_sha256, Bid.status, Bid.ended_by)
        .join(LogFact, LogFact.id == Bid.log_fact)
        .where(Bid.lot == lot_code, LogFact.index < cut_size)
    )
    return {digest: (status.value, ended_by) for digest, status, ended_by in rows}


def placed(index: int | None) -> int:
    """The place of a fact that the cut took in; everything received for a flipped lot has one by then."""
    if index is None:
        raise RuntimeError("a fact of a closed lot has no place below its cut")
    return index


def _entry(bid: Bid, index: int, size: int) -> RollEntry:
    return RollEntry(
        manifest=bid.manifest,
        sig=bid.sig,
        bidder_json=bid.bidder,
        receipt=Signed(bid.receipt, bid.receipt_sig),
        index=index,
        proof=tuple(log.proof_of(index, size)),
        status=Status(bid.status.value),
        by=bid.ended_by,
        warrant=None if bid.warrant is None else Warrant.from_json(bid.warrant),
    )
