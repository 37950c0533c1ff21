"""The result: computed by the clock when all sheets are signed, published when its report is, then the owner's to award."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from accounts.actor import Actor
from accounts.roles import Part, Role
from evaluation import reading, scoring
from evaluation.arithmetic import service as arithmetic
from evaluation.methods.evaluate import evaluate
from evaluation.models import Evaluation
from evaluation.report import proposing, register
from evaluation.result import Outcome
from evaluation.review import competition
from kernel import canonical, money
from kernel.errors import Conflict, Invalid, Words
from kernel.law import holds
from kernel.statements import Signed
from supervision import facts, log
from supervision.parts import Place
from supervision.vocabulary import Disclosure
from tendering import awards, lifecycle, packs, visibility
from tendering.awards import Candidate
from tendering.models import Lot
from tendering.offers import deals
from tendering.offers import rules as offers
from tendering.offers import terms as sale
from tendering.offers.terms import Way
from tendering.quotes import boxes
from tendering.states import CLOCK, LotEvent, LotState

RULE = "财政部令第87号 第五十七条"


def compute(lot_code: str, now: dt.datetime) -> bool:
    """Compute the result if all sheets are in and none stands, and put the report over it before the members; whether it did."""
    lot = lifecycle.lot_of(lot_code, lock=True)
    reading.under_way(lot_code, lock=True)
    if boxes.negotiated(lot):
        return False  # first responses are negotiated; what is ranked are the final quotes (N05, N09)
    waiting = lot.state == LotState.EVALUATING and lot.suspended_at is None and register.standing(lot_code) is None
    if not waiting or not scoring.all_signed(lot_code) or not _sealed_in_log(lot_code):
        return False
    argued = competition.carried(lot_code)
    if arithmetic.pending(lot_code) or (argued is None and competition.due(lot)):
        return False
    bids, given = arithmetic.priced(lot_code), scoring.signed_sheets(lot_code)
    result = evaluate(reading.method(lot), bids, given, argued)
    proposing.propose(lot_code, result.file(lot_code), now)
    return True


def publish(lot: Lot, result: bytes, now: dt.datetime) -> None:
    """Log and keep the result whose report is complete. Fewer valid bids than needed, or the committee's word, fail the lot."""
    found = reading.under_way(lot.code, lock=True)
    told = canonical.decode(result)
    _keep(found, result, told["outcome"], now)
    log.append(_fact(lot.code, result, told), lot=lot.code)
    if told["outcome"] == Outcome.FAILED:
        _fail(lot, now, lacking="competition" in told)
    else:
        lifecycle.move(lot, LotEvent.REPORT, CLOCK, now, ["every sheet in the log", "report signed"])


def _fail(lot: Lot, now: dt.datetime, *, lacking: bool) -> None:
    guard = "the committee argued that competition is lacking" if lacking else "fewer valid bids than the method needs"
    lifecycle.move(lot, LotEvent.REJECT_ALL, CLOCK, now, [guard])
    law = packs.load(lot.tender.pack_id).clause("competition_argument") if lacking else "《政府采购法》第三十六条"
    reason = "competition_lacking" if lacking else "too_few_valid"
    log.append(facts.TenderFailed(lot=lot.code, reason=reason, law=law), lot=lot.code)


def _sealed_in_log(lot_code: str) -> bool:
    """Whether every sheet has its place in the log: only a result logged after them proves that no sheet was written to fit it."""
    return all(row.index is not None for row in log.find(facts.ScoreSheet.kind, lot_code))


def published(lot_code: str) -> dict[str, Any]:
    """The result as published; Conflict before there is one."""
    found = reading.under_way(lot_code)
    if found.result is None:
        raise Conflict("result.none", "评审结果尚未产生", "There is no result yet", rule="rules.md T18")
    value: dict[str, Any] = canonical.decode(found.result)
    return value


def start_publicity(actor: Actor, lot_code: str, tied: Sequence[str], now: dt.datetime) -> dt.datetime:
    """Put the ranked bids on public view; where the first place is shared the owner says who goes first (`tied`, in order)."""
    lot = lifecycle.lot_of(lot_code, lock=True)
    ranking = published(lot_code)["ranking"]
    ordered = _ordered(ranking, tied)
    until = awards.start_publicity(actor, lot, [_candidate(lot, line) for line in ordered], now)
    reading.under_way(lot_code, lock=True).revision += 1
    return until


def award(actor: Actor, lot_code: str, signed: Signed, now: dt.datetime) -> Lot:
    """The owner's signed award; with it the sheets become public."""
    lot = awards.award(actor, lifecycle.lot_of(lot_code, lock=True), signed, now)
    disclose(lot.code, now)
    return lot


@holds("L16.award", "A3")
def deal(actor: Actor, lot_code: str, tied: Sequence[str], now: dt.datetime) -> Lot:
    """Land by tender: the owner strikes the deal with the first in rank at or above the base price, once that is open (L04)."""
    lot = lifecycle.lot_of(lot_code, lock=True)
    visibility.check_project(lot.tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    deals.check_reserve_open(lot)
    least = offers.least_price(sale.read(lot.tender.draft, lot.number).floor, deals.reserve_of(lot))
    ordered = _ordered(published(lot_code)["ranking"], tied)
    won = next((line for line in ordered if money.parse(line["price"]) >= least), None)
    if won is None:
        deals.fail(
            lot, LotEvent.NO_DEAL, Words("报价均低于标底（底价）。", "nobody offered the base price"), actor, now
        )
        return lot
    bid, sheet = next(one for one in reading.read_out(lot_code) if one[0].bid_id == won["bid_id"])
    winner = deals.Winner(
        bid.organization, bid.bid_id, bid.manifest_sha256, sheet.header.bidder, money.parse(won["price"])
    )
    deals.strike(lot, Way.COMMITTEE, winner, actor, now)
    disclose(lot_code, now)
    return lot


def disclose(lot_code: str, now: dt.datetime) -> bool:
    """Show everybody what was sealed until the award; whether there was anything to do."""
    found = reading.evaluation_of(lot_code, lock=True)
    if found is None or found.disclosed_at is not None:
        return False
    log.disclose_lot(lot_code, Disclosure.AT_AWARD, now)
    found.disclosed_at = now
    found.revision += 1
    return True


def _keep(found: Evaluation, result: bytes, outcome: str, now: dt.datetime) -> None:
    found.result, found.result_sha256 = result, canonical.sha(result)
    found.outcome, found.computed_at = outcome, now
    found.revision += 1


def _fact(lot_code: str, result: bytes, told: dict[str, Any]) -> facts.ResultPublished:
    return facts.ResultPublished(
        lot=lot_code,
        method_sha256=told["method_sha256"],
        result_sha256=canonical.sha(result),
        ranking=tuple(Place(bid_id=one["bid_id"], rank=one["rank"], total=one["total"]) for one in told["ranking"]),
    )


def _ordered(ranking: Sequence[dict[str, Any]], tied: Sequence[str]) -> list[dict[str, Any]]:
    first = {line["bid_id"] for line in ranking if line["rank"] == 1}
    if len(first) > 1 and set(tied) != first:
        raise Conflict(
            "result.tied",
            "并列第一，请由采购人确定顺序",
            "Several bids share the first place: say in which order they stand",
            rule=RULE,
            tied=sorted(first),
        )
    if len(first) == 1 and tied:
        raise Invalid(
            "result.not_tied", "第一名没有并列", "Nobody shares the first place", rule=RULE, fields={"tied": "none"}
        )
    place = {bid_id: number for number, bid_id in enumerate(tied)}
    return sorted(ranking, key=lambda line: (line["rank"], place.get(line["bid_id"], 0)))


def _candidate(lot: Lot, line: dict[str, Any]) -> Candidate:
    bid, sheet = next((bid, sheet) for bid, sheet in reading.read_out(lot.code) if bid.bid_id == line["bid_id"])
    return Candidate(bid.bid_id, bid.manifest_sha256, sheet.header.bidder, line["price"])
