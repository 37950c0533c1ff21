"""Codes of 17, 20 and 23 characters (rules.md 4.1)."""

import pytest

from kernel.errors import Invalid
from tendering import codes
from tendering.codes import Trade


def test_codes_of_17_20_and_23_characters_build_on_each_other() -> None:
    project = codes.project_code(Trade.CONSTRUCTION, "990101", 117)
    tender = codes.tender_code(project, 1)
    lot = codes.lot_code(tender, 1)
    assert (len(project), len(tender), len(lot)) == (17, 20, 23)
    assert lot == "E9901010000000117001001"
    assert codes.tender_of(lot) == tender
    assert codes.project_of(tender) == project


def test_the_letter_names_the_trade() -> None:
    assert codes.project_code(Trade.PROCUREMENT, "990101", 1).startswith("D")
    assert codes.trade_of("D99") is Trade.PROCUREMENT
    assert codes.trade_of("E99") is Trade.CONSTRUCTION


@pytest.mark.parametrize("region", ["99010", "9901011", "99010a", "９９０１０１", ""])
def test_a_region_has_six_digits(region: str) -> None:
    with pytest.raises(ValueError, match="six digits"):
        codes.project_code(Trade.CONSTRUCTION, region, 1)


@pytest.mark.parametrize("number", [0, -1, 10**10])
def test_a_project_number_has_at_most_ten_digits(number: int) -> None:
    with pytest.raises(ValueError, match="ten"):
        codes.project_code(Trade.CONSTRUCTION, "990101", number)


@pytest.mark.parametrize("number", [0, 1000])
def test_a_tender_and_a_lot_are_numbered_1_to_999(number: int) -> None:
    project = codes.project_code(Trade.CONSTRUCTION, "990101", 1)
    with pytest.raises(ValueError, match="999"):
        codes.tender_code(project, number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "E99010100000001170010",
        "X9901010000000117001",
        "E9901010000000117００1",
        "E990101000000011700\n",
        "e9901010000000117001",
    ],
)
def test_a_malformed_tender_code_is_refused_with_the_rule(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        codes.read_tender(text)
    assert refusal.value.code == "code.malformed"
    assert "C20" in str(refusal.value.rule)


def test_well_formed_codes_are_read() -> None:
    assert codes.read_tender("E9901010000000117001") == "E9901010000000117001"
    assert codes.read_lot("E9901010000000117001001") == "E9901010000000117001001"
