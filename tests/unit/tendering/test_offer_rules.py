"""What the law asks of a sale's terms before its notice, and who buys: land, property and other resources."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from kernel.clock import beijing
from kernel.errors import Conflict
from kernel.money import Fen
from tendering import checklist, packs
from tendering.checklist import TenderView
from tendering.contracts import duties
from tendering.offers import cli, payments, rules, terms
from tendering.offers.reserve import commitment
from tendering.offers.rules import Offered, Priced
from tendering.offers.terms import Preemption, Way
from tendering.states import LotEvent

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
PROPERTY = packs.load("cn.property.transfer.2026")
TENDER, LISTING = packs.load("cn.land.tender.2026"), packs.load("cn.land.listing.2026")
AUCTION, OTHER = packs.load("cn.land.auction.2026"), packs.load("cn.other.local.2026")
STATED: dict[str, Any] = {"preemption": "waived", "management": "无", "valuation_date": "2025-12-31"}


def equity(**row: Any) -> dict[str, Any]:
    told = {
        "floor": "9000000.00", "valuation_amount": "9000000.00", "applications_due": "2026-03-31T09:00:00Z",
        "closes_at": "2026-04-10T01:30:00Z", "method": {"goods_or_services": "equity"},
    }  # fmt: skip
    return {**told, **row}


def land(**row: Any) -> dict[str, Any]:
    told = {
        "floor": "9000000.00", "land_use": "housing", "years": 70, "applications_due": "2026-03-20T09:00:00Z",
        "begins_at": "2026-03-23T01:00:00Z", "closes_at": "2026-04-03T08:00:00Z", "method": {"goods_or_services": "land"},
    }  # fmt: skip
    return {**told, **row}


def missing(pack: packs.Pack, row: dict[str, Any], **said: Any) -> set[tuple[str, str]]:
    known = {name: said.pop(name, None) for name in ("predisclosed_at", "first_disclosed_at")}
    now = said.pop("now", NOW)
    offered = Offered(pack, {**STATED, **said, "lots": [row]}, 1, now, **known)
    return {(one.code, one.rule.split(" ")[0]) for one in rules.obstacles(offered)}


def test_p03_equity_is_disclosed_for_twenty_working_days() -> None:
    assert missing(PROPERTY, equity()) == set()
    early = equity(applications_due="2026-03-30T09:00:00Z")
    assert missing(PROPERTY, early) == {("offer.too_early", "P03")}


def test_p04_a_capital_increase_is_disclosed_for_forty_working_days() -> None:
    increase = equity(method={"goods_or_services": "increase"})
    assert ("offer.too_early", "P04") in missing(PROPERTY, increase)
    late = {"applications_due": "2026-05-06T09:00:00Z", "closes_at": "2026-05-20T01:30:00Z"}
    assert missing(PROPERTY, {**increase, **late}) == set()


def test_p05_assets_are_announced_by_their_floor() -> None:
    small = equity(method={"goods_or_services": "assets"}, floor="9000000.00", applications_due="2026-03-17T09:00:00Z")
    assert missing(PROPERTY, small) == set()
    large = {**small, "floor": "10000000.01", "valuation_amount": "10000000.01"}
    assert missing(PROPERTY, large) == {("offer.too_early", "P05.large")}


def test_p16_sealed_offers_follow_the_disclosure_by_six_working_days() -> None:
    assert missing(PROPERTY, equity(closes_at="2026-04-08T01:30:00Z")) == {("offer.too_early", "P16.contest")}


def test_p02_control_that_passes_is_disclosed_beforehand() -> None:
    found = missing(PROPERTY, equity(), control_passes=True)
    assert found == {("offer.not_predisclosed", "P02")}
    running = missing(PROPERTY, equity(), control_passes=True, predisclosed_at=NOW - dt.timedelta(days=5))
    assert running == {("offer.predisclosure_running", "P02")}
    assert missing(PROPERTY, equity(), control_passes=True, predisclosed_at=NOW - dt.timedelta(days=60)) == set()


def test_p01_a_first_floor_is_not_below_the_valuation() -> None:
    assert missing(PROPERTY, equity(floor="8999999.99")) == {("offer.below_valuation", "P01")}
    assert missing(PROPERTY, equity(valuation_amount=None)) == {("offer.valuation", "P01")}


def test_p06_a_floor_below_ninety_percent_needs_consent() -> None:
    again = {"first_disclosed_at": NOW - dt.timedelta(days=60)}
    assert missing(PROPERTY, equity(floor="8100000.00"), **again) == set()
    low = equity(floor="8099999.99")
    assert missing(PROPERTY, low, **again) == {("offer.floor_consent", "P06.floor")}
    assert missing(PROPERTY, low, floor_consent="青政函〔2026〕1号", **again) == set()


def test_p06_a_repeat_is_disclosed_for_twenty_working_days_whatever_is_sold() -> None:
    small = equity(method={"goods_or_services": "assets"}, applications_due="2026-03-17T09:00:00Z")
    again = {"first_disclosed_at": NOW - dt.timedelta(days=60)}
    assert missing(PROPERTY, small, **again) == {("offer.too_early", "P06")}


def test_p06_after_twelve_months_the_property_is_valued_anew() -> None:
    year = dt.datetime(2025, 3, 2, 1, 0, tzinfo=dt.UTC)
    assert missing(PROPERTY, equity(), first_disclosed_at=year, valuation_date="2025-01-31") == {
        ("offer.valuation_stale", "P06.valuation")
    }
    assert missing(PROPERTY, equity(), first_disclosed_at=year, valuation_date="2026-01-31") == set()
    later = year + dt.timedelta(days=1)
    assert missing(PROPERTY, equity(), first_disclosed_at=later, valuation_date="2025-01-31") == set()


def test_p12_managers_and_preemption_are_stated() -> None:
    found = missing(PROPERTY, equity(), preemption="", management="")
    assert found == {("offer.preemption", "P12"), ("offer.management", "P12")}
    assert terms.read({"preemption": "reserved", "lots": [equity()]}, 1).preemption is Preemption.RESERVED


@pytest.mark.parametrize(
    ("use", "years"), [("housing", 70), ("industry", 50), ("science", 50), ("commerce", 40), ("mixed", 50)]
)
def test_l15_a_grant_lasts_as_long_as_its_use_allows(use: str, years: int) -> None:
    assert missing(LISTING, land(land_use=use, years=years)) == set()
    assert missing(LISTING, land(land_use=use, years=years + 1)) == {("offer.years", f"L15.{use}")}


def test_l02_l03_notice_and_length_of_a_listing() -> None:
    assert missing(LISTING, land(begins_at="2026-03-21T01:00:00Z")) == {("offer.too_early", "L02")}
    assert missing(LISTING, land(closes_at="2026-04-02T08:00:00Z")) == {("offer.too_early", "L03")}


def test_l02_a_tender_for_land_is_announced_twenty_days_before() -> None:
    assert missing(TENDER, land(closes_at="2026-03-21T08:00:00Z")) == {("offer.too_early", "L02")}
    assert missing(TENDER, land(closes_at="2026-03-23T08:00:00Z")) == set()


def test_p13_an_auction_is_announced_and_its_object_shown() -> None:
    sold = land(closes_at="2026-03-26T01:00:00Z")
    assert missing(AUCTION, sold) == {("offer.display", "P13.display")}
    shown = {**sold, "display_from": "2026-03-16T01:00:00Z", "display_until": "2026-03-18T09:00:00Z"}
    assert missing(AUCTION, shown) == {("offer.too_early", "P13.display")}
    assert missing(AUCTION, {**shown, "display_until": "2026-03-19T09:00:00Z"}) == set()
    after = {**shown, "display_until": "2026-03-27T09:00:00Z"}
    assert missing(AUCTION, after) == {("offer.display_late", "P13.display")}
    soon = {**shown, "closes_at": "2026-03-06T01:00:00Z", "applications_due": "2026-03-05T01:00:00Z"}
    assert ("offer.too_early", "P13.notice") in missing(AUCTION, soon)


def test_p15_other_resources_run_by_the_countys_own_numbers() -> None:
    row = equity(
        method={"goods_or_services": "rights"},
        applications_due="2026-03-07T09:00:00Z",
        closes_at="2026-03-20T01:00:00Z",
    )
    assert missing(OTHER, row) == {("offer.too_early", "P15.disclosure")}
    assert missing(OTHER, {**row, "applications_due": "2026-03-10T09:00:00Z"}) == set()


def test_l16_p16_joint_applications_and_a_missing_floor_are_refused() -> None:
    found = missing(LISTING, land(floor=None), consortium_allowed=True)
    assert found == {("offer.floor", "L16"), ("offer.joint", "L16.joint")}
    assert ("offer.joint", "P16.joint") in missing(PROPERTY, equity(), consortium_allowed=True)


def test_l10_p08_the_highest_buys_and_of_equals_the_first() -> None:
    offers = [Priced("a", Fen(100)), Priced("b", Fen(200)), Priced("c", Fen(200))]
    won = rules.best(offers, Fen(150))
    assert won is not None
    assert won.token == "b"
    assert rules.best(offers, Fen(201)) is None
    assert rules.best([], Fen(0)) is None


def test_l09_p13_nothing_is_sold_below_floor_or_reserve() -> None:
    assert rules.least_price(Fen(100), Fen(150)) == 150
    assert rules.least_price(Fen(100), None) == 100
    assert rules.best([Priced("a", Fen(149))], rules.least_price(Fen(100), Fen(150))) is None


def test_p10_the_first_instalment_is_thirty_percent() -> None:
    payments.check_first(PROPERTY, Fen(1000), Fen(300))
    with pytest.raises(Conflict) as refusal:
        payments.check_first(PROPERTY, Fen(1000), Fen(299))
    assert str(refusal.value.rule).startswith("P10.first")
    payments.check_first(LISTING, Fen(1000), Fen(1))


def test_l04_a_commitment_tells_neither_amount_nor_nonce() -> None:
    one = commitment(Fen(100), "ab" * 32)
    assert rules.SHA256.fullmatch(one)
    assert one != commitment(Fen(101), "ab" * 32)
    assert one != commitment(Fen(100), "ac" * 32)
    assert ("offer.commitment", "L16") in missing(LISTING, land(reserve_sha256="100"))


def test_a1_every_procedure_has_its_way_and_first_move() -> None:
    ways = {pack.procedure: (terms.way(pack), terms.first_move(pack)) for pack in (PROPERTY, TENDER, LISTING, OTHER)}
    assert ways == {
        "transfer": (Way.CONTEST, LotEvent.LIST),
        "tender": (Way.COMMITTEE, LotEvent.PUBLISH),
        "listing": (Way.ON_SITE, LotEvent.LIST),
        "local": (Way.CONTEST, LotEvent.LIST),
    }
    assert terms.first_move(packs.load("cn.construction.open.2026")) is LotEvent.PUBLISH


def test_l04_the_command_makes_a_commitment_that_its_nonce_opens(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["60000000.00"]) == 0
    made, nonce = (line.split()[-1] for line in capsys.readouterr().out.splitlines())
    assert commitment(Fen(6_000_000_000), nonce) == made
    with pytest.raises(SystemExit):
        cli.main(["much"])


def test_l13_l14_p10_a_deal_starts_the_clocks_of_result_contract_and_payment() -> None:
    moments = dict.fromkeys(("deal", "contract_signed", "contract_effective"), NOW)
    due = {duty.rule.id: beijing(duty.due_at).date().isoformat() for duty in duties.duties(TENDER, moments)}
    assert due == {"L13.publish": "2026-03-17", "L14.contract": "2026-03-17", "L14.payment": "2026-05-07"}
    paid = {duty.rule.id: beijing(duty.due_at).date().isoformat() for duty in duties.duties(PROPERTY, moments)}
    assert paid["P10"] == "2026-03-10"
    assert "price_paid" not in {duty.rule.ends for duty in duties.duties(PROPERTY, {"deal": NOW})}


def test_l16_p16_the_notice_of_a_sale_states_what_its_law_forces() -> None:
    for pack in (PROPERTY, LISTING):
        view = TenderView(pack, {}, [])
        missing_fields = {one.field for one in checklist.obstacles(view, NOW)}
        assert missing_fields >= {"title", "content", "qualification", "contact.name", "documents", "lots"}
        assert all(one.rule for one in checklist.obstacles(view, NOW))


def test_p06_extend_offers_end_after_the_last_extension_that_the_notice_announces() -> None:
    assert missing(PROPERTY, equity(extensions=1)) == {("offer.too_early", "P16.contest")}
    assert missing(PROPERTY, equity(extensions=1, closes_at="2026-04-20T01:30:00Z")) == set()


def test_p06_extend_a_law_without_extensions_takes_none() -> None:
    assert ("offer.extensions", "L16") in missing(LISTING, land(extensions=1))
