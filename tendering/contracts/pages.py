"""Pages from the award to the archive: the owner's steps, each bidder's own outcome, the report, downloads."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import current_actor, current_actor_or_none
from accounts.actor import Actor
from accounts.forms import Form, answered, attempted, page, say
from accounts.roles import Role
from kernel import canonical, clock, keys
from kernel.db import own_transaction, transaction
from kernel.errors import NotFound, Refusal, Words
from kernel.site import site
from supervision import alerts
from tendering import presentation, signedform, transfers, visibility
from tendering.contracts import after, course, duties, messages, papers, reporting, succession, uploads
from tendering.contracts import visibility as sight
from tendering.contracts.models import Paper
from tendering.lifecycle import lot_of
from tendering.models import Lot

pages = Blueprint("contracts", __name__)

Page = str | tuple[str, int] | AnyResponse
CHUNK = 1 << 20


@pages.app_context_processor
def _after() -> dict[str, Any]:
    """For the tender page: what follows the award."""
    return {
        "after_award": lambda lot: after.steps(lot, clock.now()),
        "contract_shown": after.contract_shown,
        "sealed_archive": after.archive,
    }


@pages.get("/owner/lots/<lot>/contract")
def owner(lot: str) -> Page:
    return page("contracts/owner.html", form=Form(), **_owner(lot))


def _owner(code: str) -> dict[str, Any]:
    lot, now = lot_of(code), clock.now()
    visibility.check_project(lot.tender, current_actor(), Role.OWNER)
    contract = papers.current(lot, papers.CONTRACT)
    return {
        "lot": lot,
        "tender": lot.tender,
        "duties": duties.of_lot(lot, now),
        "now": now,
        "alerts": [{**canonical.decode(row.evidence), "at": row.at} for row in alerts.raised(code)],
        "notice": messages.notice_of(code) if lot.awarded_bid else None,
        "winner": next((row for row in lot.ranking or [] if row["bid_id"] == lot.awarded_bid), None),
        "bid": course.bid_terms(lot, lot.awarded_bid) if lot.awarded_bid else None,
        "report": papers.current(lot, papers.REPORT),
        "report_item": reporting.statement(lot) if lot.decided else None,
        "contract": contract,
        "contract_said": canonical.decode(contract.file) if contract else None,
        "acceptance": papers.current(lot, papers.ACCEPTANCE),
        "changes": [canonical.decode(row.file) for row in papers.every(lot, papers.CHANGE)],
        "grounds": succession.GROUNDS,
        "b64": keys.b64,
        "archive": after.archive(lot),
    }


@pages.post("/owner/lots/<lot>/contract/<act>")
@own_transaction
def act(lot: str, act: str) -> Page:
    typed = {name: value for name, value in request.form.items() if name not in ("statement", "signature", "cert")}
    outcome = _uploading(lot, act, typed) if act in _UPLOADS else attempted(lambda: _acted(lot, act))
    if isinstance(outcome, Refusal):
        return answered("contracts/owner.html", Form(typed, outcome), lambda: _owner(lot))
    return redirect(url_for("contracts.owner", lot=lot), 303)


def _acted(code: str, act: str) -> object:
    if act not in _SIGNED:
        raise NotFound("act.unknown", "没有这个操作。", "There is no such act.", rule="rules.md 5.3")
    return _SIGNED[act](current_actor(), lot_of(code, lock=True))


def _dropped(actor: Actor, lot: Lot) -> object:
    ground, reason = request.form.get("ground", ""), request.form.get("reason", "")
    return succession.drop_winner(actor, lot, ground, reason, clock.now())


_SIGNED: dict[str, Callable[[Actor, Lot], object]] = {
    "report": lambda actor, lot: papers.sign_report(actor, lot, signedform.one(), clock.now()),
    "sign": lambda actor, lot: papers.sign_contract(actor, lot, signedform.one(), clock.now()),
    "accept": lambda actor, lot: papers.sign_acceptance(actor, lot, signedform.one(), clock.now()),
    "next": _dropped,
}
_UPLOADS = ("upload", "change", "acceptance")


def _uploading(code: str, act: str, typed: dict[str, str]) -> Paper | Refusal:
    """A streamed document with its fields; the transactions are the service's own."""
    with transaction(write=False):
        actor = current_actor()
    given = request.files.get("file")
    chunks = iter(partial(given.stream.read, CHUNK), b"") if given else iter(())
    upload = uploads.Upload(given.filename or "" if given else "", chunks)
    try:
        match act:
            case "upload":
                return uploads.contract(actor, code, typed, upload, clock.now())
            case "change":
                return uploads.change(actor, code, typed, upload, clock.now())
            case _:
                return uploads.acceptance(actor, code, upload, clock.now())
    except Refusal as refusal:
        return refusal


@pages.get("/desk/<lot>/outcome")
@own_transaction
def outcome(lot: str) -> Page:
    """The bidder's own message; opening it is its receipt."""
    with transaction():
        actor = current_actor()
        messages.read(actor, messages.own(actor, lot)[0], clock.now())
        return page("contracts/outcome.html", form=Form(), **_outcome(lot))


def _outcome(code: str) -> dict[str, Any]:
    lot, actor = lot_of(code), current_actor()
    found = messages.own(actor, code)
    contract = papers.current(lot, papers.CONTRACT)
    mine = found[0].kind == messages.NOTICE and found[0].round == course.round_of(code)
    return {
        "lot": lot,
        "tender": lot.tender,
        "messages": [
            {"row": row, "said": canonical.decode(row.file), "sha256": canonical.sha(row.file)} for row in found
        ],
        "criteria": _criteria(lot),
        "contract": contract if mine else None,
        "said": canonical.decode(contract.file) if contract and mine else None,
        "b64": keys.b64,
    }


def _criteria(lot: Lot) -> dict[str, str]:
    """The names of the method's criteria in the language of the page, by id."""
    rows = (presentation.method(lot) or {}).get("criteria", [])
    return {row["id"]: say(Words(row["name"], row["name_en"])) for row in rows}


@pages.post("/desk/<lot>/outcome")
@own_transaction
def confirm(lot: str) -> Page:
    outcome = attempted(lambda: _confirmed(lot))
    if isinstance(outcome, Refusal):
        return answered("contracts/outcome.html", Form({}, outcome), lambda: _outcome(lot))
    return redirect(url_for("contracts.outcome", lot=lot), 303)


def _confirmed(code: str) -> Paper:
    lot = lot_of(code, lock=True)
    return papers.confirm_contract(current_actor(), lot, signedform.one(), signedform.certificate(), clock.now())


@pages.get("/lots/<lot>/report")
def report(lot: str) -> Page:
    """The written report, for the owner's side and the supervising authority."""
    found, actor = lot_of(lot), current_actor()
    if "report" not in sight.fields(found, actor):
        visibility.check_project(found.tender, actor)
    paper = papers.current(found, papers.REPORT)
    if paper is None:
        raise NotFound("report.none", "书面报告尚未提交。", "The report was not handed in yet.", rule=reporting.RULE)
    return page("contracts/report.html", lot=found, tender=found.tender, paper=paper, said=canonical.decode(paper.file))


@pages.get("/lots/<lot>/papers/<sha256>")
def paper(lot: str, sha256: str) -> AnyResponse:
    """A paper's document: to everybody where the law publishes it, to the parties and the authority otherwise."""
    found, actor = lot_of(lot), current_actor_or_none()
    rows = [row for kind in (papers.CONTRACT, papers.CHANGE, papers.ACCEPTANCE) for row in papers.every(found, kind)]
    row = next((one for one in rows if one.document_sha256 == sha256), None)
    if row is None or not sight.may_read(found, row, actor):
        raise NotFound("paper.unknown", "没有这份文件。", "There is no such paper.", rule=papers.RULE)
    assert row.blob_key is not None
    return _download(site().blobs.open(row.blob_key), row.size or 0, row.name or "", sha256)


def _download(file: Any, size: int, name: str, sha256: str) -> AnyResponse:
    answer = transfers.download(file, name, size, "application/octet-stream")
    answer.set_etag(sha256)
    return answer


@pages.get("/lots/<lot>/archive")
def archive(lot: str) -> AnyResponse:
    """The sealed archive, for everybody."""
    found = after.archive(lot_of(lot))
    if found is None:
        raise NotFound("archive.none", "本标段尚未归档。", "This lot is not archived yet.", rule="rules.md 1.12")
    return _download(site().blobs.open(found.blob_key), found.size, f"{lot}.zip", found.sha256)
