"""The portal's side of the evaluator: what it may fetch, and what it reports. It is known by its signing key alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from sqlalchemy import select

from bidding import releases, stages
from bidding.models import Bid, Envelope
from evaluation import admitting, asking, reading
from evaluation.asking import Asked
from evaluation.models import Evaluation, OpenedDocuments
from evaluation.room import work
from kernel import canonical, keys
from kernel.db import db
from kernel.errors import Conflict, NotFound, Unavailable
from kernel.site import site
from supervision import facts, log
from tendering import lifecycle
from tendering.models import Lot
from tendering.states import LotState

CARD = "evaluator.json"
_WAITING = (LotState.OPENED, LotState.EVALUATING)


@dataclass(frozen=True)
class Report:
    """What the evaluator found in one bid."""

    bid_id: str
    stage: str
    result: str
    sha256: str | None
    files: list[dict[str, Any]]
    judgment: dict[str, str] | None


def check(asked: Asked, sent: Mapping[str, str], now: dt.datetime) -> None:
    """Refuses everybody but the evaluator whose card lies in the keys folder."""
    asking.check(asked, sent, _key(), now)


def _key() -> keys.PublicKey:
    path = site().folder("keys") / CARD
    if not path.exists():
        raise Unavailable("evaluator.none", "尚未登记评审终端", "No evaluator is registered here")
    card = canonical.decode(path.read_bytes())
    return keys.parse(card["sign_key"])


def pending() -> bytes:
    """The work there is now, for the evaluator's poll."""
    wanted = (
        select(Lot)
        .join(Evaluation, Evaluation.lot == Lot.code)
        .where(Lot.state.in_(_WAITING), Evaluation.admitted_at.is_not(None))
        .order_by(Lot.id)
    )
    jobs = [job for lot in db.session.scalars(wanted) if (job := _job(lot)) is not None]
    return work.encode(keys.spell(site().key("platform").public_key()), jobs)


def _job(lot: Lot) -> dict[str, object] | None:
    stage = reading.stage(lot).name
    found = releases.admission(lot.code, stage)
    unopened = admitting.unopened(lot)
    given = stages.releases_for_evaluator(lot.code, stage)
    if found is None or not unopened or not given:
        return None
    bids = db.session.scalars(select(Bid.manifest).where(Bid.bid_id.in_(unopened)).order_by(Bid.bid_id))
    assert lot.keyset is not None
    return {
        "lot": lot.code,
        "stage": stage,
        "seq": found.seq,
        "root": found.root,
        "keyset": keys.b64(lot.keyset),
        "bids": [{"manifest": keys.b64(raw)} for raw in bids],
        "releases": [{"i": row.i} for row in given],
    }


def release_file(lot_code: str, stage: str, i: int) -> bytes:
    """One trustee's release, encrypted to the evaluator."""
    given = stages.releases_for_evaluator(lifecycle.lot_of(lot_code).code, stage)
    found = next((row for row in given if row.i == i), None)
    if found is None:
        raise NotFound("release.unknown", "没有这份发布文件", "There is no such release")
    return bytes(found.file)


def ciphertext(lot_code: str, sha256: str) -> tuple[BinaryIO, int]:
    """An admitted bid's sealed documents and their size, opened for streaming."""
    lot = lifecycle.lot_of(lot_code)
    wanted = (
        select(Envelope, Bid).join(Bid, Bid.id == Envelope.bid).where(Bid.lot == lot.code, Envelope.sha256 == sha256)
    )
    found = db.session.execute(wanted).first()
    if found is None or found[1].bid_id not in admitting.admitted(lot) or found[0].stage != reading.stage(lot).name:
        raise NotFound("ciphertext.unknown", "没有这份密文", "There is no such ciphertext")
    return site().blobs.open(found[0].blob_key), found[0].size


def take(lot_code: str, report: Report, now: dt.datetime) -> None:
    """Enter what was found, once; the fact is open, what the files say is not."""
    lot = lifecycle.lot_of(lot_code, lock=True)
    if report.bid_id not in admitting.admitted(lot) or report.stage != reading.stage(lot).name:
        raise Conflict("docs.not_admitted", "该投标未获准开启", "This bid was not admitted", rule="sealing.md 1.5")
    if report.bid_id in reading.documents(lot.code):
        return
    row = OpenedDocuments(
        lot=lot.code,
        bid_id=report.bid_id,
        stage=report.stage,
        result=report.result,
        sha256=report.sha256,
        files=[{name: one[name] for name in ("path", "size", "sha256")} for one in report.files],
        judgment=report.judgment,
        opened_at=now,
    )
    db.session.add(row)
    db.session.flush()
    fact = facts.DocsOpened(lot=lot.code, bid_id=report.bid_id, result=report.result, sha256=report.sha256)
    log.append(fact, lot=lot.code)
    reading.under_way(lot.code, lock=True).revision += 1
