from fractions import Fraction

import pytest
from evaluation_samples import VECTORS

from evaluation import decimals
from evaluation.rounding import RoundingPolicy, Stage, half_up

CASES = VECTORS["half_up"]


@pytest.mark.parametrize("case", CASES, ids=lambda one: one["exact"])
def test_five_rounds_up_never_to_even(case):
    unit = Fraction(case["unit"])
    rounded = half_up(Fraction(case["exact"]), unit)
    assert decimals.spell(rounded, decimals.places(unit)) == case["rounded"]


def test_half_even_would_differ_on_these_vectors():
    differing = [case for case in CASES if case["rounded"] != case["half_even"]]
    for case in differing:
        unit = Fraction(case["unit"])
        assert round(Fraction(case["exact"]) / unit) * unit == Fraction(case["half_even"])
    assert len(differing) == 5


def test_below_zero_five_rounds_away_from_zero():
    assert half_up(Fraction("-0.125"), Fraction("0.01")) == Fraction("-0.13")


def test_each_stage_has_its_own_unit():
    policy = RoundingPolicy(Fraction("0.01"), Fraction("0.1"), Fraction(1))
    value = Fraction("12.345")
    assert [policy.at(stage, value).text for stage in Stage] == ["12.35", "12.3", "12"]


@pytest.mark.parametrize(
    "text", ["1e3", "-1", "+1", "1.", ".5", "01", "1.0000001", "", " 1", "1,0", "٣", 5, None, True]
)
def test_only_plain_decimals_are_read(text):
    with pytest.raises(ValueError, match="plain decimal"):
        decimals.parse(text)


def test_a_value_that_goes_on_is_cut_and_says_so():
    assert decimals.shown(Fraction(2066400, 2142000) * 30) == "28.941176.."
    assert decimals.shown(Fraction(-1, 3), 2) == "-0.33.."
    assert decimals.shown(Fraction(9)) == "9.00"
    assert decimals.plain(Fraction(40)) == "40"
    assert decimals.plain(Fraction("12.5")) == "12.5"


def test_spelling_never_rounds():
    with pytest.raises(ValueError, match="more than 2 decimals"):
        decimals.spell(Fraction("0.125"), 2)


@pytest.mark.parametrize("unit", ["0.05", "10", "0.0000001"])
def test_a_unit_of_rounding_is_a_power_of_ten(unit):
    with pytest.raises(ValueError, match="unit of rounding"):
        decimals.places(Fraction(unit))
