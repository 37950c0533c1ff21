"""Order 87, art. 59: four corrections in the law's order, exact to the fen, and nothing left to correct afterwards."""

from __future__ import annotations

from fractions import Fraction

import pytest
from evaluation_samples import even_sheets, lowest
from hypothesis import given
from hypothesis import strategies as st

from evaluation import prices, validity
from evaluation.arithmetic import figures, rules
from evaluation.arithmetic.rules import Item, Reading
from evaluation.methods.evaluate import evaluate
from evaluation.prices import Bid, Correction
from evaluation.trace import Trace
from evaluation.validity import Ground
from kernel import canonical, money
from kernel.errors import Invalid
from kernel.money import Fen
from tendering import packs

OPENING = money.parse("1900000.00")
PRICES = st.integers(1, 10**13).map(Fen)
ITEMS = st.lists(
    st.builds(
        Item,
        st.sampled_from(["课桌", "投影机", "线缆"]),
        st.integers(1, 10**6).map(lambda n: Fraction(n, 1000)),
        st.integers(1, 10**9).map(lambda n: Fraction(n, 10**4)),
        st.none() | PRICES,
    ),
    max_size=5,
).map(tuple)
READINGS = st.builds(Reading, st.none() | PRICES, st.none() | PRICES.map(money.words), ITEMS)


def fen(text: str) -> Fen:
    return money.parse(text)


def item(quantity: str, unit_price: str, amount: str | None = None, *, slipped: bool = False) -> Item:
    return Item("课桌", Fraction(quantity), Fraction(unit_price), amount and fen(amount), slipped)


def test_g31_the_opening_list_beats_what_stands_inside():
    found = rules.correct(OPENING, Reading(inside=fen("1800000.00")))
    assert (found.price, [one.number for one in found.steps]) == (OPENING, [1])


def test_g31_words_beat_figures():
    found = rules.correct(OPENING, Reading(words="壹佰玖拾壹万元整"))
    assert (found.price, [one.number for one in found.steps]) == (fen("1910000.00"), [2])


def test_g31_a_misplaced_point_leaves_the_total_and_mends_the_unit_price():
    found = rules.correct(OPENING, Reading(items=(item("1000", "190", slipped=True),)))
    assert (found.price, [one.number for one in found.steps]) == (OPENING, [3])
    assert found.reading.items[0].unit_price == 1900


def test_g31_otherwise_the_unit_prices_beat_the_total():
    found = rules.correct(OPENING, Reading(items=(item("1000", "190"),)))
    assert (found.price, [one.number for one in found.steps]) == (fen("190000.00"), [4])


def test_g31_several_at_once_are_corrected_in_the_laws_order():
    items = (item("10", "1.2", "120000.00", slipped=True), item("1000", "1830"))
    found = rules.correct(OPENING, Reading(fen("1890000.00"), "壹佰玖拾壹万元整", items))
    assert [(one.number, money.wire(one.price)) for one in found.steps] == [
        (1, "1900000.00"), (2, "1910000.00"), (3, "1910000.00"), (4, "1950000.00"),
    ]  # fmt: skip
    assert [one.rule for one in found.steps] == ["cn.59(1)", "cn.59(2)", "cn.59(3)", "cn.59(4)"]


def test_g31_a_point_that_explains_nothing_is_no_slip():
    with pytest.raises(Invalid) as refused:
        rules.correct(OPENING, Reading(items=(item("1000", "191", slipped=True),)))
    assert refused.value.code == "arithmetic.no_slip"
    assert "第五十九条" in refused.value.rule


def test_g31_lines_are_rounded_half_up_to_the_fen_and_then_summed():
    found = rules.correct(fen("0.01"), Reading(items=(item("1", "0.005"), item("1", "0.005"))))
    assert found.price == fen("0.02")


@given(PRICES, READINGS)
def test_g31_the_order_is_the_laws_and_the_last_that_speaks_decides(opening, reading):
    found = rules.correct(opening, reading)
    numbers = [one.number for one in found.steps]
    assert numbers == sorted(numbers)
    said = opening if reading.words is None else figures.read(reading.words)
    assert found.price == (sum(one.total for one in reading.items) if reading.items else said)


@given(PRICES, READINGS)
def test_g31_what_was_corrected_once_is_not_corrected_again(opening, reading):
    found = rules.correct(opening, reading)
    again = rules.correct(found.price, rules.settled(found))
    assert (again.price, again.steps) == (found.price, ())


@given(st.integers(1, 10**6), st.integers(1, 10**5), st.integers(-4, 4).filter(bool))
def test_g31_a_slipped_point_is_found_whichever_way_it_slipped(quantity, unit_price, places):
    wrong = Fraction(unit_price) * Fraction(10) ** places
    total = Fen(quantity * unit_price * 100)
    found = rules.correct(total, Reading(items=(Item("x", Fraction(quantity), wrong, None, slipped=True),)))
    assert (found.price, found.reading.items[0].unit_price) == (total, unit_price)


@given(READINGS)
def test_g31_a_reading_goes_to_the_record_and_back(reading):
    assert rules.read(canonical.decode(canonical.encode(reading.to_json()))) == reading


@given(st.integers(0, 10**17 - 1).map(Fen))
def test_g31_amounts_in_words_are_read_as_they_are_written(amount):
    assert figures.read(money.words(amount)) == amount
    assert figures.read("人民币" + money.words(amount).removesuffix("整")) == amount


@pytest.mark.parametrize("text", ["", "一百元", "壹佰", "壹贰元整", "壹佰元伍拾", "100元整", "元整", "万元整"])
def test_g31_words_that_are_no_amount_are_refused(text):
    with pytest.raises(ValueError):
        figures.read(text)
    with pytest.raises(Invalid):
        rules.correct(OPENING, Reading(words=text))


def test_g31_lines_are_pasted_from_a_spreadsheet_or_typed():
    said = rules.typed(
        {"inside": "1,900,000", "words": " ", "items": "课桌\t1,000\t1830.5\n\n投影机 | 10 | 1.2 | 120,000.5 | 错位"}
    )
    assert said.inside == OPENING
    assert said.words is None
    assert said.items == (
        Item("课桌", Fraction(1000), Fraction("1830.5")),
        Item("投影机", Fraction(10), Fraction("1.2"), fen("120000.50"), slipped=True),
    )


@pytest.mark.parametrize("items", ["课桌", "课桌 | x | 1", "课桌 | 1 | -1", " | 1 | 1", "课桌 | 1 | 1 | 1.234"])
def test_g31_a_line_that_cannot_be_read_is_refused_at_its_field(items):
    with pytest.raises(Invalid) as refused:
        rules.typed({"items": items})
    assert list(refused.value.detail["fields"]) == ["items"]


@pytest.mark.parametrize("name", [name for name in packs.names() if name.startswith("cn.")])
def test_g31_the_order_belongs_to_procurement_by_tender(name):
    by_tender = ("procurement.open", "procurement.invited", "procurement.prequalified")
    assert (rules.rule_of(packs.load(name)) is not None) == any(part in name for part in by_tender)


A, SPEC = "A", lowest(minimum_valid=1)
SHEETS = even_sheets(SPEC, [Bid("A", None)])
CORRECTION = Reading(words="壹佰玖拾壹万元整")


def test_g31_a_confirmed_price_is_evaluated_with_its_working_and_is_what_the_bidder_is_held_to():
    bid, trace = Bid(A, OPENING, correction=Correction(1, CORRECTION, confirmed=True)), Trace()
    found = prices.evaluate_price(SPEC, bid, OPENING, trace)
    assert (found.price, found.evaluated) == (fen("1910000.00"), Fraction(1910000))
    assert [(step.name, step.rule) for step in trace.steps] == [("price", "opening"), ("correction", "cn.59(2)")]


def test_g31_a_bid_whose_price_is_not_confirmed_is_invalid():
    bid = Bid(A, OPENING, correction=Correction(1, CORRECTION, confirmed=False))
    assert bid.binding == OPENING
    assert validity.judge(SPEC, bid, SHEETS).ground is Ground.UNCONFIRMED


def test_g31_the_result_tells_what_was_read_and_gives_the_same_bytes_again():
    bids = [Bid(A, OPENING, correction=Correction(1, CORRECTION, confirmed=True))]
    found = evaluate(SPEC, bids, SHEETS)
    (told,) = found.to_json("L")["corrections"]
    assert (told["read_out"], told["corrected"], told["confirmed"]) == ("1900000.00", "1910000.00", True)
    assert rules.read(told["reading"]) == CORRECTION
    assert found.file("L") == evaluate(SPEC, bids, SHEETS).file("L")
