"""The recheck of a whole tender, section after section, each building on what the one before proved."""

from __future__ import annotations

from collections.abc import Iterator

from evaluation.spec import MethodSpec
from kernel.errors import Words
from sealing.keyset import Stage
from supervision import contract_facts, facts, lotview
from supervision.deadline import Authority
from tendering.quotes import rules as quoting
from tendering.states import STILL_SHUT, LotEvent, LotState
from verifier import (
    agreement,
    arithmetic,
    baseprice,
    closing,
    contracts,
    directives,
    draws,
    invitations,
    kept,
    listings,
    log,
    negotiation,
    offers,
    opening,
    prequal,
    qualification,
    receipts,
    record,
    recordings,
    release,
    report,
    result,
    roll,
    scores,
    tender,
    terms,
)
from verifier.case import Case, Given, LotCase
from verifier.claims import Claim, Section, about, guarded, not_due, one
from verifier.listed import Listed
from verifier.opening import Read
from verifier.receipts import Disclosed
from verifier.release import Given as Lines
from verifier.source import Archive, read_json


def claims(archive: Archive, given: Given) -> Iterator[Claim]:
    """Every claim about the tender in the archive; nothing of it is believed because the portal says so."""
    return _claims(archive, given)


def _claims(archive: Archive, given: Given) -> Section[None]:
    code = yield from guarded("tender", _code(archive))
    if code is None:
        return
    book = yield from guarded("log", log.read(archive, (given.policy, given.checkpoint), code))
    if book is None:
        return
    case = yield from guarded("notice", tender.read(archive, book, given))
    if case is None:
        return
    yield from guarded("invitations", invitations.check(case))
    yield from guarded("segment", recordings.segments(case))
    for part in case.told["lots"]:
        yield from about(str(part["lot"]), _lot(_lot_case(case, part)))


def _code(archive: Archive) -> Section[str]:
    yield from ()
    return str(read_json(archive, tender.TENDER)["tender"])


def _lot_case(case: Case, part: dict[str, object]) -> LotCase:
    code, book = str(part["lot"]), case.book
    by = Authority(book.policy, book.policy.platform)
    return LotCase(case, code, part, lotview.view(code, log.facts_of(book, code), by, book.cosigned))


def _lot(lot: LotCase) -> Section[None]:
    yield from guarded("states", tender.states(lot))
    yield from guarded("directives", directives.directives(lot))
    yield from guarded("keyset", terms.keyset(lot))
    yield from guarded("prequal", prequal.periods(lot))
    if prequal.before_bids(lot):
        yield from guarded("failed", _before_bids(lot))
        return
    yield from guarded("timetable", terms.deadline(lot))
    yield from guarded("law", terms.law(lot))
    method = yield from guarded("method", result.method(lot))
    yield from guarded("listing", listings.moves(lot))
    if offers.without_box(lot):
        yield from _unboxed(lot)
    elif lot.view.terms is not None:
        yield from _bids(lot, method)


def _unboxed(lot: LotCase) -> Section[None]:
    """A sale that needed no sealed offers, so far or at all."""
    if any(lot.happened(event) is not None for event in (LotEvent.CANCEL, LotEvent.VOID)):
        yield from guarded("failed", failed(lot))
        return
    yield from guarded("deal", offers.sale(lot, [], [], []))
    yield from _after(lot, [])


def _bids(lot: LotCase, method: MethodSpec | None) -> Section[None]:
    """From the close of the box to its end, whichever it was."""
    disclosed = (yield from guarded("disclosures", receipts.disclosures(lot))) or []
    found = (yield from guarded("roll", _closing(lot, disclosed))) or []
    yield from guarded("prequal", prequal.passed(lot, found))
    if _ended_unopened(lot):
        yield from guarded("failed", failed(lot))
        return
    read = (yield from guarded("opening", _opening(lot, found))) or []
    if lot.happened(LotEvent.UNREADABLE) is not None:
        yield from guarded("failed", too_few(lot, _readable(lot, read)))
        return
    if lot.keyset.for_evaluation:
        yield from _negotiated(lot)
    elif offers.is_sale(lot) and len(lot.keyset.stages) == 1:
        yield from guarded("deal", offers.sale(lot, found, read, []))
        yield from _after(lot, read)
    else:
        yield from _evaluation(lot, method, (found, read), disclosed)
    yield from guarded(recordings.TOPIC, recordings.exceptions(lot))
    yield from guarded(recordings.TOPIC, recordings.recordings(lot))


def _readable(lot: LotCase, read: list[Read]) -> int:
    """Bids read out; where nothing is, those that the trustees released to the team."""
    if not lot.keyset.for_evaluation:
        return sum(one_bid.sheet is not None for one_bid in read)
    admitted = lot.view.admissions.get(lot.keyset.stages[0].name)
    return 0 if admitted is None else len(admitted.bids)


def _negotiated(lot: LotCase) -> Section[None]:
    """A first box: opened for the team, negotiated, and ended by its record."""
    yield from guarded("committee", scores.committee(lot))
    yield from guarded("experts", draws.check(lot))
    yield from guarded("docs", scores.documents(lot))
    yield from guarded("requirements", negotiation.changes(lot))
    yield from guarded(negotiation.TOPIC, negotiation.closed(lot))


def _before_bids(lot: LotCase) -> Section[None]:
    """Cancelled or void like any other, or as the pre-qualification left it."""
    if any(lot.happened(event) is not None for event in (LotEvent.CANCEL, LotEvent.VOID)):
        yield from failed(lot)
        return
    yield from prequal.ended(lot)


def _ended_unopened(lot: LotCase) -> bool:
    if any(lot.happened(event) is not None for event in (LotEvent.TOO_FEW, LotEvent.CANCEL)):
        return True
    voided = lot.happened(LotEvent.VOID)
    return voided is not None and LotState(voided.was) in STILL_SHUT


def failed(lot: LotCase) -> Section[None]:
    """A lot that ended early: too few live bids by the roll's own count, or cancelled with a reason in the log."""
    if lot.happened(LotEvent.VOID) is not None:
        yield not_due("failed", "开标前已宣布无效，见监督指令", "declared void before its opening: see the directives")
        return
    if lot.happened(LotEvent.CANCEL) is not None:
        told = [fact for _, fact in lot.book.find(facts.TenderCancelled)]
        faults = [] if told else [Words("日志中没有终止原因", "cancelled without a reason in the log")]
        yield from one("failed", faults, Words("已终止，原因在日志中", "cancelled, with its reason in the log"))
        return
    box = lot.view.box
    yield from too_few(lot, 0 if box is None else sum(bid.status == "live" for bid in box.fact.bids))


def too_few(lot: LotCase, count: int) -> Section[None]:
    """Fewer bids than the pack asks for; anything else was no reason to end here."""
    rule = quoting.least(lot.case.pack, lot.case.notice, final=lot.is_final)
    least = rule.value
    faults = [Words(f"有 {count} 份投标，不应流标", f"called too few, but {count} bids were live")]
    good = Words(
        f"{count} 份投标，少于 {least} 份，依法流标（{rule.cited}）",
        f"{count} bids, fewer than {least}: failed as {rule.cited} asks",
    )
    yield from one("failed", faults if count >= least else [], good)


def _closing(lot: LotCase, disclosed: list[Disclosed]) -> Section[list[Listed]]:
    yield from guarded("cut", closing.cut(lot))
    found = (yield from guarded("roll", roll.roll(lot))) or []
    yield from guarded("closes", closing.closes(lot))
    yield from guarded("receipt", kept.receipts(lot, found))
    if not found:
        return []
    yield from guarded("papers", roll.papers(lot, found))
    yield from guarded("receipts", receipts.receipts_of(lot, found))
    yield from guarded("statuses", roll.statuses(lot, found))
    yield from guarded("withdrawals", receipts.withdrawals(lot, found))
    yield from guarded("complete", receipts.complete(found, disclosed))
    yield from guarded("acks", receipts.acks(lot, found))
    return found


def _opening(lot: LotCase, found: list[Listed]) -> Section[list[Read]]:
    admitted = yield from guarded("admitted", release.admission(lot, found))
    yield from guarded("started", release.started(lot))
    if admitted is None:
        return []
    read = list[Read]()
    for stage in lot.keyset.stages:
        yield from guarded("hashes", release.order(lot, stage))
        if stage.holds_price and release.public(stage):
            read = (yield from guarded("releases", _stage(lot, stage, found))) or []
    yield from guarded(baseprice.TOPIC, baseprice.base_price(lot))
    yield from guarded("record", record.record(lot, read, admitted))
    return read


def _stage(lot: LotCase, stage: Stage, found: list[Listed]) -> Section[list[Read]]:
    admitted = lot.view.admissions.get(stage.name)
    if admitted is None or not lot.logged(facts.OpeningRecord):
        yield not_due("releases", "份额随开标记录公布", "released lines are published with the opening record")
        return []
    given: list[Lines] = (yield from guarded("releases", release.files(lot, stage))) or []
    read = (yield from guarded("bid", opening.bids(lot, stage, found, admitted, given))) or []
    yield from guarded("readout", opening.nothing_else(lot, stage, read))
    return read


def _evaluation(
    lot: LotCase, method: MethodSpec | None, opened: tuple[list[Listed], list[Read]], disclosed: list[Disclosed]
) -> Section[None]:
    found, read = opened
    if lot.is_final:
        yield from guarded("quotes", negotiation.quotes(lot))
    yield from guarded("committee", scores.committee(lot))
    yield from guarded("experts", draws.check(lot))
    yield from guarded("docs", scores.documents(lot))
    away = (yield from guarded(qualification.TOPIC, qualification.review(lot, read, disclosed))) or frozenset()
    if qualification.failed(lot):
        return
    scored = yield from guarded("scores", scores.score_sheets(lot, disclosed))
    judged = [one_bid for one_bid in read if one_bid.bid_id not in away]
    told = yield from guarded("result", result.result(lot, method, judged, scored))
    yield from guarded(arithmetic.TOPIC, arithmetic.corrections(lot, told, read, disclosed))
    yield from guarded("report", report.report(lot, disclosed))
    yield from guarded("time", report.time(lot, disclosed))
    read = (yield from guarded("agreement", agreement.agreed(lot, read))) or read
    if offers.is_sale(lot):
        ranking = [] if told is None else [row["bid_id"] for row in told["ranking"]]
        yield from guarded("deal", offers.sale(lot, found, read, ranking))
    else:
        yield from guarded("publicity", result.publicity(lot))
        yield from guarded("award", result.award(lot, told, read))
    yield from _after(lot, read)


def _after(lot: LotCase, read: list[Read]) -> Section[None]:
    """From the award to the archive, as far as it has come."""
    if lot.happened(LotEvent.CONTRACT) is not None:
        yield from guarded("contract", contracts.contract(lot, read))
    if lot.happened(LotEvent.FULFILL) is not None:
        yield from guarded("fulfilled", contracts.fulfilled(lot))
    if lot.logged(contract_facts.ArchiveSealed):
        yield from guarded("archive", contracts.archived(lot))
