"""A member's score sheet: kept as typed, checked, signed, and seen by nobody else until all are signed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from accounts import records
from accounts.actor import Actor
from evaluation import committee, heads, panel, reading, rules, sheets
from evaluation.arithmetic import service as arithmetic
from evaluation.heads import Head
from evaluation.models import ScoreSheet, Seat
from evaluation.review import clarification
from evaluation.sheets import Fault, Sheet
from kernel import canonical, keys
from kernel.db import db
from kernel.errors import Conflict, Invalid
from kernel.law import holds
from kernel.statements import Signed
from supervision import facts, log
from tendering import lifecycle, packs
from tendering.models import Lot
from tendering.quotes import boxes
from tendering.states import LotState

MAX_DRAFT = 256 * 1024
RULE = "evaluation.md 1.13"
Draft = Mapping[str, Any]


def save(actor: Actor, lot_code: str, draft: Draft, now: dt.datetime) -> ScoreSheet:
    """Keep the draft as typed, wrong or unfinished as it may be; a signed sheet is not touched any more."""
    lot = _scored(lot_code, lock=True)
    seat = _working_seat(actor, lot_code)
    sheet = reading.sheet_of(seat)
    _refuse_signed(sheet)
    kept = _storable(draft, {bid.bid_id for bid, _ in reading.assessed(lot.code)})
    if sheet is None:
        sheet = ScoreSheet(seat_id=seat.id, draft=kept, saved_at=now)
        db.session.add(sheet)
    sheet.draft, sheet.saved_at = kept, now
    db.session.flush()
    return sheet


def statement(actor: Actor, lot_code: str) -> bytes:
    """The draft as the bytes to be signed; Invalid with every fault while it is not whole."""
    lot = _scored(lot_code)
    seat = _working_seat(actor, lot_code)
    sheet = reading.sheet_of(seat)
    _refuse_signed(sheet)
    draft = sheet.draft if sheet else {}
    sheets.refuse_faults(_undecided(draft))
    raw = _encoded(lot, seat, draft)
    sheets.refuse_faults(_faults(lot, sheets.parse(raw)))
    return raw


def faults(actor: Actor, lot_code: str) -> list[Fault]:
    """What is still wrong with the own draft, for the page's error summary."""
    lot = _scored(lot_code)
    seat = _working_seat(actor, lot_code)
    sheet = reading.sheet_of(seat)
    draft = sheet.draft if sheet else {}
    if undecided := _undecided(draft):
        return undecided
    try:
        found = sheets.parse(_encoded(lot, seat, draft))
    except Invalid as refusal:
        return [Fault("", refusal.words.zh, refusal.words.en)]
    return _faults(lot, found)


def sign(actor: Actor, lot_code: str, signed: Signed, cert_der: bytes, now: dt.datetime) -> ScoreSheet:
    """Take a signed sheet. An altered one, one of another seat or method, or one with a fault is refused and recorded."""
    lot = _scored(lot_code, lock=True)
    seat = _working_seat(actor, lot_code)
    committee.check_signature(actor, seat, signed, cert_der, now)
    found = sheets.parse(signed.raw)
    _check_own(lot, seat, found)
    sheets.refuse_faults(_faults(lot, found))
    sheet = reading.sheet_of(seat)
    _refuse_signed(sheet)
    if sheet is None:
        sheet = ScoreSheet(seat_id=seat.id, draft={}, saved_at=now)
        db.session.add(sheet)
    _enter(sheet, signed, now)
    _record(actor, seat, sheet, now)
    _return_when_differing(lot, now)
    return sheet


def signed_sheets(lot_code: str) -> list[Sheet]:
    """The signed sheets of the sitting committee, read again from their exact bytes."""
    return [sheets.parse(sheet.file) for _, sheet in reading.sheets(lot_code) if sheet.file is not None]


def all_signed(lot_code: str) -> bool:
    sitting = reading.seats(lot_code)
    return bool(sitting) and len(signed_sheets(lot_code)) == len(sitting)


def _scored(lot_code: str, *, lock: bool = False) -> Lot:
    lot = lifecycle.lot_of(lot_code, lock=lock)
    if boxes.negotiated(lot):
        raise Conflict(
            "sheet.negotiated",
            "首次响应不打分：谈判（磋商）结束后，按最后报价评审",
            "First responses are not scored: what is judged are the final quotes",
            rule=packs.load(lot.tender.pack_id).clause("final_quotes"),
        )
    if lot.state != LotState.EVALUATING or lot.suspended_at is not None:
        raise Conflict(
            "sheet.not_now",
            "本标段现在不在评审中",
            "This lot is not being evaluated now",
            rule="rules.md 5.3",
            state=lot.state,
        )
    return lot


def _working_seat(actor: Actor, lot_code: str) -> Seat:
    seat = reading.own_seat(actor, lot_code)
    rules.check_declared(declared=seat.declared_at is not None, conflict=seat.conflict)
    return seat


def _refuse_signed(sheet: ScoreSheet | None) -> None:
    if sheet is not None and sheet.file is not None:
        raise Conflict(
            "sheet.signed", "评分表已签署，不能再改", "The sheet is signed and can no longer be changed", rule=RULE
        )


def _storable(draft: Draft, bid_ids: set[str]) -> dict[str, Any]:
    """Only what the form can hold: the bids of the lot, in JSON of a bounded size."""
    unknown = sorted(draft.keys() - bid_ids)
    try:
        size = len(canonical.encode(dict(draft)))
    except (ValueError, TypeError) as error:
        raise Invalid("sheet.malformed", f"评分草稿格式不对：{error}", f"Not a draft: {error}", rule=RULE) from error
    if unknown or size > MAX_DRAFT:
        raise Invalid(
            "sheet.malformed",
            "评分草稿含有未知的投标或过大",
            "The draft names an unknown bid or is too large",
            rule=RULE,
        )
    return dict(draft)


def _undecided(draft: Draft) -> list[Fault]:
    """Bids of a draft for which the question whether they conform has no answer yet."""
    return [
        Fault(f"{bid_id}.conforms", "请认定是否符合", "say whether it conforms")
        for bid_id, entry in sorted(draft.items())
        if not isinstance(entry, dict) or entry.get("conforms") is None
    ]


def _encoded(lot: Lot, seat: Seat, draft: Draft) -> bytes:
    value = {
        "type": sheets.TYPE,
        "lot": lot.code,
        "method_sha256": lot.method_sha256,
        "evaluator": seat.alias,
        "bids": dict(draft),
    }
    return canonical.encode(value)


def _faults(lot: Lot, found: Sheet) -> list[Fault]:
    bid_ids = frozenset(bid.bid_id for bid, _ in reading.assessed(lot.code))
    return sheets.faults(reading.method(lot), found, bid_ids) + _unlawful(lot, found) + _by_base_price(lot, found)


@holds("C20.base", "base_price")
def _by_base_price(lot: Lot, found: Sheet) -> list[Fault]:
    """No head of the law is the base price; nor may a ground in words make it one."""
    rules = packs.load(lot.tender.pack_id).find(packs.Kind.MAX_COUNT, "base_price")
    return [
        Fault(
            f"{bid_id}.ground",
            f"标底只作评标参考，报价高于、低于标底都不得否决（{rule.cited}）",
            f"the base price is a reference: no bid is rejected for standing above or below it ({rule.cited})",
        )
        for rule in rules
        for bid_id, one in sorted(found.bids.items())
        if not one.conforms and heads.rests_on_base_price(one.ground or "")
    ]


@holds("C43", "C45", "G32", "rejection_ground")
def _unlawful(lot: Lot, found: Sheet) -> list[Fault]:
    """Rejections on no head of this trade's law, and those for a low price of bidders that were not heard."""
    pack = packs.load(lot.tender.pack_id)
    known, heard = heads.lawful(pack.trade), clarification.heard(lot.code)
    unconfirmed = arithmetic.unconfirmed(lot.code)
    rejected = [(bid_id, one.head) for bid_id, one in sorted(found.bids.items()) if not one.conforms and one.head]
    strange = [
        Fault(f"{bid_id}.head", "不是法律规定的否决情形", "no head of the law for this trade")
        for bid_id, head in rejected
        if head not in known
    ]
    return (
        strange
        + [
            Fault(
                f"{bid_id}.head",
                f"报价过低的，须先要求该投标人书面说明（{pack.clause('low_price_answer')}）",
                "a low price is rejected only after the bidder was asked to explain it and answered, or let its time go by",
            )
            for bid_id, head in rejected
            if head is Head.LOW_PRICE and bid_id not in heard
        ]
        + [
            Fault(f"{bid_id}.head", "该投标人没有未确认的修正报价", "this bidder left no corrected price unconfirmed")
            for bid_id, head in rejected
            if head is Head.UNCONFIRMED and bid_id not in unconfirmed
        ]
    )


def _check_own(lot: Lot, seat: Seat, found: Sheet) -> None:
    if (found.lot, found.evaluator) != (lot.code, seat.alias):
        raise Invalid(
            "sheet.other",
            "评分表不是本标段本席位的",
            "The sheet is of another lot or seat",
            rule=RULE,
            fields={"evaluator": found.evaluator, "lot": found.lot},
        )


def _enter(sheet: ScoreSheet, signed: Signed, now: dt.datetime) -> None:
    sheet.file, sheet.sig = signed.raw, keys.b64(signed.sig)
    sheet.sha256, sheet.signed_at = signed.sha256, now
    sheet.returned = []
    db.session.flush()


def _record(actor: Actor, seat: Seat, sheet: ScoreSheet, now: dt.datetime) -> None:
    assert sheet.sha256 is not None
    assert sheet.sig is not None
    fact = facts.ScoreSheet(lot=seat.lot, evaluator=seat.alias, sheet_sha256=sheet.sha256, sig=sheet.sig)
    log.append(fact, lot=seat.lot, subject=actor.subject)
    records.acted(actor, "sheet.signed", now, lot=seat.lot, cert_sha256=canonical.sha(seat.cert))


def _return_when_differing(lot: Lot, now: dt.datetime) -> None:
    """With the last sheet in, objective marks are compared; where they differ all sheets go back, unread by others."""
    if not all_signed(lot.code):
        return
    places = panel.mismatches(reading.method(lot), signed_sheets(lot.code))
    if places:
        _return(reading.sheets(lot.code), [{"bid_id": one.bid_id, "criterion": one.criterion} for one in places], now)


def _return(found: Sequence[tuple[Seat, ScoreSheet]], places: list[dict[str, str]], now: dt.datetime) -> None:
    for _, sheet in found:
        assert sheet.file is not None
        sheet.draft = canonical.decode(sheet.file)["bids"]
        sheet.file = sheet.sig = sheet.sha256 = sheet.signed_at = None
        sheet.returned, sheet.returned_at = places, now
    db.session.flush()
