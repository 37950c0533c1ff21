"""From signed sheets to what the committee found: conformity by majority, plain means, and what looks odd.

evaluation.md, 1.13. Order 87 knows only the plain mean; no score is dropped, and no alert changes a score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from evaluation import decimals
from evaluation.heads import Head
from evaluation.rounding import Stage
from evaluation.sheets import Sheet
from evaluation.spec import Criterion, MethodSpec
from evaluation.trace import Step, Trace
from kernel.errors import Conflict
from kernel.law import holds

RULE = "cn.55.panel"


@dataclass(frozen=True)
class Mismatch:
    """Evaluators differ on a factor that has one right answer."""

    bid_id: str
    criterion: str


@dataclass(frozen=True)
class Finding:
    """What the committee holds of a bid's conformity; `grounds` and `heads` are those of who found against it."""

    conforms: bool
    votes_for: int
    votes_against: int
    grounds: Mapping[str, str]
    heads: Mapping[str, Head]

    @property
    def split(self) -> bool:
        return bool(self.votes_for and self.votes_against)


def mismatches(spec: MethodSpec, sheets: Sequence[Sheet]) -> list[Mismatch]:
    """Every objective criterion on which the sheets differ, in a fixed order."""
    objective = [one for one in spec.criteria if one.objective]
    return [
        Mismatch(bid_id, criterion.id)
        for bid_id in sorted({bid_id for sheet in sheets for bid_id in sheet.bids})
        for criterion in objective
        if len(set(_scores(sheets, bid_id, criterion).values())) > 1
    ]


def refuse_mismatches(found: Sequence[Mismatch]) -> None:
    """Conflict (OBJECTIVE_MISMATCH of evaluation.md 1.13): the sheets go back; says where they differ, never who gave what (art. 64)."""
    if found:
        where = ", ".join(f"{one.bid_id}.{one.criterion}" for one in found)
        raise Conflict(
            "sheet.objective_mismatch",
            f"客观评分项各评委不一致，评分表退回复核：{where}",
            f"The evaluators differ on an objective criterion, the sheets are returned: {where}",
            rule="财政部令第87号 第六十四条",
            where=[{"bid_id": one.bid_id, "criterion": one.criterion} for one in found],
        )


@holds("G33")
def conformity(sheets: Sequence[Sheet], bid_id: str) -> Finding:
    """The majority decides on findings of fact; a tie is no majority for rejection (art. 61)."""
    refusing = sorted((sheet for sheet in sheets if not sheet.bids[bid_id].conforms), key=lambda one: one.evaluator)
    against = {sheet.evaluator: sheet.bids[bid_id].ground or "" for sheet in refusing}
    heads = {sheet.evaluator: sheet.bids[bid_id].head for sheet in refusing}
    votes_for = len(sheets) - len(against)
    named = {alias: head for alias, head in heads.items() if head is not None}
    return Finding(votes_for >= len(against), votes_for, len(against), against, named)


def mean(spec: MethodSpec, sheets: Sequence[Sheet], bid_id: str, criterion: Criterion, trace: Trace) -> Fraction:
    """The plain mean of the evaluators' scores, rounded at the stage the method names."""
    scores = _scores(sheets, bid_id, criterion)
    exact = sum(scores.values(), Fraction(0)) / len(scores)
    terms = " + ".join(decimals.shown(score) for _, score in sorted(scores.items()))
    rounded = spec.rounding.at(Stage.CRITERION_MEAN, exact)
    return trace.note(Step(f"mean.{criterion.id}", bid_id, RULE, f"({terms}) / {len(scores)}", exact, rounded))


def subtotal(sheet: Sheet, bid_id: str) -> Fraction:
    """What one evaluator gave one bid in all."""
    return sum(sheet.bids[bid_id].scores.values(), Fraction(0))


def _scores(sheets: Sequence[Sheet], bid_id: str, criterion: Criterion) -> dict[str, Fraction]:
    return {sheet.evaluator: sheet.bids[bid_id].scores[criterion.id] for sheet in sheets}
