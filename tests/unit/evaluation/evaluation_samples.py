"""Method objects, bids and sheets for the tests of evaluation."""

import json
from pathlib import Path

from evaluation import sheets, spec
from evaluation.prices import Bid
from kernel import canonical, money

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "evaluation.json").read_text(encoding="utf-8"))
LOT = "E9901010000000117001001"
EVALUATORS = ("E1", "E2", "E3")


def criterion(name, maximum, *, step="0.5", objective=False):
    return {"id": name, "name": name, "name_en": name, "max": maximum, "step": step, "objective": objective}


def method_json(**changed):
    value = {
        "type": "kaibiao-method/1",
        "id": "cn_comprehensive",
        "goods_or_services": "works",
        "price_weight": "40",
        "criteria": [criterion("plan", "40"), criterion("staff", "20", step="1", objective=True)],
        "rounding": {"price_score": "0.01", "criterion_mean": "0.01", "total": "0.01"},
        "deduction": None,
        "tie": ["price"],
        "minimum_valid": 3,
        "max_price": None,
    }
    return {**value, **changed}


def method(**changed):
    return spec.from_json(method_json(**changed))


def weighted(weight, **changed):
    """One subjective criterion takes what the price leaves."""
    rest = str(100 - int(weight))
    return method(price_weight=weight, criteria=[criterion("quality", rest)], **changed)


def lowest(**changed):
    return method(id="cn_lowest", price_weight="100", criteria=[], **changed)


def bid(bid_id, price, enterprise=None):
    return Bid(bid_id, None if price is None else money.parse(price), enterprise)


def entry(scores, *, conforms=True, ground=None, head=None):
    notes = dict.fromkeys(scores, "as the file shows")
    value = {"conforms": conforms, "ground": ground, "scores": scores, "notes": notes}
    return {**value, "head": head} if head else value


def sheet_json(method_spec, entries, evaluator="E1"):
    return {
        "type": "kaibiao-score-sheet/1",
        "lot": LOT,
        "method_sha256": method_spec.sha256,
        "evaluator": evaluator,
        "bids": entries,
    }


def sheet(method_spec, entries, evaluator="E1"):
    return sheets.parse(canonical.encode(sheet_json(method_spec, entries, evaluator)))


def even_sheets(method_spec, bids, score="10"):
    """Three evaluators who give every bid the same."""
    scores = {one.id: score for one in method_spec.criteria}
    return [sheet(method_spec, {one.bid_id: entry(scores) for one in bids}, name) for name in EVALUATORS]


def rejected(method_spec, bids, out, by=EVALUATORS):
    """The evaluators in `by` find that the bids in `out` do not conform."""
    scores = {one.id: "10" for one in method_spec.criteria}
    return [
        sheet(
            method_spec,
            {
                one.bid_id: entry(scores, conforms=False, ground="no signature", head="unsigned")
                if one.bid_id in out and name in by
                else entry(scores)
                for one in bids
            },
            name,
        )
        for name in EVALUATORS
    ]
