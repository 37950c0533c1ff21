"""`evaluate(spec, bids, sheets) -> Result`: pure, without clock, database or chance, and blind to the order of its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evaluation import brands, panel, prices, rank, sensitivity, validity
from evaluation.methods import cn_comprehensive, cn_lowest, highest_price
from evaluation.prices import Bid
from evaluation.result import Caution, Competition, Outcome, Result
from evaluation.sheets import Sheet, faults, refuse_faults
from evaluation.spec import MethodId, MethodSpec
from evaluation.standing import Ranked, Scored
from evaluation.trace import Trace
from evaluation.validity import Verdict
from kernel.errors import Invalid


def evaluate(
    spec: MethodSpec, bids: Sequence[Bid], sheets: Sequence[Sheet], argued: Competition | None = None
) -> Result:
    """Refuses sheets that do not fit (Invalid) or differ on an objective criterion (Conflict OBJECTIVE_MISMATCH).

    `argued`: what the committee said of competition with too few bids left; then it ranks those, or rejects all.
    """
    bids = sorted(bids, key=lambda bid: bid.bid_id)
    sheets = sorted(sheets, key=lambda sheet: sheet.evaluator)
    _refuse_unfit(spec, bids, sheets)
    verdicts = [validity.judge(spec, bid, sheets) for bid in bids]
    trace = Trace()
    if argued is not None:
        spec = replace(spec, minimum_valid=len(bids) + 1 if argued.reject_all else 1)
    standing = _standing(spec, _valid(bids, verdicts), sheets, trace)
    return Result(
        spec,
        tuple((sheet.evaluator, sheet.sha256) for sheet in sheets),
        Outcome.RANKED if standing else Outcome.FAILED,
        tuple(standing),
        tuple(verdicts),
        tuple(trace.steps),
        tuple(_warnings(spec, _valid(bids, verdicts), sheets, verdicts)),
        argued,
        tuple(bid for bid in bids if bid.correction is not None and bid.price),
    )


def _refuse_unfit(spec: MethodSpec, bids: Sequence[Bid], sheets: Sequence[Sheet]) -> None:
    if len({sheet.evaluator for sheet in sheets}) != len(sheets) or not sheets:
        raise Invalid("sheet.unfit", "每位评委一份评分表", "One sheet from each evaluator", rule="evaluation.md 1.13")
    ids = frozenset(bid.bid_id for bid in bids)
    if len(ids) != len(bids):
        raise Invalid("bid.repeated", "投标重复", "A bid is listed twice", rule="evaluation.md 1.0")
    for sheet in sheets:
        refuse_faults(faults(spec, sheet, ids))
    panel.refuse_mismatches(panel.mismatches(spec, sheets))


def _valid(bids: Sequence[Bid], verdicts: Sequence[Verdict]) -> list[Bid]:
    kept = {one.bid_id for one in verdicts if one.ground is None}
    return [bid for bid in bids if bid.bid_id in kept]


def _standing(spec: MethodSpec, valid: Sequence[Bid], sheets: Sequence[Sheet], trace: Trace) -> list[Ranked]:
    """Nothing is ranked when fewer bids are valid than the method needs."""
    parties = {bid.bid_id: brands.party(spec, bid) for bid in valid}
    if len(set(parties.values())) < max(spec.minimum_valid, 1):
        return []
    priced = [prices.evaluate_price(spec, bid, bid.price, trace) for bid in valid if bid.price]
    return rank.ranked(spec.tie, brands.best(parties, _scored(spec, priced, sheets, trace)))


def _scored(spec: MethodSpec, priced: Sequence[prices.Priced], sheets: Sequence[Sheet], trace: Trace) -> list[Scored]:
    match spec.id:
        case MethodId.LOWEST:
            return cn_lowest.score(spec, priced, sheets, trace)
        case MethodId.COMPREHENSIVE:
            return cn_comprehensive.score(spec, priced, sheets, trace)
        case MethodId.HIGHEST:
            return highest_price.score(spec, priced, sheets, trace)


def _warnings(
    spec: MethodSpec, valid: Sequence[Bid], sheets: Sequence[Sheet], verdicts: Sequence[Verdict]
) -> list[Caution]:
    def again(on: MethodSpec, bids: Sequence[Bid]) -> list[Ranked]:
        return _standing(on, bids, sheets, Trace())

    found = sensitivity.counting(spec, len(valid))
    found += [Caution("CONFORMITY_SPLIT", one.bid_id, _votes(one)) for one in verdicts if one.finding.split]
    found += sensitivity.deviations(valid, sheets)
    found += sensitivity.leave_one_out(spec, valid, again)
    return found + sensitivity.rounding(spec, valid, again)


def _votes(verdict: Verdict) -> str:
    return f"{verdict.finding.votes_for} for, {verdict.finding.votes_against} against"
