"""What the law says of a deposit: in order or not, what goes back until when, and what it earns."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escrow import grounds, interest, rules
from escrow.rules import Asked, Cause, Letter, Means, Paid, Problem
from kernel.clock import BEIJING, beijing
from kernel.money import Fen
from tendering import packs

CLOSES = dt.datetime(2026, 3, 23, 9, 30, tzinfo=BEIJING)
BUILD = packs.load("cn.construction.open.2026")
BUY = packs.load("cn.procurement.open.2026")
TALK = packs.load("cn.procurement.negotiation.2026")
LAND = packs.load("cn.land.listing.2026")
PROPERTY = packs.load("cn.property.transfer.2026")


def paid(amount: int = 100, at: dt.datetime = CLOSES, **changed) -> Paid:
    usual = {"means": Means.TRANSFER, "name": "宏图建设（集团）有限公司", "account": "6222 0001"}
    return Paid(Fen(amount), at, **{**usual, **changed})


def asked(held: int = 0, basic: str | None = "62220001") -> Asked:
    return Asked(Fen(100), Fen(held), "宏图建设(集团)有限公司", basic, CLOSES)


def test_l06_g13_the_channels_own_time_decides_to_the_second():
    late = CLOSES + dt.timedelta(seconds=1)
    for pack in (LAND, BUY):
        assert rules.judge(pack, paid(), asked()) == rules.Verdict(Fen(100), None)
        assert rules.judge(pack, paid(at=late), asked()) == rules.Verdict(Fen(0), Problem.LATE)


@pytest.mark.parametrize("means", list(Means))
def test_c17_construction_takes_the_basic_account_alone(means):
    assert rules.judge(BUILD, paid(means=means), asked()).problem is None
    for basic in ("62220002", None):
        assert rules.judge(BUILD, paid(means=means), asked(basic=basic)) == rules.Verdict(Fen(0), Problem.ACCOUNT)


def test_c17_is_no_rule_of_procurement_and_cash_is_none_of_its_means():
    assert rules.judge(BUY, paid(), asked(basic=None)).problem is None
    assert rules.judge(BUY, paid(means=Means.CASH), asked()).problem is Problem.CASH


def test_another_companys_money_is_not_the_bidders():
    assert rules.judge(BUILD, paid(name="宏图建设集团有限公司"), asked()).problem is None
    assert rules.judge(BUILD, paid(name="宏图建设集团有限责任公司"), asked()).problem is Problem.PAYER


def test_payments_add_up_and_the_excess_does_not_count():
    assert rules.judge(BUY, paid(40), asked()) == rules.Verdict(Fen(40), None)
    assert rules.judge(BUY, paid(70), asked(held=40)) == rules.Verdict(Fen(60), Problem.EXCESS)


def test_c16_a_letter_stands_at_least_as_long_as_the_bid():
    ends = CLOSES + dt.timedelta(days=90)
    usual = Letter(Fen(100), CLOSES, ends)
    assert rules.judge_letter(BUILD, usual, asked(), ends) is None
    short = Letter(Fen(100), CLOSES, ends - dt.timedelta(seconds=1))
    assert rules.judge_letter(BUILD, short, asked(), ends) is Problem.VALIDITY
    assert rules.judge_letter(BUILD, Letter(Fen(99), CLOSES, ends), asked(), ends) is Problem.SHORT
    late = Letter(Fen(100), CLOSES + dt.timedelta(seconds=1), ends)
    assert rules.judge_letter(BUILD, late, asked(), ends) is Problem.LATE


def due(pack: packs.Pack, won: bool = False, **moments: dt.datetime):
    found = rules.duty(pack, moments, won=won)
    return (found.cause, found.rule.id, beijing(found.due_at).strftime("%Y-%m-%d %H:%M")) if found else None


MONDAY = dt.datetime(2026, 3, 30, 15, 0, tzinfo=BEIJING)  # Qingming is 4 to 6 April


def test_c28_a_withdrawn_bids_deposit_goes_back_within_five_days_which_move_off_a_holiday():
    assert due(BUILD, bid_withdrawn=MONDAY) == (Cause.WITHDRAWN, "C28", "2026-04-08 00:00")


def test_g15_five_working_days_in_procurement():
    assert due(BUY, bid_withdrawn=MONDAY) == (Cause.WITHDRAWN, "G15", "2026-04-08 00:00")


@pytest.mark.parametrize("won", [True, False])
def test_c57_winner_and_losers_alike_five_days_after_the_contract(won):
    assert due(BUILD, won, award_notice=MONDAY) is None
    cause = Cause.WON if won else Cause.LOST
    assert due(BUILD, won, award_notice=MONDAY, contract_signed=MONDAY) == (cause, "C57", "2026-04-08 00:00")


@pytest.mark.parametrize("pack", [BUY, TALK])
def test_g14_n13_losers_from_the_notice_and_the_winner_from_the_contract(pack):
    assert due(pack, award_notice=MONDAY) == (Cause.LOST, "G14.losers", "2026-04-08 00:00")
    assert due(pack, won=True, award_notice=MONDAY) is None
    assert due(pack, won=True, contract_signed=MONDAY) == (Cause.WON, "G14.winner", "2026-04-08 00:00")


def test_g17_an_ended_procurement_gives_back_within_five_working_days():
    assert due(BUY, terminated=MONDAY) == (Cause.TERMINATED, "G17", "2026-04-08 00:00")


def test_c58_at_once_is_measured_by_the_time_for_a_withdrawal():
    assert due(BUILD, terminated=MONDAY) == (Cause.TERMINATED, "C58", "2026-04-08 00:00")


def test_l13_p09_losers_of_land_and_property_and_never_the_one_who_bought():
    assert due(LAND, deal=MONDAY) == (Cause.LOST, "L13.refund", "2026-04-08 00:00")
    assert due(PROPERTY, deal=MONDAY) == (Cause.LOST, "P09.refund", "2026-04-03 00:00")
    assert due(LAND, won=True, deal=MONDAY) is None


def test_a_withdrawal_comes_before_the_result():
    assert due(BUILD, bid_withdrawn=MONDAY, contract_signed=MONDAY + dt.timedelta(days=9))[1] == "C28"


def test_c29_a_deposit_is_kept_only_where_the_law_has_a_clause():
    assert "第三十五条" in grounds.legal_head(BUILD, "revoked")
    assert grounds.legal_head(BUY, "revoked") is None
    assert grounds.legal_head(BUILD, "because") is None


def test_s25_yellow_with_a_fifth_left_and_red_when_over():
    end = MONDAY + dt.timedelta(days=5)
    assert rules.color(MONDAY, end, None, MONDAY) == "green"
    assert rules.color(MONDAY, end, None, MONDAY + dt.timedelta(days=4)) == "yellow"
    assert rules.color(MONDAY, end, None, end + dt.timedelta(seconds=1)) == "red"
    assert rules.color(MONDAY, end, end, end + dt.timedelta(days=9)) == "green"
    assert rules.color(MONDAY, end, end + dt.timedelta(seconds=1), end) == "red"


# Interest --------------------------------------------------------------------------------------------------------------


def test_c57_the_banks_interest_counts_the_first_day_and_not_the_last():
    spans = interest.bank([(MONDAY, Fen(40_000_000))], MONDAY + dt.timedelta(days=36))
    assert [(span.days, span.ppm) for span in spans] == [(36, 3500)]
    assert interest.total(spans) == 14_000  # 400,000 yuan x 36 / 360 x 0.35 %


def test_c57_every_arrival_earns_from_its_own_day():
    later = MONDAY + dt.timedelta(days=10)
    spans = interest.bank([(MONDAY, Fen(1_000_000)), (later, Fen(500_000))], MONDAY + dt.timedelta(days=20))
    assert [(span.days, span.balance) for span in spans] == [(10, 1_000_000), (10, 1_500_000)]
    assert interest.bank([(MONDAY, Fen(100))], MONDAY) == []


def test_interest_is_cut_where_the_rate_changes():
    start = dt.datetime(2012, 7, 1, 12, tzinfo=BEIJING)
    spans = interest.bank([(start, Fen(36_000_000))], start + dt.timedelta(days=10))
    assert [(span.days, span.ppm) for span in spans] == [(5, 4000), (5, 3500)]
    assert interest.total(spans) == 3750


def test_g16_each_day_late_costs_the_lending_rate_and_a_fifth_more():
    last = dt.datetime(2026, 4, 8, 0, 0, tzinfo=BEIJING)  # the last lawful day was the 7th
    assert interest.late(BUY, Fen(36_000_000), last, last) == []
    spans = interest.late(BUY, Fen(36_000_000), last, last + dt.timedelta(hours=10))
    assert [(span.days, span.ppm, span.percent) for span in spans] == [(1, 43_500, 120)]
    assert interest.total(spans) == 5220
    assert interest.late(BUILD, Fen(36_000_000), last, last + dt.timedelta(days=3)) == []


def test_l13_p09_land_and_property_bear_no_interest():
    assert not interest.WITH_BANK_INTEREST & {rule.id for pack in (LAND, PROPERTY) for rule in pack.rules}


def test_half_a_fen_goes_up():
    assert interest.rounded(Fraction(1, 2)) == 1
    assert interest.rounded(Fraction(49, 100)) == 0


@given(st.integers(0, 10**12), st.lists(st.integers(1, 10**9), min_size=1, max_size=12))
def test_shares_of_a_lump_add_up_exactly_and_are_fair_to_a_fen(lump, weights):
    shares = interest.split(Fen(lump), [Fraction(weight) for weight in weights])
    assert sum(shares) == lump
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - Fraction(lump * weight, sum(weights))) < 1


@given(st.integers(1, 10**12), st.integers(1, 700), st.integers(1, 700))
def test_two_stretches_earn_what_the_whole_does(amount, first, second):
    middle, end = MONDAY + dt.timedelta(days=first), MONDAY + dt.timedelta(days=first + second)
    parts = [*interest.bank([(MONDAY, Fen(amount))], middle), *interest.bank([(middle, Fen(amount))], end)]
    whole = interest.bank([(MONDAY, Fen(amount))], end)
    assert sum(span.interest for span in parts) == sum(span.interest for span in whole)
