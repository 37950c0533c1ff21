"""The rules between award and archive: contract as bid, bond, additions, retention, duties and their colors."""

from __future__ import annotations

import datetime as dt

import pytest

from kernel.errors import Conflict, Invalid
from kernel.money import Fen
from tendering import packs
from tendering.contracts import duties, rules
from tendering.contracts.rules import Bond, Terms

CONSTRUCTION, PROCUREMENT = (packs.load(f"cn.{name}.open.2026") for name in ("construction", "procurement"))
BID = Terms(Fen(100_000_00), 180)


def at(day: int, month: int = 3) -> dt.datetime:
    return dt.datetime(2026, month, day, 2, tzinfo=dt.UTC)


def test_c55_a_contract_as_bid_has_no_differences():
    assert rules.differences(BID, BID) == []
    assert rules.differences(Terms(BID.price, None), BID) == [], "a bid that left the period open"


@pytest.mark.parametrize("price", [100_000_01, 99_999_99])
def test_c55_g39_a_fen_more_or_less_is_a_difference_in_words(price):
    (found,) = rules.differences(BID, Terms(Fen(price), 180))
    assert "0.01" in found.zh
    with pytest.raises(Conflict, match=r"contract\.differs") as refused:
        rules.check_as_bid(CONSTRUCTION, BID, Terms(Fen(price), 180))
    assert str(refused.value.rule).startswith("C55")


@pytest.mark.parametrize("days", [179, 181, None])
def test_c55_another_period_is_a_difference(days):
    assert len(rules.differences(BID, Terms(BID.price, days))) == 1


@pytest.mark.parametrize("pack", [CONSTRUCTION, PROCUREMENT])
def test_c56_g40_a_bond_is_a_tenth_at_most(pack):
    rules.check_bond(pack, BID.price, Bond(Fen(10_000_00), "guarantee"))
    with pytest.raises(Conflict, match=r"bond\.too_much"):
        rules.check_bond(pack, BID.price, Bond(Fen(10_000_01), "guarantee"))


def test_g40_in_procurement_a_bond_is_not_given_in_cash():
    with pytest.raises(Invalid, match=r"bond\.cash"):
        rules.check_bond(PROCUREMENT, BID.price, Bond(Fen(1_00), "cash"))
    rules.check_bond(CONSTRUCTION, BID.price, Bond(Fen(1_00), "cash"))


def test_c56_an_amount_has_a_form_and_none_has_none():
    for bond in (Bond(Fen(1), "none"), Bond(Fen(0), "cash"), Bond(Fen(1), "gold")):
        with pytest.raises(Invalid, match=r"bond\.form"):
            rules.check_bond(CONSTRUCTION, BID.price, bond)


def test_g40_additions_count_together():
    rules.check_addition(PROCUREMENT, BID.price, [Fen(6_000_00)], Fen(4_000_00))
    with pytest.raises(Conflict, match=r"contract\.addition"):
        rules.check_addition(PROCUREMENT, BID.price, [Fen(6_000_00)], Fen(4_000_01))
    rules.check_addition(CONSTRUCTION, BID.price, [], Fen(99_000_00))


@pytest.mark.parametrize("pack", [CONSTRUCTION, PROCUREMENT])
def test_c62_pr46_t27_an_archive_is_kept_for_fifteen_whole_years(pack):
    until, law = rules.retain_until(pack, at(24))
    assert until == dt.datetime(2042, 1, 1, tzinfo=dt.UTC)
    assert law.startswith(("C62", "PR46"))


def test_t24_the_next_in_rank_is_the_first_who_has_not_given_up():
    assert list(rules.standing(["a", "b", "c"], ["a"])) == ["b", "c"]
    assert list(rules.standing(["a"], ["a"])) == []


def found(pack, **moments) -> dict[str, duties.Duty]:
    return {duty.rule.id: duty for duty in duties.duties(pack, moments)}


def test_c48_c54_c55_days_run_from_report_award_and_notice():
    made = found(CONSTRUCTION, report_received=at(2), award=at(10), award_notice=at(10))
    assert made["C48"].due_at == dt.datetime(2026, 3, 5, 16, tzinfo=dt.UTC)
    assert made["C54"].due_at == dt.datetime(2026, 3, 25, 16, tzinfo=dt.UTC)
    assert made["C55"].due_at == dt.datetime(2026, 4, 9, 16, tzinfo=dt.UTC)


def test_g35_g37_g39_working_days_run_from_evaluation_award_and_contract():
    made = found(PROCUREMENT, evaluation_ended=at(2), award=at(6), award_notice=at(6), contract_signed=at(13))
    assert made["G35"].due_at == dt.datetime(2026, 3, 4, 16, tzinfo=dt.UTC)
    assert made["G37.announce"].due_at == dt.datetime(2026, 3, 10, 16, tzinfo=dt.UTC)
    assert made["G39.publish"].due_at == dt.datetime(2026, 3, 17, 16, tzinfo=dt.UTC)
    assert made["G39.copy"].due_at == dt.datetime(2026, 3, 24, 16, tzinfo=dt.UTC)
    assert made["G39.contract"].due_at == dt.datetime(2026, 4, 7, 16, tzinfo=dt.UTC), "Qingming moves it on"


def test_n14_report_announcement_and_contract_of_a_negotiation_are_timed():
    pack = packs.load("cn.procurement.negotiation.2026")
    made = found(pack, evaluation_ended=at(2), award=at(6), award_notice=at(6))
    assert {"N14.report", "N14.announce", "N14.contract"} <= set(made)


def test_s22_s24_a_duty_turns_yellow_in_its_last_fifth_and_red_when_over():
    duty = found(CONSTRUCTION, award_notice=at(1))["C55"]
    assert duty.color(at(20)) == "green"
    assert duty.color(at(27)) == "yellow"
    assert duty.color(at(2, 4)) == "red"
    done = found(CONSTRUCTION, award_notice=at(1), contract_signed=at(2, 4))["C55"]
    assert done.late
    assert done.color(at(3, 4)) == "red"


def test_time_stood_still_is_added():
    later = duties.duties(CONSTRUCTION, {"award_notice": at(1)}, dt.timedelta(days=2))
    assert later[0].due_at - found(CONSTRUCTION, award_notice=at(1))["C55"].due_at == dt.timedelta(days=2)
