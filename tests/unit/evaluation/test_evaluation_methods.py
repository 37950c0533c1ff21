from fractions import Fraction

import pytest
from evaluation_samples import (
    EVALUATORS,
    LOT,
    VECTORS,
    bid,
    criterion,
    entry,
    even_sheets,
    lowest,
    method,
    rejected,
    sheet,
    weighted,
)

from evaluation.methods.evaluate import evaluate
from evaluation.result import Outcome
from kernel import canonical
from kernel.errors import Conflict, Invalid

THREE = [bid("A", "100.00"), bid("B", "110.00"), bid("C", "125.00")]


def line(result, bid_id):
    return next(one for one in result.to_json(LOT)["ranking"] if one["bid_id"] == bid_id)


def order(result):
    return [(one.scored.bid_id, one.rank) for one in result.ranking]


def codes(result):
    return {one.code for one in result.warnings}


@pytest.mark.parametrize("vector", VECTORS["comprehensive"], ids=lambda one: one["name"])
def test_g28_n10_price_scores_are_those_of_the_law(vector):
    spec = weighted(vector["weight"], deduction=vector["deduction"])
    bids = [bid(one["id"], one["price"], one.get("enterprise")) for one in vector["bids"]]
    result = evaluate(spec, bids, even_sheets(spec, bids))
    assert {one["id"]: line(result, one["id"])["price_score"] for one in vector["bids"]} == vector["scores"]


def test_the_working_is_shown_line_by_line():
    spec = weighted("30")
    bids = [bid("A", "2142000.00"), bid("B", "2066400.00"), bid("C", "2500000.00")]
    lines = [step.line for step in evaluate(spec, bids, even_sheets(spec, bids)).trace]
    assert (
        "S_price(A): rule cn.55 | base 2066400.00 / 2142000.00 x 30 = 28.941176.. -> 28.94 (price_score, 0.01, HALF_UP)"
        in lines
    )
    assert "benchmark: rule cn.55 | min of evaluated prices = 2066400.00" in lines
    assert "total(A): rule cn.55 | 28.94 + 10.00 = 38.94 -> 38.94 (total, 0.01, HALF_UP)" in lines


def test_the_exact_value_stands_in_the_trace_as_a_fraction():
    spec = weighted("30")
    result = evaluate(spec, THREE, even_sheets(spec, THREE))
    step = next(one for one in result.trace if one.name == "S_price" and one.bid_id == "B")
    assert step.exact == Fraction(300, 11)
    assert step.to_json()["exact"] == "300/11"


def test_the_contract_price_is_not_touched_by_the_deduction():
    spec = weighted("40", deduction={"small": "0.10"})
    bids = [bid("A", "1000000.00", "small"), bid("B", "920000.00"), bid("C", "1150000.00")]
    found = line(evaluate(spec, bids, even_sheets(spec, bids)), "A")
    assert (found["price"], found["evaluated_price"]) == ("1000000.00", "900000.00")


def test_a_class_the_method_does_not_name_earns_no_deduction():
    spec = weighted("40", deduction={"small": "0.10"})
    bids = [bid("A", "100.00", "large"), *THREE[1:]]
    assert line(evaluate(spec, bids, even_sheets(spec, bids)), "A")["evaluated_price"] == "100.00"


def test_the_mean_is_over_all_evaluators_and_rounded_at_its_stage():
    spec = weighted("40")
    marks = {"E1": "10", "E2": "10.5", "E3": "12"}
    sheets = [
        sheet(spec, {one.bid_id: entry({"quality": mark}) for one in THREE}, name) for name, mark in marks.items()
    ]
    result = evaluate(spec, THREE, sheets)
    assert line(result, "A")["criteria"] == {"quality": "10.83"}
    step = next(one for one in result.trace if one.name == "mean.quality" and one.bid_id == "A")
    assert step.formula == "(10.00 + 10.50 + 12.00) / 3"


def test_the_lowest_evaluated_price_wins():
    spec = lowest(deduction={"small": "0.10"})
    bids = [bid("A", "105.00", "small"), bid("B", "100.00"), bid("C", "130.00")]
    result = evaluate(spec, bids, even_sheets(spec, bids))
    assert order(result) == [("A", 1), ("B", 2), ("C", 3)]
    assert line(result, "A")["total"] is None


def test_equal_lowest_prices_tie():
    spec = lowest(tie=[])
    bids = [bid("A", "100.00"), bid("B", "100.00"), bid("C", "130.00")]
    result = evaluate(spec, bids, even_sheets(spec, bids))
    assert order(result) == [("A", 1), ("B", 1), ("C", 3)]
    assert [one.tied for one in result.ranking] == [True, True, False]
    assert result.first == ("A", "B")


def test_equal_totals_go_to_the_lower_price():
    spec = weighted("40")
    bids = [bid("A", "100.00"), bid("B", "125.00"), bid("C", "200.00")]
    marks = {"A": "10", "B": "18", "C": "10"}
    sheets = [sheet(spec, {name: entry({"quality": mark}) for name, mark in marks.items()}, one) for one in EVALUATORS]
    result = evaluate(spec, bids, sheets)
    assert line(result, "A")["total"] == line(result, "B")["total"] == "50.00"
    assert order(result) == [("A", 1), ("B", 2), ("C", 3)]


def test_equal_totals_and_prices_stay_tied():
    spec = weighted("40")
    bids = [bid("A", "100.00"), bid("B", "100.00"), bid("C", "200.00")]
    result = evaluate(spec, bids, even_sheets(spec, bids))
    assert order(result)[:2] == [("A", 1), ("B", 1)]


@pytest.mark.parametrize(("rule", "first"), [("price", "A"), ("evaluated_price", "B")])
def test_whether_price_or_evaluated_price_parts_a_tie_is_declared(rule, first):
    spec = method(criteria=[criterion("quality", "60", step="0.1")], deduction={"small": "0.20"}, tie=[rule])
    bids = [bid("A", "100.00"), bid("B", "105.00", "small"), bid("C", "200.00")]
    marks = {"A": "16.4", "B": "10", "C": "0"}
    sheets = [sheet(spec, {name: entry({"quality": mark}) for name, mark in marks.items()}, one) for one in EVALUATORS]
    result = evaluate(spec, bids, sheets)
    assert line(result, "A")["total"] == line(result, "B")["total"] == "50.00"
    assert result.first == (first,)


def test_a_nonconforming_bid_never_enters_the_minimum():
    spec = weighted("40")
    bids = [*THREE, bid("D", "1.00")]
    with_it = evaluate(spec, bids, rejected(spec, bids, {"D"}))
    without = evaluate(spec, THREE, even_sheets(spec, THREE))
    assert [step.line for step in with_it.trace] == [step.line for step in without.trace]
    assert order(with_it) == order(without)


def test_one_evaluator_alone_cannot_reject_a_bid():
    spec = weighted("40")
    result = evaluate(spec, THREE, rejected(spec, THREE, {"A"}, by=("E1",)))
    assert order(result)[0] == ("A", 1)
    assert "CONFORMITY_SPLIT" in codes(result)
    verdict = next(one for one in result.to_json(LOT)["verdicts"] if one["bid_id"] == "A")
    assert verdict["votes"] == {"for": 2, "against": 1}
    assert verdict["grounds"] == {"E1": "no signature"}


@pytest.mark.parametrize(
    ("price", "ground"), [("126.00", "over_ceiling"), (None, "no_price"), ("0.00", "no_price"), ("125.00", None)]
)
def test_a_bid_over_the_ceiling_or_without_a_price_is_invalid(price, ground):
    spec = weighted("40", max_price="125.00")
    bids = [*THREE, bid("D", price)]
    result = evaluate(spec, bids, even_sheets(spec, bids))
    verdict = next(one for one in result.to_json(LOT)["verdicts"] if one["bid_id"] == "D")
    assert (verdict["ground"], verdict["valid"]) == (ground, ground is None)


def test_fewer_valid_bids_than_the_method_needs_fail_the_procedure():
    spec = weighted("40")
    result = evaluate(spec, THREE, rejected(spec, THREE, {"C"}))
    assert result.outcome is Outcome.FAILED
    assert result.ranking == ()
    assert "FEWER_THAN_MINIMUM_VALID" in codes(result)


def test_two_valid_bids_are_ranked_when_the_method_lets_the_committee_argue():
    spec = weighted("40", minimum_valid=1)
    result = evaluate(spec, THREE, rejected(spec, THREE, {"C"}))
    assert result.outcome is Outcome.RANKED
    assert "FEW_VALID" in codes(result)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5])
def test_any_number_of_bids_gets_an_answer(count):
    spec = weighted("40", minimum_valid=1)
    bids = [bid(f"B{number}", f"{100 + number}.00") for number in range(count)]
    result = evaluate(spec, bids, even_sheets(spec, bids))
    assert len(result.ranking) == count
    assert result.outcome is (Outcome.RANKED if count else Outcome.FAILED)


def test_amounts_of_10_to_the_15_stay_exact():
    spec = weighted("30")
    bids = [bid("A", "999999999999999.99"), bid("B", "999999999999999.98"), bid("C", "999999999999999.97")]
    result = evaluate(spec, bids, even_sheets(spec, bids))
    step = next(one for one in result.trace if one.name == "S_price" and one.bid_id == "A")
    assert step.exact == Fraction(99999999999999997, 99999999999999999) * 30
    assert line(result, "A")["price_score"] == "30.00"


def test_a_difference_on_an_objective_criterion_returns_the_sheets():
    spec = method(criteria=[criterion("plan", "40"), criterion("staff", "20", step="1", objective=True)])
    given = {"E1": "15", "E2": "15", "E3": "16"}
    sheets = [
        sheet(spec, {one.bid_id: entry({"plan": "20", "staff": staff}) for one in THREE}, name)
        for name, staff in given.items()
    ]
    with pytest.raises(Conflict) as refused:
        evaluate(spec, THREE, sheets)
    assert refused.value.code == "sheet.objective_mismatch"
    assert refused.value.detail["where"][0] == {"bid_id": "A", "criterion": "staff"}
    # where they differ is said, who gave what is not
    assert "16" not in refused.value.words.en


def test_a_sheet_for_another_method_is_refused():
    spec, other = weighted("40"), weighted("30")
    with pytest.raises(Invalid):
        evaluate(spec, THREE, even_sheets(other, THREE))


def test_one_evaluator_cannot_hand_in_two_sheets():
    spec = weighted("40")
    twice = even_sheets(spec, THREE)[:1] * 2
    with pytest.raises(Invalid) as refused:
        evaluate(spec, THREE, twice)
    assert refused.value.code == "sheet.unfit"


def test_a_loser_whose_removal_changes_the_winner_is_reported_and_nothing_else_changes():
    vector = VECTORS["rank_reversal"]
    spec = weighted(vector["weight"], minimum_valid=2)
    bids = [bid(one["id"], one["price"]) for one in vector["bids"]]
    marks = {one["id"]: one["quality"] for one in vector["bids"]}
    sheets = [sheet(spec, {name: entry({"quality": mark}) for name, mark in marks.items()}, one) for one in EVALUATORS]
    result = evaluate(spec, bids, sheets)
    assert {one["id"]: line(result, one["id"])["total"] for one in vector["bids"]} == vector["totals_of_three"]
    assert order(result)[0] == ("B", 1)
    warning = next(one for one in result.warnings if one.code == "RANK_REVERSAL_SENSITIVE")
    assert (warning.bid_id, warning.detail) == ("C", "without it: A")


def test_an_evaluator_far_from_the_others_is_reported():
    spec = weighted("40")
    marks = {"E1": "50", "E2": "51", "E3": "10"}
    sheets = [
        sheet(spec, {one.bid_id: entry({"quality": mark}) for one in THREE}, name) for name, mark in marks.items()
    ]
    found = [one for one in evaluate(spec, THREE, sheets).warnings if one.code == "SCORE_DEVIATION"]
    assert {(one.bid_id, one.detail) for one in found} == {("A", "E3"), ("B", "E3"), ("C", "E3")}


def test_a_winner_made_by_rounding_is_reported():
    spec = weighted("40", rounding={"price_score": "1", "criterion_mean": "0.01", "total": "1"}, tie=[])
    bids = [bid("A", "100.00"), bid("B", "100.40"), bid("C", "150.00")]
    result = evaluate(spec, bids, even_sheets(spec, bids))
    assert result.first == ("A", "B")
    assert "ROUNDING_SENSITIVE" in codes(result)


def test_the_same_inputs_in_any_order_give_the_same_bytes():
    spec = weighted("40")
    sheets = even_sheets(spec, THREE)
    once = evaluate(spec, THREE, sheets).file(LOT)
    again = evaluate(spec, THREE[::-1], sheets[::-1]).file(LOT)
    assert once == again
    assert canonical.encode(canonical.decode(once)) == once
