"""Release hashes and releases (sealing.md 1.5): promised first by t trustees, then given, then checked against the promise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select

from bidding import events, lots, nodes
from bidding.models import Admission, NodeClose, Release, ReleaseHash, Roll
from kernel import canonical
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Invalid
from kernel.keys import b64, unb64
from kernel.statements import Signed
from sealing import release
from sealing.faults import Fault
from sealing.keyset import Audience
from sealing.roll import Close
from sealing.wire import WireError
from supervision import facts, log

RULE = "kaibiao-seal/1 1.5"
Target = tuple[str, str, int]
"""Lot, stage and the number of its admission."""
MAX_FACT_FILE = 40_000
"""A longer release stands in the log by its hash and in the public folder as a file."""


def final_roll(lot_code: str) -> Roll | None:
    found: Roll | None = db.session.scalar(select(Roll).where(Roll.lot == lot_code, Roll.final))
    return found


def admissions(lot_code: str, stage: str) -> list[Admission]:
    """Every `stage.admitted` of a stage, in their order."""
    query = select(Admission).where(Admission.lot == lot_code, Admission.stage == stage)
    return list(db.session.scalars(query.order_by(Admission.number)))


def admission(lot_code: str, stage: str) -> Admission | None:
    """The latest `stage.admitted` of a stage."""
    found = admissions(lot_code, stage)
    return found[-1] if found else None


def due(lot_code: str, stage: str, number: int) -> tuple[str, ...]:
    """The bids that this admission added: what a release for it covers."""
    return release.added([row.bids for row in admissions(lot_code, stage)[:number]])


def promised(target: Target, node: str) -> ReleaseHash | None:
    found: ReleaseHash | None = db.session.scalar(
        select(ReleaseHash).where(*_promised(target), ReleaseHash.node == node)
    )
    return found


def promises(target: Target) -> int:
    return db.session.scalar(select(func.count()).where(*_promised(target))) or 0


def complete(lot_code: str, stage: str, number: int = 1) -> list[Release]:
    """The releases taken for one admission: each keeps its promise and leaves nothing out."""
    return [row for row in every(lot_code, stage) if row.number == number]


def every(lot_code: str, stage: str) -> list[Release]:
    """The releases taken for all admissions of a stage."""
    query = select(Release).where(Release.lot == lot_code, Release.stage == stage)
    return list(db.session.scalars(query.order_by(Release.number, Release.i)))


def _promised(target: Target) -> tuple[ColumnElement[bool], ...]:
    lot_code, stage, number = target
    return ReleaseHash.lot == lot_code, ReleaseHash.stage == stage, ReleaseHash.number == number


def lines(given: list[Release]) -> dict[str, dict[int, bytes]]:
    """Bid to share index to line, from the releases of a public stage."""
    found: dict[str, dict[int, bytes]] = {}
    for row in given:
        for bid_id, line in release.Release.parse(row.file).lines.items():
            found.setdefault(bid_id, {})[row.i] = line
    return found


def check_target(said: release.ReleaseHash, share: int) -> None:
    """Refuses a promise for another roll, for a stage that is not admitted, or for somebody else's share."""
    final = final_roll(said.lot)
    known = said.number <= len(admissions(said.lot, said.stage))
    if final is None or not known or (said.seq, said.root, said.i) != (final.seq, final.root, share):
        raise Conflict(
            "release.target",
            "份额承诺所指的名册、阶段或份额与平台记录不符。",
            "The release hash names another roll, stage or share than the platform logged.",
            rule=RULE,
        )


def tell_committed(row: ReleaseHash, now: datetime) -> None:
    events.tell(row.lot, "node.committed", now, node=row.node, stage=row.stage)
    events.published_anew(row.lot)


def take(node: str, body: Mapping[str, Any], now: datetime) -> None:
    """Keep a release once; one that breaks its promise or leaves a bid out is void, and refused."""
    file, sig, target = _read(node, body)
    promise = promised(target, node)
    if promise is None or promises(target) < _threshold(*target[:2]):
        raise Conflict(
            "release.too_early",
            "承诺的份额摘要不足门限数，现在不能发布份额。",
            "Fewer than t release hashes are logged: no release yet.",
            rule=RULE,
        )
    if any(row.node == node for row in complete(*target)):
        return
    found = _faults(promise, file)
    if found:
        raise _void(promise, found, now)
    row = Release(
        lot=promise.lot,
        stage=promise.stage,
        seq=promise.seq,
        number=promise.number,
        node=node,
        i=promise.i,
        file=file,
        sig=sig or promise.sig,
        taken_at=now,
    )
    db.session.add(row)
    db.session.flush()
    _log(row, now)


def _read(node: str, body: Mapping[str, Any]) -> tuple[bytes, bytes, Target]:
    """The release file, the signature over it (none for an evaluation stage), and what it is for."""
    if "sig" in body:
        signed = nodes.statement(node, body)
        try:
            said = release.Release.parse(signed.raw)
        except WireError as error:
            raise nodes.malformed(str(error)) from error
        return signed.raw, signed.sig, (said.lot, said.stage, said.number)
    names = ("lot", "stage", "age")
    if not all(isinstance(body.get(name), str) for name in names):
        raise nodes.malformed("a release is {file, sig}, or {lot, stage, age} for the evaluation")
    try:
        return unb64(body["age"]), b"", (body["lot"], body["stage"], int(body.get("number", 1)))
    except ValueError as error:
        raise nodes.malformed(str(error)) from error


def _threshold(lot_code: str, stage: str) -> int:
    return lots.keyset(lots.find(lot_code)).stage(stage).t


def _faults(promise: ReleaseHash, file: bytes) -> list[Fault]:
    stage = lots.keyset(lots.find(promise.lot)).stage(promise.stage)
    said = release.ReleaseHash.read(Signed(promise.file, promise.sig))
    if stage.audience is Audience.EVALUATION:
        # Only the evaluator reads what is inside; here it must be the file that was promised.
        given = canonical.sha(file) == promise.release_sha256
        return [] if given else [Fault("release_hash", "份额文件与承诺不符", "not the file promised", "1.5")]
    covered = due(promise.lot, promise.stage, promise.number)
    return release.check_release(file, release.Release.parse(file), said, covered, _own_close(promise))


def _own_close(promise: ReleaseHash) -> Close:
    """What the trustee itself called bad, and so need not give."""
    one = (NodeClose.lot == promise.lot, NodeClose.seq == promise.seq, NodeClose.node == promise.node)
    row = db.session.scalar(select(NodeClose).where(*one))
    if row is not None:
        return Close.read(Signed(row.file, row.sig))
    return Close(promise.lot, promise.seq, "0" * 64, 0, (), "1970-01-01T00:00:00Z")


def _log(row: Release, now: datetime) -> None:
    """The open fact; of an evaluation stage, or of a file too long for an entry, only the hash."""
    stage = lots.keyset(lots.find(row.lot)).stage(row.stage)
    shown = stage.audience is Audience.PUBLIC and len(row.file) <= MAX_FACT_FILE
    fact = facts.Release(
        lot=row.lot,
        stage=row.stage,
        node=row.node,
        sha256=canonical.sha(row.file),
        file=b64(row.file) if shown else None,
        sig=b64(row.sig),
    )
    log.append(fact, lot=row.lot)
    events.tell(row.lot, "node.released", now, node=row.node, stage=row.stage)
    events.published_anew(row.lot)


def _void(promise: ReleaseHash, found: list[Fault], now: datetime) -> Invalid:
    """A release that breaks its promise opens nothing; that it was tried is recorded."""
    refusal = Invalid(
        "release.void",
        "；".join(fault.zh for fault in found) + "。",
        "; ".join(fault.en for fault in found) + ".",
        rule=RULE,
        faults=[fault.code for fault in found],
    )
    fact = facts.AttemptRefused(what=f"release by {promise.node}", code=found[0].code, role=None, at=rfc3339(now))
    refusal.recording(fact, lot=promise.lot)
    return refusal
