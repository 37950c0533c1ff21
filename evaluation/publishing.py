"""The public files of an evaluation, for people and for the verifier: written whole, by rename, and only what is due.

`<public>/lots/<lot>/method.json`, `committee.json`, `docs.json`, `report.json`, `result.json`, and after the award `scores/<alias>.json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from accounts.models import Person
from evaluation import reading, visibility
from evaluation.draw.reading import order
from evaluation.models import Evaluation, Seat
from evaluation.report import register, showing
from evaluation.visibility import Field, Phase, Viewer
from kernel import canonical, keys
from kernel.db import db
from kernel.site import site
from sealing.replacing import Replacing
from tendering import lifecycle
from tendering.models import Lot

COMMITTEE_TYPE = "kaibiao-committee/1"


def files(found: Evaluation) -> dict[str, bytes]:
    """Path under the lot's folder to bytes: everything of this evaluation that is public now."""
    lot = lifecycle.lot_of(found.lot)
    phase = reading.phase(lot, found)
    assert lot.method is not None
    made = {"method.json": bytes(lot.method), "committee.json": _committee(lot, phase), "docs.json": _docs(lot)}
    if found.result is not None and _public(phase, Field.RESULT):
        made["result.json"] = found.result
        made |= _report(lot)
    if _public(phase, Field.SHEET):
        made |= _scores(lot)
    return made


def write(lot_code: str, made: Mapping[str, bytes]) -> None:
    """Each file appears whole or not at all; writing the same again changes nothing."""
    folder = site().public / "lots" / lot_code
    for name, raw in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != raw:
            _replace(path, raw)


def _replace(path: Path, raw: bytes) -> None:
    with Replacing(path) as target:
        target.file.write(raw)
        target.temporary.chmod(0o644)


def _public(phase: Phase, field: Field) -> bool:
    return visibility.may_see(Viewer.PUBLIC, phase, field)


def _committee(lot: Lot, phase: Phase) -> bytes:
    named = _public(phase, Field.NAMES)
    members = [_member(seat, named=named) for seat in reading.seats(lot.code)]
    return canonical.encode({"type": COMMITTEE_TYPE, "lot": lot.code, "members": members})


def _member(seat: Seat, *, named: bool) -> dict[str, str]:
    shown = {"alias": seat.alias, "kind": seat.kind, "sign_key": seat.sign_key}
    return shown | _named(seat) if named else shown


def _named(seat: Seat) -> dict[str, str]:
    """The name, and for an expert who was drawn what opens the reference on the list."""
    listed = next((row for row in order(seat.lot) if row.person_id == seat.person_id), None)
    name = {"name": db.session.get_one(Person, seat.person_id).name}
    return name if listed is None else {**name, "organization": listed.organization, "nonce": listed.nonce}


def _report(lot: Lot) -> dict[str, bytes]:
    """The report with what every member signed under it, and the members that stayed silent."""
    found = register.standing(lot.code)
    return {} if found is None else {"report.json": showing.file(found)}


def _docs(lot: Lot) -> bytes:
    """By hash alone: the names of a bid's files belong to the committee."""
    found = reading.documents(lot.code).values()
    bids = [
        {"bid_id": one.bid_id, "result": one.result, "sha256": one.sha256, "judgment": one.judgment}
        for one in sorted(found, key=lambda one: one.bid_id)
    ]
    return canonical.encode({"type": "kaibiao-docs-opened/1", "lot": lot.code, "bids": bids})


def _scores(lot: Lot) -> dict[str, bytes]:
    return {
        f"scores/{seat.alias}.json": canonical.encode(
            {"file": keys.b64(sheet.file), "sig": sheet.sig, "cert": keys.b64(seat.cert)}
        )
        for seat, sheet in reading.sheets(lot.code)
        if sheet.file is not None
    }
