"""The public folder of an opened lot: every file that lets a stranger recheck the opening with stock tools.

Written after the commit by the outbox, file by file and each by rename: a crash leaves fewer files, never half a
file, and the next delivery writes all of them again. The certificates of replaced and withdrawn bids never leave the
platform (sealing.md 1.8): their roll entries carry the leaf's hash in place of `bidder_json`.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bidding import closing, events, lots, releases
from bidding.models import Acknowledgment, Admission, Bid, Envelope, NodeClose, Opened, Opening, ReleaseHash, Roll
from kernel import canonical, merkle, outbox
from kernel.db import db, transaction
from kernel.keys import b64, unb64
from kernel.site import site
from sealing.keyset import Audience
from sealing.roll import Status
from supervision import log
from supervision.models import LogFact
from tendering.models import Lot

KIND = events.PUBLISH
_PUBLIC_STATUS = {Status.LIVE.value, Status.VOID.value}


def publish(payload: dict[str, Any]) -> None:
    """Write all files of the lot: the outbox's handler. Nothing before the opening record exists."""
    with transaction(write=False):
        lot = lots.find(payload["lot"])
        opening = db.session.scalar(select(Opening).where(Opening.lot == lot.code))
        if opening is None or opening.record is None:
            return
        folder = site().public / "lots" / lot.code
        for name, raw in _files(lot, opening):
            _write(folder / name, raw)
        _copy_ciphertexts(lot, folder)


def _files(lot: Lot, opening: Opening) -> Iterator[tuple[str, bytes]]:
    roll = releases.final_roll(lot.code)
    assert roll is not None
    assert lot.keyset is not None
    assert opening.record is not None
    yield "keyset.json", lot.keyset
    sigs = {"owner": lot.keyset_owner_sig, "supervisor": lot.keyset_supervisor_sig}
    yield "keyset.sigs.json", _json(sigs)
    yield "roll.json", _json(_roll(roll, unread=lots.for_team(lot)))
    yield "cut.note", roll.cut_note
    yield "withdrawals.json", _json(_withdrawals(lot.code, roll.cut_size))
    yield "acks.json", _json(_acks(lot.code))
    yield "closes.json", _json(_closes(roll))
    yield "admissions.json", _json(_admissions(lot.code))
    yield "release-hashes.json", _json(_hashes(lot.code))
    yield "disclosures.json", _json(log.disclosures(lot.code))
    yield from _releases(lot)
    yield from _sheets(lot.code)
    yield "record.json", opening.record
    yield "record.sigs.json", _json(opening.record_sigs)
    for number, version in enumerate(opening.earlier, 1):
        yield f"records/{number}.json", unb64(version["record"])
        yield f"records/{number}.sigs.json", _json(version["sigs"])


def _roll(roll: Roll, *, unread: bool) -> dict[str, Any]:
    """A warrant holds a certificate, so it is shown only beside the bid that bears the same certificate in public.

    Where bids are opened for the team alone, nobody's certificate is shown: who else takes part is not told (N04).
    """
    status = set() if unread else _PUBLIC_STATUS
    public = {canonical.sha(unb64(entry["manifest"])) for entry in roll.entries if entry["status"] in status}
    return {
        "lot": roll.lot,
        "seq": roll.seq,
        "cut_size": roll.cut_size,
        "root": roll.root,
        "count": roll.count,
        "entries": [
            entry if entry["status"] in status else _hidden(entry, warranted=entry["by"] in public)
            for entry in roll.entries
        ],
    }


def _hidden(entry: dict[str, Any], *, warranted: bool) -> dict[str, Any]:
    """An entry without its certificate but with its leaf's hash, so that the root still recomputes."""
    hidden = {"bidder_json"} if warranted else {"bidder_json", "warrant"}
    shown = {name: value for name, value in entry.items() if name not in hidden}
    return {**shown, "leaf_sha256": merkle.leaf_hash(canonical.encode(entry)).hex()}


def _withdrawals(lot_code: str, cut_size: int) -> dict[str, Any]:
    return {
        digest: {"receipt": found.receipt.to_json(), "index": found.index, "proof": [b64(part) for part in found.proof]}
        for digest, found in closing.withdrawn(lot_code, cut_size).items()
    }


def _acks(lot_code: str) -> list[dict[str, Any]]:
    rows = db.session.scalars(
        select(Acknowledgment)
        .join(Bid, Bid.id == Acknowledgment.bid)
        .where(Bid.lot == lot_code)
        .order_by(Acknowledgment.node, Acknowledgment.sha256)
    )
    return [{"node": row.node, "kind": row.kind.value, "file": b64(row.file), "sig": b64(row.sig)} for row in rows]


def _closes(roll: Roll) -> list[dict[str, Any]]:
    rows = db.session.execute(
        select(NodeClose, LogFact.index)
        .join(LogFact, LogFact.id == NodeClose.log_fact)
        .where(NodeClose.lot == roll.lot, NodeClose.seq == roll.seq)
        .order_by(LogFact.index)
    )
    return [{"node": row.node, "index": index, "file": b64(row.file), "sig": b64(row.sig)} for row, index in rows]


def _admissions(lot_code: str) -> list[dict[str, Any]]:
    rows = db.session.scalars(select(Admission).where(Admission.lot == lot_code).order_by(Admission.id))
    return [
        {
            "stage": row.stage,
            "number": row.number,
            "seq": row.seq,
            "root": row.root,
            "bids": row.bids,
            "set_aside": row.set_aside,
        }
        for row in rows
    ]


def _hashes(lot_code: str) -> list[dict[str, Any]]:
    rows = db.session.scalars(select(ReleaseHash).where(ReleaseHash.lot == lot_code).order_by(ReleaseHash.id))
    return [
        {"stage": row.stage, "node": row.node, "i": row.i, "file": b64(row.file), "sig": b64(row.sig)} for row in rows
    ]


def _releases(lot: Lot) -> Iterator[tuple[str, bytes]]:
    for stage in lots.keyset(lot).stages:
        if stage.audience is Audience.PUBLIC:
            for row in releases.every(lot.code, stage.name):
                name = f"releases/{stage.name}-{row.i}" + (f".{row.number}" if row.number > 1 else "")
                yield f"{name}.json", row.file
                yield f"{name}.sig", (b64(row.sig) + "\n").encode()


def _sheets(lot_code: str) -> Iterator[tuple[str, bytes]]:
    rows = db.session.scalars(select(Opened).where(Opened.lot == lot_code, Opened.plain.is_not(None)))
    for row in rows:
        assert row.plain is not None
        yield f"sheets/{row.bid_id}.json", row.plain


def _copy_ciphertexts(lot: Lot, folder: Path) -> None:
    """Ciphertexts of public stages; those of the evaluation never become public.

    One that the blob store lost holds up none of the others; it is told to whoever runs the platform, and tried again.
    """
    public = [stage.name for stage in lots.keyset(lot).stages if stage.audience is Audience.PUBLIC]
    live = (Bid.lot == lot.code, Bid.status == "live", Envelope.stage.in_(public))
    query = select(Envelope.sha256, Envelope.blob_key).join(Bid, Bid.id == Envelope.bid).where(*live)
    found = list(db.session.execute(query))
    lost = [digest for digest, key in found if not _copied(key, folder / "ciphertexts" / f"{digest}.age")]
    if lost:
        raise FileNotFoundError(f"{lot.code}: the blob store no longer holds {', '.join(lost)}")


def _copied(blob_key: str, target: Path) -> bool:
    """Whether the file stands there now; False when the blob store has lost it."""
    if target.exists():
        return True
    draft = _draft(target)
    try:
        source = site().blobs.open(blob_key)
    except FileNotFoundError:
        return False
    with source, draft.open("xb") as dst:
        shutil.copyfileobj(source, dst, 1 << 20)
    draft.replace(target)
    return True


def _write(path: Path, raw: bytes) -> None:
    draft = _draft(path)
    with draft.open("xb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _draft(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}")


def _json(value: Any) -> bytes:
    return canonical.encode(value)


handlers: dict[str, outbox.Handler] = {KIND: publish}
"""For the worker's table of outbox handlers."""
