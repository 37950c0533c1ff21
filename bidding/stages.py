"""`stage.admitted`: which bids of a stage the trustees release (sealing.md 1.5).

The first stage is the platform's to log, and everybody recomputes it from the closes logged below it; a later one
takes the signatures of the whole committee.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from bidding import disputes, events, lots, nodes, releases
from bidding.models import Admission, Bid, NodeClose, Opened, Release, Roll
from bidding.states import Outcome
from kernel import canonical
from kernel.db import db
from kernel.errors import Conflict, Invalid
from kernel.keys import unb64
from kernel.statements import Signed
from sealing import release
from sealing.keyset import Audience
from sealing.manifest import Manifest
from sealing.roll import Close
from supervision import facts, log
from supervision.models import LogFact
from tendering.models import Lot

ADMITTED = "kaibiao-admitted/1"


def admit_first(lot: Lot, roll: Roll, now: datetime) -> Admission:
    """Log the first stage's admission. The caller has seen to it that every logged close has its index."""
    found = first_admission(lot, logged_closes(lot, roll))
    fact = facts.StageAdmitted(
        lot=lot.code,
        stage=lots.first_stage(lot).name,
        seq=roll.seq,
        root=roll.root,
        bids=found.bids,
        set_aside=found.set_aside,
        signatures=(),
    )
    return _log(fact, now)


def first_admission(lot: Lot, closes: Mapping[int, Close]) -> release.Admission:
    """What everybody recomputes from the live bids and the closes."""
    stage, live = lots.first_stage(lot), live_manifests(lot.code)
    return release.admitted(live, stage, closes, disputes.cleared(lot.code, stage.name, live, closes))


def content(lot_code: str, stage: str, left_out: Sequence[str] = ()) -> dict[str, Any]:
    """The statement a committee signs for a later stage: all bids that opened so far but those `left_out`.

    Where the first stage is the committee's own, everybody recomputes its admission: the statement says the same bids.
    """
    roll = _final(lot_code)
    opened = _admitted_bids(lot_code, stage) or _opened_bids(lot_code)
    return {
        "type": ADMITTED,
        "lot": lot_code,
        "stage": stage,
        "seq": roll.seq,
        "root": roll.root,
        "bids": sorted(opened - set(left_out)),
        "set_aside": sorted(opened & set(left_out)),
    }


def admit_stage(lot_code: str, stage: str, signatures: Sequence[facts.Signing], now: datetime) -> Admission:
    """Log a later stage's admission: every signature is over the same content, by a member the caller has checked."""
    known = releases.admission(lot_code, stage)
    if known is not None:
        return known
    said, roll = _agreed(signatures), _final(lot_code)
    target: dict[str, Any] = {"lot": lot_code, "stage": stage, "seq": roll.seq, "root": roll.root}
    if said is None or {name: said[name] for name in target} != target:
        raise _other(stage)
    if not set(said["bids"]) <= _opened_bids(lot_code):
        raise _other(stage)
    fact = facts.StageAdmitted(
        **target, bids=tuple(said["bids"]), set_aside=tuple(said["set_aside"]), signatures=tuple(signatures)
    )
    return _log(fact, now)


def releases_for_evaluator(lot_code: str, stage: str = "docs") -> list[Release]:
    """The encrypted releases of an evaluation stage, once t are there; for the evaluator process and nobody else."""
    found = lots.keyset(lots.find(lot_code)).stage(stage)
    given = releases.complete(lot_code, stage)
    if found.audience is not Audience.EVALUATION or len(given) < found.t:
        return []
    return given


def live_manifests(lot_code: str) -> list[Manifest]:
    query = select(Bid.manifest).where(Bid.lot == lot_code, Bid.status == "live")
    return [Manifest.parse(raw) for raw in db.session.scalars(query.order_by(Bid.manifest_sha256))]


def logged_closes(lot: Lot, roll: Roll) -> dict[int, Close]:
    """Share index to close, of all that have their place in the log."""
    share = {name: i for i, name in nodes.names(lots.keyset(lot)).items()}
    query = (
        select(NodeClose)
        .join(LogFact, LogFact.id == NodeClose.log_fact)
        .where(NodeClose.lot == lot.code, NodeClose.seq == roll.seq, LogFact.index.is_not(None))
    )
    rows = db.session.scalars(query)
    return {share[row.node]: Close.read(Signed(row.file, row.sig)) for row in rows if row.node in share}


def _log(fact: facts.StageAdmitted, now: datetime) -> Admission:
    earlier = select(func.count()).where(Admission.lot == fact.lot, Admission.stage == fact.stage)
    row = Admission(
        lot=fact.lot,
        stage=fact.stage,
        number=(db.session.scalar(earlier) or 0) + 1,
        seq=fact.seq,
        root=fact.root,
        bids=list(fact.bids),
        set_aside=list(fact.set_aside),
        log_fact=log.append(fact, lot=fact.lot).id,
        admitted_at=now,
    )
    db.session.add(row)
    db.session.flush()
    events.published_anew(fact.lot)
    return row


def _final(lot_code: str) -> Roll:
    roll = releases.final_roll(lot_code)
    if roll is None:
        raise Conflict(
            "stage.no_final_roll", "名册尚未最终确定。", "The roll is not final yet.", rule="kaibiao-seal/1 1.4"
        )
    return roll


def _admitted_bids(lot_code: str, stage: str) -> set[str]:
    """Of the first stage, those whose lines the trustees released."""
    lot, known = lots.find(lot_code), releases.admission(lot_code, stage)
    return set(known.bids) if known is not None and lots.first_stage(lot).name == stage else set()


def _opened_bids(lot_code: str) -> set[str]:
    query = select(Opened.bid_id).where(Opened.lot == lot_code, Opened.outcome == Outcome.OPENED)
    return set(db.session.scalars(query))


def _agreed(signatures: Sequence[facts.Signing]) -> dict[str, Any] | None:
    """What all of them signed; None when they differ, or when there is none."""
    files = {signing.file for signing in signatures}
    if len(files) != 1:
        return None
    found = canonical.decode(unb64(files.pop()))
    names = {"type", "lot", "stage", "seq", "root", "bids", "set_aside"}
    fits = isinstance(found, dict) and set(found) == names and found["type"] == ADMITTED
    return found if fits else None


def _other(stage: str) -> Invalid:
    return Invalid(
        "stage.statement",
        f"阶段“{stage}”的开启声明与名册不符，或各成员所签内容不一致。",
        f"The statements admitting the stage “{stage}” differ, or do not fit the final roll.",
        rule="kaibiao-seal/1 1.5",
    )
