"""Properties of the two methods, from the table at the end of evaluation.md, section 5."""

import sys
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from pathlib import Path

from hypothesis import assume, given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[2] / "unit" / "evaluation"))

from evaluation_samples import EVALUATORS, LOT, bid, criterion, entry, lowest, method, sheet

from evaluation.methods.evaluate import evaluate
from evaluation.rounding import half_up
from kernel import money

AMOUNTS = st.integers(min_value=1, max_value=10**14)
MARKS = st.integers(min_value=0, max_value=60)
WEIGHTS = st.sampled_from(["30", "40", "60"])
CRITERIA = [criterion("plan", "40", step="0.5"), criterion("staff", "20", step="0.5")]


def spec_of(weight="40", criteria=CRITERIA, **changed):
    return method(price_weight=weight, criteria=criteria, **{"minimum_valid": 1, **changed})


@st.composite
def tenders(draw, least=1, most=5):
    """Prices in fen and three evaluators' half-point marks for two criteria."""
    count = draw(st.integers(min_value=least, max_value=most))
    prices = draw(st.lists(AMOUNTS, min_size=count, max_size=count))
    marks = {
        (one, number): (draw(st.integers(0, 80)), draw(st.integers(0, 40)))
        for one in EVALUATORS
        for number in range(count)
    }
    return prices, marks


def text(halves):
    return f"{halves // 2}.{halves % 2 * 5}"


def bids_of(prices, names=None):
    return [bid(names[i] if names else f"B{i}", money.wire(price)) for i, price in enumerate(prices)]


def sheets_of(spec, marks, count, names=None):
    def name(number):
        return names[number] if names else f"B{number}"

    return [
        sheet(
            spec,
            {name(i): entry({"plan": text(marks[one, i][0]), "staff": text(marks[one, i][1])}) for i in range(count)},
            one,
        )
        for one in EVALUATORS
    ]


def plain_sheets(spec, bids):
    return [sheet(spec, {one.bid_id: entry({}) for one in bids}, name) for name in EVALUATORS]


def lines(result):
    return {one["bid_id"]: one for one in result.to_json(LOT)["ranking"]}


def ranks(result):
    return {one.scored.bid_id: one.rank for one in result.ranking}


@given(tenders(), st.randoms(use_true_random=False))
def test_the_order_of_bids_and_evaluators_changes_no_byte(tender, order):
    prices, marks = tender
    spec = spec_of()
    bids, sheets = bids_of(prices), sheets_of(spec, marks, len(prices))
    once = evaluate(spec, bids, sheets).file(LOT)
    order.shuffle(bids)
    order.shuffle(sheets)
    assert evaluate(spec, bids, sheets).file(LOT) == once


@given(tenders())
def test_the_order_of_criteria_changes_no_score(tender):
    prices, marks = tender
    one, other = spec_of(), spec_of(criteria=CRITERIA[::-1])
    first = lines(evaluate(one, bids_of(prices), sheets_of(one, marks, len(prices))))
    second = lines(evaluate(other, bids_of(prices), sheets_of(other, marks, len(prices))))
    assert first == second


@given(tenders(), st.permutations(range(5)))
def test_renaming_bidders_renames_the_result_only(tender, order):
    prices, marks = tender
    names = [f"N{order[i]}" for i in range(len(prices))]
    spec = spec_of()
    first = lines(evaluate(spec, bids_of(prices), sheets_of(spec, marks, len(prices))))
    second = lines(evaluate(spec, bids_of(prices, names), sheets_of(spec, marks, len(prices), names)))
    for number, name in enumerate(names):
        assert {**first[f"B{number}"], "bid_id": name} == second[name]


@given(tenders(), st.integers(min_value=1, max_value=3))
def test_scaling_all_money_changes_no_score(tender, power):
    prices, marks = tender
    assume(max(prices) * 10**power < 10**17)
    spec = spec_of()
    sheets = sheets_of(spec, marks, len(prices))
    one = lines(evaluate(spec, bids_of(prices), sheets))
    other = lines(evaluate(spec, bids_of([price * 10**power for price in prices]), sheets))
    assert {name: (at["rank"], at["total"]) for name, at in one.items()} == {
        name: (at["rank"], at["total"]) for name, at in other.items()
    }


@given(tenders(least=2), st.data())
def test_lowering_the_own_price_never_costs_score_or_rank(tender, data):
    prices, marks = tender
    own = data.draw(st.integers(0, len(prices) - 1))
    lower = data.draw(st.integers(1, prices[own]))
    spec = spec_of()
    sheets = sheets_of(spec, marks, len(prices))
    before = evaluate(spec, bids_of(prices), sheets)
    cut = [*prices[:own], lower, *prices[own + 1 :]]
    after = evaluate(spec, bids_of(cut), sheets)
    name = f"B{own}"
    assert Fraction(lines(after)[name]["total"]) >= Fraction(lines(before)[name]["total"])
    assert ranks(after)[name] <= ranks(before)[name]


@given(st.lists(AMOUNTS, min_size=2, max_size=6), st.data())
def test_lowest_price_is_blind_to_who_else_bids(prices, data):
    spec = lowest(minimum_valid=1)
    bids = bids_of(prices)
    gone = data.draw(st.integers(0, len(bids) - 1))
    rest = [one for number, one in enumerate(bids) if number != gone]
    whole = [one.scored.bid_id for one in evaluate(spec, bids, plain_sheets(spec, bids)).ranking]
    fewer = [one.scored.bid_id for one in evaluate(spec, rest, plain_sheets(spec, rest)).ranking]
    assert [one for one in whole if one != f"B{gone}"] == fewer


@given(tenders(least=2), st.data())
def test_removing_a_loser_that_is_not_the_minimum_keeps_the_order_of_the_others(tender, data):
    prices, marks = tender
    gone = data.draw(st.integers(0, len(prices) - 1))
    assume(prices[gone] > min(prices))
    spec = spec_of()
    whole = evaluate(spec, bids_of(prices), sheets_of(spec, marks, len(prices)))
    names = [f"B{i}" for i in range(len(prices)) if i != gone]
    kept = {(one, k): marks[one, int(name[1:])] for one in EVALUATORS for k, name in enumerate(names)}
    rest = [price for i, price in enumerate(prices) if i != gone]
    fewer = evaluate(spec, bids_of(rest, names), sheets_of(spec, kept, len(rest), names))
    assert [one.scored.bid_id for one in whole.ranking if one.scored.bid_id != f"B{gone}"] == [
        one.scored.bid_id for one in fewer.ranking
    ]


@given(tenders(), AMOUNTS)
def test_adding_an_invalid_bid_changes_nothing(tender, price):
    prices, marks = tender
    spec = spec_of()
    count = len(prices)
    alone = evaluate(spec, bids_of(prices), sheets_of(spec, marks, count))
    more = {**marks, **{(one, count): (80, 40) for one in EVALUATORS}}
    sheets = []
    for one in sheets_of(spec, more, count + 1):
        out = {
            "conforms": False,
            "ground": "unsigned",
            "head": "unsigned",
            "scores": {"plan": "1", "staff": "1"},
            "notes": {},
        }
        value = {name: {**entry({k: str(float(v)) for k, v in at.scores.items()})} for name, at in one.bids.items()}
        sheets.append(sheet(spec, {**value, f"B{count}": out}, one.evaluator))
    joined = evaluate(spec, bids_of([*prices, price]), sheets)
    assert lines(joined) == lines(alone)


@given(tenders(), st.data())
def test_raising_one_score_never_lowers_the_bidder(tender, data):
    prices, marks = tender
    who, own = data.draw(st.sampled_from(EVALUATORS)), data.draw(st.integers(0, len(prices) - 1))
    plan, staff = marks[who, own]
    raised = {**marks, (who, own): (data.draw(st.integers(plan, 80)), staff)}
    spec = spec_of()
    before = evaluate(spec, bids_of(prices), sheets_of(spec, marks, len(prices)))
    after = evaluate(spec, bids_of(prices), sheets_of(spec, raised, len(prices)))
    name = f"B{own}"
    assert Fraction(lines(after)[name]["total"]) >= Fraction(lines(before)[name]["total"])
    assert ranks(after)[name] <= ranks(before)[name]


@given(tenders(), WEIGHTS)
def test_parts_sum_to_the_total_and_scores_keep_their_bounds(tender, weight):
    prices, marks = tender
    rest = 100 - int(weight)
    spec = spec_of(
        weight,
        [criterion("plan", "40", step="0.5"), criterion("staff", str(rest - 40), step="0.5")]
        if rest > 40
        else [criterion("plan", str(rest), step="0.5")],
    )
    names = [one.id for one in spec.criteria]
    sheets = [
        sheet(
            spec,
            {
                f"B{i}": entry(
                    {n: text(min(marks[one, i][k], int(2 * spec.criterion(n).maximum))) for k, n in enumerate(names)}
                )
                for i in range(len(prices))
            },
            one,
        )
        for one in EVALUATORS
    ]
    result = evaluate(spec, bids_of(prices), sheets)
    cheapest = min(prices)
    for name, found in lines(result).items():
        parts = Fraction(found["price_score"]) + sum(Fraction(one) for one in found["criteria"].values())
        assert parts == Fraction(found["total"])
        assert 0 <= Fraction(found["price_score"]) <= int(weight)
        if prices[int(name[1:])] == cheapest:
            assert Fraction(found["price_score"]) == int(weight)


@given(st.lists(AMOUNTS, min_size=2, max_size=5))
def test_equal_inputs_get_equal_scores(prices):
    doubled = [*prices, prices[0]]
    spec = spec_of()
    marks = {(one, i): (30, 20) for one in EVALUATORS for i in range(len(doubled))}
    found = lines(evaluate(spec, bids_of(doubled), sheets_of(spec, marks, len(doubled))))
    twin = found[f"B{len(prices)}"]
    assert (found["B0"]["rank"], found["B0"]["total"], found["B0"]["tied"]) == (twin["rank"], twin["total"], True)


@given(st.integers(0, 10**12), st.integers(1, 10**6))
def test_half_up_agrees_with_an_independent_decimal(numerator, denominator):
    with localcontext() as context:
        context.prec = 60
        quotient = Decimal(numerator) / Decimal(denominator)
        expected = quotient.quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert half_up(Fraction(numerator, denominator), Fraction("0.01")) == Fraction(str(expected))


@given(tenders(least=2), WEIGHTS)
def test_price_scores_agree_with_an_independent_decimal_calculation(tender, weight):
    prices, _ = tender
    spec = spec_of(weight, [criterion("plan", str(100 - int(weight)))])
    bids = bids_of(prices)
    sheets = [sheet(spec, {one.bid_id: entry({"plan": "1"}) for one in bids}, name) for name in EVALUATORS]
    found = lines(evaluate(spec, bids, sheets))
    with localcontext() as context:
        context.prec = 50
        for number, price in enumerate(prices):
            exact = Decimal(min(prices)) * Decimal(weight) / Decimal(price)
            expected = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
            assert found[f"B{number}"]["price_score"] == str(expected)
