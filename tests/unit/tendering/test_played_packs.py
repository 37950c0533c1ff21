"""What the platform asks of a pack stands in every pack whose procedure it plays."""

from __future__ import annotations

import datetime as dt

import pytest

from kernel.errors import Conflict
from tendering import packs, timetable
from tendering.packs import Kind, Pack, Unit

OFFERED = [pack for practice in (False, True) for pack in packs.offered(practice=practice)]
PLAYED = [pack.id for pack in OFFERED if pack.procedure not in packs.OFFERS]
SOLD = [pack.id for pack in OFFERED if pack.procedure in packs.OFFERS]
ISSUED = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
"""A Monday, 9:00 in Beijing."""


@pytest.fixture(params=PLAYED)
def pack(request: pytest.FixtureRequest) -> Pack:
    return packs.load(request.param)


def test_every_procedure_of_one_sealed_round_is_played_in_earnest_and_in_practice() -> None:
    found = {(pack.trade.value, pack.procedure, pack.practice) for pack in map(packs.load, PLAYED)}
    rounds = {("construction", "open"), ("construction", "invited"), ("procurement", "open")}
    rounds |= {("procurement", "invited"), ("procurement", "inquiry"), ("procurement", "single_source")}
    assert found >= {(*one, practice) for one in rounds for practice in (False, True)}


def test_what_the_code_asks_for_stands_in_every_played_pack(pack: Pack) -> None:
    assert pack.min_bids.value >= 1
    for kind, subject in (
        (Kind.SAME_MOMENT, "opening"),
        (Kind.MIN_INTERVAL, "publicity_ends"),
        (Kind.RANK_ORDER, "award"),
        (Kind.REQUIRED, "notice"),
        (Kind.REQUIRED, "consortium_allowed"),
        (Kind.FORBIDDEN, "min_price"),
        (Kind.MIN_INTERVAL, "deadline_standing"),
    ):
        assert pack.the(kind, subject), subject
    assert pack.clause("late_bid")


def test_n11_n12_n16_every_played_pack_computes_its_moments(pack: Pack) -> None:
    assert timetable.earliest_deadline(pack, ISSUED).at > ISSUED
    assert timetable.earliest_after_change(pack, ISSUED).at > ISSUED
    assert timetable.publicity_until(pack, ISSUED).at > ISSUED


@pytest.mark.parametrize(
    ("pack_id", "least", "rule"),
    [
        ("cn.construction.invited.2026", 3, "C30"),
        ("cn.procurement.invited.2026", 3, "G18"),
        ("cn.procurement.inquiry.2026", 3, "N11.responses"),
        ("cn.procurement.single_source.2026", 1, "N12.responses"),
        ("practice.procurement.inquiry", 3, "N11.responses"),
        ("practice.procurement.single_source", 1, "N12.responses"),
    ],
)
def test_c30_g18_n11_n12_so_many_responses_open(pack_id: str, least: int, rule: str) -> None:
    found = packs.load(pack_id).min_bids
    assert (found.value, found.id) == (least, rule)


def test_n11_an_inquiry_leaves_three_working_days() -> None:
    pack = packs.load("cn.procurement.inquiry.2026")
    found = timetable.earliest_deadline(pack, ISSUED)
    assert (found.rule.id, found.rule.unit) == ("N11", Unit.WORKING_DAY)
    thursday = dt.datetime(2026, 3, 4, 16, 0, tzinfo=dt.UTC)
    assert found.at == thursday
    with pytest.raises(Conflict) as refusal:
        timetable.check_deadline(found, thursday - dt.timedelta(seconds=1))
    assert str(refusal.value.rule).startswith("N11 ")


def test_n11_a_late_change_of_an_inquiry_moves_its_deadline_by_three_working_days() -> None:
    found = timetable.earliest_after_change(packs.load("cn.procurement.inquiry.2026"), ISSUED)
    assert found.rule.id == "N11.change"


def test_n16_the_platforms_own_rules_say_that_they_are() -> None:
    pack = packs.load("cn.procurement.inquiry.2026")
    own = [rule for rule in pack.rules if rule.id.startswith("N16") and rule.id != "N16.termination"]
    assert len(own) == 5
    assert all(rule.clause.startswith("本平台规则：") for rule in own)


def test_what_stands_from_memory_in_the_negotiated_table_is_marked_for_a_lawyer() -> None:
    rules = {rule.id: rule for rule in packs.load("cn.procurement.inquiry.2026").rules}
    assert all(rules[name].unverified for name in ("N11.change", "N11.responses", "N16.termination"))


@pytest.mark.parametrize("name", SOLD)
def test_l16_p16_what_the_code_asks_for_stands_in_every_pack_of_a_sale(name: str) -> None:
    pack = packs.load(name)
    assert pack.min_bids.value >= 1
    for kind, subject in (
        (Kind.REQUIRED, "notice"),
        (Kind.REQUIRED, "consortium_allowed"),
        (Kind.REQUIRED, "deal_confirmation"),
        (Kind.REQUIRED, "deal_fallen"),
        (Kind.SAME_MOMENT, "opening"),
        (Kind.MIN_YEARS, "archive"),
        (Kind.MIN_INTERVAL, "deadline_standing"),
        (Kind.MAX_INTERVAL, "contract_signed"),
        (Kind.MAX_INTERVAL, "price_paid"),
    ):
        assert pack.the(kind, subject), subject
    assert pack.clause("late_bid")
    assert timetable.earliest_deadline(pack, ISSUED).at > ISSUED
    assert timetable.earliest_after_change(pack, ISSUED).at > ISSUED
