"""What a plan must say before it is filed, and what of it looks like splitting."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest

from kernel import canonical
from tendering import packs
from tendering.filing import clocks, plan
from tendering.filing.plan import Earlier, Party, Source
from tendering.packs import Kind, Pack

NOW = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
OWNER = Party("青山县交通局", "91350100M000100Y43")
DRAFT: dict[str, Any] = {
    "title": "标题", "project_name": "农村公路", "fund_source": "财政", "approval_doc": "青发改〔2026〕1号", "region": "990101",
}  # fmt: skip


def source(pack: str = "cn.construction.open.2026", **changes: Any) -> Source:
    lots = changes.pop("lots", [lot("5000000.00")])
    return Source("E9901010000000001001", packs.load(pack), {**DRAFT, "lots": lots, **changes}, OWNER, None)


def lot(estimate: str | None, subject: str = "works") -> dict[str, Any]:
    return {"name": "一标", "estimate": estimate, "method": {"goods_or_services": subject}}


def codes(given: Source) -> list[str]:
    return [one.code for one in plan.obstacles(given)]


def limited(pack: Pack, value: int) -> Pack:
    """The pack as a county sets the year's limit, which the national text leaves to it."""
    rules = [dataclasses.replace(rule, value=value) if rule.ends == "year_total" else rule for rule in pack.rules]
    return dataclasses.replace(pack, rules=tuple(rules))


def test_t01_a_whole_plan_lacks_nothing_and_says_the_same_bytes_each_time() -> None:
    assert codes(source()) == []
    assert plan.content(source()) == plan.content(source())
    said = canonical.decode(plan.content(source(qualification="资格", lots=[lot("4000000.00"), lot("1.50")])))
    assert (said["budget"], said["item"], said["procedure"]) == ("4000001.50", "农村公路", "open")
    assert "qualification" not in said


@pytest.mark.parametrize("name", ["title", "project_name", "fund_source", "approval_doc"])
def test_t01_a_plan_without_its_papers_is_not_filed(name: str) -> None:
    assert codes(source(**{name: " "})) == [f"filing.{name}"]


def test_t01_every_lot_states_an_estimate_or_a_ceiling() -> None:
    assert codes(source(lots=[lot(None)])) == ["filing.estimate"]
    assert codes(source(lots=[{**lot(None), "ceiling": "1.00"}])) == []


@pytest.mark.parametrize(
    ("subject", "estimate", "rule"),
    [
        ("works", "3999999.99", None), ("works", "4000000.00", "C01.works"), ("goods", "1999999.99", None),
        ("goods", "2000000.00", "C01.goods"), ("services", "999999.99", None), ("services", "1000000.00", "C01.services"),
    ],
)  # fmt: skip
def test_c01_from_its_threshold_on_a_lot_must_be_tendered(subject: str, estimate: str, rule: str | None) -> None:
    said = canonical.decode(plan.content(source(lots=[lot(estimate, subject)])))
    assert said["lots"][0]["compulsory"] == rule


def test_c01_binds_only_state_funds() -> None:
    said = canonical.decode(plan.content(source(state_funded=False)))
    assert said["lots"][0]["compulsory"] is None


def test_c02_c03_an_invitation_needs_its_ground_its_approval_and_three_invited() -> None:
    given = "cn.construction.invited.2026"
    assert codes(source(given)) == ["filing.method_ground", "filing.ground_approval", "filing.invitees"]
    ground = {"method_ground": "few_bidders", "ground_approval": "青政〔2026〕3号"}
    assert codes(source(given, **ground, invitees=2)) == ["filing.invitees"]
    assert codes(source(given, **ground, invitees=3)) == []
    assert codes(source(given, **{**ground, "method_ground": "we like them"}, invitees=3)) == ["filing.method_ground"]


def test_n12_additions_stay_within_a_tenth_of_the_original_contract() -> None:
    given = "cn.procurement.single_source.2026"
    said = {"method_ground": "addition", "ground_approval": "青财购〔2026〕5号", "lots": [lot("100000.00", "goods")]}
    assert codes(source(given, **said)) == ["filing.additions"]
    (found,) = plan.obstacles(source(given, **said, original_contract="999999.99"))
    assert (found.rule.split()[0], found.field) == ("N12.additions", "original_contract")
    assert codes(source(given, **said, original_contract="1000000.00")) == []
    assert codes(source(given, **{**said, "method_ground": "only_one"})) == []


def test_g06_a_purchasers_invitation_is_refused_below_three() -> None:
    ground = {"method_ground": "cost_share", "ground_approval": "青财购〔2026〕3号"}
    (found,) = plan.obstacles(source("cn.procurement.invited.2026", **ground, invitees=2))
    assert (found.code, found.rule.split()[0]) == ("filing.invitees", "G06")


@pytest.mark.parametrize("name", ["negotiation", "consultation", "inquiry", "single_source"])
def test_every_method_that_is_not_open_offers_its_lawful_grounds_with_their_clause(name: str) -> None:
    pack = packs.load(f"cn.procurement.{name}.2026")
    offered = plan.grounds(pack)
    assert offered is not None
    assert offered.clause
    assert all(one.words.zh and one.words.en for one in offered.choices)
    assert "filing.method_ground" in codes(source(pack.id))


def test_l01_state_land_says_why_it_goes_to_offer() -> None:
    found = plan.obstacles(source("cn.land.listing.2026"))
    assert {one.rule.split()[0] for one in found if one.code == "filing.method_ground"} == {"L01"}


def test_p01_state_property_rests_on_its_valuation() -> None:
    assert "filing.valuation" in codes(source("cn.property.transfer.2026"))
    assert "filing.valuation" not in codes(source("cn.property.transfer.2026", valuation="国资评备〔2026〕9号"))


def test_an_open_procedure_needs_no_ground_and_is_no_splitting() -> None:
    assert plan.grounds(packs.load("cn.construction.open.2026")) is None
    earlier = [Earlier("inquiry", 10**12, NOW)]
    assert plan.splitting(source(), earlier, NOW) == []


def earlier(fen: int, *, days: int = 30, procedure: str = "inquiry") -> Earlier:
    return Earlier(procedure, fen, NOW - dt.timedelta(days=days))


@pytest.mark.parametrize(
    ("mine", "before", "color"), [("100.00", 79_99, None), ("100.00", 80_00, "yellow"), ("100.00", 100_00, "red")]
)
def test_g48_one_item_of_a_year_adds_up_to_the_open_tenders_threshold(
    mine: str, before: int, color: str | None
) -> None:
    base = source("cn.procurement.inquiry.2026", lots=[lot(mine, "goods")])
    given = dataclasses.replace(base, pack=limited(packs.load("cn.procurement.open.2026"), 200_00))
    closed = dataclasses.replace(given.pack, procedure="inquiry")
    found = plan.splitting(dataclasses.replace(given, pack=closed), [earlier(before)], NOW)
    assert [one.color for one in found if one.point == "G48"] == ([color] if color else [])


def test_g48_counts_neither_last_year_nor_what_was_open_to_all() -> None:
    pack = dataclasses.replace(limited(packs.load("cn.procurement.open.2026"), 200_00), procedure="inquiry")
    given = dataclasses.replace(source(lots=[lot("100.00", "goods")]), pack=pack)
    assert plan.splitting(given, [earlier(100_00, days=400), earlier(100_00, procedure="open")], NOW) == []


def test_g48_a_limit_that_the_county_has_not_set_says_nothing() -> None:
    pack = dataclasses.replace(packs.load("cn.procurement.open.2026"), procedure="inquiry")
    assert not packs.load(pack.id).find(Kind.THRESHOLD, "year_total")[0].value
    assert plan.splitting(dataclasses.replace(source(), pack=pack), [earlier(10**12)], NOW) == []


def test_c01_s01_invited_pieces_of_twelve_months_are_added_up() -> None:
    given = source("cn.construction.invited.2026", lots=[lot("3000000.00")])
    assert plan.splitting(given, [earlier(50_000_000, days=364, procedure="invited")], NOW) == []
    (yellow,) = plan.splitting(given, [earlier(60_000_000, days=300, procedure="invited")], NOW)
    (red,) = plan.splitting(given, [earlier(100_000_000, days=364, procedure="invited")], NOW)
    assert (yellow.point, yellow.color, red.color, red.limit) == ("S01", "yellow", "red", 400_000_000)
    assert plan.splitting(given, [earlier(100_000_000, days=366, procedure="invited")], NOW) == []


def test_a_departments_time_is_working_days_after_the_day_of_filing_and_seconds_in_practice() -> None:
    friday = dt.datetime(2026, 11, 20, 3, 0, tzinfo=dt.UTC)
    due = clocks.due_at(packs.load("cn.construction.open.2026"), friday, 3)
    assert due == dt.datetime(2026, 11, 25, 16, 0, tzinfo=dt.UTC), "the end of Wednesday in Beijing"
    assert clocks.due_at(packs.load("practice.construction.open"), friday, 3) == friday + dt.timedelta(seconds=3)
