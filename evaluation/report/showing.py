"""What is shown of a report and of the time for it, to whom: allow-lists over the table of `evaluation.visibility`."""

from __future__ import annotations

from typing import Any

from accounts.actor import Actor
from evaluation import reading, views
from evaluation.models import Seat
from evaluation.report import duration, register, signing
from evaluation.report.models import Report, ReportSignature
from evaluation.visibility import Field, Phase, Viewer, may_see
from kernel import canonical, keys
from kernel.errors import NotFound
from tendering import lifecycle
from tendering.models import Lot

TYPE = "kaibiao-signed-report/1"


def file(report: Report) -> bytes:
    """The public file: the report, every signed statement under it, and who stayed silent."""
    certs = {seat.alias: seat.cert for seat in reading.seats(report.lot)}
    found = register.signatures(report)
    return canonical.encode(
        {
            "type": TYPE,
            "lot": report.lot,
            "report": keys.b64(report.file),
            "signatures": [_signature(one, certs[one.alias]) for one in found if one.file is not None],
            "silent": [one.alias for one in found if one.silent_at is not None],
        }
    )


def report(actor: Actor | None, lot_code: str) -> dict[str, Any]:
    """The report as the asker may see it now; NotFound where there is none, or none for this asker."""
    lot, found = lifecycle.lot_of(lot_code), register.standing(lot_code)
    phase, eyes = reading.phase(lot, reading.evaluation_of(lot_code)), _eyes(actor, lot)
    if found is None or not may_see(eyes, phase, Field.REPORT_SIGNED):
        raise NotFound("report.none", "尚无评标报告", "There is no evaluation report yet", rule="rules.md C47")
    shown: dict[str, Any] = {
        "lot": lot_code,
        "proposed_at": found.proposed_at,
        "silence_from": signing.due_at(lot, found),
        "completed_at": found.completed_at,
        "members": _members(found),
    }
    if may_see(eyes, phase, Field.REPORT):
        shown |= {"report": found.file, "sha256": found.sha256, "alias": _own_alias(actor, lot_code)}
    return shown


def of_page(actor: Actor | None, lot_code: str) -> dict[str, Any] | None:
    """The same for a page, with the names of the bidders and the result that the report carries; None without a report."""
    try:
        shown = report(actor, lot_code)
    except NotFound:
        return None
    if "report" in shown:
        found = register.standing(lot_code)
        assert found is not None
        shown["told"] = canonical.decode(found.file)
        shown["carries"] = views.of_result(lot_code, found.result, found.completed_at or found.proposed_at)
    return shown


def time(actor: Actor | None, lot_code: str) -> dict[str, Any] | None:
    """The planned end, whether the owner is asked for more, and for few who asked and why."""
    lot, found = lifecycle.lot_of(lot_code), duration.of_lot(lot_code)
    if found is None:
        return None
    phase, words = reading.phase(lot, reading.evaluation_of(lot_code)), duration.short(lot_code)
    own = _own_alias(actor, lot_code)
    seen = [
        one
        for one in words
        if may_see(Viewer.SEAT if one.alias == own else _eyes(actor, lot, own=False), phase, Field.SHORT_OF_TIME)
    ]
    return {
        "lot": lot_code,
        "ends_at": found.ends_at,
        "asked_at": found.asked_at,
        "scoring": phase is Phase.SCORING,
        "said": own in {one.alias for one in words},
        "short": [{"alias": one.alias, "reason": one.reason, "at": one.at} for one in seen],
    }


def _members(found: Report) -> list[dict[str, Any]]:
    """Who has signed; with what dissent, only when the report is complete: nobody is led by another's."""
    signed = {one.alias: one for one in register.signatures(found)}
    return [
        _member(seat, signed.get(seat.alias), told=found.completed_at is not None) for seat in reading.seats(found.lot)
    ]


def _member(seat: Seat, signature: ReportSignature | None, *, told: bool) -> dict[str, Any]:
    standing = "waiting" if signature is None else "silent" if signature.silent_at else "signed"
    dissent = signature.dissent if signature is not None and told else None
    return {"alias": seat.alias, "standing": standing, "dissent": dissent, "at": signature.at if signature else None}


def _signature(one: ReportSignature, cert: bytes) -> dict[str, str | None]:
    assert one.file is not None
    return {"evaluator": one.alias, "file": keys.b64(one.file), "sig": one.sig, "cert": keys.b64(cert)}


def _own_alias(actor: Actor | None, lot_code: str) -> str | None:
    if actor is None:
        return None
    return next((seat.alias for seat in reading.seats(lot_code) if seat.person_id == actor.person_id), None)


def _eyes(actor: Actor | None, lot: Lot, *, own: bool = True) -> Viewer:
    found = reading.viewer(actor, lot)
    return Viewer.SEAT if own and found is Viewer.MEMBER else found
